"""What the system says, read off prepared files and off this computer."""

import os
import subprocess
import sys
import time

import pytest

from forecastctl.doctor.read import kernels, system


def test_disk(tmp_path):
    found = system.disk("the store", tmp_path)
    assert found.total > found.free > 0
    assert found.writable
    assert system.disk("the store", tmp_path / "none").free is None


def test_leftovers_of_the_dead_and_the_living(tmp_path):
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    (tmp_path / f"sem.loky-{child.pid}-abc").write_bytes(b"x" * 32)
    (tmp_path / f"sem.loky-{ended.pid}-abc").write_bytes(b"x" * 32)
    folder = tmp_path / f"joblib_memmapping_folder_{ended.pid}_a_b"
    folder.mkdir()
    (folder / "data").write_bytes(b"x" * 100)
    for other in ("sem.other", "joblib_memmapping_folder_x", "PostgreSQL.1", "notes"):
        (tmp_path / other).touch()
    hours_ago = time.time() - 7200
    os.utime(folder / "data", (hours_ago, hours_ago))
    os.utime(folder, (hours_ago, hours_ago))
    found = {os.path.basename(one.path): one for one in system.leftovers((tmp_path,))}  # noqa: PTH119
    child.communicate(b"\n")
    assert set(found) == {f"sem.loky-{child.pid}-abc", f"sem.loky-{ended.pid}-abc", folder.name}
    assert found[f"sem.loky-{child.pid}-abc"].alive
    dead = found[folder.name]
    assert (dead.alive, dead.own, dead.age >= 7200, dead.bytes >= 100) == (False, True, True, True)
    assert found[f"sem.loky-{ended.pid}-abc"].age < 3600


def test_leftovers_where_there_is_no_such_place(tmp_path):
    assert system.leftovers((tmp_path / "none",)) == []


FILES_2 = {
    "proc": "0::/slice\n",
    "slice/memory.max": "1073741824\n",
    "slice/memory.current": "536870912\n",
    "slice/cpu.max": "150000 100000\n",
}
FILES_1 = {
    "proc": "4:memory:/job\n1:cpu,cpuacct:/job\n",
    "memory/job/memory.limit_in_bytes": "1073741824\n",
    "memory/job/memory.usage_in_bytes": "536870912\n",
    "cpu/job/cpu.cfs_quota_us": "150000\n",
    "cpu/job/cpu.cfs_period_us": "100000\n",
}
NONE = {"proc": "0::/\n", "memory.max": "max\n", "cpu.max": "max 100000\n"}
UNLIMITED = {
    "proc": "4:memory:/\n1:cpu:/\n",
    "memory/memory.limit_in_bytes": "9223372036854771712\n",
    "cpu/cpu.cfs_quota_us": "-1\n",
}


@pytest.mark.parametrize(
    ("files", "limit", "used", "quota"),
    [
        (FILES_2, 1024**3, 512 * 1024**2, 1.5),
        (FILES_1, 1024**3, 512 * 1024**2, 1.5),
        (NONE, None, None, None),
        (UNLIMITED, None, None, None),
    ],
    ids=["version 2", "version 1", "no limit", "no limit in version 1"],
)
def test_limits_of_a_control_group(tmp_path, monkeypatch, files, limit, used, quota):
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    real = system.Path

    def path(*parts):
        shown = {"/sys/fs/cgroup": tmp_path, "/proc/self/cgroup": tmp_path / "proc"}
        return shown.get(str(real(*parts)), real(*parts))

    monkeypatch.setattr(system, "Path", path)
    machine = system.machine(2)
    assert (machine.memory_limit, machine.quota) == (limit, quota)
    if used is not None:
        assert machine.memory_used == used
    assert machine.workers == 2
    assert 1 <= machine.usable <= machine.cores
    assert machine.memory > machine.memory_used > 0


def test_what_is_asked_for(monkeypatch):
    asked = ["numpy>=1.26", "pandas>=99", "no-such-package>=1", 'psycopg2>=2; extra == "postgres"']
    monkeypatch.setattr(system.metadata, "requires", lambda _: asked)
    numpy, pandas, none = system.requirements()
    assert (numpy.name, numpy.fits, pandas.fits) == ("numpy", True, False)
    assert (none.found, none.fits) == (None, False)


def test_the_compiled_models_of_this_computer():
    found = kernels.kernels()
    assert found.folder
    assert not found.damaged
