"""What a backtest has to do: which origins, which airports, and what is recorded already."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from itertools import groupby
from typing import TYPE_CHECKING

from forecastctl.backtest.blocks import Block, OriginSeries
from forecastctl.backtest.origin_job import OriginJob
from forecastctl.backtest.origins import list_origins
from forecastctl.backtest.record import (
    backtest_id,
    backtest_jobs,
    carried,
    lost_forecasts,
)
from forecastctl.data.panel.rows import group
from forecastctl.data.prepare.prepare import prepare
from forecastctl.errors import NothingRecordedError, UsageError
from forecastctl.jobs.job import Job
from forecastctl.jobs.plan import Request, select_airports
from forecastctl.jobs.resume import airport_runs, is_complete
from forecastctl.jobs.summary import rejected, skipped
from forecastctl.jobs.work import clock
from forecastctl.recording.context import Environment, JobContext
from forecastctl.recording.read import read_tuning
from forecastctl.recording.run_of import RunOf
from forecastctl.records import Plan, Rejection, Series
from forecastctl.records.schema import BACKTEST, Param, Tag

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import date

    from forecastctl.backtest.origins import Origin
    from forecastctl.data.panel.panel import DataSpec, Panel
    from forecastctl.records import AirportResult, StoredRun, Widths
    from forecastctl.store.port import Tracker


log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class BacktestRequest:
    """What the user asks of a backtest.

    Attributes:
        job_request: What is asked of the job of each origin; its id and start are not used.
        start: First origin, ``YYYY-MM`` or ``YYYY-MM-DD``.
        end: Last origin.
        every: Periods from one origin to the next.
        retune_every: Origins that share a search.
    """

    job_request: Request
    start: str
    end: str
    every: int = 1
    retune_every: int = 1


@dataclass(frozen=True, slots=True)
class Stage:
    """Origins that share a search: their jobs, and the work that is left of them."""

    jobs: tuple[OriginJob, ...]
    blocks: tuple[Block, ...]


class BacktestPlan:
    """A backtest before it runs.

    Args:
        request: What the user asks.
        panel: All of the data.
        spec: Policies of the data.
        today: Later periods are in the future.
        environment: Versions and machine.
        tracker: What is recorded there is not done again.

    Raises:
        UsageError: Dates, numbers or airports that make no sense with the data, or another process
            works at the same backtest.
    """

    def __init__(
        self,
        request: BacktestRequest,
        panel: Panel,
        spec: DataSpec,
        today: date,
        environment: Environment,
        tracker: Tracker,
    ) -> None:
        if request.retune_every < 1:
            raise UsageError(
                "--retune-every must be at least 1.",
                "1 tunes at every origin, 12 at every twelfth.",
            )
        job_request = request.job_request
        self._request, self._job_request = request, job_request
        self._panel, self._spec, self._today = panel, spec, today
        self._environment, self._tracker = environment, tracker
        self.origins = list_origins(panel, request.start, request.end, request.every)
        self.order = group(panel.frame).names
        self._chosen = select_airports(self.order, job_request.airports, job_request.select)
        self.levels = tuple(sorted(set(job_request.levels)))
        self._plan = Plan(
            tune=True,
            train=True,
            forecast=True,
            search=job_request.search,
            levels=self.levels,
            charts=job_request.charts,
        )
        self._reopened: set[int] = set()
        self.name = self._identity()
        self._jobs = backtest_jobs(tracker, self.name)

    def _identity(self) -> str:
        """Digest of what can change a number; not of the last origin, which may move."""
        return backtest_id(
            {
                "panel": self._panel.digest,
                "settings": self._job_request.config_digest,
                "origins": [self.origins[0].as_of, self._request.every, self._request.retune_every],
                "airports": sorted(self._chosen),
                "layout": self._job_request.layout,
                "versions": dict(self._environment.versions),
            }
        )

    def _job_id(self, origin: Origin) -> str:
        return f"bt-{self.name}-{origin.as_of}"

    def complete(self) -> dict[int, str]:
        """Job run of each origin that is complete, by position."""
        runs = ((o.position, self._jobs.get(self._job_id(o))) for o in self.origins)
        return {
            position: run.run_id
            for position, run in runs
            if run and is_complete(run) and position not in self._reopened
        }

    def reopen(self, position: int) -> None:
        """Count an origin as not complete, because its account cannot be read."""
        self._reopened.add(position)

    def stages(self) -> Iterator[Stage]:
        """What is left to do: the oldest origins first, in each the largest airports first."""
        complete = self.complete()
        every = self._request.retune_every
        for number, origins in groupby(self.origins, lambda o: o.position // every):
            of_stage = list(origins)
            left = [o for o in of_stage if o.position not in complete]
            if left:
                yield self._stage(number, of_stage, left)

    def _stage(self, number: int, of_stage: Sequence[Origin], left: Sequence[Origin]) -> Stage:
        """The jobs and blocks of origins that share a search, as far as they are left to do."""
        recorded = {o.position: self._recorded_airports(o) for o in of_stage}
        steps: dict[str, list[OriginSeries]] = {}
        jobs: list[OriginJob] = []
        for origin in left:
            runs = recorded[origin.position]
            lost = lost_forecasts(self._tracker, runs)
            whole = {airport: run for airport, run in runs.items() if airport not in lost}
            job, all_series = self._origin_job(origin, whole)
            jobs.append(job)
            for series in all_series:
                airport, why = series.airport, lost.get(series.airport)
                if why:
                    log.warning("%s as of %s is done anew: %s", airport, origin.as_of, why)
                steps.setdefault(airport, []).append(OriginSeries(origin.position, series, why))
        searches = carried(recorded.values())
        widths = self._recorded_widths(searches.values())
        blocks = [
            replace(self._block(number, tuple(of_airport), searches.get(airport)), widths=widths)
            for airport, of_airport in steps.items()
        ]
        return Stage(tuple(jobs), tuple(sorted(blocks, key=lambda block: -block.size)))

    def _recorded_widths(self, searches: Iterable[str]) -> Widths:
        """How wide intervals are in a stage of which an interrupted backtest has recorded some."""
        for run_id in searches:
            try:
                if widths := read_tuning(self._tracker, run_id).widths:
                    return widths
            except NothingRecordedError:
                continue  # it is tuned anew, and said so
        return ()

    def _block(self, number: int, steps: tuple[OriginSeries, ...], search: str | None) -> Block:
        """The work on one airport, with the search that an interrupted backtest has recorded."""
        if search is None:
            return Block(number, self._plan, steps)
        try:
            tuned = read_tuning(self._tracker, search)
            return Block(number, self._plan, steps, tuned=tuned, tuned_by=search)
        except NothingRecordedError as error:
            log.warning("%s is tuned anew: %s", steps[0].series.airport, error.message)
            first = replace(steps[0], anew=error.message)
            return Block(number, self._plan, (first, *steps[1:]))

    def _recorded_airports(self, origin: Origin) -> dict[str, StoredRun]:
        """Runs of the airports of an origin, by airport."""
        job_id = self._job_id(origin)
        return airport_runs(self._tracker, job_id) if job_id in self._jobs else {}

    def _origin_job(
        self, origin: Origin, recorded: Mapping[str, StoredRun]
    ) -> tuple[OriginJob, list[Series]]:
        """The job of an origin with the results that need no work, and the series to work at."""
        settled: list[AirportResult] = []
        series: list[Series] = []
        freq = self._panel.freq
        if origin.idle is not None:
            settled = [skipped(airport, origin.idle) for airport in self.order]
            entries: Sequence[Series | Rejection] = ()
        else:
            entries = prepare(self._panel, self._spec, as_of=origin.as_of, today=self._today)
        for entry in entries:
            if isinstance(entry, Series):
                freq = entry.freq
            if entry.airport in recorded:
                continue
            if entry.airport not in self._chosen:
                settled.append(skipped(entry.airport, "not selected", entry.digest))
            elif isinstance(entry, Rejection):
                settled.append(rejected(entry, clock()[0]))
            else:
                series.append(entry)
        earlier_run = self._jobs.get(self._job_id(origin))
        job = Job(
            context=self._context(origin, freq, earlier_run),
            order=self.order,
            tasks=(),
            settled=settled,
            settings=self._settings(origin),
            snapshot=self._panel.frame,
            jobs=self._job_request.jobs,
            batch=self._job_request.batch,
            served=False,
            prefix=f"{self._job_id(origin)}: ",
        )
        return OriginJob(origin, job, earlier_run, recorded, len(series)), series

    def _context(self, origin: Origin, freq: str, earlier_run: StoredRun | None) -> JobContext:
        return JobContext(
            job_id=self._job_id(origin),
            command="backtest",
            layout=self._job_request.layout,
            plan=replace(self._plan, tune=origin.position % self._request.retune_every == 0),
            environment=self._environment,
            config_digest=self._job_request.config_digest,
            panel_digest=self._panel.digest,
            start_ms=clock()[0],
            freq=freq,
            season_length=self._panel.season_length,
            attempt=1 if earlier_run is None else RunOf(earlier_run).attempt + 1,
            origin=BACKTEST,
            extra_tags={Tag.BACKTEST_ID: self.name},
        )

    def _settings(self, origin: Origin) -> dict[str, object]:
        request = self._request
        return {
            **self._job_request.settings,
            Param.AS_OF: origin.as_of,
            Param.FROM: request.start,
            Param.TO: request.end,
            Param.EVERY: request.every,
            Param.RETUNE_EVERY: request.retune_every,
        }
