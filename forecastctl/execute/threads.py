"""Execution in threads of this process, for what waits more than it computes."""

from __future__ import annotations

import threading
import time
from collections import deque
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Self, TypeVar

from forecastctl.execute.serial import attempt

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from forecastctl.records import Outcome

A = TypeVar("A")
B = TypeVar("B")

_STEP = 0.25
"""Seconds between two looks at whether the work is to end early."""


class ThreadExecutor:
    """Runs tasks in threads; a task that ends the process or never ends does so to the caller.

    Only one thread at a time runs Python's own code: they share one core but for compiled fits.

    Args:
        jobs: Threads at most.
    """

    name = "threads"

    def __init__(self, jobs: int) -> None:
        self.jobs = jobs
        self._until: float | None = None
        self._left = threading.Event()

    def __enter__(self) -> Self:
        self._until = None
        return self

    def __exit__(self, *_: object) -> None:
        self._left.set()
        self._left = threading.Event()

    def map(self, fn: Callable[[A], B], tasks: Sequence[A]) -> Iterator[Outcome[B]]:
        """Yield the outcome of each task, as they complete."""
        from threadpoolctl import threadpool_limits

        left, todo = self._left, deque[tuple[int, A]]()
        done: SimpleQueue[Outcome[B] | None] = SimpleQueue()

        def work() -> None:
            with suppress(IndexError):
                while self._until is None and not left.is_set():
                    index, task = todo.popleft()
                    done.put(attempt(fn, index, task, (BaseException,), time.thread_time))
            done.put(None)

        known = working = 0
        # For all of them together: the limit of one task would end with it for the others.
        with threadpool_limits(limits=1):
            try:
                while not (left.is_set() or self._is_over()):
                    todo.extend((index, tasks[index]) for index in range(known, len(tasks)))
                    known = len(tasks)
                    more = 0 if self._until is not None else min(self.jobs - working, len(todo))
                    for _ in range(more):
                        threading.Thread(target=work, daemon=True).start()
                        working += 1
                    if not working:
                        return
                    with suppress(Empty):
                        outcome = done.get(timeout=_STEP)
                        if outcome is None:
                            working -= 1
                        else:
                            yield outcome
            finally:
                todo.clear()

    def wind_down(self, seconds: float) -> None:
        """Begin no further task, and wait no longer than so many seconds for those that run."""
        self._until = time.monotonic() + seconds

    def _is_over(self) -> bool:
        return self._until is not None and time.monotonic() >= self._until


def make_executor(jobs: int, limit: float | None = None) -> ThreadExecutor:  # noqa: ARG001 - as others
    """Executor in threads, where nothing could end a task."""
    from joblib import effective_n_jobs

    return ThreadExecutor(effective_n_jobs(jobs))
