"""An executor that gives its results back only when the last of them is there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self, TypeVar

from forecastctl.execute.port import WindsDown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from types import TracebackType

    from forecastctl.execute.port import Executor
    from forecastctl.records import Outcome

A = TypeVar("A")
B = TypeVar("B")


class HeldExecutor:
    """Another executor, whose results wait for each other: nothing is recorded beside the work.

    It is what streaming is measured against. No job should be run with it: a driver that dies
    before the last result has recorded nothing.

    Args:
        executor: What does the work.
    """

    def __init__(self, executor: Executor) -> None:
        self._executor = executor
        self.name = f"{getattr(executor, 'name', type(executor).__name__)}, held"
        self.jobs = executor.jobs
        self.where = getattr(executor, "where", "this machine")

    def __enter__(self) -> Self:
        self._executor.__enter__()
        self.jobs = self._executor.jobs  # of a cluster, as many as it turns out to have
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
        /,
    ) -> None:
        self._executor.__exit__(kind, error, traceback)

    def map(self, fn: Callable[[A], B], tasks: Sequence[A]) -> Iterator[Outcome[B]]:
        """Yield the outcomes once all of them are there."""
        yield from list(self._executor.map(fn, tasks))

    def wind_down(self, seconds: float) -> None:
        """Come to an end as the executor does that works."""
        if isinstance(self._executor, WindsDown):
            self._executor.wind_down(seconds)
