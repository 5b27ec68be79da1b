"""Linear terms: what Easter, working days, events and other regressors do to a series.

They act on the logarithm, so that one effect is a share of the passengers whatever the size of an
airport, and every family can be fitted to the series without them: a regression with errors of a
drifting level and season (Bell and Hillmer, 1983, Modeling time series with calendar variation;
X-13ARIMA-SEATS), of which the effects are taken out before a model is fitted and multiplied onto
its forecast. Robust, shrunk by its own uncertainty, and pure: sees nothing of the series but the
data it is given, so that a backtest that starts before something happened does not know of it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from forecastctl.models.calendar_regression import LEAST_SEASONS, Coefficient, whiten
from forecastctl.models.shocks import without_shocks
from forecastctl.records.calendar import first_days, period_of
from forecastctl.records.terms import CALENDAR, EVENT, Effect

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from forecastctl.models.shocks import FoundShock
    from forecastctl.records import FittedModel, Options, Series, Terms

OUT: Options = {"terms": "out"}
"""The option of a model that is fitted without the effects of the terms."""

CLEAR = 0.05
"""Probability of so large an effect without one, below which it is taken; of several calendar
terms, each has its share of it."""

SEASONS_LEAST = 3
"""Seasons of data below which nothing is estimated."""

LONGEST = 1100
"""Newest periods that count: 90 years of months, 21 of weeks, three of days."""

SEEN_LEAST = 1.0
"""Effective number of years in which an event or another regressor must have moved; a term of the
calendar in `LEAST_SEASONS`."""

SEEN_BY_DAY = 1.9
"""The same of a term of the calendar on data by day, which show each day apart."""

YEAR = {"M": 12, "Q": 4, "W": 52, "D": 360}
"""Periods from which on a season is a year, by kind of period."""

_REMEMBERED = 64
"""Estimates that are kept: the origins of a few airports, for the models of a pool."""

_NO_EFFECT = 1e-12


@dataclass(frozen=True, slots=True)
class _Regressors:
    """What is known of regressors besides their values.

    Attributes:
        years: Calendar year of each period, shape ``(n,)``.
        kinds: Of each regressor, one of `forecastctl.records.terms.KINDS`.
        least: Effective number of years in which each must have moved.
        m: Observations per season.
    """

    years: NDArray[np.int64]
    kinds: Sequence[str]
    least: Sequence[float]
    m: int


def effects_until(series: Series, end: int) -> tuple[Effect, ...]:
    """Effects of the terms of a series that are clear in its first ``end`` periods.

    Args:
        series: A series with or without terms.
        end: Number of periods that are known.

    Returns:
        Nothing where the series has no terms, no season, too few periods, or a value that is not
        positive. What is usual in a period, and so not in `Effect.ahead`, is of a calendar term
        its mean in such periods, of another regressor its value a season ago, of an event zero.
    """
    terms, m = series.terms, series.season_length
    if terms is None or m == 1 or end < SEASONS_LEAST * m:
        return ()
    day, y = series.ds[end - 1], series.y[:end]
    x = terms.until(day, end)
    if x is None or np.any(y <= 0):
        return ()
    n = min(end, LONGEST)
    y, x = np.ascontiguousarray(y[-n:]), np.ascontiguousarray(x[-n:])
    years = _years(period_of(day, series.freq), n, series.freq)
    calendar = LEAST_SEASONS if _is_yearly(terms, m) else SEEN_BY_DAY
    least = tuple(calendar if kind == CALENDAR else SEEN_LEAST for kind in terms.kinds)
    found = _estimated(y.tobytes(), x.tobytes(), years.tobytes(), terms.kinds, least, m)
    usual, ahead = _usual(x, m, terms), terms.after(day)
    return tuple(
        Effect(terms.names[i], terms.kinds[i], c.value, c.se, _less(ahead[:, i], usual[:, i]))
        for i, c in found
    )


def taken_out(series: Series, end: int, effects: Sequence[Effect]) -> NDArray[np.float64]:
    """Factor of each of the first ``end`` periods that takes the effects out, shape ``(end,)``."""
    terms, m = series.terms, series.season_length
    x = None if terms is None else terms.until(series.ds[end - 1], end)
    if terms is None or x is None:
        return np.ones(end)
    usual = _usual(x[-min(end, LONGEST) :], m, terms)
    phases = np.arange(-end, 0) % m
    change = np.zeros(end)
    for effect in effects:
        i = terms.names.index(effect.name)
        change += effect.beta * (x[:, i] - usual[phases, i])
    return np.asarray(np.exp(-change))


def factor(effects: Iterable[Effect], h: int) -> NDArray[np.float64]:
    """What a forecast without effects is multiplied by in the next ``h`` periods, ``(h,)``."""
    change = np.zeros(h)
    for effect in effects:
        known = effect.ahead[:h]
        change[: len(known)] += effect.beta * np.array(known)
    return np.array([math.exp(value) for value in change])  # the same bits on every processor


def effects_of(model: FittedModel, options: Options) -> tuple[Effect, ...]:
    """Effects that the forecast of a member is multiplied by."""
    return model.effects if "terms" in options else ()


def moved_on(effects: Iterable[Effect], n: int) -> tuple[Effect, ...]:
    """Effects as of ``n`` periods later."""
    return tuple(Effect(e.name, e.kind, e.beta, e.se, e.ahead[n:]) for e in effects)


def says_something(effects: Iterable[Effect], h: int) -> bool:
    """Whether an event or a regressor that was named does anything in the next ``h`` periods."""
    return any(e.kind != CALENDAR and np.any(np.abs(e.ahead[:h]) > _NO_EFFECT) for e in effects)


def _less(values: NDArray[np.float64], usual: NDArray[np.float64]) -> tuple[float, ...]:
    """Values of the periods ahead less what is usual in each."""
    phases = np.arange(len(values)) % len(usual)
    return tuple((values - usual[phases]).tolist())


def _usual(x: NDArray[np.float64], m: int, terms: Terms) -> NDArray[np.float64]:
    """What is usual of each regressor in each period of a season, ``(m, k)``.

    The first row is that of the first period after the data. In a season of a week no feast is
    usual.
    """
    n, usual = len(x), np.zeros((m, x.shape[1]))
    yearly = _is_yearly(terms, m)
    for i, kind in enumerate(terms.kinds):
        for phase in range(m):
            same = x[(n + phase) % m :: m, i]
            if kind == CALENDAR and not yearly:
                continue
            if kind == CALENDAR:
                usual[phase, i] = float(np.mean(same))
            elif kind != EVENT:
                usual[phase, i] = same[-1]
    return usual


def _is_yearly(terms: Terms, m: int) -> bool:
    """Whether a season is a year."""
    return m >= YEAR.get(terms.freq[0], 1)


def _years(last: int, n: int, freq: str) -> NDArray[np.int64]:
    """Calendar year of each of the ``n`` periods up to the one of a number."""
    days = first_days(np.arange(last - n + 1, last + 1), freq)
    return np.asarray(days.astype("datetime64[Y]").astype(np.int64))


@lru_cache(maxsize=_REMEMBERED)
def _estimated(
    y: bytes, x: bytes, years: bytes, kinds: tuple[str, ...], least: tuple[float, ...], m: int
) -> tuple[tuple[int, Coefficient], ...]:
    """Clear effects by the number of their regressor; arrays as bytes, to be remembered by."""
    passengers = np.frombuffer(y)
    regressors = np.frombuffer(x).reshape(len(passengers), len(kinds))
    of = _Regressors(np.frombuffer(years, dtype=np.int64), kinds, least, m)
    return tuple(_regress(passengers, regressors, of))


def _regress(
    y: NDArray[np.float64], x: NDArray[np.float64], of: _Regressors
) -> list[tuple[int, Coefficient]]:
    """Clear effects on a series without its shocks.

    Which stretches are shocks is seen once the effects are out: what a regressor explains is none.
    """
    shocks, clean, moved = without_shocks(y, of.m)[1], y, x
    if shocks:
        first = np.zeros(x.shape[1])
        for i, c in _clear(np.log(y), x, of):
            first[i] = c.value
        centred = x - np.mean(x, axis=0)
        adjusted, shocks = without_shocks(y * np.exp(-np.sum(centred * first, axis=1)), of.m)
        moved = _as_replaced(centred, shocks, of.m)
        clean = adjusted * np.exp(np.sum(moved * first, axis=1))
    return _clear(np.log(clean), moved, of)


def _clear(
    z: NDArray[np.float64], x: NDArray[np.float64], of: _Regressors
) -> list[tuple[int, Coefficient]]:
    """All are fitted, then those alone that were clear beside the others; by unit, and shrunk."""
    scale = np.ptp(x, axis=0)
    kept = [i for i in range(x.shape[1]) if scale[i] > 0]
    limit = CLEAR / max(sum(of.kinds[i] == CALENDAR for i in kept), 1)
    found: list[tuple[int, Coefficient]] = []
    for _ in range(2):
        if not kept or len(z) - of.m - 1 <= of.m + 1 + len(kept):
            return []
        white = whiten(z, x[:, kept] / scale[kept], of.years, of.m)
        fitted = white.coefficients([of.least[i] for i in kept])
        found = [
            (i, c)
            for i, c in zip(kept, fitted, strict=True)
            if c is not None and c.p < (limit if of.kinds[i] == CALENDAR else CLEAR)
        ]
        if len(found) == len(kept):
            break
        kept = [i for i, _ in found]
    return [(i, _shrunk(c, float(scale[i]))) for i, c in found]


def _shrunk(c: Coefficient, scale: float) -> Coefficient:
    """An effect by unit, as much of it as is sure: the positive part of James and Stein's rule."""
    sure = max(1.0 - (c.se / c.value) ** 2, 0.0) if c.value else 0.0
    return Coefficient(sure * c.value / scale, c.se / scale, c.df)


def _as_replaced(
    x: NDArray[np.float64], shocks: Sequence[FoundShock], m: int
) -> NDArray[np.float64]:
    """Regressors of a series without its shocks, which repeats the season before each."""
    x = x.copy()
    for shock in shocks:
        places = shock.start - m + np.arange(shock.end - shock.start) % m
        x[shock.start : shock.end] = x[places]
    return x
