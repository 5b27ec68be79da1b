"""Replaying history: tune, train and forecast as of each origin, recorded as by `run`.

Each origin is a job of its own. The unit of work is one airport over the origins that share a
search (`forecastctl.backtest.blocks`), so that airports and origins run concurrently; old
origins go first. A job is opened with the first of its results and closed with the last, or where
the backtest ends before all is done.
"""

from __future__ import annotations

import logging
from contextlib import nullcontext
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from forecastctl.backtest.accounts import Accounts, Cost
from forecastctl.backtest.blocks import block_results
from forecastctl.backtest.pilot import in_parts, work_on_stages
from forecastctl.backtest.plan import BacktestPlan, BacktestRequest
from forecastctl.backtest.record import read_results, read_table
from forecastctl.backtest.scores import find_actuals
from forecastctl.backtest.summary import BacktestSummary, account_of
from forecastctl.errors import NothingRecordedError
from forecastctl.jobs.run import batches
from forecastctl.jobs.stopping import Stopping
from forecastctl.jobs.work import clock, compile_models, unheard
from forecastctl.recording.searches import keep_searches
from forecastctl.records.schema import Tag

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractContextManager
    from datetime import date
    from typing import TypeAlias

    from forecastctl.backtest.blocks import Block
    from forecastctl.backtest.origin_job import OriginJob
    from forecastctl.backtest.stage import Stage
    from forecastctl.data.panel.panel import DataSpec, Panel
    from forecastctl.execute.port import Executor
    from forecastctl.jobs.job import Progress
    from forecastctl.recording.context import Environment
    from forecastctl.records import AirportResult, Outcome
    from forecastctl.store.port import Tracker

    BlockOutcome: TypeAlias = tuple[Block, Outcome[tuple[AirportResult, ...]]]

__all__ = ["Backtest", "BacktestRequest", "BacktestSummary", "Surroundings", "backtest"]

log = logging.getLogger(__name__)

MOST_OBSERVATIONS = 4_000_000
"""Observations, counted once for each origin, that are prepared at a time: 64 MB."""


SEARCHES_AT_ONCE = 8
"""Searches for each worker, at least, that are made before the first of them is recorded."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Where a backtest runs, and whom it tells of its progress.

    Attributes:
        tracker: Where it is recorded.
        executor: Where it is executed.
        environment: Versions and machine.
        today: Later periods are in the future.
        progress: Told about every airport of every origin.
        read_log: Returns the log so far.
        say: Told what takes long before the first airport.
    """

    tracker: Tracker
    executor: Executor
    environment: Environment
    today: date
    progress: Progress
    read_log: Callable[[], bytes]
    say: Callable[[str], None] = unheard


def backtest(
    request: BacktestRequest,
    panel: Panel,
    spec: DataSpec,
    surroundings: Surroundings,
    stopping: Stopping | None = None,
) -> BacktestSummary:
    """Plan a backtest and run it: see `Backtest`."""
    return Backtest(request, panel, spec, surroundings).run(stopping)


