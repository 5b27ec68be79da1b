"""Stored forecasts period by period, beside what came true."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from forecastctl.errors import DamagedError, NothingRecordedError
from forecastctl.recording import decoding
from forecastctl.recording.cached import Once, remembered
from forecastctl.recording.read import airport_rows, find_snapshot, read_as
from forecastctl.recording.run_of import RunOf
from forecastctl.records import Query
from forecastctl.records.calendar import ordinals, period_of
from forecastctl.records.marks import JOBS, SET
from forecastctl.records.schema import File, Tag

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from forecastctl.records import StoredRun
    from forecastctl.store.port import Tracker

log = logging.getLogger(__name__)

Row: TypeAlias = dict[str, Any]

COLUMNS: Final = (
    *("airport", "date", "forecast", "low", "high", "level", "actual"),
    *("cutoff", "status", "job_id", "run_id"),
)
"""One row: the first day of the period; the mean, its widest interval and what came true,
passengers; the interval's level in percent; last period known, and where it is from."""

JOBS_READ = 200
PANELS_READ = 6
"""Newest distinct panels that are searched for what came true."""


def forecast_rows(tracker: Tracker, runs: Iterable[StoredRun], limit: int) -> list[Row]:
    """Stored forecasts, one row for each period.

    Args:
        tracker: The store.
        runs: Runs that hold a forecast, in the order in which they are listed.
        limit: Rows at most.

    Returns:
        Rows with the columns `COLUMNS`; ``actual`` is ``None`` where nothing stored holds it.

    Raises:
        NothingRecordedError: None of the forecasts can be read.
    """
    once = tracker if isinstance(tracker, Once) else Once(tracker)
    panels = _newest_panels(once)
    rows: list[Row] = []
    errors: list[NothingRecordedError] = []
    for run in runs:
        if len(rows) >= limit:
            break
        try:
            rows += _of_run(once, run, panels)
        except NothingRecordedError as error:
            errors.append(error)
    if errors and not rows:
        raise errors[0]
    for lost in errors:
        log.warning("a forecast is left out: %s", lost.message)
    return rows[:limit]


def _of_run(tracker: Once, run: StoredRun, panels: Sequence[StoredRun]) -> Iterator[Row]:
    of = RunOf(run)
    made = read_as(tracker, run, File.FORECAST, decoding.forecast_file)
    level = max(made.intervals, key=int, default=None)
    for at, day in enumerate(made.ds):
        band = None if level is None else made.intervals[level]
        values = (
            *(of.airport, day, made.mean[at]),
            *((None, None) if band is None else (band.lo[at], band.hi[at])),
            *(None if level is None else int(level), _actual(tracker, of, day, panels)),
            *(made.cutoff, of.status, of.job_id, run.run_id),
        )
        yield dict(zip(COLUMNS, values, strict=True))


def _newest_panels(tracker: Tracker) -> list[StoredRun]:
    """The runs that hold the newest distinct panels, newest first."""
    held: dict[str, StoredRun] = {}
    for job in tracker.find(Query(tags={JOBS: SET}, limit=JOBS_READ)):
        digest = job.tags.get(Tag.PANEL_DIGEST)
        if digest is None or digest in held:
            continue
        snapshot = find_snapshot(tracker, digest)
        if snapshot is not None:
            held[digest] = snapshot
        if len(held) >= PANELS_READ:
            break
    return list(held.values())


def _actual(tracker: Once, of: RunOf, day: str, panels: Sequence[StoredRun]) -> float | None:
    """What came true, from the newest panel that has it."""
    for panel in panels:
        value = _observed(tracker, panel, of.airport, of.freq).get(period_of(day, of.freq))
        if value is not None:
            return value
    return None


def _observed(tracker: Once, panel: StoredRun, airport: str, freq: str) -> Mapping[int, float]:
    """Values of an airport by number of the period; nothing where the panel cannot be read."""

    def read() -> Mapping[int, float]:
        try:
            rows = airport_rows(tracker, panel, airport)
        except DamagedError as error:
            log.warning("what came true is not shown: %s", error.message)
            return {}
        except NothingRecordedError:
            return {}
        seen = rows.observed
        periods = ordinals(rows.days[seen], freq).tolist()
        return dict(zip(periods, rows.y[seen].tolist(), strict=True))

    return remembered(tracker, ("observed", panel.run_id, airport, freq), read)
