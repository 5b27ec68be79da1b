"""Replaying history: tune, train and forecast as of each origin, recorded as `run` would have.

Each origin is a job of its own. The unit of work is one airport over the origins that share a
search (`forecastctl.backtest.blocks`), so that airports and origins run concurrently; old
origins go first. A job is opened with the first of its results and closed with the last.
"""

from __future__ import annotations

import logging
from contextlib import nullcontext
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from forecastctl.backtest.blocks import block_results, work_block
from forecastctl.backtest.plan import BacktestPlan, Replay
from forecastctl.backtest.record import read_results, read_table
from forecastctl.backtest.scores import find_actuals, score_rows, tally
from forecastctl.backtest.summary import Account, BacktestSummary, account_of
from forecastctl.errors import NothingRecordedError
from forecastctl.jobs.run import batches
from forecastctl.jobs.work import clock
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

    Done: TypeAlias = tuple[Block, Outcome[tuple[AirportResult, ...]]]

__all__ = ["BacktestSummary", "Replay", "Surroundings", "backtest", "forecast_table"]

log = logging.getLogger(__name__)

MOST_POINTS = 4_000_000
"""So many observations, once for each origin, are prepared before work on them begins: 64 MB."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Where a backtest runs and what it tells.

    Attributes:
        tracker: Where it is recorded.
        executor: Where it is executed.
        environment: Versions and machine.
        today: Later periods are in the future.
        progress: Told about every airport of every origin.
        read_log: Returns the log so far.
        undisturbed: Holds an interruption back until something is recorded whole.
    """

    tracker: Tracker
    executor: Executor
    environment: Environment
    today: date
    progress: Progress
    read_log: Callable[[], bytes]
    undisturbed: Callable[[], AbstractContextManager[None]] = nullcontext


@dataclass(slots=True)
class _Spent:
    """What this call cost, in seconds, milliseconds and airports."""

    cpu: float = 0.0
    objective: float = 0.0
    prepare_ms: int = 0
    airports: int = 0


