"""Execution in joblib process pools.

loky is the default backend; any backend that is registered with joblib (Spark, Dask, Ray) serves
as well, since tasks and outcomes are plain picklable values.
"""

from __future__ import annotations

import gc
import logging
import os
import signal
import sys
import threading
import time
import warnings
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeVar

from forecastctl.ports import SerialExecutor, attempt
from forecastctl.records import Failure, Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from forecastctl.ports import Executor

A = TypeVar("A")
B = TypeVar("B")

log = logging.getLogger(__name__)

LOKY = "loky"
_WATCH = 1.0
"""Seconds between two looks at whether the driver lives."""


class JoblibExecutor:
    """Runs tasks concurrently and yields their outcomes as they complete.

    Args:
        jobs: Number of workers.
        backend: Name of a registered joblib backend.
    """

    def __init__(self, jobs: int, backend: str = LOKY) -> None:
        self.jobs = jobs
        self.backend = backend

    def map(self, fn: Callable[[A], B], tasks: Sequence[A]) -> Iterator[Outcome[B]]:
        """Yield one outcome per task; a worker's death costs its own task alone.

        A dying worker breaks the whole pool and does not say which task it held. So the tasks in
        flight are tried again one at a time, each in a pool of its own, and the rest goes on in a
        new pool.
        """
        pending = dict(enumerate(tasks))
        while pending:
            dispatched: list[int] = []
            try:
                for outcome in self._stream(fn, pending, dispatched):
                    del pending[outcome.index]
                    yield outcome
            except _broken_pool():
                suspects = [index for index in dispatched if index in pending]
                log.warning("a worker died; trying %d airports one at a time", len(suspects))
                for index in suspects:
                    yield self._alone(fn, index, pending.pop(index))

    def _stream(
        self, fn: Callable[[A], B], tasks: Mapping[int, A], dispatched: list[int]
    ) -> Iterator[Outcome[B]]:
        from joblib import Parallel, delayed

        def calls() -> Iterator[Any]:
            for index, task in list(tasks.items()):
                dispatched.append(index)
                yield delayed(_attempt)(fn, index, task)

        pool = Parallel(
            n_jobs=self.jobs,
            backend=self.backend,
            return_as="generator_unordered",
            batch_size=1,
            pre_dispatch=2 * self.jobs,
            **(_OF_LOKY if self.backend == LOKY else {}),
        )
        outcomes = pool(calls())
        try:
            # `yield from` would close them before anything here, where the warning is heard.
            for outcome in outcomes:  # noqa: UP028
                yield outcome
        finally:
            with warnings.catch_warnings():
                # That work is lost is what an interruption means; the warning says it as a fault.
                warnings.simplefilter("ignore", UserWarning)
                outcomes.close()

    def _alone(self, fn: Callable[[A], B], index: int, task: A) -> Outcome[B]:
        try:
            return next(self._stream(fn, {index: task}, []))
        except _broken_pool() as error:
            message = "the worker process died, probably out of memory or killed by a signal"
            return Outcome(index, failure=Failure("WorkerDied", message, str(error)))


def _attempt(fn: Callable[[A], B], index: int, task: A) -> Outcome[B]:
    outcome = attempt(fn, index, task)
    _pass_over(len(sys.modules))
    return outcome


@lru_cache(maxsize=1)
def _pass_over(_modules: int) -> None:
    """Have the garbage collector pass over what imports have made, as often as there are new ones.

    loky has a worker collect once a second, which takes 30 ms with all modules looked through.
    """
    gc.collect()
    gc.freeze()


def _begin_worker() -> None:
    """Leave Ctrl-C to the driver, and end with it, however it ends.

    Ctrl-C at a terminal reaches workers too, and one that waits would print a traceback. A driver
    that is killed outright tells its workers nothing: they would go on for minutes.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()


def _end_with(driver: int) -> None:
    while os.getppid() == driver:
        time.sleep(_WATCH)
    os._exit(1)


_OF_LOKY = {"initializer": _begin_worker}
"""What other backends may not know: their workers are not ours to set up."""


def _broken_pool() -> type[BaseException]:
    from joblib.externals.loky.process_executor import BrokenProcessPool

    broken: type[BaseException] = BrokenProcessPool
    return broken


def make_executor(jobs: int) -> Executor:
    """Executor for a number of workers, counted as joblib does (-1 means one per core)."""
    from joblib import effective_n_jobs

    workers = effective_n_jobs(jobs)
    return SerialExecutor() if workers == 1 else JoblibExecutor(workers)
