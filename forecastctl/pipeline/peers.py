"""The other airports in the same period: their recorded forecasts against what came true."""

from __future__ import annotations

from dataclasses import replace
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

import numpy as np

from forecastctl.core.breaks import season_changes
from forecastctl.core.fleet import stands_out
from forecastctl.errors import NothingRecordedError
from forecastctl.pipeline.seen import job_of, parquet
from forecastctl.records import FleetPoint, Query
from forecastctl.records.marks import JOBS, SET

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd

    from forecastctl.core.case import Case
    from forecastctl.pipeline.seen import Source
    from forecastctl.ports import Tracker
    from forecastctl.records import StoredRun

TABLE = "forecasts.parquet"
ENOUGH = 8
"""Recorded others from which on no stand-ins are made."""

JOBS_READ = 40
LEAST_CHANGES = 6


def with_fleet(tracker: Tracker, airport: str, run: StoredRun, source: Source, case: Case) -> Case:
    """The case with what its fleet did in the same period."""
    frame = source.frame
    if frame["airport"].nunique() < 2:  # noqa: PLR2004 - itself and another
        return case
    grid = _grid(frame, case, run.tags["freq"])
    points = _points(tracker, airport, run, grid, case)
    distance = None
    if airport in grid.columns:
        own, (cutoff, target) = grid.columns.get_loc(airport), _rows_of(grid, case)
        if case.fresh is not None:  # what was known then counts, not what the model had seen
            cutoff += int(np.sum(case.fresh.ds > case.seen.ds[-1]))
        y = grid.to_numpy(dtype=float)
        m = case.seen.season_length
        distance = stands_out(y, int(own), cutoff, target, m)
        before = stands_out(y, int(own), cutoff - 1, cutoff, m) if cutoff else None
        if distance and before and before * distance < 0 and abs(before) >= abs(distance) / 2:
            distance = None  # the way back from a shock in the cutoff's own month
    return replace(case, fleet=points, stands_out=distance)


def _points(
    tracker: Tracker, airport: str, run: StoredRun, grid: Any, case: Case
) -> tuple[FleetPoint, ...]:
    """Every other airport of the panel with a forecast of the period from no later cutoff.

    Forecasts of the same job come first, then those of other jobs that look back on the same
    period from the same cutoff. Where few are recorded, a seasonal naive with growth, made now
    from what was known at the cutoff, stands in for the others.
    """
    target = grid.iloc[_rows_of(grid, case)[1]]
    actuals = {str(a): float(y) for a, y in target.items() if np.isfinite(y) and a != airport}
    found: dict[str, FleetPoint] = {}
    for table in _tables(tracker, run, len(actuals)):
        _add(found, table, actuals, case)
        if len(found) >= min(ENOUGH, len(actuals)):
            break
    if len(found) < min(ENOUGH, len(actuals)):
        for point in _stand_ins(grid, actuals, case):
            found.setdefault(point.airport, point)
    return tuple(found.values())


def _grid(frame: pd.DataFrame, case: Case, freq: str) -> Any:
    """Passengers by period and airport; the last row of a period counts."""
    import pandas as pd

    rows = frame[frame["y"].notna() & frame["ds"].notna()]
    days = rows["ds"].drop_duplicates()
    periods = dict(zip(days, days.dt.to_period(freq), strict=True))
    grid = rows.assign(period=rows["ds"].map(periods)).pivot_table(
        index="period", columns="airport", values="y", aggfunc="last"
    )
    first, last = grid.index.min(), pd.Period(str(case.date), freq=freq)
    return grid.reindex(pd.period_range(first, last, freq=freq))


def _rows_of(grid: Any, case: Case) -> tuple[int, int]:
    """Rows of cutoff and period."""
    import pandas as pd

    freq = grid.index.freqstr
    cutoff = grid.index.get_loc(pd.Period(str(case.seen.ds[-1]), freq=freq))
    return int(cutoff), len(grid) - 1


def _tables(tracker: Tracker, run: StoredRun, wanted: int) -> Iterator[pd.DataFrame]:
    """Forecast tables: of the run's own job, then of others, newest first."""
    own = job_of(tracker, run)
    if own is not None and (table := _table(tracker, own.run_id)) is not None:
        yield table
        if table["airport"].nunique() > wanted:
            return
    tags = {JOBS: SET, "forecast": "true"}
    for job in tracker.find(Query(tags=tags, limit=JOBS_READ)):
        if own is None or job.run_id != own.run_id:
            other = _table(tracker, job.run_id)
            if other is not None:
                yield other


def _table(tracker: Tracker, run_id: str) -> pd.DataFrame | None:
    try:
        return parquet(tracker.read_artifact(run_id, TABLE))
    except NothingRecordedError:
        return None


def _add(
    found: dict[str, FleetPoint], table: pd.DataFrame, actuals: dict[str, float], case: Case
) -> None:
    """Airports of a table that have an actual, by their forecast of the period."""
    level = max((int(c[3:]) for c in table.columns if c.startswith("hi-")), default=None)
    if level is None:
        return
    width = NormalDist().inv_cdf(0.5 + level / 200.0)
    cutoff = str(case.seen.ds[-1])
    rows = table[(table["date"] == str(case.date)) & (table["cutoff"] == cutoff)]
    columns = zip(rows["airport"], rows["mean"], rows[f"hi-{level}"], strict=True)
    for airport, mean, high in columns:
        if airport in actuals and airport not in found:
            sd = (float(high) - float(mean)) / width
            point = _point(str(airport), float(mean), sd, actuals[airport], recorded=True)
            if point is not None:
                found[str(airport)] = point


def _point(
    airport: str, mean: float, sd: float, actual: float, *, recorded: bool
) -> FleetPoint | None:
    if not sd > 0:
        return None
    z = (mean - actual) / sd
    ratio = actual / mean if mean > 0 else None
    return FleetPoint(airport, z, ratio, abs(z) > NormalDist().inv_cdf(0.975), recorded)


def _stand_ins(grid: Any, actuals: dict[str, float], case: Case) -> Iterator[FleetPoint]:
    """Seasonal naive with growth: last year's value times the median growth of the last season."""
    m = case.seen.season_length
    cutoff, target = _rows_of(grid, case)
    back = target - m * -(-(target - cutoff) // m)
    if back < 0:
        return
    for airport, actual in actuals.items():
        y = grid[airport].to_numpy(dtype=float)
        changes = season_changes(y[: cutoff + 1], m)[-2 * m :]
        changes = changes[np.isfinite(changes)]
        if len(changes) < LEAST_CHANGES or not y[back] > 0:
            continue
        growth = float(np.median(changes[-m:])) * ((target - back) // m)
        mean = float(y[back] * np.exp(growth))
        sd = mean * max(float(np.std(changes)), 0.02)
        point = _point(airport, mean, sd, actual, recorded=False)
        if point is not None:
            yield point
