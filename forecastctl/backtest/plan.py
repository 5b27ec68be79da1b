"""What a backtest has to do: which origins, which airports, and what is recorded already."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from itertools import groupby
from typing import TYPE_CHECKING

from forecastctl.backtest.blocks import Block, OriginSeries
from forecastctl.backtest.origin_job import OriginJob
from forecastctl.backtest.origins import list_origins, observed_periods
from forecastctl.backtest.record import backtest_id, backtest_jobs, carried
from forecastctl.backtest.stage import Stage, ToDo, recorded_widths, with_kept_searches
from forecastctl.data.panel.rows import group
from forecastctl.data.prepare.prepare import prepare
from forecastctl.errors import NothingRecordedError, UsageError
from forecastctl.jobs.fleet import learn_from_fleet, series_with_fleet
from forecastctl.jobs.job import Job
from forecastctl.jobs.plan import Request, select_airports
from forecastctl.jobs.restored import restored
from forecastctl.jobs.resume import airport_runs, is_complete
from forecastctl.jobs.short import ShortWidths
from forecastctl.jobs.summary import rejected, skipped
from forecastctl.jobs.terms import series_with_terms
from forecastctl.jobs.work import clock
from forecastctl.recording.context import Environment, JobContext
from forecastctl.recording.panel import dataset_of
from forecastctl.recording.read import read_tuning
from forecastctl.recording.run_of import RunOf
from forecastctl.records import AirportTask, Plan, Rejection, Series
from forecastctl.records.calendar import first_days
from forecastctl.records.schema import BACKTEST, Param, Tag

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import date

    from forecastctl.backtest.origins import Origin
    from forecastctl.data.panel.panel import DataSpec, Panel
    from forecastctl.records import AirportResult, StoredRun
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
        table: Whether the forecasts of all origins are wanted as one table.
    """

    job_request: Request
    start: str
    end: str
    every: int = 1
    retune_every: int = 1
    table: bool = False


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
        self._dataset = dataset_of(panel)
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
            charts=bool(job_request.charts),
        )
        self._reopened: set[int] = set()
        self.name = self._identity()
        self._jobs = backtest_jobs(tracker, self.name)

    @property
    def chosen(self) -> int:
        """How many airports are worked at; the others are skipped."""
        return len(self._chosen)

    @property
    def newest(self) -> str:
        """First day of the newest period that has an observation, ISO format."""
        observed = observed_periods(self._panel)
        return str(first_days(observed[-1:], self._panel.freq)[0])

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
        """What is left to do: the oldest origins first, in each the largest airports first.

        Which runs there are is read now, because the store may go away while the backtest works.
        """
        complete = self.complete()
        every = self._request.retune_every
        to_do = []
        for number, origins in groupby(self.origins, lambda o: o.position // every):
            of_stage = tuple(origins)
            left = tuple(o for o in of_stage if o.position not in complete)
            if left:
                recorded = {o.position: self._recorded_airports(o) for o in of_stage}
                to_do.append(ToDo(number, of_stage, left, recorded))
        return map(self._stage, to_do)

    def _stage(self, to_do: ToDo) -> Stage:
        """The jobs and blocks of origins that share a search, as far as they are left to do."""
        steps: dict[str, list[OriginSeries]] = {}
        jobs: list[OriginJob] = []
        for origin in to_do.left:
            job, of_origin = self._origin_job(origin, to_do.recorded[origin.position])
            jobs.append(job)
            for step in of_origin:
                steps.setdefault(step.series.airport, []).append(step)
        searches = carried(to_do.recorded.values())
        widths = recorded_widths(self._tracker, searches.values())
        blocks = [
            replace(
                self._block(to_do.number, tuple(of_airport), searches.get(airport)), widths=widths
            )
            for airport, of_airport in steps.items()
        ]
        blocks.sort(key=lambda block: -block.size)
        stage = Stage(to_do.number, tuple(jobs), tuple(blocks))
        jobs_of_stage = [self._jobs.get(self._job_id(origin)) for origin in to_do.origins]
        return with_kept_searches(stage, to_do, jobs_of_stage, self._tracker)

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
        self, origin: Origin, runs: Mapping[str, StoredRun]
    ) -> tuple[OriginJob, list[OriginSeries]]:
        """The job of an origin with all that needs no work, and the airports to work at."""
        entries: Sequence[Series | Rejection] = ()
        settled: list[AirportResult] = []
        if origin.idle is None:
            entries = prepare(self._panel, self._spec, as_of=origin.as_of, today=self._today)
        else:
            settled = [skipped(airport, origin.idle) for airport in self.order]
        recorded: dict[str, tuple[AirportResult, str]] = {}
        again: dict[str, str] = {}
        steps: list[OriginSeries] = []
        short = ShortWidths(entries, self._plan.search)
        to_fit = [e for e in entries if isinstance(e, Series) and e.airport in self._chosen]
        fleet = learn_from_fleet(entries, [AirportTask(self._plan, entry) for entry in to_fit])
        for entry in entries:
            run, why = runs.get(entry.airport), None
            if entry.airport not in self._chosen:
                settled.append(skipped(entry.airport, "not selected", entry.digest))
            elif isinstance(entry, Rejection):
                result = rejected(entry, clock()[0])
                if run is None:
                    settled.append(result)
                else:
                    recorded[entry.airport] = result, run.run_id
            else:
                if run is not None:
                    found, why = self._restored(run, entry)
                    if found is not None:
                        recorded[entry.airport] = found, run.run_id
                        continue
                    log.warning("%s as of %s is done anew: %s", entry.airport, origin.as_of, why)
                    again[entry.airport] = run.run_id
                entry = series_with_terms(  # noqa: PLW2901 - the same with what is known of it
                    entry, self._job_request.terms, self._plan.search.horizon
                )
                series = series_with_fleet(entry, fleet, self._plan.search)
                steps.append(OriginSeries(origin.position, series, why, short.of(entry)))
        job = self._job(origin, entries, steps, settled, again)
        job = replace(job, fleet=fleet, terms=self._job_request.terms)
        earlier_run = self._jobs.get(self._job_id(origin))
        return OriginJob(origin, job, earlier_run, recorded, len(steps)), steps

    def _restored(self, run: StoredRun, series: Series) -> tuple[AirportResult | None, str | None]:
        """What an interrupted backtest has recorded of an airport, or why it cannot be read."""
        try:
            task = AirportTask(self._plan, series)
            return restored(self._tracker, run, task, trials=False), None
        except NothingRecordedError as error:
            return None, error.message

    def _job(
        self,
        origin: Origin,
        entries: Sequence[Series | Rejection],
        steps: Sequence[OriginSeries],
        settled: Sequence[AirportResult],
        again: Mapping[str, str],
    ) -> Job:
        """The job of an origin."""
        freqs = [entry.freq for entry in entries if isinstance(entry, Series)]
        freq = freqs[-1] if freqs else self._panel.freq
        earlier_run = self._jobs.get(self._job_id(origin))
        return Job(
            context=replace(self._context(origin, freq, earlier_run), again=again),
            order=self.order,
            tasks=[AirportTask(self._plan, step.series) for step in steps],
            settled=settled,
            settings=self._settings(origin),
            snapshot=self._panel.frame,
            jobs=self._job_request.jobs,
            batch=self._job_request.batch,
            served=False,
            prefix=f"{self._job_id(origin)}: ",
        )

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
            data=self._dataset,
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
