"""A miss split into parts that add up to it exactly. Pure.

``miss = forecast - actual`` is split in a fixed order, by changing one thing at a time: first the
data, to what is known now; then the specification, to the airport's newest; then level, trend and
season of that forecast, to those of the same specification fitted to data that hold the actual and,
where they are known, the next few periods. These tell a level that lasts from one that is gone a
quarter later, which was a one-off. What no part explains is the one-off remainder.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from forecastctl.errors import ForecastctlError
from forecastctl.explain.case import index_of, up_to
from forecastctl.explain.parts.components import decompose, path_length
from forecastctl.explain.values import Part
from forecastctl.figures import number, percent, signed
from forecastctl.models.combination.fit_and_predict import fit, predict
from forecastctl.models.pooled import held_lines

if TYPE_CHECKING:
    from forecastctl.explain.case import Case
    from forecastctl.explain.parts.components import Components
    from forecastctl.records import FittedModel, Series, Specification

SEASON_PARTS = 4
"""Hindsight reaches a quarter of a season beyond the period explained."""

AMONG = 0.01
"""A period is as those around it when its share of its forecast is so near to theirs."""

ORDER = ("data_revision", "specification", "level", "trend", "seasonal", "one_off")


def attribute(case: Case) -> tuple[Part, ...]:
    """Split the miss of a case, in the order of `ORDER`.

    Where a fit fails its part is zero and says so; the sum stays the miss.
    """
    revised = case.revised()
    revision = _revision(case, revised)
    specification, used = _specification(case, revised)
    forecast = _components(case, revised, used)
    hindsight, later = _hindsight(case)
    fitted = _components(case, hindsight, used)
    parts = [revision, specification, *_movement(case, forecast, fitted, later)]
    rest = case.miss - math.fsum(p.value for p in parts)
    share = f" ({percent(abs(rest / case.miss))} of the miss)" if case.miss else ""
    text = f"what neither the data, the model nor a lasting change of the series explains{share}"
    return (*parts, Part("one_off", rest, text))


def _revision(case: Case, revised: Series) -> Part:
    """What the forecast would change by if the model had seen the values as known now."""
    changed = np.flatnonzero(revised.y != case.seen.y)
    if not len(changed):
        return Part("data_revision", 0.0, "no value up to the cutoff has been revised since")
    before = value_at(case, case.seen, case.model.specification)
    after = value_at(case, revised, case.model.specification)
    first, last = case.seen.ds[changed[0]], case.seen.ds[changed[-1]]
    several = f"{len(changed)} values between {first} and {last} have"
    what = f"{f'the value of {first} has' if len(changed) == 1 else several} been revised since"
    if before is None or after is None:
        return Part("data_revision", 0.0, f"{what}; the model cannot be fitted to that")
    text = (
        f"{what}; on that the same specification says {number(after)} instead of {number(before)}"
    )
    return Part("data_revision", before - after, text)


def _specification(case: Case, revised: Series) -> tuple[Part, Specification]:
    """What the forecast would change by with the newest specification, and that specification."""
    used, champion = case.model.specification, case.champion
    if champion is None:
        return Part("specification", 0.0, "the airport has the same specification today"), used
    before, after = value_at(case, revised, used), value_at(case, revised, champion)
    if before is None or after is None:
        failed = "today's specification cannot be fitted to the data of that time"
        return Part("specification", 0.0, failed), used
    what = f"would have said {number(after)} from the cutoff"
    text = f"today's specification, {champion.label}, {what}"
    return Part("specification", before - after, text), champion


def _hindsight(case: Case) -> tuple[Series, int]:
    """The series up to a few periods after the one explained, and how many these are.

    Where the periods around it are known, and the next season does not repeat what this period
    did, it is led back to what they suggest: a change of one period is a one-off, and neither the
    level nor the season is to learn from it.
    """
    position = index_of(case.known, case.date)
    if position is None:
        return up_to(case.known, case.date), 0
    later = min(max(case.seen.season_length // SEASON_PARTS, 1), case.known.n - 1 - position)
    series = up_to(case.known, case.known.ds[position + later])
    expected = _expected(case)
    if expected is None or _repeated(case, position, expected):
        return series, later
    y = series.y.copy()
    y[position] = expected
    return replace(series, y=y), later


def _expected(case: Case) -> float | None:
    """The period as the ones around it suggest: its forecast, times what these came to of theirs.

    Before the path begins all is as forecast. ``None`` where nothing around it is known, and where
    the period lies among those around it, as it does on a line and after a change that lasts. What
    shows in the newest period alone has not lasted yet.
    """
    ratios: list[float] = []
    for step in (-2, -1, 1, 2):
        lead = case.lead - 1 + step
        value = case.known_at(step)
        if value is None or not 0 <= lead < len(case.forecast.mean):
            continue
        mean = float(case.forecast.mean[lead])
        ratios += [value / mean] if mean > 0 and value > 0 else []
    if case.mean <= 0:
        return None
    beside = [*ratios, 1.0] if case.lead <= 2 else ratios  # noqa: PLR2004 - where the path begins
    ratios = ratios or beside
    if not ratios:
        return None
    if min(beside) - AMONG <= case.actual / case.mean <= max(beside) + AMONG:
        return None
    return case.mean * float(np.median(ratios))


def _repeated(case: Case, position: int, expected: float) -> bool:
    """Whether the same period of the next season differs from those around it as this one did."""
    m, y = case.seen.season_length, case.known.y
    off = math.log(case.actual / expected) if case.actual > 0 else -math.inf
    at = position + m
    steps = [k for k in (-2, -1, 1, 2) if position + k >= 0 and at + k < case.known.n]
    if m < 2 or at >= case.known.n or not steps or y[at] <= 0 or not math.isfinite(off):  # noqa: PLR2004
        return False
    around = [y[at + k] / y[position + k] for k in steps if min(y[at + k], y[position + k]) > 0]
    if not around:
        return False
    grown = math.log(y[at] / (expected * float(np.median(around))))
    return grown * off > 0 and abs(grown) >= abs(off) / 2


def _movement(
    case: Case, forecast: Components | None, fitted: Components | None, later: int
) -> list[Part]:
    """Level, trend and season as forecast, less those of a fit that has seen the actual."""
    if forecast is None or fitted is None:
        failed = "the specification cannot be fitted to data that hold the actual"
        return [Part(name, 0.0, failed) for name in ("level", "trend", "seasonal")]
    lead, m = case.lead, case.seen.season_length
    level, trend, season = forecast.at(lead)
    level_later = fitted.level - fitted.slope * (lead + later)
    trend_later = fitted.slope * lead
    season_later = float(fitted.seasonal[(m - 1 - later) % m])  # of the same time of the year
    in_hindsight = f"in hindsight of {_periods(later, 'later ')}" if later else "in hindsight"
    return [
        Part(
            "level",
            level - level_later,
            f"level at the cutoff {number(level)}, {in_hindsight} {number(level_later)}",
        ),
        Part(
            "trend",
            trend - trend_later,
            f"change over {_periods(lead)} {signed(trend)}, {in_hindsight} {signed(trend_later)}",
        ),
        Part(
            "seasonal",
            season - season_later,
            f"season of this period {signed(season)}, {in_hindsight} {signed(season_later)}",
        ),
    ]


def _periods(count: int, which: str = "") -> str:
    return f"{count} {which}period{'' if count == 1 else 's'}"


def _components(case: Case, series: Series, specification: Specification) -> Components | None:
    """Level, trend and season of a specification fitted to a series; ``None`` where that fails."""
    model = refit(case, series, specification)
    if model is None:
        return None
    m = series.season_length
    return decompose(predict(model, path_length(case.lead, m), ()).mean, m)


def value_at(case: Case, series: Series, specification: Specification) -> float | None:
    """Forecast of the period explained by a specification fitted to a series, if it can be."""
    model = refit(case, series, specification)
    steps = case.lead + _shorter(case.seen, series)
    if model is None or steps < 1:
        return None
    return float(predict(model, steps, ()).mean[-1])


def _shorter(seen: Series, series: Series) -> int:
    """Periods by which a series ends before the cutoff (negative where it ends after it)."""
    later = series.ds[series.ds > seen.ds[-1]]
    return -len(later) if len(later) else int(np.sum(seen.ds > series.ds[-1]))


def refit(case: Case, series: Series, specification: Specification) -> FittedModel | None:
    """A specification fitted to a series as the job would have, or ``None`` where that fails."""
    try:
        held = series.with_fleet(held_lines(case.model))
        model, _ = fit(held, specification, horizon=case.horizon, engine=case.engine)
    except ForecastctlError:
        return None
    return model
