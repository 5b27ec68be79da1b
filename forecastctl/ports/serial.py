"""Execution in this process, one task after the other."""

from __future__ import annotations

import sys
import time
import traceback
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeVar

from forecastctl.records import Failure, Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

A = TypeVar("A")
B = TypeVar("B")


def attempt(fn: Callable[[A], B], index: int, task: A) -> Outcome[B]:
    """Run one task with one BLAS thread, measure it, and turn an exception into a value.

    One thread everywhere makes results independent of the number of workers.
    """
    start, cpu = time.time_ns(), time.process_time()
    value, failure = None, None
    try:
        with _thread_pools(len(sys.modules)).limit(limits=1):
            value = fn(task)
    except Exception as error:  # noqa: BLE001 - a failed task must not stop the others
        failure = Failure(type(error).__name__, str(error), traceback.format_exc())
    return Outcome(
        index,
        value,
        failure,
        start // 1_000_000,
        time.time_ns() // 1_000_000,
        time.process_time() - cpu,
    )


@lru_cache(maxsize=1)
def _thread_pools(_modules: int) -> Any:
    """The BLAS libraries in this process, looked up again once more modules are imported.

    The look-up takes a millisecond, a few per cent of an airport.
    """
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


class SerialExecutor:
    """Runs tasks in this process, in order."""

    def map(self, fn: Callable[[A], B], tasks: Sequence[A]) -> Iterator[Outcome[B]]:
        """Yield the outcome of each task."""
        for index, task in enumerate(tasks):
            yield attempt(fn, index, task)
