"""What every executor promises, as tests.

See `ExecutorContract`, `ProcessContract` and `StreamContract`.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import pytest

from forecastctl.execute.port import WindsDown, as_they_come
from forecastctl.records.failures import MAX_MESSAGE, MAX_TRACEBACK

if TYPE_CHECKING:
    from collections.abc import Callable

    from forecastctl.execute.port import Executor
    from forecastctl.records import Outcome


def square(x: int) -> int:
    """A task that refuses what is negative."""
    if x < 0:
        raise ValueError(f"{x} is negative")
    return x * x


class MuteError(Exception):
    """An error whose message cannot be read."""

    def __str__(self) -> str:
        raise RuntimeError("no words")


class UnsendableError(Exception):
    """An error that cannot be pickled."""

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.lock = threading.Lock()


class Unreadable:
    """A value that can be pickled and not be read again."""

    def __reduce__(self) -> tuple[Any, ...]:
        return int, ("not a number",)


def forever(depth: int) -> NoReturn:
    """Recurse without end."""
    forever(depth + 1)


def misbehave(what: Any) -> Any:  # noqa: C901, PLR0912 - a table of what goes wrong
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
        case "hang":
            threading.Event().wait()
        case "not sent":
            return threading.Lock()
        case "not read":
            return Unreadable()
    return what


RAISED = ["SystemExit", "GeneratorExit", "MemoryError", "RecursionError", "MuteError"]
RAISED += ["UnsendableError", "LookupError", "OverflowError"]


def blas_threads(_: Any) -> int:
    """Threads that linear algebra may use in a task."""
    import numpy as np
    from threadpoolctl import threadpool_info

    np.dot(np.ones((2, 2)), np.ones((2, 2)))
    return max((pool["num_threads"] for pool in threadpool_info()), default=1)


def told_and_waiting(folder: str) -> None:
    """Leave a file with the number of the process that does this, and never end."""
    Path(folder, str(os.getpid())).touch()
    threading.Event().wait()


def dies_once(folder: str) -> str:
    """Die where nobody has died before."""
    died = Path(folder, "died")
    if died.exists():
        return "done"
    died.touch()
    os.kill(os.getpid(), signal.SIGKILL)
    return "not to be reached"


@dataclass(frozen=True)
class Ends:
    """A task that has to be over at a time, and never is where it has one."""

    ends_ms: int | None


def as_it_says(task: Ends) -> str:
    """Wait without end, unless there is no time at which it has to be over."""
    if task.ends_ms is not None:
        threading.Event().wait()
    return "done"


def lives(process: int) -> bool:
    """Whether a process of this machine is there and has not ended."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


class Counted(Sequence[int]):
    """Many tasks, made when they are asked for, which counts how many of them were.

    Args:
        n: How many.
    """

    def __init__(self, n: int) -> None:
        self.n, self.made = n, 0

    def __len__(self) -> int:
        return self.n

    def __getitem__(self, index: Any) -> Any:
        if index >= self.n:
            raise IndexError(index)
        self.made = max(self.made, index + 1)
        return index


def pid(_: Any) -> int:
    """The process that a task runs in."""
    return os.getpid()


def by_index(executor: Executor, fn: Callable[[Any], Any], tasks: list[Any]) -> dict[int, Any]:
    """Outcomes by the positions of their tasks, one for each."""
    outcomes: list[Outcome[Any]] = list(executor.map(fn, tasks))
    assert sorted(o.index for o in outcomes) == list(range(len(tasks)))
    return {o.index: o for o in outcomes}


class ExecutorContract:
    """For any executor. Define the fixture ``executor``, which gives one."""

    def test_every_task_has_one_outcome(self, executor: Executor) -> None:
        outcomes = by_index(executor, square, list(range(20)))
        assert all(o.value == i**2 and o.failure is None for i, o in outcomes.items())

    def test_no_tasks(self, executor: Executor) -> None:
        assert list(executor.map(square, [])) == []

    def test_it_says_how_many_tasks_it_does_at_once(self, executor: Executor) -> None:
        assert executor.jobs >= 1

    def test_an_exception_is_a_failure_of_that_task_alone(self, executor: Executor) -> None:
        outcomes = by_index(executor, square, [1, -2, 3])
        assert outcomes[1].value is None
        assert outcomes[1].failure.type == "ValueError"
        assert outcomes[1].failure.message == "-2 is negative"
        assert "square" in outcomes[1].failure.traceback
        assert outcomes[2].value == 9

    def test_outcomes_are_measured(self, executor: Executor) -> None:
        (outcome,) = executor.map(square, [4])
        assert outcome.end_ms >= outcome.start_ms > 1_600_000_000_000
        assert outcome.cpu_seconds >= 0

    def test_one_blas_thread_everywhere(self, executor: Executor) -> None:
        assert {o.value for o in executor.map(blas_threads, [0, 1])} == {1}

    def test_whatever_is_raised_is_a_short_failure_of_that_task_alone(
        self, executor: Executor
    ) -> None:
        tasks = [task for what in RAISED for task in (what, "fine")]
        outcomes = by_index(executor, misbehave, tasks)
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

    def test_it_can_be_left_early_and_used_again(self, executor: Executor) -> None:
        with executor:
            assert next(iter(executor.map(square, list(range(20))))).failure is None
        assert [o.value for o in executor.map(square, [3])] == [9]

    def test_what_is_appended_meanwhile_is_done_too(self, executor: Executor) -> None:
        tasks, found = [1, 2], []
        for outcome in as_they_come(executor, square, tasks):
            found.append((tasks[outcome.index], outcome.value))
            if len(tasks) < 9:
                tasks.append(len(tasks) + 1)
        assert sorted(found) == [(n, n * n) for n in range(1, 10)]


