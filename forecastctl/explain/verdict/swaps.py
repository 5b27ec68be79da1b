"""Two airports under each other's name: after the cutoff, or in what the model saw. Pure."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from forecastctl.explain.parts.attribution import value_at
from forecastctl.explain.verdict.fault import Fault, gone
from forecastctl.figures import number, percent, period

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from forecastctl.explain.case import Case
    from forecastctl.records import ExplainRules

CROSSED = 1.0 / 3.0
"""The crossed changes in the panel may be at most this share of the straight ones."""

CROSSED_MISSES = 0.5
"""The same of the misses of two forecasts, which hold errors of their own."""

WITHIN = 2.5
"""Standard deviations of the other forecast that each actual must lie within."""

LEAST_CHANGE = 0.1
"""Log change at which names that are swapped begin to show."""

RUN = 2
"""Months in a row that a swap in the panel must show in."""

SEASONS = 2
"""Seasons before the cutoff that a swap is looked for in."""


def swapped(case: Case, rules: ExplainRules) -> Fault | None:
    """The actual lies on another airport's forecast and the other's on this one's."""
    return _seen(case, rules) or _after(case)


def _after(case: Case) -> Fault | None:
    """Both missed, each by as much as the two forecasts are apart, to opposite sides."""
    if not case.outside or not (case.mean > 0 and case.actual > 0):
        return None
    own = math.log(case.actual / case.mean)
    best: tuple[float, str, float] | None = None
    for p in case.fleet:
        if not (p.outside and p.mean and p.actual and p.mean > 0 and p.actual > 0):
            continue
        its = math.log(p.actual / p.mean)
        crossed = max(abs(math.log(case.actual / p.mean)), abs(math.log(p.actual / case.mean)))
        share = crossed / min(abs(own), abs(its))
        inside = abs(p.actual - case.mean) <= WITHIN * case.scale and abs(
            case.actual - p.mean
        ) <= WITHIN * abs((p.mean - p.actual) / p.z)
        close = share <= CROSSED or (share <= CROSSED_MISSES and inside)
        if own * its < 0 and close and (best is None or share < best[0]):
            best = share, p.airport, p.mean
    if best is None or abs(own) < LEAST_CHANGE:
        return None
    share, airport, mean = best
    text = (
        f"it and {airport} stand under each other's name: the actual, {number(case.actual)}, lies "
        f"on the forecast of {airport}, {number(mean)}, and the one of {airport} on this one's"
    )
    return Fault(
        name="swap",
        statement=text,
        value=share,
        threshold=CROSSED_MISSES,
        certainty=0.97 - 0.4 * share,
        share=gone(case, mean - case.actual),
    )


def _seen(case: Case, rules: ExplainRules) -> Fault | None:
    """Names were swapped up to the cutoff already, so that the model learned from two airports."""
    swap = case.swap
    if swap is None or np.datetime64(swap.since) > case.seen.ds[-1] or case.miss == 0:
        return None
    value = value_at(case, swap.seen, case.model.specification)
    share = 0.0 if value is None else gone(case, value - swap.actual)
    if share < rules.revised:
        return None
    text = (
        f"it and {swap.airport} have stood under each other's name since "
        f"{period(swap.since, case.seen.freq)}, which the model saw; that explains "
        f"{percent(share)} of the miss"
    )
    return Fault(
        name="swap",
        statement=text,
        value=share,
        threshold=rules.revised,
        certainty=min(0.95, 0.65 + 0.3 * share),
        share=share,
    )


def swapped_since(
    y: NDArray[np.float64], own: int, cutoff: int, target: int, season_length: int
) -> tuple[int, int] | None:
    """The airport that another one has been swapped with, and the row since which.

    From the first swapped row on, for a season, each of the two stands where the other one stood a
    season before, once the change of the whole fleet is taken out.

    Args:
        y: Passengers by period and airport, shape ``(periods, airports)``; NaN where missing.
        own: Column of the airport.
        cutoff: Row of the cutoff.
        target: Row of the period explained.
        season_length: Observations per season.
    """
    m = season_length
    first = max(cutoff - SEASONS * m + 1, m)
    if target <= first or y.shape[1] < 2:  # noqa: PLR2004 - itself and another
        return None
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.where(y > 0, np.log(y), np.nan)
    now, ago = logs[first : target + 1], logs[first - m : target + 1 - m]
    straight = now - ago
    usual = _medians(straight)[:, None]
    straight = straight - usual
    crossed = np.maximum(np.abs(now[:, [own]] - ago - usual), np.abs(now - ago[:, [own]] - usual))
    mine = straight[:, [own]]
    least = np.minimum(np.abs(mine), np.abs(straight))
    shows = (mine * straight < 0) & (least >= LEAST_CHANGE) & (crossed <= CROSSED * least)
    shows[:, own] = False
    return _longest(shows, first, m)


def _medians(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Median of each row without NaN; zero where nothing is left."""
    rows = [row[np.isfinite(row)] for row in values]
    return np.array([float(np.median(row)) if len(row) else 0.0 for row in rows])


def _longest(shows: NDArray[np.bool_], first: int, m: int) -> tuple[int, int] | None:
    """Column and row of the longest run that goes on to the end, or for a season."""
    best: tuple[int, int, int] | None = None
    for column in np.flatnonzero(shows.any(axis=0)).tolist():
        rows = np.flatnonzero(shows[:, column])
        start = int(rows[0])
        stop = min(start + m, len(shows))
        run = int(shows[start:stop, column].sum())
        whole = run >= RUN and run == stop - start
        if whole and (best is None or run > best[0]):
            best = run, column, first + start
    return None if best is None else (best[1], best[2])