class Backtest:
    """Replays history over a panel, as far as it is not recorded yet.

    It hands out work, and keeps open jobs and the accounts of those that are closed.

    Args:
        request: What the user asks.
        panel: All of the data.
        spec: Policies of the data.
        surroundings: Where to run and record.

    Raises:
        UsageError: Dates, numbers or airports that make no sense with the data, or another process
            works at the same backtest.
        TrackingError: What is recorded cannot be read.
    """

    def __init__(
        self, request: BacktestRequest, panel: Panel, spec: DataSpec, surroundings: Surroundings
    ) -> None:
        self._started = clock()[0]
        self._surroundings, self._tracker = surroundings, surroundings.tracker
        self.plan = BacktestPlan(
            request, panel, spec, surroundings.today, surroundings.environment, self._tracker
        )
        actuals = find_actuals(panel, spec, surroundings.today)
        self._accounts = Accounts(actuals, self.plan.levels, tables=request.table)
        self._size = request.job_request.batch
        self._open: dict[int, OriginJob] = {}
        self._files: dict[int, int] = {}
        self._cost, self._resumed, self._total = Cost(), 0, 0
        self._stopping = Stopping()
        self._undisturbed: Callable[[], AbstractContextManager[None]] = nullcontext
        self._read_complete()
        self._stages = self.plan.stages()

    def run(
        self,
        stopping: Stopping | None = None,
        undisturbed: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> BacktestSummary:
        """Do what is left.

        Args:
            stopping: When it ends before all is done.
            undisturbed: Holds an interruption back while something is being recorded.

        Raises:
            TrackingError: Something could not be recorded; the same call goes on from there.
            KeyboardInterrupt: A signal ended it; what was done until then is recorded.
        """
        log.info("backtest %s: %d origins", self.plan.name, len(self.plan.origins))
        self._stopping, self._undisturbed = stopping or self._stopping, undisturbed
        self._stopping.recorded = self._resumed
        try:
            with self._stopping.over(self._surroundings.executor):
                for stages in self._stage_groups():
                    for batch in batches(self._outcomes(stages), self._size):
                        with self._undisturbed():
                            self._record(batch)
            self._stopping.check()
            with self._undisturbed():
                return self._end()
        except BaseException as error:
            self._abandon(error)
            raise

    def _read_complete(self) -> None:
        """Read accounts and scores of the origins that are complete.

        An origin whose summary or forecasts cannot be read is reopened, and closed again from the
        runs of its airports.
        """
        for position, run_id in self.plan.complete().items():
            as_of = self.plan.origins[position].as_of
            try:
                results = read_results(self._tracker, run_id)
                table = read_table(self._tracker, run_id, self.plan.levels)
            except NothingRecordedError as error:
                log.warning("the account of %s is made anew: %s", as_of, error.message)
                self.plan.reopen(position)
                continue
            account = account_of(as_of, results)
            self._accounts.add(position, account, table)
            self._resumed += account.counts["total"] - account.counts["skipped"]
        left = len(self.plan.origins) - len(self.plan.complete())
        self._total = len(self.plan.order) * left

    def _stage_groups(self) -> Iterator[list[Stage]]:
        """Stages to work at, at a time as many as memory should hold."""
        stages: list[Stage] = []
        observations, since = 0, clock()[0]
        for stage in self._stages:
            self._cost.prepare_ms += clock()[0] - since
            with self._undisturbed():
                self._begin(stage)
            stages.append(stage)
            observations += sum(step.series.n for block in stage.blocks for step in block.steps)
            if observations >= MOST_OBSERVATIONS:
                yield stages
                stages, observations = [], 0
            if self._stopping.ends:
                return
            since = clock()[0]
        if stages:
            yield stages

    def _begin(self, stage: Stage) -> None:
        """Begin the jobs of a stage; those without any work end at once."""
        self._files[stage.number] = stage.files
        for job in stage.jobs:
            self._open[job.origin.position] = job
            self._resumed += len(job.recorded)
            self._stopping.recorded += len(job.recorded)
            self._total -= len(job.recorded)
        for job in stage.jobs:
            if not job.left:
                self._open_job(job.origin.position)
                self._close(job)

    def _outcomes(self, stages: Sequence[Stage]) -> Iterator[BlockOutcome]:
        """Work at blocks; each with its outcome as it comes."""
        plans = (block.plan for stage in stages for block in stage.blocks)
        compile_models(plans, self._surroundings.say)
        executor, stopping = self._surroundings.executor, self._stopping
        for part in in_parts(stages, SEARCHES_AT_ONCE * executor.jobs):
            for found in work_on_stages(part, executor, stopping, self._keep, self._size):
                yield found
                if stopping.too_many_failed:
                    return
            if stopping.ends:
                return

    def _keep(self, stage: Stage, results: Sequence[AirportResult]) -> None:
        """Keep searches that are recorded only when it is known how wide intervals are."""
        if stage.keeper is None:
            return
        with self._undisturbed():
            job = self._open_job(stage.keeper.origin.position)
            files = self._files[stage.number]
            self._files[stage.number] = keep_searches(self._tracker, job.run_id, files, results)

    def _record(self, batch: Sequence[BlockOutcome]) -> None:
        """Record some blocks, origin by origin: a search before what builds on it."""
        by_origin: dict[int, list[tuple[int, AirportResult]]] = {}
        for number, (block, outcome) in enumerate(batch):
            for position, result in block_results(outcome, block):
                by_origin.setdefault(position, []).append((number, result))
        searches = [block.tuned_by for block, _ in batch]
        for position in sorted(by_origin):
            job = self._open_job(position)
            results = [_with_source(r, searches[number]) for number, r in by_origin[position]]
            ids = self._enter(job, results)
            for (number, _), result in zip(by_origin[position], results, strict=True):
                if result.task is not None and result.task.plan.tune:
                    searches[number] = ids[result.airport]
                    job.tuned |= result.tuned is not None
            job.left -= len(results)
            self._stopping.saw(results)
            if not job.left:
                self._close(job)

    def _open_job(self, position: int) -> OriginJob:
        """The origin with its job open; results that need no work are recorded on opening."""
        job = self._open[position]
        if not job.run_id:
            around = self._surroundings
            job.open(self._tracker, around.executor, around.read_log)
            self._enter(job, job.job.settled)
        return job

    def _enter(self, job: OriginJob, results: Sequence[AirportResult]) -> dict[str, str]:
        """Record results of one origin, count their cost, and tell of the progress."""
        ids = job.record(results, self._tracker)
        self._stopping.recorded_are(results)
        for result in results:
            self._cost.add(result)
            self._surroundings.progress(result, self._total)
        return ids

    def _close(self, job: OriginJob, stopping: Stopping | None = None) -> None:
        """End an origin; only its account and sums are kept."""
        summary = job.close(self._tracker, self._surroundings.read_log, stopping)
        account = account_of(job.origin.as_of, summary.to_dict())
        self._accounts.add(job.origin.position, account, summary.forecasts)
        del self._open[job.origin.position]

    def _end(self) -> BacktestSummary:
        """Close what is open because the backtest ended before all was done, and sum up."""
        for job in [job for job in self._open.values() if job.run_id]:
            self._close(job, self._stopping)
        wall = (clock()[0] - self._started) / 1000
        left = len(self.plan.origins) - self._accounts.complete
        return self._accounts.summary(
            self.plan.name,
            self._cost.to_dict(wall),
            self._resumed,
            left,
            self._stopping.said(left, "origin"),
        )

    def _abandon(self, error: BaseException) -> None:
        """Record that every open job failed."""
        with self._undisturbed():
            for job in self._open.values():
                job.abandon(error, self._tracker, self._surroundings.read_log)


def _with_source(result: AirportResult, search: str | None) -> AirportResult:
    """Name the run whose search a result builds on, where it is another one."""
    if result.task is None or result.task.plan.tune or search is None:
        return result
    return replace(result, task=replace(result.task, sources={Tag.TUNED_BY: search}))
