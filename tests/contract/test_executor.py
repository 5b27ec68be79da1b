"""One suite for every executor."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from forecastctl.adapters.parallel import JoblibExecutor, make_executor
from forecastctl.ports import SerialExecutor

EXECUTORS = [SerialExecutor(), JoblibExecutor(2)]


def square(x):
    if x < 0:
        raise ValueError(f"{x} is negative")
    return x * x


def die(x):
    if x == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return x


def interrupted(x):
    os.kill(os.getpid(), signal.SIGINT)
    return x


def blas_threads(_):
    import numpy as np
    from threadpoolctl import threadpool_info

    np.dot(np.ones((2, 2)), np.ones((2, 2)))
    return max((pool["num_threads"] for pool in threadpool_info()), default=1)


@pytest.mark.parametrize("executor", EXECUTORS, ids=["serial", "loky"])
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


def test_a_dead_worker_costs_its_own_task_alone():
    outcomes = {o.index: o for o in JoblibExecutor(2).map(die, range(12))}
    assert sorted(outcomes) == list(range(12))
    assert outcomes[3].failure.type == "WorkerDied"
    assert all(outcomes[i].value == i for i in range(12) if i != 3)


def test_workers_leave_an_interrupt_to_the_driver():
    outcomes = list(JoblibExecutor(2).map(interrupted, range(2)))
    assert sorted(o.value for o in outcomes) == [0, 1]


def test_leaving_early_is_no_fault(recwarn):
    outcomes = JoblibExecutor(2).map(square, range(20))
    next(outcomes)
    outcomes.close()
    assert [str(w.message) for w in recwarn] == []


DRIVER = """
import os, time
from forecastctl.adapters.parallel import JoblibExecutor

def wait(_):
    os.write(1, f"{os.getpid()}\\n".encode())
    time.sleep(60)

list(JoblibExecutor(2).map(wait, range(2)))
"""


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="who lives is read from /proc")
def test_workers_end_with_a_driver_that_is_killed():
    driver = subprocess.Popen([sys.executable, "-c", DRIVER], stdout=subprocess.PIPE, text=True)
    workers = [int(driver.stdout.readline()) for _ in range(2)]
    driver.kill()
    driver.wait()
    deadline = time.monotonic() + 20
    while any(alive(worker) for worker in workers):
        assert time.monotonic() < deadline, "the workers outlive their driver"
        time.sleep(0.1)


def alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_jobs_are_counted_as_joblib_does():
    assert isinstance(make_executor(1), SerialExecutor)
    assert make_executor(3).jobs == 3
