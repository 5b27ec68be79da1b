"""Replaying history: tune, train and forecast as of each origin, recorded as by `run`.

Each origin is a job of its own. The unit of work is one airport over the origins that share a
search (`forecastctl.backtest.blocks`), so that airports and origins run concurrently; old
origins go first. A job is opened with the first of its results and closed with the last.
"""

from __future__ import annotations

import logging
from contextlib import nullcontext
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from forecastctl.backtest.blocks import block_results
from forecastctl.backtest.pilot import in_parts, work_on_blocks
from forecastctl.backtest.plan import BacktestPlan, BacktestRequest
from forecastctl.backtest.record import read_results, read_table
from forecastctl.backtest.scores import find_actuals, score_rows, tally
from forecastctl.backtest.summary import Account, BacktestSummary, account_of
from forecastctl.errors import NothingRecordedError
from forecastctl.jobs.run import batches
from forecastctl.jobs.work import clock, compile_models, unheard
from forecastctl.records import Status
from forecastctl.records.schema import Tag

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractContextManager
    from datetime import date
    from typing import TypeAlias

    import pandas as pd

    from forecastctl.backtest.blocks import Block
    from forecastctl.backtest.origin_job import OriginJob
    from forecastctl.backtest.scores import Tally
    from forecastctl.data.panel.panel import DataSpec, Panel
    from forecastctl.execute.port import Executor
    from forecastctl.jobs.job import Progress
    from forecastctl.recording.context import Environment
    from forecastctl.records import AirportResult, Outcome
    from forecastctl.store.port import Tracker

    BlockOutcome: TypeAlias = tuple[Block, Outcome[tuple[AirportResult, ...]]]

