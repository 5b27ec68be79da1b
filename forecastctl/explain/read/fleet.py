"""The other airports in the same period: their recorded forecasts against what came true."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np

from forecastctl.errors import DamagedError, NothingRecordedError
from forecastctl.explain.case import Swap
from forecastctl.explain.read.calendar import with_calendar
from forecastctl.explain.verdict.breaks import season_changes
from forecastctl.explain.verdict.fleet import apart_since, moved, stands_out
from forecastctl.explain.verdict.swaps import swapped_since
from forecastctl.recording.cached import remembered
from forecastctl.recording.job import job_of
from forecastctl.recording.read import read_as
from forecastctl.recording.run_of import RunOf
from forecastctl.records import FleetPoint, Query
from forecastctl.records.calendar import first_days, ordinals, period_of
from forecastctl.records.digests import recorded
from forecastctl.records.marks import JOBS, SET
from forecastctl.records.schema import TRUE, File, Tag

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from forecastctl.data.panel.columnar import Coded
    from forecastctl.data.panel.rows import Grouped
    from forecastctl.explain.case import Case
    from forecastctl.explain.read.series import Source
    from forecastctl.records import StoredRun
    from forecastctl.store.port import Tracker

log = logging.getLogger(__name__)

ENOUGH_RECORDED = 8
"""Recorded forecasts of other airports, from which on no stand-ins are made."""

JOBS_READ = 40
LEAST_CHANGES = 6
LATER = 2
"""Periods after the one explained that tell whether a change lasted."""


@dataclass(frozen=True, slots=True)
class _PanelGrid:
    """Passengers of a fleet up to the period explained.

    Attributes:
        airports: Those with a value at any time, sorted.
        y: By period and airport, shape ``(periods, airports)``; NaN where missing.
        cutoff: Row of the forecast's cutoff.
        target: Row of the period explained; at most two later ones follow it.
    """

    airports: tuple[str, ...]
    y: NDArray[np.float64]
    cutoff: int
    target: int


@dataclass(frozen=True, slots=True)
class Forecasts:
    """A job's table of forecasts, read at once, so that damage shows here and not later.

    Attributes:
        airport: Of each row.
        date: First day of the period forecast.
        cutoff: First day of the last period known.
        mean: Point forecast.
        level: The widest interval, in percent; ``None`` where there is none.
        high: Its upper end.
    """

    airport: Coded
    date: Coded
    cutoff: Coded
    mean: NDArray[np.float64]
    level: int | None
    high: NDArray[np.float64]

    @classmethod
    def of(cls, content: bytes) -> Forecasts:
        """The table in a Parquet file."""
        from forecastctl.data.panel.columnar import StoredTable

        texts = ("airport", "date", "cutoff")
        table = StoredTable(content, texts)
        level = max((int(c[3:]) for c in table.names if c.startswith("hi-")), default=None)
        mean = table.floats("mean")
        high = mean if level is None else table.floats(f"hi-{level}")
        airport, date, cutoff = (table.text(name) for name in texts)
        return cls(
            airport=airport,
            date=date,
            cutoff=cutoff,
            mean=mean,
            level=level,
            high=high,
        )

    @property
    def known(self) -> tuple[str, ...]:
        """Airports in it."""
        return self.airport.ordered().values


def with_fleet(tracker: Tracker, airport: str, run: StoredRun, source: Source, case: Case) -> Case:
    """The case with what its fleet and the calendar did in the same period."""
    if len(source.rows.names) < 2:  # noqa: PLR2004 - itself and another
        return with_calendar(case)
    grid = _grid(source.rows, case, RunOf(run).freq)
    if grid is None:
        return with_calendar(case)
    points = _points(tracker, airport, run, grid, case)
    distance = None
    if airport in grid.airports:
        own, cutoff = grid.airports.index(airport), grid.cutoff
        if case.fresh is not None:  # what was known at the forecast counts, not what the model saw
            cutoff += int(np.sum(case.fresh.ds > case.seen.ds[-1]))
        m = case.seen.season_length
        distance = stands_out(grid.y, own, cutoff, grid.target, m)
        before = stands_out(grid.y, own, cutoff - 1, cutoff, m) if cutoff else None
        if distance and before and before * distance < 0 and abs(before) >= abs(distance) / 2:
            distance = None  # the way back from a shock in the cutoff's own month
        case = replace(
            case,
            swap=_swap(grid, own, case),
            apart=apart_since(grid.y, own, grid.cutoff, m),
            fleet_moved=moved(grid.y, own, cutoff, grid.target, m),
        )
    case = with_calendar(case, grid.airports, grid.y[: grid.cutoff + 1])
    return replace(case, fleet=points, stands_out=distance)


def _swap(grid: _PanelGrid, own: int, case: Case) -> Swap | None:
    """The airport that this one is swapped with in the panel, and what it would be without that."""
    found = swapped_since(grid.y, own, grid.cutoff, grid.target, case.seen.season_length)
    if found is None:
        return None
    column, row = found
    first = max(grid.cutoff - case.seen.n + 1, row)
    others = grid.y[first : grid.cutoff + 1, column]
    y = case.seen.y.copy()
    if len(others):
        y[-len(others) :] = np.where(np.isfinite(others), others, y[-len(others) :])
    number = period_of(case.date, case.seen.freq) - grid.target + row
    since = str(first_days(np.array([number]), case.seen.freq)[0])
    seen, actual = replace(case.seen, y=y), float(grid.y[grid.target, column])
    return Swap(grid.airports[column], since, seen, actual)


def _points(
    tracker: Tracker, airport: str, run: StoredRun, grid: _PanelGrid, case: Case
) -> tuple[FleetPoint, ...]:
    """Every other airport of the panel with a forecast of the period from no later cutoff.

    Forecasts of the same job come first, then those of other jobs that look back on the same
    period from the same cutoff. Where few are recorded, a seasonal naive with growth, made now
    from what was known at the cutoff, stands in for the others.
    """
    target = zip(grid.airports, grid.y[grid.target].tolist(), strict=True)
    actuals = {a: y for a, y in target if np.isfinite(y) and a != airport}
    points: dict[str, FleetPoint] = {}
    for table in _tables(tracker, run, len(actuals)):
        _add(points, table, actuals, case)
        if len(points) >= min(ENOUGH_RECORDED, len(actuals)):
            break
    if len(points) < min(ENOUGH_RECORDED, len(actuals)):
        for point in _stand_ins(grid, actuals, case):
            points.setdefault(point.airport, point)
    return tuple(points.values())


def _grid(rows: Grouped, case: Case, freq: str) -> _PanelGrid | None:
    """The fleet period by period, where the cutoff is among them; a period's last row counts."""
    seen = rows.observed
    periods = ordinals(rows.days[seen], freq)
    last, cutoff = period_of(case.date, freq), period_of(case.seen.ds[-1], freq)
    if not len(periods) or cutoff < periods.min():
        return None
    start = int(periods.min())
    kept = periods <= last + LATER
    codes = np.unique(rows.codes[seen])
    order = sorted(codes.tolist(), key=lambda code: rows.names[code])
    column = np.zeros(len(rows.names), dtype=np.int64)
    column[order] = np.arange(len(order))
    rows_known = min(int(periods.max()), last + LATER) - start + 1
    y = np.full((max(rows_known, last - start + 1), len(order)), np.nan)
    # Of several assignments to one place, the last one counts.
    y[periods[kept] - start, column[rows.codes[seen][kept]]] = rows.y[seen][kept]
    names = tuple(rows.names[code] for code in order)
    return _PanelGrid(names, y, cutoff - start, last - start)


