"""One suite for every executor."""

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from joblib import effective_n_jobs

from forecastctl.errors import SettingsError
from forecastctl.execute.loky import JoblibExecutor, make_executor
from forecastctl.execute.port import WindsDown
from forecastctl.execute.serial import SerialExecutor
from forecastctl.execute.threads import ThreadExecutor
from forecastctl.testing.executor import (
    ExecutorContract,
    ProcessContract,
    StreamContract,
    misbehave,
    pid,
    square,
)

EXECUTORS = {"serial": SerialExecutor(), "threads": ThreadExecutor(3)}
PROCESSES = {"loky": JoblibExecutor(2), "one": JoblibExecutor(1)}


@pytest.mark.parametrize("executor", EXECUTORS.values(), ids=EXECUTORS)
class TestContract(ExecutorContract):
    pass


@pytest.mark.parametrize("executor", PROCESSES.values(), ids=PROCESSES)
class TestProcesses(ProcessContract):
    @pytest.fixture
    def limited(self, executor):
        return JoblibExecutor(executor.jobs, limit=1.0)

    @pytest.mark.slow
    def test_how_a_process_died_is_said(self, executor, capfd):
        for what, end in {"SIGKILL": "SIGKILL(-9)", "exit 0": "EXIT(0)"}.items():
            (outcome,) = executor.map(misbehave, [what])
            assert outcome.failure.type == "WorkerDied"
            assert end in outcome.failure.message

    def test_a_worker_that_dies_with_nothing_to_do_costs_nothing(self, executor):
        (kept,) = executor.map(pid, [0])
        os.kill(kept.value, signal.SIGKILL)
        (outcome,) = executor.map(pid, [0])
        assert outcome.failure is None
        assert outcome.value != kept.value


@pytest.mark.slow
class TestStream(StreamContract):
    @pytest.fixture
    def executor(self):
        return JoblibExecutor(2)


def make_hang():
    """A function that workers get whole: importing this file would take its share of a limit."""

    def hang(how):
        """Return at once, or never: asleep, in a loop, or in compiled code that holds the lock."""
        match how:
            case "sleep":
                threading.Event().wait()
            case "loop":
                while True:
                    pass
            case "compiled":
                ctypes.PyDLL(None).pause()
        return how

    return hang


hang = make_hang()
HANGING = ["sleep", "loop", "compiled"]


@pytest.mark.slow
def test_a_task_that_never_ends_is_ended():
    tasks = [*HANGING, *map(str, range(8))]
    outcomes = {o.index: o for o in JoblibExecutor(3, limit=3.0).map(hang, tasks)}
    assert [outcomes[i].failure.type for i in range(3)] == ["TimedOut"] * 3
    assert "not done within 3 seconds" in outcomes[0].failure.message
    assert outcomes[0].end_ms - outcomes[0].start_ms >= 3000
    assert [outcomes[i].value for i in range(3, 11)] == tasks[3:]


def test_nothing_waits_for_a_task_that_hangs():
    tasks = ["compiled", *map(str, range(8))]
    with JoblibExecutor(2) as executor:
        outcomes = executor.map(hang, tasks)
        assert sorted(next(outcomes).value for _ in range(8)) == tasks[1:]
    with pytest.raises(RuntimeError, match="ended"):
        next(outcomes)


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="who lives is read from /proc")
def test_there_are_no_more_workers_than_tasks():
    before = workers()
    executor = JoblibExecutor(24)
    outcomes = executor.map(hang, ["sleep", "sleep", "a"])
    assert next(outcomes).value == "a"
    assert len(workers() - before) <= 3
    outcomes.close()
    assert len(workers() - before) <= 1  # the one that had done its task is kept


def workers():
    """Worker processes of this one."""
    found = set()
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(stat.read_text().rpartition(")")[2].split()[1])
            command = stat.with_name("cmdline").read_bytes()
        except OSError:
            continue
        if parent == os.getpid() and b"popen_loky" in command:
            found.add(stat.parent.name)
    return found


def test_leaving_early_is_no_fault(recwarn):
    outcomes = JoblibExecutor(2).map(square, range(20))
    next(outcomes)
    outcomes.close()
    assert [str(w.message) for w in recwarn] == []


