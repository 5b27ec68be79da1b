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
from forecastctl.models.combination.fit_and_predict import SHAPE
from forecastctl.models.combination.weights import quantile
from forecastctl.records import Forecast, Status

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from forecastctl.jobs.sums.base import Base, Sums
    from forecastctl.jobs.sums.hierarchy import Group, Hierarchy
    from forecastctl.records import Plan

CLOSE = 3
"""Periods by which backtests may be apart whose errors are still taken together."""


@dataclass(frozen=True, slots=True)
class Coherent:
    """What became of the sums.

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
        bases: What airports and groups brought along.
        order: Airports in the order of the input.
        forecasts: Airport, base forecast, label and status of every airport that has one.
        plan: Plan of the job.
    """
    missing = {a: "no forecast" for a in sums.hierarchy.airports if a not in bases}
    hierarchy = sums.hierarchy.without(missing) if missing else sums.hierarchy
    rows = [*(g.name for g in hierarchy.groups), *hierarchy.airports]
    h = plan.search.horizon
    own = {group.name: group for group in hierarchy.groups}
    used = {n: bases[n] for n in rows if n in bases and _has_own(own.get(n))}
    mean, sd = _stacked(rows, used, h)
    errors, apart = _paired([used.get(name) for name in rows])
    if sums.method == NONE or not hierarchy.airports:
        done = _unreconciled(hierarchy, rows, mean, sd)
    else:
        done = reconcile(hierarchy.summing(), mean, sd, errors, sums.method)
    made = _forecasts(hierarchy, rows, bases, done, plan)
    kept = {airport: (forecast, label, status) for airport, forecast, label, status in forecasts}
    table = _table(order, made, kept, bases, hierarchy, plan.levels)
    return Coherent(table, _record(sums, hierarchy, used, done, errors, apart))


def _unreconciled(
    hierarchy: Hierarchy,
    rows: Sequence[str],
    mean: NDArray[np.float64],
    sd: NDArray[np.float64],
) -> Reconciled:
    """Base forecasts as they are; of a group without one, its twin's or its members' sum."""
    own_mean, own_sd = mean.copy(), sd.copy()
    bottom, summing = len(hierarchy.groups), hierarchy.summing()
    for i, group in enumerate(hierarchy.groups):
        if group.same_as is not None:
            at = rows.index(group.same_as)
            own_mean[i], own_sd[i] = own_mean[at], own_sd[at]
        if not np.isfinite(own_mean[i]).all():
            own_mean[i], own_sd[i] = summing[i] @ mean[bottom:], summing[i] @ sd[bottom:]
    return Reconciled(own_mean, own_sd, NONE)


def _has_own(group: Group | None) -> bool:
    return group is None or group.series is not None


