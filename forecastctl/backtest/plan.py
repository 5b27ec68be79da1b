"""What a backtest has to do: which origins, which airports, and what is recorded already."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from itertools import groupby
from typing import TYPE_CHECKING

from forecastctl.backtest.blocks import Block, Step
from forecastctl.backtest.origin_job import OriginJob
from forecastctl.backtest.origins import list_origins
from forecastctl.backtest.record import (
    airport_runs,
    backtest_id,
    backtest_jobs,
    carried,
    is_complete,
    lost_forecasts,
)
from forecastctl.data.panel.rows import group
from forecastctl.data.prepare.prepare import prepare
from forecastctl.errors import NothingRecordedError, UsageError
from forecastctl.jobs.job import Job
from forecastctl.jobs.plan import Request, select_airports
from forecastctl.jobs.summary import rejected, skipped
from forecastctl.jobs.work import clock
from forecastctl.recording.context import Environment, JobContext
from forecastctl.recording.read import read_tuning
from forecastctl.recording.run_of import RunOf
from forecastctl.records import Plan, Rejection, Series
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
class Replay:
    """What the user asks of a backtest.

    Attributes:
        request: As for a job; its id and start are not used.
        start: First origin, ``YYYY-MM`` or ``YYYY-MM-DD``.
        end: Last origin.
        every: Periods from one origin to the next.
        retune_every: Origins that share a search.
    """

    request: Request
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
        replay: What is asked.
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
        replay: Replay,
        panel: Panel,
        spec: DataSpec,
        today: date,
        environment: Environment,
        tracker: Tracker,
    ) -> None:
        if replay.retune_every < 1:
            raise UsageError(
                "--retune-every must be at least 1.",
                "1 tunes at every origin, 12 at every twelfth.",
            )
        request = replay.request
        self._replay, self._request = replay, request
        self._panel, self._spec, self._today = panel, spec, today
        self._environment, self._tracker = environment, tracker
        self.origins = list_origins(panel, replay.start, replay.end, replay.every)
        self.order = group(panel.frame).names
        self._chosen = select_airports(self.order, request.airports, request.select)
        self.levels = tuple(sorted(set(request.levels)))
        self._plan = Plan(
            tune=True,
            train=True,
            forecast=True,
            search=request.search,
            levels=self.levels,
            charts=request.charts,
        )
        self._reopened: set[int] = set()
        self.name = self._identity()
        self._jobs = backtest_jobs(tracker, self.name)

    def _identity(self) -> str:
        """Digest of what can change a number; not of the last origin, which may move."""
        return backtest_id(
            {
                "panel": self._panel.digest,
                "settings": self._request.config_digest,
                "origins": [self.origins[0].as_of, self._replay.every, self._replay.retune_every],
                "airports": sorted(self._chosen),
                "layout": self._request.layout,
                "versions": dict(self._environment.versions),
            }
        )

    def _job_id(self, origin: Origin) -> str:
        return f"bt-{self.name}-{origin.as_of}"

    def complete(self) -> dict[int, str]:
        """Job run of each origin that is complete, by position."""
        found = ((o.position, self._jobs.get(self._job_id(o))) for o in self.origins)
        return {
            position: run.run_id
            for position, run in found
            if run and is_complete(run) and position not in self._reopened
        }

    def reopen(self, position: int) -> None:
        """Count an origin as not complete: its account cannot be read."""
        self._reopened.add(position)

    def stages(self) -> Iterator[Stage]:
        """What is left to do, the oldest origins first and of these the largest airports."""
        complete = self.complete()
        every = self._replay.retune_every
        for number, origins in groupby(self.origins, lambda o: o.position // every):
            together = list(origins)
            left = [o for o in together if o.position not in complete]
            if left:
                yield self._stage(number, together, left)

    def _stage(self, number: int, together: Sequence[Origin], left: Sequence[Origin]) -> Stage:
        known = {o.position: self._known(o) for o in together}
        lost = {o.position: lost_forecasts(self._tracker, known[o.position]) for o in left}
        steps: dict[str, list[Step]] = {}
        jobs: list[OriginJob] = []
        for origin in left:
            gone = lost[origin.position]
            done = {a: run for a, run in known[origin.position].items() if a not in gone}
            job, series = self._prepared(origin, done)
            jobs.append(job)
            for one in series:
                why = gone.get(one.airport)
                if why:
                    log.warning("%s as of %s is done anew: %s", one.airport, origin.as_of, why)
                steps.setdefault(one.airport, []).append(Step(origin.position, one, why))
        searches = carried(known.values())
        blocks = [
            self._block(number, tuple(of_airport), searches.get(airport))
            for airport, of_airport in steps.items()
        ]
        return Stage(tuple(jobs), tuple(sorted(blocks, key=lambda block: -block.size)))

    def _block(self, number: int, steps: tuple[Step, ...], search: str | None) -> Block:
        if search is None:
            return Block(number, self._plan, steps)
        try:
            return Block(number, self._plan, steps, read_tuning(self._tracker, search), search)
        except NothingRecordedError as error:
            log.warning("%s is tuned anew: %s", steps[0].series.airport, error.message)
            first = replace(steps[0], anew=error.message)
            return Block(number, self._plan, (first, *steps[1:]))

    def _known(self, origin: Origin) -> dict[str, StoredRun]:
        job_id = self._job_id(origin)
        return airport_runs(self._tracker, job_id) if job_id in self._jobs else {}

    def _prepared(
        self, origin: Origin, done: Mapping[str, StoredRun]
    ) -> tuple[OriginJob, list[Series]]:
        """The job of an origin with what is settled, and the series to be worked at."""
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
            if entry.airport in done:
                continue
            if entry.airport not in self._chosen:
                settled.append(skipped(entry.airport, "not selected", entry.digest))
            elif isinstance(entry, Rejection):
                settled.append(rejected(entry, clock()[0]))
            else:
                series.append(entry)
        before = self._jobs.get(self._job_id(origin))
        job = Job(
            self._context(origin, freq, before),
            self.order,
            (),
            settled,
            self._settings(origin),
            self._panel.frame,
            self._request.jobs,
            self._request.batch,
            served=False,
            prefix=f"{self._job_id(origin)}: ",
        )
        return OriginJob(origin, job, before, done, len(series)), series

    def _context(self, origin: Origin, freq: str, before: StoredRun | None) -> JobContext:
        return JobContext(
            self._job_id(origin),
            "backtest",
            self._request.layout,
            replace(self._plan, tune=origin.position % self._replay.retune_every == 0),
            self._environment,
            self._request.config_digest,
            self._panel.digest,
            clock()[0],
            freq=freq,
            season_length=self._panel.season_length,
            attempt=1 if before is None else RunOf(before).attempt + 1,
            origin=BACKTEST,
            extra_tags={Tag.BACKTEST_ID: self.name},
        )

    def _settings(self, origin: Origin) -> dict[str, object]:
        replay = self._replay
        return {
            **self._request.settings,
            Param.AS_OF: origin.as_of,
            Param.FROM: replay.start,
            Param.TO: replay.end,
            Param.EVERY: replay.every,
            Param.RETUNE_EVERY: replay.retune_every,
        }