def _tables(tracker: Tracker, run: StoredRun, wanted: int) -> Iterator[Forecasts]:
    """Forecast tables: of the run's own job, then of others, newest first."""
    own = job_of(tracker, run)
    if own is not None and (table := forecasts_of(tracker, own)) is not None:
        yield table
        if len(table.known) > wanted:
            return
    tags = {JOBS: SET, Tag.FORECAST: TRUE}
    for job in tracker.find(Query(tags=tags, limit=JOBS_READ)):
        if own is None or job.run_id != own.run_id:
            other = forecasts_of(tracker, job)
            if other is not None:
                yield other


def forecasts_of(tracker: Tracker, job: StoredRun) -> Forecasts | None:
    """The forecasts of a job; ``None`` where there are none, with a warning if they are damaged.

    Args:
        tracker: The store; what is read once stays read where it has a memory.
        job: The job's run.
    """
    return remembered(tracker, ("forecasts", job.run_id), lambda: _read_forecasts(tracker, job))


def _read_forecasts(tracker: Tracker, job: StoredRun) -> Forecasts | None:
    try:
        return read_as(tracker, job, File.FORECASTS, Forecasts.of)
    except DamagedError as error:
        log.warning("other airports are looked for elsewhere: %s", error.message)
    except NothingRecordedError as error:
        if File.FORECASTS in recorded(job.tags):  # they were there
            log.warning("the forecasts of job %s are gone: %s", RunOf(job).job_id, error.message)
    return None


def _add(
    points: dict[str, FleetPoint], table: Forecasts, actuals: dict[str, float], case: Case
) -> None:
    """Airports of a table that have an actual, by their forecast of the period."""
    if table.level is None:
        return
    width = NormalDist().inv_cdf(0.5 + table.level / 200.0)
    rows = table.date.rows_with(str(case.date)) & table.cutoff.rows_with(str(case.seen.ds[-1]))
    columns = (table.airport.texts(), table.mean, table.high)
    for airport, mean, high in zip(*(c[rows].tolist() for c in columns), strict=True):
        if airport in actuals and airport not in points:
            sd = (high - mean) / width
            point = _point(airport, mean, sd, actuals[airport], recorded=True)
            if point is not None:
                points[airport] = point


def _point(
    airport: str, mean: float, sd: float, actual: float, *, recorded: bool
) -> FleetPoint | None:
    if not sd > 0:
        return None
    z = (mean - actual) / sd
    ratio = actual / mean if mean > 0 else None
    outside = abs(z) > NormalDist().inv_cdf(0.975)
    return FleetPoint(airport, z, ratio, outside, recorded, mean, actual)


def _stand_ins(grid: _PanelGrid, actuals: dict[str, float], case: Case) -> Iterator[FleetPoint]:
    """Seasonal naive with growth: last year's value times the median growth of the last season."""
    m = case.seen.season_length
    cutoff, target = grid.cutoff, grid.target
    season_ago = target - m * -(-(target - cutoff) // m)
    if season_ago < 0:
        return
    for airport, actual in actuals.items():
        y = grid.y[:, grid.airports.index(airport)]
        changes = season_changes(y[: cutoff + 1], m)[-2 * m :]
        changes = changes[np.isfinite(changes)]
        if len(changes) < LEAST_CHANGES or not y[season_ago] > 0:
            continue
        growth = float(np.median(changes[-m:])) * ((target - season_ago) // m)
        mean = float(y[season_ago] * np.exp(growth))
        sd = mean * max(float(np.std(changes)), 0.02)
        point = _point(airport, mean, sd, actual, recorded=False)
        if point is not None:
            yield point