def make_hungry():
    """A function that workers get whole, see `make_hang`."""

    def hungry(what):
        """Take half a gigabyte, for good or to give it back at once, or nothing."""
        if what == "nothing":
            return what
        taken = bytearray(500_000_000)
        for at in range(0, len(taken), 4096):
            taken[at] = 1
        if what == "keeps":
            threading.Event().wait()
        return what

    return hungry


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="memory is read from /proc")
@pytest.mark.parametrize("jobs", [1, 2])
def test_a_task_that_takes_too_much_memory_is_ended_alone(jobs):
    tasks = ["nothing", "keeps", "nothing", "nothing"]
    executor = JoblibExecutor(jobs, memory=400_000_000)
    outcomes = {o.index: o for o in executor.map(make_hungry(), tasks)}
    assert [outcomes[i].value for i in (0, 2, 3)] == ["nothing"] * 3
    assert outcomes[1].failure.type == "OutOfMemory"
    assert outcomes[1].failure.message == "its process held more than 400 MB, and was ended"


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="memory is read from /proc")
def test_a_limit_of_memory_and_one_of_time_hold_together():
    executor = JoblibExecutor(1, limit=2.0, memory=4_000_000_000)
    (outcome,) = executor.map(hang, ["compiled"])
    assert outcome.failure.type == "TimedOut"


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="memory is read from /proc")
def test_what_earlier_tasks_left_in_a_worker_is_not_held_against_the_next():
    def keep(_):
        import builtins

        builtins.kept = b"1" * 250_000_000
        return os.getpid()

    executor = JoblibExecutor(1, memory=500_000_000)
    first, second = (o.value for o in executor.map(keep, [0, 1]))
    assert first != second


def test_where_memory_cannot_be_seen_it_cannot_be_limited(monkeypatch):
    from forecastctl.execute import loky

    monkeypatch.setattr(loky, "cannot_be_seen", lambda: True)
    with pytest.raises(SettingsError, match="--airport-memory"):
        make_executor(1, None, 1_000_000_000)
    assert make_executor(1).jobs == 1


def make_square_when_told():
    """The same for a task that begins when a file is there, if it names one."""

    def square_when_told(task):
        x, told = task
        while told and not told.exists():
            time.sleep(0.01)
        return x * x

    return square_when_told


square_when_told = make_square_when_told()


class TestWindingDown:
    """Nothing more is begun, and what runs may end within a time."""

    def test_what_is_in_flight_is_finished_and_nothing_else_begun(self, tmp_path):
        """All but the first wait for word, so that none of them is done before it winds down."""
        told = tmp_path / "told"
        tasks = [(0, None), *((x, told) for x in range(1, 100))]
        with JoblibExecutor(2) as executor:
            outcomes = executor.map(square_when_told, tasks)
            got = [next(outcomes)]
            executor.wind_down(600.0)
            told.touch()
            got += outcomes
            assert 1 <= len(got) < 100
            assert all(o.value == o.index**2 for o in got)
            assert list(executor.map(square, [1, 2])) == []
        with executor:
            assert [o.value for o in executor.map(square, [3])] == [9]

    def test_what_does_not_end_in_time_is_ended(self):
        with JoblibExecutor(2) as executor:
            outcomes = executor.map(hang, ["compiled", "a", "b"])
            assert {next(outcomes).value, next(outcomes).value} == {"a", "b"}
            executor.wind_down(0.5)
            assert list(outcomes) == []

    def test_it_may_come_from_another_thread_while_the_driver_waits(self):
        with JoblibExecutor(1) as executor:
            timer = threading.Timer(1.0, executor.wind_down, [0.0])
            timer.start()
            assert list(executor.map(hang, ["sleep"])) == []
            timer.join()

    def test_what_works_in_the_driver_cannot(self):
        assert isinstance(JoblibExecutor(1), WindsDown)
        assert not isinstance(SerialExecutor(), WindsDown)