__all__ = ["BacktestRequest", "BacktestSummary", "Surroundings", "backtest", "forecast_table"]

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
        undisturbed: Holds an interruption back while something is being recorded.
        say: Told what takes long before the first airport.
    """

    tracker: Tracker
    executor: Executor
    environment: Environment
    today: date
    progress: Progress
    read_log: Callable[[], bytes]
    undisturbed: Callable[[], AbstractContextManager[None]] = nullcontext
    say: Callable[[str], None] = unheard


@dataclass(slots=True)
class _Cost:
    """What this call cost: seconds, milliseconds, and airports worked at."""

    cpu: float = 0.0
    objective: float = 0.0
    prepare_ms: int = 0
    airports: int = 0


def backtest(
    request: BacktestRequest, panel: Panel, spec: DataSpec, surroundings: Surroundings
) -> BacktestSummary:
    """Replay history over a panel, as far as it is not recorded yet.

    Args:
        request: What the user asks.
        panel: All of the data.
        spec: Policies of the data.
        surroundings: Where to run and record.

    Raises:
        UsageError: Dates, numbers or airports that make no sense with the data, or another process
            works at the same backtest.
        TrackingError: Something could not be recorded; the same call goes on from there.
    """
    driver = _Driver(request, panel, spec, surroundings)
    log.info("backtest %s: %d origins", driver.plan.name, len(driver.plan.origins))
    try:
        driver.run(request.job_request.batch)
    except BaseException as error:
        driver.abandon(error)
        raise
    return driver.summary()


def forecast_table(tracker: Tracker, summary: BacktestSummary) -> pd.DataFrame:
    """The forecast tables of all origins, one below the other."""
    import pandas as pd

    tables = [read_table(tracker, account.run_id, ()) for account in summary.accounts]
    filled = [table for table in tables if len(table)]
    return pd.concat(filled, ignore_index=True) if filled else tables[0]


class _Driver:
    """Hands out work, and keeps open jobs, accounts of complete ones, and sums of scores."""

    def __init__(
        self, request: BacktestRequest, panel: Panel, spec: DataSpec, surroundings: Surroundings
    ) -> None:
        self._started = clock()[0]
        self._surroundings, self._tracker = surroundings, surroundings.tracker
        self.plan = BacktestPlan(
            request, panel, spec, surroundings.today, surroundings.environment, self._tracker
        )
        self._actuals = find_actuals(panel, spec, surroundings.today)
        self._open: dict[int, OriginJob] = {}
        self._accounts: dict[int, Account] = {}
        self._tallies: dict[int, Tally] = {}
        self._cost, self._resumed, self._total = _Cost(), 0, 0

    def run(self, size: int) -> None:
        """Do what is left, recorded in batches of so many blocks."""
        self._read_complete()
        for blocks in self._block_groups():
            for batch in batches(self._outcomes(blocks), size):
                with self._surroundings.undisturbed():
                    self._record(batch)

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
            self._add_account(position, account, table)
            self._resumed += account.counts["total"] - account.counts["skipped"]
        left = len(self.plan.origins) - len(self.plan.complete())
        self._total = len(self.plan.order) * left

    def _add_account(self, position: int, account: Account, table: pd.DataFrame | None) -> None:
        self._accounts[position] = account
        if table is not None:
            self._tallies[position] = tally(table, self._actuals, self.plan.levels)

    def _block_groups(self) -> Iterator[list[Block]]:
        """Blocks to work at, at a time as many as memory should hold."""
        blocks: list[Block] = []
        observations, since = 0, clock()[0]
        for stage in self.plan.stages():
            self._cost.prepare_ms += clock()[0] - since
            with self._surroundings.undisturbed():
                self._begin(stage.jobs)
            blocks += stage.blocks
            observations += sum(step.series.n for block in stage.blocks for step in block.steps)
            if observations >= MOST_OBSERVATIONS:
                yield blocks
                blocks, observations = [], 0
            since = clock()[0]
        if blocks:
            yield blocks

    def _begin(self, jobs: Sequence[OriginJob]) -> None:
        """Begin jobs; those without any work end at once."""
        for job in jobs:
            self._open[job.origin.position] = job
            self._resumed += len(job.recorded)
            self._total -= len(job.recorded)
        for job in jobs:
            if not job.left:
                self._open_job(job.origin.position)
                self._close(job)

    def _outcomes(self, blocks: Sequence[Block]) -> Iterator[BlockOutcome]:
        """Work at blocks; each with its outcome as it comes."""
        compile_models((block.plan for block in blocks), self._surroundings.say)
        executor = self._surroundings.executor
        for part in in_parts(blocks, SEARCHES_AT_ONCE * executor.jobs):
            yield from work_on_blocks(part, executor)

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
            if not job.left:
                self._close(job)

    def _open_job(self, position: int) -> OriginJob:
        """The origin with its job open; results that need no work are recorded on opening."""
        job = self._open[position]
        if not job.run_id:
            job.open(self._tracker, self._surroundings.read_log)
            self._enter(job, job.job.settled)
        return job

    def _enter(self, job: OriginJob, results: Sequence[AirportResult]) -> dict[str, str]:
        """Record results of one origin, count their cost, and tell of the progress."""
        ids = job.record(results, self._tracker)
        for result in results:
            self._cost.cpu += result.cpu_seconds
            self._cost.objective += result.objective_seconds
            self._cost.airports += result.status is not Status.SKIPPED
            self._surroundings.progress(result, self._total)
        return ids

    def _close(self, job: OriginJob) -> None:
        """End an origin whose airports are all recorded; only its account and sums are kept."""
        summary = job.close(self._tracker, self._surroundings.read_log)
        account = account_of(job.origin.as_of, summary.to_dict())
        self._add_account(job.origin.position, account, summary.forecasts)
        del self._open[job.origin.position]

    def abandon(self, error: BaseException) -> None:
        """Record that every open job failed."""
        with self._surroundings.undisturbed():
            for job in self._open.values():
                job.abandon(error, self._tracker, self._surroundings.read_log)

    def summary(self) -> BacktestSummary:
        """What it ended with."""
        cost, wall = self._cost, max((clock()[0] - self._started) / 1000, 1e-3)
        costs = {
            "wall_seconds": round(wall, 3),
            "prepare_seconds": round(cost.prepare_ms / 1000, 3),
            "cpu_seconds": round(cost.cpu, 3),
            "objective_seconds": round(cost.objective, 3),
            "airports_per_minute": round(60 * cost.airports / wall, 2),
        }
        positions = range(len(self.plan.origins))
        return BacktestSummary(
            backtest_id=self.plan.name,
            accounts=tuple(self._accounts[p] for p in positions),
            scores=score_rows([self._tallies[p] for p in positions if p in self._tallies]),
            cost=costs,
            resumed=self._resumed,
        )


def _with_source(result: AirportResult, search: str | None) -> AirportResult:
    """Name the run whose search a result builds on, where it is another one."""
    if result.task is None or result.task.plan.tune or search is None:
        return result
    return replace(result, task=replace(result.task, sources={Tag.TUNED_BY: search}))
