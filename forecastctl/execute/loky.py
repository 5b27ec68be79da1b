"""Execution in worker processes: joblib's process pools (loky), one for each worker.

A pool of one worker tells exactly which task its process died of, and can be ended without the
others when a task never ends. With one pool for all workers, the death of one ends them all.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from dataclasses import replace
from enum import Enum, auto
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar

from forecastctl.errors import SettingsError
from forecastctl.execute.memory import cannot_be_seen
from forecastctl.execute.serial import SerialExecutor
from forecastctl.execute.worker import (
    TRIES,
    DiedError,
    Limits,
    Worker,
    claim,
    hold_interrupts_back,
    now_ms,
    quiet_loky,
    unknown_pool,
    worker_died,
)
from forecastctl.records import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

A = TypeVar("A")
B = TypeVar("B")

log = logging.getLogger(__name__)


class _Word(Enum):
    """What is said in the queue of outcomes besides outcomes and errors."""

    RESTS = auto()
    """A worker has nothing more to do."""
    LISTEN = auto()
    """It is to wind down: look how long for."""
    OVER = auto()
    """The time for that is over."""


class JoblibExecutor:
    """Runs tasks in joblib's loky processes and yields their outcomes as they complete.

    loky alone: the backends that Dask, Ray and Spark register with joblib give no results as they
    complete, and report the death of a worker in ways of their own. `forecastctl.execute.cluster`
    uses those engines by their own interfaces.

    Every task runs in a child process, with one worker too, so that no task can end or hold up the
    driver. As a context manager it ends what still runs at its end.

    Args:
        jobs: Workers at most; there are never more than tasks.
        limit: Seconds that one task may take before its process is killed, or ``None``.
        memory: Bytes that the process of one task may hold before it is killed, or ``None``.
    """

    name = "loky"

    def __init__(self, jobs: int, limit: float | None = None, memory: int | None = None) -> None:
        self.jobs = jobs
        self.limits = Limits(limit, memory)
        self._crews: list[_Crew[Any, Any]] = []
        self._until: float | None = None

    def __enter__(self) -> Self:
        self._until = None
        return self

    def __exit__(self, *_: object) -> None:
        for crew in list(self._crews):
            crew.stop()

    def map(self, fn: Callable[[A], B], tasks: Sequence[A]) -> Iterator[Outcome[B]]:
        """Yield one outcome per task; what a task does to its process costs that task alone."""
        quiet_loky()
        crew = _Crew(fn, tasks, self.jobs, self.limits)
        self._crews.append(crew)
        crew.until = self._until
        try:
            yield from crew.outcomes()
        finally:
            crew.stop()
            self._crews.remove(crew)

    def wind_down(self, seconds: float) -> None:
        """Begin no further task, and end what still runs after so many seconds."""
        self._until = time.monotonic() + seconds
        for crew in list(self._crews):
            crew.wind_down(self._until)


class _Crew(Generic[A, B]):
    """What the threads share that look after the workers of one call."""

    def __init__(self, fn: Callable[[A], B], tasks: Sequence[A], jobs: int, limits: Limits) -> None:
        self.fn, self.tasks, self.jobs, self.limits = fn, tasks, jobs, limits
        self.todo: deque[int] = deque()
        self.deaths: list[int] = []
        self.done: SimpleQueue[Outcome[B] | BaseException | _Word] = SimpleQueue()
        self.stopped = False
        self.until: float | None = None
        self.lanes: list[_Lane[A, B]] = []

    def outcomes(self) -> Iterator[Outcome[B]]:
        """Set everything going, and yield each outcome as it is there."""
        working = 0
        while working := self._staffed(working):
            match self._heard():
                case _Word.OVER:
                    return
                case _Word.RESTS:
                    working -= 1
                case _Word.LISTEN:
                    pass
                case BaseException() as error:
                    raise error
                case Outcome() as outcome:
                    yield outcome
        for lane in self.lanes:
            lane.join()

    def _staffed(self, working: int) -> int:
        """How many workers are at it, once there are as many as its tasks need.

        Args:
            working: How many are.
        """
        known = len(self.deaths)
        self.deaths += [0] * (len(self.tasks) - known)
        self.todo.extend(range(known, len(self.tasks)))
        more = min(self.jobs - working, len(self.todo))
        if more <= 0 or self.stopped or self.until is not None:
            return working
        new: list[_Lane[A, B]] = [_Lane(self) for _ in range(more)]
        self.lanes = [*(lane for lane in self.lanes if lane.is_alive()), *new]
        for lane in new:
            lane.start()
        return working + more

    def _heard(self) -> Outcome[B] | BaseException | _Word:
        """What comes next; once it is to wind down, that the time for it is over."""
        left = None if self.until is None else max(self.until - time.monotonic(), 0.0)
        try:
            return self.done.get(timeout=left)
        except Empty:
            return _Word.OVER

    def wind_down(self, until: float) -> None:
        """Begin no further task, and listen no longer than until a time of the monotonic clock."""
        self.until = until
        self.done.put(_Word.LISTEN)

    def next(self) -> int | None:
        """Position of a task that nobody does yet, where one may still be begun."""
        try:
            return None if self.stopped or self.until is not None else self.todo.popleft()
        except IndexError:
            return None

    def stop(self) -> None:
        """End what still runs."""
        self.stopped = True
        self.done.put(RuntimeError("The workers have been ended: there are no more outcomes."))
        for lane in self.lanes:
            lane.stop()


class _Lane(threading.Thread, Generic[A, B]):
    """Looks after one worker: hands it one task after another, and tells what became of each.

    None is handed over ahead: it would wait behind one that hangs.
    """

    def __init__(self, crew: _Crew[A, B]) -> None:
        super().__init__(daemon=True)
        self._crew = crew
        self._lock = threading.Lock()
        self._worker: Worker | None = None

    def run(self) -> None:
        """Do tasks until there are none left."""
        crew = self._crew
        try:
            hold_interrupts_back()
            while (index := crew.next()) is not None:
                self._do(index)
        except BaseException as error:  # noqa: BLE001 - the driver waits for it
            crew.done.put(error)
        with self._lock:
            worker, self._worker = self._worker, None
        if worker and not crew.stopped:
            worker.rest()
        crew.done.put(_Word.RESTS)

    def stop(self) -> None:
        """End the worker, and with it this thread."""
        with self._lock:
            worker, self._worker = self._worker, None
        if worker:
            worker.kill()
        if self.is_alive():
            self.join()

    def _do(self, index: int) -> None:
        crew, start_ms = self._crew, now_ms()
        try:
            worker, task = self._hired(), crew.tasks[index]
            outcome = worker.do(crew.fn, index, task, crew.limits.of(task))
            crew.done.put(replace(outcome, retries=crew.deaths[index]))
        except DiedError as error:
            if not crew.stopped:
                self._mourn(index, error, start_ms)
        with self._lock:
            if self._worker and self._worker.ended:
                self._worker = None

    def _hired(self) -> Worker:
        with self._lock:
            if self._crew.stopped:
                raise DiedError
            self._worker = self._worker or claim()
            memory = self._crew.limits.memory
            if memory is not None and not self._worker.fits(memory):
                self._worker.kill()
                self._worker = Worker()
            return self._worker

    def _mourn(self, index: int, error: DiedError, start_ms: int) -> None:
        """Put a task back whose worker died, or tell that it died of it again."""
        crew = self._crew
        crew.deaths[index] += 1
        if crew.deaths[index] < TRIES:
            log.warning("a worker died; what it did is tried once more")
            crew.todo.append(index)
            return
        outcome = worker_died(index, error, start_ms)
        crew.done.put(replace(outcome, retries=TRIES - 1))


def make_executor(
    jobs: int, limit: float | None = None, memory: int | None = None
) -> JoblibExecutor | SerialExecutor:
    """Executor for a number of workers, counted as joblib does (-1 means one per core).

    Where joblib's pool is not the one that is known here, this process does the work itself.

    Raises:
        SettingsError: Memory is to be limited, and this system does not show it.
    """
    from joblib import effective_n_jobs

    if memory is not None and cannot_be_seen():
        raise SettingsError(
            "--airport-memory: this system does not show how much memory a process holds.",
            "Install psutil, or leave the limit out.",
        )
    if why := unknown_pool():
        log.warning(
            "joblib has other processes than this version knows (%s): one airport after the other "
            "is worked on, in this process, without --airport-timeout and --airport-memory",
            why,
        )
        return SerialExecutor()
    return JoblibExecutor(effective_n_jobs(jobs), limit, memory)
