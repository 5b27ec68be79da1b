"""What a command takes is counted with all that comes of it, also what leaves its parents."""

import os
import sys
from pathlib import Path

import pytest

from forecastctl.bench.processes import Taken, measured

BURN = "import time\nend = time.process_time() + {}\nwhile time.process_time() < end: pass\n"
"""Takes so many CPU seconds, however long that takes."""

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/stat").exists(), reason="the table of processes is read from /proc"
)


def take(tmp_path, code):
    with (tmp_path / "out").open("w+b") as out, (tmp_path / "err").open("w+b") as err:
        taken = measured([sys.executable, "-c", code], os.environ, out, err)
        err.seek(0)
        return taken, err.read().decode()


def test_a_child_that_nobody_waits_for_is_counted(tmp_path):
    child = BURN.format(0.4) + "import os; os.write(1, b'.')"
    code = (
        "import signal, subprocess, sys\n"
        "signal.signal(signal.SIGCHLD, signal.SIG_IGN)\n"  # so the kernel forgets what it took
        f"child = subprocess.Popen([sys.executable, '-c', {child!r}], stdout=subprocess.PIPE)\n"
        "child.stdout.read(1)\n"
    )
    taken, said = take(tmp_path, code)
    assert taken.code == 0, said
    assert taken.cpu_seconds >= 0.3


@pytest.mark.slow
def test_a_grandchild_whose_parent_is_gone_is_counted_and_waited_for(tmp_path):
    mark = tmp_path / "done"
    grandchild = BURN.format(0.4) + f"open({str(mark)!r}, 'w').close()"
    code = (
        "import os, subprocess, sys\n"
        "if os.fork() == 0:\n"
        f"    subprocess.Popen([sys.executable, '-c', {grandchild!r}], start_new_session=True)\n"
        "    os._exit(0)\n"
        "os.wait()\n"
    )
    taken, said = take(tmp_path, code)
    assert taken.code == 0, said
    assert mark.exists()  # it went on after the command had ended
    assert taken.cpu_seconds >= 0.35


def test_memory_is_that_of_all_processes_together(tmp_path):
    child = "x = bytearray(b'x') * 60_000_000; print(flush=True); input()"
    code = (
        "import subprocess, sys, time\n"
        f"both = [subprocess.Popen([sys.executable, '-c', {child!r}], stdin=-1, stdout=-1)"
        " for _ in range(2)]\n"
        "for one in both: one.stdout.readline()\n"
        "time.sleep(1.5)\n"  # longer than from one look at memory to the next
        "for one in both: one.communicate(b'\\n')\n"
    )
    taken, said = take(tmp_path, code)
    assert taken.code == 0, said
    assert taken.peak_bytes >= 120_000_000


def test_the_exit_code_is_that_of_the_command(tmp_path):
    assert take(tmp_path, "import sys; sys.exit(3)")[0].code == 3


def test_cpu_until_a_moment_is_read_off_the_curve():
    taken = Taken(0, 4.0, 3.0, None, ((0.0, 0.0), (2.0, 1.0), (4.0, 3.0)))
    assert [taken.cpu_until(s) for s in (0.0, 1.0, 3.0, 9.0)] == [0.0, 0.5, 2.0, 3.0]
