"""What of the calendar may move passengers: Easter, days of the month, public holidays. Pure."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from forecastctl.records.calendar import SEASON_LENGTHS, first_days, ordinals
from forecastctl.records.feasts import (
    EASTER,
    dated,
    february,
    occasions,
    shares,
    weekend_balance,
)
from forecastctl.records.terms import CALENDAR, Regressor

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from numpy.typing import NDArray

TRADING_DAYS, LEAP_DAY = "trading days", "leap day"

EASTER_DAYS = {-3: "Maundy Thursday", -2: "Good Friday", -1: "Holy Saturday", 0: "Easter Sunday",
               1: "Easter Monday"}  # fmt: skip
"""Days about Easter by their distance from it, of which each has its own effect on daily data."""

WORKING_HOLIDAYS = "holidays on working days"

SAME = 0.8
"""Correlation of the changes over a season from which on two regressors say the same."""

ROUNDING = 1e-9


def calendar_regressors(
    periods: NDArray[np.int64], freq: str, days: Mapping[str, Iterable[int]] | None = None
) -> list[Regressor]:
    """Regressors of the calendar that are not the same in every season.

    By month: the share of the eight days before Easter (`forecastctl.records.feasts.EASTER`), the
    days of the week as one regressor and the day that a leap year has more, as in X-13ARIMA-SEATS;
    by
    quarter and week Easter; by day each day from Thursday before it to Monday. With the holidays of
    a country also the number of its public holidays by name, and by month of those on working days.
    One that says the same as an earlier one is left out.

    Args:
        periods: Numbers of consecutive periods (`forecastctl.records.calendar`).
        freq: pandas period alias.
        days: Days since 1970-01-01 of the public holidays, by name.

    Returns:
        None where dates of feasts are not known, before 1950 and after 2099.
    """
    if not dated(periods, freq):
        return []
    season = SEASON_LENGTHS[freq[0]]
    kept: list[tuple[str, NDArray[np.float64]]] = []
    for name, values in _candidates(periods, freq, days or {}):
        if len(values) > season and _says_more(values, [v for _, v in kept], season):
            kept.append((name, values))
    first = str(first_days(periods[:1], freq)[0])
    return [Regressor(name, CALENDAR, first, tuple(v.tolist())) for name, v in kept]


def counts(days: Iterable[int], periods: NDArray[np.int64], freq: str) -> NDArray[np.float64]:
    """How many of some days, counted from 1970-01-01, fall in each period, ``(n,)``."""
    at = ordinals(np.array(sorted(days), dtype=np.int64), freq) - periods[0]
    at = at[(at >= 0) & (at < len(periods))]
    return np.bincount(at, minlength=len(periods)).astype(np.float64)


def _candidates(
    periods: NDArray[np.int64], freq: str, days: Mapping[str, Iterable[int]]
) -> Iterator[tuple[str, NDArray[np.float64]]]:
    if freq[0] == "D":
        easters = occasions(EASTER, int(periods[0]), int(periods[-1]))
        for offset, name in EASTER_DAYS.items():
            yield name, counts([day + offset for day in easters], periods, freq)
    else:
        yield EASTER.name, shares(EASTER, periods, freq)
    if freq[0] == "M":
        yield TRADING_DAYS, weekend_balance(periods)
        yield LEAP_DAY, february(periods) / math.log(29 / 28)
    for name, of_name in sorted(days.items()):
        yield name, counts(of_name, periods, freq)
    if freq[0] == "M" and days:
        every = np.unique(np.array([day for of_name in days.values() for day in of_name]))
        working = every[np.is_busday(every.astype("datetime64[D]"))]
        yield WORKING_HOLIDAYS, counts(working, periods, freq)


def _says_more(
    values: NDArray[np.float64], others: Iterable[NDArray[np.float64]], season: int
) -> bool:
    """Whether the changes of a regressor over a season are any, and not those of others."""
    change = values[season:] - values[:-season]
    size = float(np.linalg.norm(change))
    if size < ROUNDING:
        return False
    for other in others:
        change_of_other = other[season:] - other[:-season]
        alike = abs(float(change @ change_of_other))
        if alike > SAME * size * float(np.linalg.norm(change_of_other)):
            return False
    return True