DRIVER = """
import os, time
from forecastctl.execute.loky import JoblibExecutor

def wait(_):
    os.write(1, f"{os.getpid()}\\n".encode())
    time.sleep(3600)

list(JoblibExecutor(2).map(wait, range(2)))
"""


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="who lives is read from /proc")
def test_workers_end_with_a_driver_that_is_killed():
    driver = subprocess.Popen([sys.executable, "-c", DRIVER], stdout=subprocess.PIPE, text=True)
    workers = [int(driver.stdout.readline()) for _ in range(2)]
    driver.kill()
    driver.wait()
    deadline = time.monotonic() + 600
    while any(alive(worker) for worker in workers):
        assert time.monotonic() < deadline, "the workers outlive their driver"
        time.sleep(0.1)


HANGING_DRIVER = """
import ctypes, os
from forecastctl.execute.loky import JoblibExecutor

def soon(_):
    from forecastctl.execute import worker
    worker._GRACE = 1.0

def hang(_):
    os.write(1, f"{os.getpid()}\\n".encode())
    ctypes.PyDLL(None).pause()  # nothing of Python's runs beside it

executor = JoblibExecutor(1, limit=2.0)
list(executor.map(soon, [0]))
list(executor.map(hang, [0]))
"""


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="who lives is read from /proc")
def test_a_worker_that_hangs_ends_although_its_driver_was_killed():
    driver = subprocess.Popen(
        [sys.executable, "-c", HANGING_DRIVER],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    worker = int(driver.stdout.readline())
    driver.kill()
    driver.wait()
    deadline = time.monotonic() + 600
    while alive(worker):
        assert time.monotonic() < deadline, "the worker outlives its driver"
        time.sleep(0.1)


def alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


class TestOtherJoblib:
    """joblib does not promise to keep what lies in its ``externals``."""

    @pytest.fixture
    def other(self, monkeypatch):
        from forecastctl.execute import worker

        worker._ends.cache_clear()
        yield monkeypatch
        worker._ends.cache_clear()

    def test_without_its_pool_this_process_does_the_work(self, other, caplog):
        from joblib.externals import loky

        class Pool:
            def __init__(self, workers): ...

        for change in (
            lambda: other.setattr(loky, "ProcessPoolExecutor", Pool),
            lambda: other.delattr(loky, "ProcessPoolExecutor"),
        ):
            change()
            caplog.clear()
            with caplog.at_level("WARNING"), make_executor(2, limit=60.0) as executor:
                assert [o.value for o in executor.map(square, [2, 3])] == [4, 9]
                assert [o.value for o in executor.map(pid, [0])] == [os.getpid()]
            assert caplog.text.count("joblib has other processes") == 1

    @pytest.mark.slow
    def test_without_its_names_a_death_is_still_a_failure_of_its_task(self, other, caplog):
        from forecastctl.execute import worker

        other.setattr(worker, "import_module", lambda name: object())  # loky itself needs its names
        with caplog.at_level("WARNING"):
            tasks = ["SIGKILL", "a", "not read", "b"]
            outcomes = {o.index: o for o in JoblibExecutor(1).map(misbehave, tasks)}
        assert [outcomes[i].value for i in (1, 3)] == ["a", "b"]
        assert outcomes[0].failure.type == "WorkerDied"
        assert outcomes[2].failure is not None
        assert caplog.text.count("does not tell the death of a worker") == 1

    def test_without_its_resource_tracker_workers_start_all_the_same(self, other, caplog):
        from joblib.externals.loky.backend import resource_tracker

        other.delattr(resource_tracker, "ensure_running")
        with caplog.at_level("WARNING"):
            held = hold_interrupts_back_elsewhere()
        assert held
        assert "Ctrl-C may reach the workers" in caplog.text


def hold_interrupts_back_elsewhere():
    """Whether a thread of its own, whose mask is nobody else's, has SIGINT blocked afterwards."""
    from forecastctl.execute.worker import hold_interrupts_back

    found = []

    def look():
        hold_interrupts_back()
        found.append(signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, []))

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    return found == [True]


def test_jobs_are_counted_as_joblib_does():
    assert make_executor(1).jobs == 1
    assert make_executor(3).jobs == 3
    assert make_executor(-1).jobs == effective_n_jobs(-1)
