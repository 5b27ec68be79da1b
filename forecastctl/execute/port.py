"""The port of the executor: where work is done."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from forecastctl.records import Outcome


A = TypeVar("A")


B = TypeVar("B")


class Executor(Protocol):
    """Runs a pure function over many tasks."""

    def map(self, fn: Callable[[A], B], tasks: Sequence[A]) -> Iterator[Outcome[B]]:
        """Yield one outcome per task, in any order, as they complete.

        An exception of ``fn`` or the death of a worker is a `Failure` of that task alone.
        """
        ...