def _stacked(
    rows: Sequence[str], used: Mapping[str, Base], h: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Means and standard deviations of the periods that all have, NaN for what has none."""
    nothing = np.full(h, np.nan)
    mean = [used[n].forecast.mean[-h:] if n in used else nothing for n in rows]
    sd = [used[n].forecast.sd[-h:] if n in used else nothing for n in rows]
    return np.array(mean).reshape(-1, h), np.array(sd).reshape(-1, h)


def _paired(bases: Sequence[Base | None]) -> tuple[NDArray[np.float64], int]:
    """Errors of each series, of the same folds and leads; NaN for those of other folds.

    Folds count from the end of what the search saw. Most series decide which they are.

    Returns:
        Errors, shape ``(series, folds * h)``, and how many series have others.
    """
    shapes = [b.errors.shape for b in bases if b is not None and b.errors is not None]
    if not shapes:
        return np.full((len(bases), 0), np.nan), 0
    shape = max(set(shapes), key=lambda s: (shapes.count(s), s))
    seen = [b.tuned_on for b in bases if b and b.errors is not None and b.errors.shape == shape]
    common = max(set(seen), key=lambda o: (seen.count(o), o))
    errors = np.full((len(bases), shape[0] * shape[1]), np.nan)
    apart = 0
    for row, base in zip(errors, bases, strict=True):
        if base is None or base.errors is None:
            continue
        if base.errors.shape == shape and abs(base.tuned_on - common) <= CLOSE:
            row[:] = base.errors.ravel()
        else:
            apart += 1
    return errors, apart


def _forecasts(
    hierarchy: Hierarchy,
    rows: Sequence[str],
    bases: Mapping[str, Base],
    done: Reconciled,
    plan: Plan,
) -> dict[str, Forecast]:
    """Reconciled forecasts by airport and group, of the periods that all have."""
    if not hierarchy.airports:
        return {}
    h = plan.search.horizon
    longest = max((bases[a].forecast for a in hierarchy.airports), key=lambda f: f.cutoff)
    ds = longest.ds[-h:]
    made: dict[str, Forecast] = {}
    for name, mean, sd in zip(rows, done.mean, done.sd, strict=True):
        if not np.isfinite(mean).all():
            continue
        base = bases.get(name)
        intervals = {}
        for level in plan.levels:
            width = _width(base, level) * sd
            intervals[level] = (np.maximum(mean - width, 0.0), mean + width)
        cutoff = base.forecast.cutoff if base else longest.cutoff
        made[name] = Forecast(cutoff, ds, mean, sd, intervals)
    return made


def _width(base: Base | None, level: int) -> float:
    """Half the width of an interval in standard deviations, as the base forecast has it."""
    if base is not None and level in base.forecast.intervals and (base.forecast.sd > 0).any():
        forecast, at = base.forecast, int(np.argmax(base.forecast.sd))
        return float((forecast.intervals[level][1][at] - forecast.mean[at]) / forecast.sd[at])
    return quantile(level, SHAPE)


def _table(
    order: Sequence[str],
    made: Mapping[str, Forecast],
    kept: Mapping[str, tuple[Forecast, str, str]],
    bases: Mapping[str, Base],
    hierarchy: Hierarchy,
    levels: Sequence[int],
) -> pd.DataFrame:
    """Airports in the order of the input, then groups; earlier periods are an airport's own."""
    rows: list[tuple[str, Forecast, str, str]] = []
    level: list[str] = []
    base: list[NDArray[np.float64]] = []
    for airport in order:
        if airport in made:
            whole = _spliced(bases[airport].forecast, made[airport])
            rows.append((airport, whole, bases[airport].model, bases[airport].status))
            base.append(bases[airport].forecast.mean)
        elif airport in kept:
            rows.append((airport, *kept[airport]))
            base.append(kept[airport][0].mean)
    level += [AIRPORT] * sum(len(b) for b in base)
    for group in hierarchy.groups:
        if group.name not in made:
            continue
        source = bases.get(group.same_as or group.name) if _based(group) else None
        label = source.model if source else f"sum of {len(group.members)} airports"
        status = source.status if source else str(Status.OK)
        rows.append((group.name, made[group.name], label, status))
        h = len(made[group.name].mean)
        base.append(source.forecast.mean[-h:] if source else np.full(h, np.nan))
        level += [group.level] * h
    table = forecast_table(rows, levels)
    table["level"] = level
    table["base"] = np.concatenate(base) if base else []
    return table


def _based(group: Group) -> bool:
    return group.series is not None or group.same_as is not None


def _spliced(own: Forecast, reconciled: Forecast) -> Forecast:
    """An airport's own forecast with its last periods replaced."""
    early = len(own.mean) - len(reconciled.mean)
    intervals = {
        level: (
            np.concatenate([own.intervals[level][0][:early], lo]),
            np.concatenate([own.intervals[level][1][:early], hi]),
        )
        for level, (lo, hi) in reconciled.intervals.items()
    }
    return Forecast(
        own.cutoff,
        own.ds,
        np.concatenate([own.mean[:early], reconciled.mean]),
        np.concatenate([own.sd[:early], reconciled.sd]),
        intervals,
    )


def _record(
    sums: Sums,
    hierarchy: Hierarchy,
    used: Mapping[str, Base],
    done: Reconciled,
    errors: NDArray[np.float64],
    apart: int,
) -> dict[str, Any]:
    """What was done, so that it can be checked: which airports each sum has, and by what."""
    stand_ins = {name: base.stands_in for name, base in used.items() if base.stands_in}
    notes = list(done.notes)
    if stand_ins:
        notes.append(f"a naive forecast stands in for {len(stand_ins)} airports that failed")
    failed = [g.name for g in hierarchy.groups if g.series is not None and g.name not in used]
    if failed:
        notes.append(f"{len(failed)} groups failed and are the sums of their members")
    if apart and done.method in NEED_ERRORS:
        notes.append(f"{apart} series have backtest errors of other periods, which do not count")
    return {
        "method": sums.method,
        "used": done.method,
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
