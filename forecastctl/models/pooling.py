"""What a pooled model learns from a fleet: sums of products over the windows of all airports.

The sums of a day hold the windows that end on it or earlier. So each is that of an earlier day and
what came in between: one pass over the data gives a line as of any day, and none knows what came
after its day at any airport.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from forecastctl.models.parts.transforms import box_cox_lambda
from forecastctl.records import FleetLines, Line
from forecastctl.records.calendar import period_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from numpy.typing import NDArray

    from forecastctl.records import Options, Series

MOST_SEASONS = 3
"""Seasons that a window holds at most."""

LONGEST = 130
"""Periods that a window holds at most."""

ENOUGH = 10
"""Windows for each weight, below which nothing is learned."""

AIRPORTS = 3
"""Airports, below which nothing is learned."""

RIDGE = 1e-3
"""Penalty on squared weights, in mean squares of what they belong to."""

UNUSUAL = 5.0
"""A window in which a period is more than so many times that of a season earlier, or less than the
inverse of it, holds a shock, an opening or an end, and is left out. Windows of a single season
compare their ends alone."""


def longest_window(season_length: int, shortest: int) -> int:
    """Seasons of the longest window that fits; 0 where none does.

    Args:
        season_length: Observations per season.
        shortest: Length of the shortest training data.
    """
    if season_length == 1:
        return 0
    return max(min((min(shortest, LONGEST) - 1) // season_length, MOST_SEASONS), 0)


def own_windows(
    y: NDArray[np.float64], season_length: int, options: Options
) -> NDArray[np.float64]:
    """Windows of one series, each with the period that follows it.

    Args:
        y: Passengers per period, shape ``(n,)``.
        season_length: Observations per season.
        options: Of a pooled model.

    Returns:
        A row for each window: its periods and the one that follows, all in means of the window,
        shape ``(k, lags + 1)``.
    """
    return _windows(y, season_length, options)[0]


def line_of(sums: NDArray[np.float64], windows: int, airports: int) -> Line:
    """The regression that minimises squares over all windows, with a small penalty on weights.

    Hoerl and Kennard (1970), Ridge regression, equation 2.1.

    Args:
        sums: Of the products of the columns of `own_windows`, shape ``(lags + 1, lags + 1)``.
        windows: How many they are of.
        airports: How many airports these are of.
    """
    inner, outer = sums[:-1, :-1], sums[:-1, -1]
    penalty = RIDGE * float(np.trace(inner)) / len(inner)
    weights = np.linalg.solve(inner + penalty * np.eye(len(inner)), outer)
    left = float(sums[-1, -1] - 2.0 * weights @ outer + weights @ inner @ weights)
    sd = math.sqrt(max(left, 0.0) / max(windows, 1))
    return Line(tuple(float(w) for w in weights), sd, windows, airports)


def learned(
    fleet: Sequence[Series],
    days: Collection[str],
    models: Sequence[Options],
    label: Callable[[Options], str],
) -> FleetLines:
    """Lines as of some days, of each model as far as there are enough windows.

    Args:
        fleet: Airports to learn from, all with one frequency and season.
        days: First days of periods, ISO format.
        models: Options of pooled models.
        label: Their names.
    """
    from threadpoolctl import threadpool_limits

    wanted = sorted(set(days))
    found: dict[str, dict[str, Line]] = {day: {} for day in wanted}
    with threadpool_limits(limits=1):  # sums depend on the number of threads in their last bits
        for options in models if wanted and len(fleet) >= AIRPORTS else ():
            for day, line in _lines(fleet, wanted, options).items():
                found[day][label(options)] = line
    return FleetLines({day: lines for day, lines in found.items() if lines})


def _lines(fleet: Sequence[Series], days: Sequence[str], options: Options) -> Mapping[str, Line]:
    """The lines of one model by day, of the days by which enough was seen.

    Products are added up period by period, whatever days are asked for: these must not change the
    last bits of a line.
    """
    freq, m = fleet[0].freq, fleet[0].season_length
    rows, periods, first = _all_windows(fleet, m, options)
    size = rows.shape[1]
    sums, windows = np.zeros((size, size)), 0
    found: dict[str, Line] = {}
    for day in days:
        until = int(np.searchsorted(periods, period_of(day, freq), side="right"))
        while windows < until:
            end = int(np.searchsorted(periods, periods[windows], side="right"))
            part = rows[windows:end]
            sums, windows = sums + part.T @ part, end
        airports = int(np.sum(first <= period_of(day, freq)))
        if airports >= AIRPORTS and windows >= ENOUGH * (size - 1):
            found[day] = line_of(sums, windows, airports)
    return found


def _all_windows(
    fleet: Sequence[Series], m: int, options: Options
) -> tuple[NDArray[np.float64], NDArray[np.intp], NDArray[np.intp]]:
    """Windows of all airports by the period that follows them, and these periods.

    Also the first one of each airport that has any.
    """
    rows, periods = [], []
    for series in fleet:
        own, place = _windows(series.y, m, options)
        rows.append(own)
        periods.append(place + period_of(series.ds[0], series.freq))
    order = np.argsort(np.concatenate(periods), kind="stable")
    first = np.array([each[0] for each in periods if len(each)], dtype=np.intp)
    return np.concatenate(rows)[order], np.concatenate(periods)[order], first


def _windows(
    y: NDArray[np.float64], m: int, options: Options
) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """See `own_windows`; and the place of the period that follows each."""
    lags, lam = int(options.get("seasons") or 1) * m + 1, box_cox_lambda(options)
    if len(y) <= lags or m == 1:
        return np.empty((0, lags + 1)), np.empty(0, dtype=np.intp)
    raw = np.lib.stride_tricks.sliding_window_view(np.asarray(y, dtype=float), lags + 1)
    with np.errstate(all="ignore"):
        change = raw[:, m:] / raw[:, :-m]
        usual = np.all((change <= UNUSUAL) & (change >= 1.0 / UNUSUAL), axis=1)
    place = np.flatnonzero(usual)
    values = raw[place] if lam is None else raw[place] ** lam
    return values / values[:, :-1].mean(axis=1, keepdims=True), place + lags
