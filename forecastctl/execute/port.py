"""The port of the executor: where work is done."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol, Self, TypeVar, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from types import TracebackType

    from forecastctl.records import Outcome


A = TypeVar("A")


B = TypeVar("B")


class Executor(Protocol):
    """Runs a pure function over many tasks; as a context manager it ends what still runs."""

    jobs: int
    """Tasks that are done at the same time, at most."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
        /,
    ) -> None: ...

    def map(self, fn: Callable[[A], B], tasks: Sequence[A]) -> Iterator[Outcome[B]]:
        """Yield one outcome per task, in any order, as they complete.

        Whatever ``fn`` raises, and the death of the process that it runs in where that is not the
        driver's own, is a `Failure` of that task alone. `forecastctl.execute.serial.attempt` does
        one task and makes its outcome, to be called where the work is done.

        Tasks may be appended to ``tasks`` between two outcomes: `as_they_come` does without.
        """
        ...


@runtime_checkable
class WindsDown(Protocol):
    """An executor that can be told to come to an end before all is done."""

    def wind_down(self, seconds: float) -> None:
        """Begin no further task, and end what still runs after so many seconds.

        `Executor.map` yields what is done until then, and no outcome of the other tasks. It may be
        called from another thread, and from the handler of a signal: it waits for nothing.
        """
        ...


@runtime_checkable
class LaysTablesDown(Protocol):
    """An executor whose workers know tables."""

    def lay_down(
        self, table: str, choose: Callable[[Sequence[tuple[str, str]]], Sequence[str]], folder: str
    ) -> None:
        """Have the workers write a table as Parquet, sorted by airport and date.

        Args:
            table: Its name.
            choose: The columns of airport, date and number among those of the table, each with its
                type; it raises `DataError` where they are not there.
            folder: Where it is written to.

        Raises:
            DataError: There is no such table.
            ClusterError: It cannot be written.
        """
        ...


def as_they_come(executor: Executor, fn: Callable[[A], B], tasks: list[A]) -> Iterator[Outcome[B]]:
    """Yield one outcome per task, also of those that are appended between two outcomes.

    An executor that looks for no more tasks than it was given is given the others afterwards; they
    then wait for all that were there before them.

    Args:
        executor: What does the work.
        fn: What to do.
        tasks: The tasks, to which the caller appends more.
    """
    done: set[int] = set()
    places: Sequence[int] = range(sys.maxsize)
    part = tasks
    while len(done) < len(tasks):
        before = len(done)
        for outcome in executor.map(fn, part):
            done.add(places[outcome.index])
            yield replace(outcome, index=places[outcome.index])
        if len(done) == before:  # it winds down
            return
        places = [place for place in range(len(tasks)) if place not in done]
        part = [tasks[place] for place in places]


def said_of(executor: Executor) -> str:
    """What does the work, where, and with how many workers: ``dask, 8 workers of tcp://x:8786``."""
    name = getattr(executor, "name", type(executor).__name__)
    where = getattr(executor, "where", "this machine")
    return f"{name}, {executor.jobs} {'worker' if executor.jobs == 1 else 'workers'} of {where}"
