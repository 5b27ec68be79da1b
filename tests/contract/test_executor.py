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

from forecastctl.execute.loky import JoblibExecutor, make_executor
from forecastctl.execute.serial import SerialExecutor
from forecastctl.records.failures import MAX_MESSAGE, MAX_TRACEBACK

EXECUTORS = {"serial": SerialExecutor(), "loky": JoblibExecutor(2), "one": JoblibExecutor(1)}
PROCESSES = {name: EXECUTORS[name] for name in ("loky", "one")}


def square(x):
    if x < 0:
        raise ValueError(f"{x} is negative")
    return x * x


class MuteError(Exception):
    def __str__(self):
        raise RuntimeError("no words")


class UnsendableError(Exception):
    def __init__(self, what):
        super().__init__(what)
        self.lock = threading.Lock()


class Unreadable:
    def __reduce__(self):
        return int, ("not a number",)


def forever(depth):
    return forever(depth + 1)


def misbehave(what):  # noqa: C901, PLR0912 - a table of what goes wrong
    """Do what no fit should, or nothing special."""
    match what:
        case "SystemExit":
            sys.exit("enough")
        case "GeneratorExit":
            raise GeneratorExit
        case "KeyboardInterrupt":
            raise KeyboardInterrupt
        case "MemoryError":
            raise MemoryError
        case "RecursionError":
            forever(0)
        case "MuteError":
            raise MuteError
        case "UnsendableError":
            raise UnsendableError("with a lock")
        case "LookupError":
            raise LookupError("a\x00b\ud800c")
        case "OverflowError":
            raise OverflowError("x" * 10_000_000 + "end")
        case "exit 0":
            os._exit(0)
        case "SIGKILL":
            os.kill(os.getpid(), signal.SIGKILL)
        case "SIGSEGV":
            os.kill(os.getpid(), signal.SIGSEGV)
        case "SIGINT":
            os.kill(os.getpid(), signal.SIGINT)
        case "not sent":
            return threading.Lock()
        case "not read":
            return Unreadable()
    return what


RAISED = ["SystemExit", "GeneratorExit", "MemoryError", "RecursionError", "MuteError"]
RAISED += ["UnsendableError", "LookupError", "OverflowError"]


def blas_threads(_):
    import numpy as np
    from threadpoolctl import threadpool_info

    np.dot(np.ones((2, 2)), np.ones((2, 2)))
    return max((pool["num_threads"] for pool in threadpool_info()), default=1)


@pytest.mark.parametrize("executor", EXECUTORS.values(), ids=EXECUTORS)
class TestContract:
    def test_every_task_has_one_outcome(self, executor):
        outcomes = list(executor.map(square, range(20)))
        assert sorted(o.index for o in outcomes) == list(range(20))
        assert all(o.value == o.index**2 and o.failure is None for o in outcomes)

    def test_no_tasks(self, executor):
        assert list(executor.map(square, [])) == []

    def test_an_exception_is_a_failure_of_that_task_alone(self, executor):
        outcomes = {o.index: o for o in executor.map(square, [1, -2, 3])}
        assert outcomes[1].value is None
        assert outcomes[1].failure.type == "ValueError"
        assert outcomes[1].failure.message == "-2 is negative"
        assert "square" in outcomes[1].failure.traceback
        assert outcomes[2].value == 9

    def test_outcomes_are_measured(self, executor):
        (outcome,) = executor.map(square, [4])
        assert outcome.end_ms >= outcome.start_ms > 1_600_000_000_000
        assert outcome.cpu_seconds >= 0

    def test_one_blas_thread_everywhere(self, executor):
        assert {o.value for o in executor.map(blas_threads, [0, 1])} == {1}

    def test_whatever_is_raised_is_a_short_failure_of_that_task_alone(self, executor):
        tasks = [task for what in RAISED for task in (what, "fine")]
        outcomes = {o.index: o for o in executor.map(misbehave, tasks)}
        assert sorted(outcomes) == list(range(len(tasks)))
        failures = {tasks[i]: o.failure for i, o in outcomes.items() if o.failure}
        assert {what: failure.type for what, failure in failures.items()} == {w: w for w in RAISED}
        for failure in failures.values():
            assert len(failure.message) <= MAX_MESSAGE
            assert len(failure.traceback) <= MAX_TRACEBACK
            assert "misbehave" in failure.traceback
            (failure.message + failure.traceback).encode()
        assert failures["SystemExit"].message == "enough"
        assert failures["LookupError"].message == "a\ufffdb\ufffdc"
        assert failures["MuteError"].message == "its message cannot be read: RuntimeError"
        assert failures["OverflowError"].traceback.endswith("end\n")


@pytest.mark.parametrize("executor", PROCESSES.values(), ids=PROCESSES)
class TestProcesses:
    """What no executor in the driver's own process can do."""

    def test_no_task_runs_in_the_driver(self, executor):
        (outcome,) = executor.map(pid, [0])
        assert outcome.value != os.getpid()

    def test_an_interrupt_in_a_worker_is_its_tasks_failure_or_nothing(self, executor):
        raised, sent = sorted(
            executor.map(misbehave, ["KeyboardInterrupt", "SIGINT"]), key=lambda o: o.index
        )
        assert raised.failure.type == "KeyboardInterrupt"
        assert sent.value == "SIGINT"

    def test_a_dead_process_costs_its_own_task_alone(self, executor, capfd):
        ends = {"SIGKILL": "SIGKILL(-9)"}
        if executor.jobs > 1:
            ends = {"exit 0": "EXIT(0)", "SIGSEGV": "SIGSEGV(-11)"}
        tasks = [task for what in ends for task in (what, "fine")]
        outcomes = {o.index: o for o in executor.map(misbehave, tasks)}
        assert [outcomes[i].value for i in range(1, len(tasks), 2)] == ["fine"] * len(ends)
        for index, end in zip(range(0, len(tasks), 2), ends.values(), strict=True):
            assert outcomes[index].failure.type == "WorkerDied"
            assert end in outcomes[index].failure.message
            assert outcomes[index].end_ms >= outcomes[index].start_ms > 1_600_000_000_000

    def test_what_cannot_be_handed_over_is_a_failure(self, executor):
        tasks = [threading.Lock(), "a", Unreadable(), "b", "not sent", "c", "not read", "d"]
        outcomes = {o.index: o for o in executor.map(misbehave, tasks)}
        assert [outcomes[i].value for i in range(1, 8, 2)] == ["a", "b", "c", "d"]
        assert all(outcomes[i].failure for i in range(0, 8, 2))

    def test_a_worker_that_dies_with_nothing_to_do_costs_nothing(self, executor):
        (kept,) = executor.map(pid, [0])
        os.kill(kept.value, signal.SIGKILL)
        (outcome,) = executor.map(pid, [0])
        assert outcome.failure is None
        assert outcome.value != kept.value


def pid(_):
    return os.getpid()


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


def test_jobs_are_counted_as_joblib_does():
    assert make_executor(1).jobs == 1
    assert make_executor(3).jobs == 3
    assert make_executor(-1).jobs == effective_n_jobs(-1)