class ProcessContract(ExecutorContract):
    """The same, and what no executor in the driver's own process can do.

    Define the fixture ``limited`` as well: one like ``executor`` whose tasks may take a second.
    """

    def test_no_task_runs_in_the_driver(self, executor: Executor) -> None:
        (outcome,) = executor.map(pid, [0])
        assert outcome.value != os.getpid()

    def test_an_interrupt_in_a_worker_is_its_tasks_failure_or_nothing(
        self, executor: Executor
    ) -> None:
        outcomes = by_index(executor, misbehave, ["KeyboardInterrupt", "SIGINT"])
        assert outcomes[0].failure.type == "KeyboardInterrupt"
        assert outcomes[1].value == "SIGINT"

    @pytest.mark.parametrize("end", ["SIGKILL", "SIGSEGV", "exit 0"])
    def test_a_dead_process_costs_its_own_task_alone(
        self, executor: Executor, end: str, capfd: pytest.CaptureFixture[str]
    ) -> None:
        outcomes = by_index(executor, misbehave, [end, "a", "b"])
        assert [outcomes[i].value for i in (1, 2)] == ["a", "b"]
        assert outcomes[0].failure.type == "WorkerDied"
        assert outcomes[0].failure.message
        assert outcomes[0].end_ms >= outcomes[0].start_ms > 1_600_000_000_000
        capfd.readouterr()  # what the process said when it died

    def test_what_cannot_be_handed_over_is_a_failure(self, executor: Executor) -> None:
        tasks = [threading.Lock(), "a", Unreadable(), "b", "not sent", "c", "not read", "d"]
        outcomes = by_index(executor, misbehave, tasks)
        assert [outcomes[i].value for i in range(1, 8, 2)] == ["a", "b", "c", "d"]
        assert all(outcomes[i].failure for i in range(0, 8, 2))

    def test_a_task_that_never_ends_is_ended(self, limited: Executor) -> None:
        before = time.monotonic()
        (outcome,) = limited.map(misbehave, ["hang"])
        assert outcome.failure is not None
        assert outcome.failure.type == "TimedOut"
        assert time.monotonic() - before >= 1.0


class StreamContract:
    """What our own promise besides: of workers that die, of many tasks, and of an early end.

    Define the fixture ``executor``. `WindsDown` is asked of it as well.
    """

    def test_a_death_is_one_retry_which_is_told(self, executor: Executor, tmp_path: Path) -> None:
        (outcome,) = executor.map(dies_once, [str(tmp_path)])
        assert (outcome.value, outcome.failure, outcome.retries) == ("done", None, 1)

    def test_a_task_that_says_by_when_it_is_over_is_ended_then(self, executor: Executor) -> None:
        outcomes = by_index(executor, as_it_says, [Ends(None), Ends(1)])
        assert outcomes[0].value == "done"
        assert outcomes[1].failure.type == "TimedOut"

    def test_an_outcome_waits_for_no_other_task(self, executor: Executor, tmp_path: Path) -> None:
        with executor:
            outcomes = executor.map(call, _tasks(tmp_path, *range(6)))
            assert {next(outcomes).value for _ in range(6)} == {i * i for i in range(6)}
            _close(outcomes)

    def test_what_is_appended_waits_for_no_other_task(
        self, executor: Executor, tmp_path: Path
    ) -> None:
        with executor:
            tasks = _tasks(tmp_path, 1)
            outcomes = executor.map(call, tasks)
            for number in range(1, 6):
                assert next(outcomes).value == number * number
                tasks.append((square, number + 1))
            _close(outcomes)

    def test_what_runs_ends_when_it_is_left(self, executor: Executor, tmp_path: Path) -> None:
        with executor:
            outcomes = executor.map(call, _tasks(tmp_path, 3))
            assert next(outcomes).value == 9
            process = _told(tmp_path)
            _close(outcomes)
            wait_until(lambda: not lives(process), "what was left goes on")
            assert [o.value for o in executor.map(square, [4])] == [16]

    def test_it_winds_down(self, executor: Executor, tmp_path: Path) -> None:
        assert isinstance(executor, WindsDown)
        with executor:
            outcomes = executor.map(call, _tasks(tmp_path, 3))
            assert next(outcomes).value == 9
            process = _told(tmp_path)
            executor.wind_down(0.1)
            assert list(outcomes) == []
            wait_until(lambda: not lives(process), "what did not end in time goes on")

    def test_ten_thousand_tasks_are_not_all_on_their_way_at_once(self, executor: Executor) -> None:
        tasks = Counted(10_000)
        most, seen = 0, set()
        for done, outcome in enumerate(executor.map(square, tasks)):
            seen.add(outcome.index)
            most = max(most, tasks.made - done)
            assert outcome.value == outcome.index**2
        assert len(seen) == len(tasks)
        assert most <= 1_000


def call(task: tuple[Callable[[Any], Any], Any]) -> Any:
    """Do what a task says itself."""
    fn, argument = task
    return fn(argument)


def _tasks(folder: Path, *numbers: int) -> list[tuple[Callable[[Any], Any], Any]]:
    """A task that never ends, and numbers to be squared."""
    return [(told_and_waiting, str(folder)), *((square, number) for number in numbers)]


def _close(outcomes: Any) -> None:
    """Leave a generator of outcomes early."""
    outcomes.close()


def _told(folder: Path) -> int:
    """The process of which a task has told."""
    wait_until(lambda: any(folder.iterdir()), "no task has begun")
    return int(next(folder.iterdir()).name)


def wait_until(true: Callable[[], bool], otherwise: str) -> None:
    """Wait for what takes as long as the machine is busy."""
    end = time.monotonic() + 120
    while not true():
        assert time.monotonic() < end, otherwise
        time.sleep(0.05)