def backtest(
    replay: Replay, panel: Panel, spec: DataSpec, surroundings: Surroundings
) -> BacktestSummary:
    """Replay history over a panel, as far as it is not recorded yet.

    Args:
        replay: What is asked.
        panel: All of the data.
        spec: Policies of the data.
        surroundings: Where to run and record.

    Raises:
        UsageError: Dates, numbers or airports that make no sense with the data, or another process
            works at the same backtest.
        TrackingError: Something could not be recorded; the same call goes on from there.
    """
    driver = _Driver(replay, panel, spec, surroundings)
    log.info("backtest %s: %d origins", driver.plan.name, len(driver.plan.origins))
    try:
        driver.run(replay.request.batch)
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
    """Hands out work, and keeps what is open: jobs, accounts, sums of scores."""

    def __init__(
        self, replay: Replay, panel: Panel, spec: DataSpec, surroundings: Surroundings
    ) -> None:
        self._started = clock()[0]
        self._around, self._tracker = surroundings, surroundings.tracker
        self.plan = BacktestPlan(
            replay, panel, spec, surroundings.today, surroundings.environment, self._tracker
        )
        self._actuals = find_actuals(panel, spec, surroundings.today)
        self._open: dict[int, OriginJob] = {}
        self._accounts: dict[int, Account] = {}
        self._tallies: dict[int, Tally] = {}
        self._spent, self._resumed, self._total = _Spent(), 0, 0

    def run(self, size: int) -> None:
        """Do what is left, recorded in batches of so many blocks."""
        self._recall()
        for blocks in self._windows():
            for batch in batches(self._done(blocks), size):
                with self._around.undisturbed():
                    self._record(batch)

    def _recall(self) -> None:
        """Accounts and scores of the origins that are complete.

        One whose summary or forecasts cannot be read is closed again from what its airports left.
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
            self._settle(position, account, table)
            self._resumed += account.counts["total"] - account.counts["skipped"]
        left = len(self.plan.origins) - len(self.plan.complete())
        self._total = len(self.plan.order) * left

    def _settle(self, position: int, account: Account, table: pd.DataFrame | None) -> None:
        self._accounts[position] = account
        if table is not None:
            self._tallies[position] = tally(table, self._actuals, self.plan.levels)

    def _windows(self) -> Iterator[list[Block]]:
        """Blocks to work at, as many as memory should hold."""
        blocks: list[Block] = []
        points, since = 0, clock()[0]
        for stage in self.plan.stages():
            self._spent.prepare_ms += clock()[0] - since
            with self._around.undisturbed():
                self._begin(stage.jobs)
            blocks += stage.blocks
            points += sum(step.series.n for block in stage.blocks for step in block.steps)
            if points >= MOST_POINTS:
                yield blocks
                blocks, points = [], 0
            since = clock()[0]
        if blocks:
            yield blocks

    def _begin(self, jobs: Sequence[OriginJob]) -> None:
        """Take jobs up; those without any work end at once."""
        for job in jobs:
            self._open[job.origin.position] = job
            self._resumed += len(job.done)
            self._total -= len(job.done)
        for job in jobs:
            if not job.left:
                self._opened(job.origin.position)
                self._close(job)

    def _done(self, blocks: Sequence[Block]) -> Iterator[Done]:
        for outcome in self._around.executor.map(work_block, blocks):
            yield blocks[outcome.index], outcome

    def _record(self, batch: Sequence[Done]) -> None:
        """Record some blocks, origin by origin: a search before what builds on it."""
        by_origin: dict[int, list[tuple[int, AirportResult]]] = {}
        for at, (block, outcome) in enumerate(batch):
            for position, result in block_results(outcome, block):
                by_origin.setdefault(position, []).append((at, result))
        searches = [block.tuned_by for block, _ in batch]
        for position in sorted(by_origin):
            job = self._opened(position)
            results = [_with_source(r, searches[at]) for at, r in by_origin[position]]
            ids = self._enter(job, results)
            for (at, _), result in zip(by_origin[position], results, strict=True):
                if result.task is not None and result.task.plan.tune:
                    searches[at] = ids[result.airport]
                    job.tuned |= result.tuned is not None
            job.left -= len(results)
            if not job.left:
                self._close(job)

    def _opened(self, position: int) -> OriginJob:
        """The origin with its job open, and with what was settled before any work recorded."""
        job = self._open[position]
        if not job.run_id:
            job.open(self._tracker, self._around.read_log)
            self._enter(job, job.job.settled)
        return job

    def _enter(self, job: OriginJob, results: Sequence[AirportResult]) -> dict[str, str]:
        ids = job.record(results, self._tracker)
        for result in results:
            self._spent.cpu += result.cpu_seconds
            self._spent.objective += result.objective_seconds
            self._spent.airports += result.status is not Status.SKIPPED
            self._around.progress(result, self._total)
        return ids

    def _close(self, job: OriginJob) -> None:
        """End an origin of which every airport is in, and forget all but sums."""
        summary = job.close(self._tracker, self._around.read_log)
        account = account_of(job.origin.as_of, summary.to_dict())
        self._settle(job.origin.position, account, summary.forecasts)
        del self._open[job.origin.position]

    def abandon(self, error: BaseException) -> None:
        """Leave a true status on every open job."""
        with self._around.undisturbed():
            for job in self._open.values():
                job.abandon(error, self._tracker, self._around.read_log)

    def summary(self) -> BacktestSummary:
        """What it ended with."""
        spent, wall = self._spent, max((clock()[0] - self._started) / 1000, 1e-3)
        cost = {
            "wall_seconds": round(wall, 3),
            "prepare_seconds": round(spent.prepare_ms / 1000, 3),
            "cpu_seconds": round(spent.cpu, 3),
            "objective_seconds": round(spent.objective, 3),
            "airports_per_minute": round(60 * spent.airports / wall, 2),
        }
        positions = range(len(self.plan.origins))
        return BacktestSummary(
            self.plan.name,
            tuple(self._accounts[p] for p in positions),
            score_rows([self._tallies[p] for p in positions if p in self._tallies]),
            cost,
            self._resumed,
        )


def _with_source(result: AirportResult, search: str | None) -> AirportResult:
    """Name the run whose search a result builds on, where it is another one."""
    if result.task is None or result.task.plan.tune or search is None:
        return result
    return replace(result, task=replace(result.task, sources={Tag.TUNED_BY: search}))
