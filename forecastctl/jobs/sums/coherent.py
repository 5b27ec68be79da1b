"""From base forecasts to a table in which they add up, and what was done to get there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from forecastctl.jobs.sums.hierarchy import AIRPORT
from forecastctl.jobs.sums.reconcile import (
    NEED_ERRORS,
    NONE,
    Reconciled,
    library_version,
    reconcile,
)
from forecastctl.jobs.tables import forecast_table
from forecastctl.models.combination.widths import PRIOR, half_width
from forecastctl.records import Forecast, Status

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from forecastctl.jobs.sums.base import Base, Sums
    from forecastctl.jobs.sums.hierarchy import Group, Hierarchy
    from forecastctl.records import Plan

MOST_APART = 3
"""Periods by which two backtests may differ whose errors are still taken as of the same periods."""


@dataclass(frozen=True, slots=True)
class Coherent:
    """Forecasts that add up.

    Attributes:
        table: The ``--out`` table of airports and groups, with ``level`` and ``base``.
        record: What was done, as JSON.
    """

    table: pd.DataFrame
    record: Mapping[str, Any]


def add_up(
    sums: Sums,
    bases: Mapping[str, Base],
    order: Sequence[str],
    forecasts: Sequence[tuple[str, Forecast, str, str]],
    plan: Plan,
) -> Coherent:
    """Make all forecasts add up, as far as they can.

    Args:
        sums: The hierarchy and the method.
        bases: Base forecasts of airports and groups.
        order: Airports in the order of the input.
        forecasts: Airport, base forecast, label and status of every airport that has one.
        plan: Plan of the job.
    """
    missing = {a: "no forecast" for a in sums.hierarchy.airports if a not in bases}
    hierarchy = sums.hierarchy.without(missing) if missing else sums.hierarchy
    rows = [*(g.name for g in hierarchy.groups), *hierarchy.airports]
    h = plan.search.horizon
    groups = {group.name: group for group in hierarchy.groups}
    used = {n: bases[n] for n in rows if n in bases and _has_series(groups.get(n))}
    mean, sd = _stacked(rows, used, h)
    errors, apart = _paired([used.get(name) for name in rows])
    if sums.method == NONE or not hierarchy.airports:
        reconciled = _unreconciled(hierarchy, rows, mean, sd)
    else:
        reconciled = reconcile(hierarchy.summing(), mean, sd, errors, sums.method)
    coherent = _forecasts(hierarchy, rows, bases, reconciled, plan)
    by_airport = {
        airport: (forecast, label, status) for airport, forecast, label, status in forecasts
    }
    table = _table(order, coherent, by_airport, bases, hierarchy, plan.levels)
    return Coherent(table, _record(sums, hierarchy, used, reconciled, errors, apart))


def _unreconciled(
    hierarchy: Hierarchy,
    rows: Sequence[str],
    mean: NDArray[np.float64],
    sd: NDArray[np.float64],
) -> Reconciled:
    """Base forecasts as they are; a group without one gets its twin's, or its members' sum."""
    all_mean, all_sd = mean.copy(), sd.copy()
    bottom, summing = len(hierarchy.groups), hierarchy.summing()
    for i, group in enumerate(hierarchy.groups):
        if group.same_as is not None:
            at = rows.index(group.same_as)
            all_mean[i], all_sd[i] = all_mean[at], all_sd[at]
        if not np.isfinite(all_mean[i]).all():
            all_mean[i], all_sd[i] = summing[i] @ mean[bottom:], summing[i] @ sd[bottom:]
    return Reconciled(all_mean, all_sd, NONE)


def _has_series(group: Group | None) -> bool:
    """Whether something is an airport, or a group that is forecast on its own."""
    return group is None or group.series is not None


def _stacked(
    rows: Sequence[str], used: Mapping[str, Base], h: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Means and standard deviations of the last ``h`` periods; NaN for rows without a forecast."""
    missing = np.full(h, np.nan)
    mean = [used[n].forecast.mean[-h:] if n in used else missing for n in rows]
    sd = [used[n].forecast.sd[-h:] if n in used else missing for n in rows]
    return np.array(mean).reshape(-1, h), np.array(sd).reshape(-1, h)


def _paired(bases: Sequence[Base | None]) -> tuple[NDArray[np.float64], int]:
    """Backtest errors of each series, all of the same folds and leads; NaN where it has others.

    Folds are told apart by the last period that the search saw. Those that most series have count.

    Returns:
        Errors, shape ``(series, folds * h)``, and how many series have errors of other folds.
    """
    shapes = [b.errors.shape for b in bases if b is not None and b.errors is not None]
    if not shapes:
        return np.full((len(bases), 0), np.nan), 0
    shape = max(set(shapes), key=lambda s: (shapes.count(s), s))
    ends = [b.tuned_on for b in bases if b and b.errors is not None and b.errors.shape == shape]
    common = max(set(ends), key=lambda end: (ends.count(end), end))
    errors = np.full((len(bases), shape[0] * shape[1]), np.nan)
    apart = 0
    for row, base in zip(errors, bases, strict=True):
        if base is None or base.errors is None:
            continue
        if base.errors.shape == shape and abs(base.tuned_on - common) <= MOST_APART:
            row[:] = base.errors.ravel()
        else:
            apart += 1
    return errors, apart


