"""Execution in this process, one task after the other."""

from __future__ import annotations

import sys
import time
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Self, TypeVar

from forecastctl.records import Failure, Outcome
from forecastctl.records.failures import RAISED_BY_TASKS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

A = TypeVar("A")
B = TypeVar("B")


def attempt(
    fn: Callable[[A], B],
    index: int,
    task: A,
    raised: tuple[type[BaseException], ...] = RAISED_BY_TASKS,
    clock: Callable[[], float] = time.process_time,
) -> Outcome[B]:
    """Run one task with one BLAS thread, measure it, and turn whatever it raises into a value.

    One thread everywhere makes results independent of the number of workers.

    Args:
        fn: What to do.
        index: Position of the task.
        task: The task.
        raised: What becomes a value.
        clock: CPU time in seconds of what does the task, a process or a thread.
    """
    start, cpu = time.time_ns(), clock()
    value, failure = None, None
    try:
        with _thread_pools(len(sys.modules)).limit(limits=1):
            value = fn(task)
    except raised as error:
        failure = Failure.of(error)
    return Outcome(
        index,
        value,
        failure,
        start // 1_000_000,
        time.time_ns() // 1_000_000,
        clock() - cpu,
    )


@lru_cache(maxsize=1)
def _thread_pools(_modules: int) -> Any:
    """The BLAS libraries in this process, looked up again once more modules are imported.

    The look-up takes a millisecond, a few per cent of an airport.
    """
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


class SerialExecutor:
    """Runs tasks in this process, in order: for tests and notebooks.

    A task that ends the process or never ends does so to the caller as well.
    """

    name = "serial"
    jobs = 1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def map(self, fn: Callable[[A], B], tasks: Sequence[A]) -> Iterator[Outcome[B]]:
        """Yield the outcome of each task."""
        for index, task in enumerate(tasks):
            yield attempt(fn, index, task)


def make_executor(jobs: int, limit: float | None = None) -> SerialExecutor:  # noqa: ARG001 - as others
    """Executor in this process, where there is one worker and nothing that could end a task."""
    return SerialExecutor()
