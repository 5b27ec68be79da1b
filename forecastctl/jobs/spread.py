"""Searches whose evaluations are spread over workers: here it is proposed, there evaluated.

A worker gets one evaluation, a model on the folds of one airport, or what comes after a search. The
airport that was begun first goes first; another one is begun when there is nothing to do for a
worker otherwise. What a search finds depends on none of that (`forecastctl.search.evaluation`).
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeAlias

from forecastctl.execute.port import as_they_come
from forecastctl.execute.worker import timed_out
from forecastctl.jobs.pilot import going_on, is_over, joined
from forecastctl.jobs.work import (
    begun,
    clock,
    concluded,
    failed,
    search_of,
    searched,
    unwrap,
    work,
)
from forecastctl.records import AirportTask, Failure, Outcome, Status
from forecastctl.records.failures import RAISED_BY_TASKS
from forecastctl.search.evaluation import evaluate, nothing

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from forecastctl.execute.port import Executor
    from forecastctl.records import AirportResult, SearchSpec, Series, TuneResult
    from forecastctl.search.evaluation import Evaluated, Evaluation, Steps

AHEAD = 4
"""For each so many workers one more piece is handed out than they work at, to be there at once."""


@dataclass(frozen=True, slots=True)
class Piece:
    """One evaluation, with all that a worker needs for it, and by when it has to be over."""

    series: Series
    search: SearchSpec
    evaluation: Evaluation
    ends_ms: int | None = None


Work: TypeAlias = Piece | AirportTask


def do(what: Work) -> Evaluated | AirportResult:
    """What a worker does: an evaluation, or an airport without a search."""
    if isinstance(what, AirportTask):
        return work(what)
    return evaluate(what.series, what.search, what.evaluation, clock)


def spread(
    tasks: Iterable[AirportTask], executor: Executor, limit: float | None = None
) -> Iterator[AirportResult]:
    """Results of airports as they complete.

    Args:
        tasks: What is to be done, in the order in which it is begun.
        executor: Where evaluations are made.
        limit: Seconds that the work on an airport may take, or ``None``.
    """
    return _Spreading(deque(tasks), executor, limit).results()


class _Spreading:
    """Airports that are worked on at the same time, and what of them is with the workers."""

    def __init__(
        self, waiting: deque[AirportTask], executor: Executor, limit: float | None
    ) -> None:
        self.waiting, self.executor, self.limit = waiting, executor, limit
        self.at_work: list[_Airport] = []
        self.handed: list[Work] = []
        self.of: list[_Airport] = []
        self.under_way = 0

    def results(self) -> Iterator[AirportResult]:
        """Do all that is to be done."""
        yield from self._handed_out()
        for outcome in as_they_come(self.executor, do, self.handed):
            self.under_way -= 1
            self.of[outcome.index].take(self.handed[outcome.index], outcome)
            yield from self._handed_out()

    def _handed_out(self) -> list[AirportResult]:
        """Give workers what they have room for; returns what is complete."""
        jobs = self.executor.jobs
        done: list[AirportResult] = []
        while self.under_way < jobs + 1 + jobs // AHEAD:
            done += self._complete()
            airport = next((a for a in self.at_work if a.todo), None)
            if airport is not None:
                self.handed.append(airport.todo.popleft())
                self.of.append(airport)
                self.under_way += 1
            elif self.waiting:
                read = _read(self.waiting.popleft())
                if isinstance(read, AirportTask):
                    self.at_work.append(_Airport(read, self.limit))
                else:
                    done.append(read)
            else:
                break
        return done + self._complete()

    def _complete(self) -> list[AirportResult]:
        done = [airport.result for airport in self.at_work if airport.result is not None]
        if done:
            self.at_work = [airport for airport in self.at_work if airport.result is None]
        return done


def _read(task: AirportTask) -> AirportTask | AirportResult:
    """A task with its series in memory, wherever that lies; or that it cannot be read."""
    try:
        return replace(task, series=task.series.here())
    except RAISED_BY_TASKS as error:
        now = clock()[0]
        return unwrap(Outcome(0, None, Failure.of(error), now, now), task)


class _Airport:
    """The work on one airport: its search, and then what comes after it.

    Attributes:
        todo: What a worker may do now.
        result: What came of it all; ``None`` while something is left.
    """

    def __init__(self, task: AirportTask, limit: float | None) -> None:
        self.task, self._limit = task, limit
        self.todo: deque[Work] = deque()
        self.result: AirportResult | None = None
        self._begun = begun(task, clock()[0])
        self._early: AirportResult | None = None
        self._held: dict[int, Evaluated] = {}
        self._told = self._retries = 0
        self._cpu = self._worked = 0.0
        if self._begun.status is Status.SKIPPED:
            self.result = self._begun
        elif task.plan.tune:
            self._search = search_of(task)
            self._steps = _steps(task, self._search)
            self._tell(None)
        else:
            self.todo.append(task)

    def take(self, what: Work, outcome: Outcome[Any]) -> None:
        """Go on with what came of a piece of the work."""
        if self.result is not None:
            return
        if isinstance(what, AirportTask):
            self._end(unwrap(outcome, what))
            return
        self._retries += outcome.retries
        self._cpu += outcome.cpu_seconds
        self._worked += (outcome.end_ms - outcome.start_ms) / 1000
        self._held[what.evaluation.number] = outcome.value or _lost(what.evaluation, outcome)
        if self._limit is not None and clock()[0] >= self._begun.start_ms + self._limit * 1000:
            self._fail(timed_out(self._limit))
        while self.result is None and self._early is None and self._told in self._held:
            self._told += 1
            self._tell(self._held.pop(self._told - 1))

    def _tell(self, known: Evaluated | None) -> None:
        """Tell the search what it is to know next, and have done what it asks for."""
        cpu = clock()[1]
        tuned = failure = None
        try:
            asked = self._steps.send(known) if known else next(self._steps)
            self.todo.extend(self._piece(evaluation) for evaluation in asked)
        except StopIteration as over:
            tuned = over.value
        except RAISED_BY_TASKS as error:
            failure = Failure.of(error)
        self._cpu += clock()[1] - cpu
        if tuned is not None:
            self._found(tuned)
        elif failure is not None:
            self._fail(failure)

    def _piece(self, evaluation: Evaluation) -> Piece:
        ends_ms = None
        if self._limit is not None:
            ends_ms = self._begun.start_ms + int(self._limit * 1000)
            until_ms = min(ends_ms, evaluation.until_ms or ends_ms)
            evaluation = replace(evaluation, until_ms=until_ms)
        return Piece(self.task.series, self._search, evaluation, ends_ms)

    def _found(self, tuned: TuneResult) -> None:
        """Go on from what the search found, if anything is to come after it."""
        task = self.task
        result = searched(self._so_far(), task, self._search, tuned)
        early = concluded(result, [tuned.reason] if tuned.reason else [])
        if is_over(task, early):
            self.result = replace(early, tuned=replace(tuned, sizes=())) if task.widths else early
            return
        self._early = early
        self.todo.append(going_on(task, early, task.widths or tuned.widths))

    def _end(self, later: AirportResult) -> None:
        """The whole result, once it is known what came after the search."""
        early = self._early
        if early is None or early.tuned is None:
            self.result = later
            return
        widths = self.task.widths or early.tuned.widths
        whole = joined(self.task, early, later, widths)
        self.result = replace(whole, retries=early.retries + later.retries)

    def _fail(self, failure: Failure) -> None:
        self.todo.clear()
        self.result = failed(self._so_far(), failure)

    def _so_far(self) -> AirportResult:
        """The result with what the work has taken until now."""
        return replace(
            self._begun,
            end_ms=clock()[0],
            cpu_seconds=self._cpu,
            worked_seconds=self._worked,
            retries=self._retries,
        )


def _steps(task: AirportTask, search: SearchSpec) -> Steps[TuneResult]:
    from forecastctl.search.tune import steps

    return steps(task.series, search, clock, task.learned, task.widths)


def _lost(evaluation: Evaluation, outcome: Outcome[Any]) -> Evaluated:
    """An evaluation whose worker died of it, hung, or took too much memory."""
    failure = outcome.failure
    reason = f"{failure.type}: {failure.message}" if failure else "no result"
    lost = nothing(evaluation, reason)
    return lost.measured(evaluation.origin, outcome.start_ms, outcome.end_ms, outcome.cpu_seconds)