def _forecasts(
    hierarchy: Hierarchy,
    rows: Sequence[str],
    bases: Mapping[str, Base],
    reconciled: Reconciled,
    plan: Plan,
) -> dict[str, Forecast]:
    """Reconciled forecasts by airport and group, of the last periods, which all have."""
    if not hierarchy.airports:
        return {}
    h = plan.search.horizon
    longest = max((bases[a].forecast for a in hierarchy.airports), key=lambda f: f.cutoff)
    ds = longest.ds[-h:]
    forecasts: dict[str, Forecast] = {}
    for name, mean, sd in zip(rows, reconciled.mean, reconciled.sd, strict=True):
        if not np.isfinite(mean).all():
            continue
        base = bases.get(name)
        intervals = {}
        for level in plan.levels:
            width = _width(base, level) * sd
            intervals[level] = (np.maximum(mean - width, 0.0), mean + width)
        cutoff = base.forecast.cutoff if base else longest.cutoff
        forecasts[name] = Forecast(cutoff, ds, mean, sd, intervals)
    return forecasts


def _width(base: Base | None, level: int) -> float:
    """Half the width of an interval in standard deviations, as the base forecast has it."""
    if base is not None and level in base.forecast.intervals and (base.forecast.sd > 0).any():
        forecast, at = base.forecast, int(np.argmax(base.forecast.sd))
        return float((forecast.intervals[level][1][at] - forecast.mean[at]) / forecast.sd[at])
    return half_width(level, PRIOR)


def _table(
    order: Sequence[str],
    coherent: Mapping[str, Forecast],
    by_airport: Mapping[str, tuple[Forecast, str, str]],
    bases: Mapping[str, Base],
    hierarchy: Hierarchy,
    levels: Sequence[int],
) -> pd.DataFrame:
    """Airports in the order of the input, then groups.

    Args:
        order: The airports.
        coherent: Forecasts that add up, by airport and group; of an airport only the last periods,
            before which its base forecast is taken.
        by_airport: Base forecast, label and status of each airport that has one.
        bases: Base forecasts of what was added up.
        hierarchy: Airports and groups.
        levels: Interval levels in percent.
    """
    rows: list[tuple[str, Forecast, str, str]] = []
    base: list[NDArray[np.float64]] = []
    for airport in order:
        if airport in coherent:
            of_airport = bases[airport]
            whole = _spliced(of_airport.forecast, coherent[airport])
            rows.append((airport, whole, of_airport.model, of_airport.status))
            base.append(of_airport.forecast.mean)
        elif airport in by_airport:
            rows.append((airport, *by_airport[airport]))
            base.append(by_airport[airport][0].mean)
    level = [AIRPORT] * sum(len(b) for b in base)
    for group in hierarchy.groups:
        if group.name not in coherent:
            continue
        has_base = group.series is not None or group.same_as is not None
        of_group = bases.get(group.same_as or group.name) if has_base else None
        label = of_group.model if of_group else f"sum of {len(group.members)} airports"
        status = of_group.status if of_group else str(Status.OK)
        rows.append((group.name, coherent[group.name], label, status))
        h = len(coherent[group.name].mean)
        base.append(of_group.forecast.mean[-h:] if of_group else np.full(h, np.nan))
        level += [group.level] * h
    table = forecast_table(rows, levels)
    table["level"] = level
    table["base"] = np.concatenate(base) if base else []
    return table


def _spliced(base: Forecast, reconciled: Forecast) -> Forecast:
    """A base forecast with its last periods replaced by the reconciled ones."""
    early = len(base.mean) - len(reconciled.mean)
    intervals = {
        level: (
            np.concatenate([base.intervals[level][0][:early], lo]),
            np.concatenate([base.intervals[level][1][:early], hi]),
        )
        for level, (lo, hi) in reconciled.intervals.items()
    }
    return Forecast(
        base.cutoff,
        base.ds,
        np.concatenate([base.mean[:early], reconciled.mean]),
        np.concatenate([base.sd[:early], reconciled.sd]),
        intervals,
    )


def _record(
    sums: Sums,
    hierarchy: Hierarchy,
    used: Mapping[str, Base],
    reconciled: Reconciled,
    errors: NDArray[np.float64],
    apart: int,
) -> dict[str, Any]:
    """What was done, for the record: the airports of each sum, the method, and what was missing."""
    stand_ins = {name: base.stands_in for name, base in used.items() if base.stands_in}
    notes = list(reconciled.notes)
    if stand_ins:
        notes.append(f"a naive forecast stands in for {len(stand_ins)} airports that failed")
    failed = [g.name for g in hierarchy.groups if g.series is not None and g.name not in used]
    if failed:
        notes.append(f"{len(failed)} groups failed and are the sums of their members")
    if apart and reconciled.method in NEED_ERRORS:
        notes.append(f"{apart} series have backtest errors of other periods, which do not count")
    return {
        "method": sums.method,
        "used": reconciled.method,
        "library": {"hierarchicalforecast": library_version()} if sums.method != NONE else {},
        "errors": int(errors.shape[1]),
        "notes": notes,
        "airports": list(hierarchy.airports),
        "groups": [
            {
                "name": g.name,
                "level": g.level,
                "members": list(g.members),
                "same_as": g.same_as,
                "note": g.note or (f"{g.name} failed" if g.name in failed else None),
                "preparation": list(g.series.notes) if g.series else [],
            }
            for g in hierarchy.groups
        ],
        "without_errors": [
            name
            for name, row in zip(
                [*(g.name for g in hierarchy.groups), *hierarchy.airports], errors, strict=True
            )
            if name in used and not np.isfinite(row).all()
        ],
        "stand_ins": stand_ins,
        "left_out": dict(hierarchy.left_out),
    }
