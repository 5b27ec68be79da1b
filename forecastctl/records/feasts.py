"""When the feasts that move through the calendar were, and which periods hold their days. Pure.

Dates of Easter are computed (`dateutil.easter`), those of Ramadan by the arithmetic Islamic
calendar, which is within two days of the official one. Lunar New Year is a table: computing it
needs the moon to the minute, and a package with all that else is too much for one date a year.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from forecastctl.records.calendar import first_days, ordinals

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

FIRST_YEAR, LAST_YEAR = 1950, 2099

# fmt: off
LUNAR_NEW_YEARS = (
    217, 206, 127, 214, 203, 124, 212, 131, 218, 208,  # 1950
    128, 215, 205, 125, 213, 202, 121, 209, 130, 217,  # 1960
    206, 127, 215, 203, 123, 211, 131, 218, 207, 128,  # 1970
    216, 205, 125, 213, 202, 220, 209, 129, 217, 206,  # 1980
    127, 215, 204, 123, 210, 131, 219, 207, 128, 216,  # 1990
    205, 124, 212, 201, 122, 209, 129, 218, 207, 126,  # 2000
    214, 203, 123, 210, 131, 219, 208, 128, 216, 205,  # 2010
    125, 212, 201, 122, 210, 129, 217, 206, 126, 213,  # 2020
    203, 123, 211, 131, 219, 208, 128, 215, 204, 124,  # 2030
    212, 201, 122, 210, 130, 217, 206, 126, 214, 202,  # 2040
    123, 211, 201, 219, 208, 128, 215, 204, 124, 212,  # 2050
    202, 121, 209, 129, 217, 205, 126, 214, 203, 123,  # 2060
    211, 131, 219, 207, 127, 215, 205, 124, 212, 202,  # 2070
    122, 209, 129, 217, 206, 126, 214, 203, 124, 210,  # 2080
    130, 218, 207, 127, 215, 205, 125, 212, 201, 121,  # 2090
)
# fmt: on
"""Month and day of the first day of the Chinese year from `FIRST_YEAR` on (`217` is 17 February).

By GB/T 33661-2017, Beijing time; lunar-python 1.4.8 and holidays 0.109 agree on each. Korea's is a
day later in a few years.
"""


@dataclass(frozen=True, slots=True)
class Feast:
    """A feast whose date moves.

    Attributes:
        name: For people.
        date: First day by Gregorian year, as days since 1970-01-01; a lunar year that is shorter
            than ours can begin twice in one.
        window: First and last day that it moves passengers on, counted from its date.
        prior: Probability, before looking, that an airport's passengers follow it.
        verb: Of its date: ``was`` or ``began``.
    """

    name: str
    date: Callable[[int], tuple[int, ...]]
    window: tuple[int, int]
    prior: float = 0.1
    verb: str = "was"


def _days(day: dt.date) -> int:
    return (day - dt.date(1970, 1, 1)).days


@cache
def _easter(year: int) -> tuple[int, ...]:
    from dateutil.easter import EASTER_WESTERN, easter

    return (_days(easter(year, EASTER_WESTERN)),)


@cache
def _orthodox(year: int) -> tuple[int, ...]:
    from dateutil.easter import EASTER_ORTHODOX, easter

    return (_days(easter(year, EASTER_ORTHODOX)),)


@cache
def _lunar_new_year(year: int) -> tuple[int, ...]:
    month, day = divmod(LUNAR_NEW_YEARS[year - FIRST_YEAR], 100)
    return (_days(dt.date(year, month, day)),)


@cache
def _ramadan(year: int) -> tuple[int, ...]:
    """First days of Ramadan that fall in a Gregorian year, one or two.

    The civil arithmetic calendar (Reingold and Dershowitz, Calendrical Calculations, ch. 7): eleven
    leap years in thirty, odd months of 30 days, 1 Muharram 1 on the Julian 16 July 622.
    """
    about = int((year - 622) * 365.2425 / 354.3667)
    days = [
        _days(dt.date(622, 7, 19)) + 354 * (y - 1) + (3 + 11 * y) // 30 + 29 * 8 + 4
        for y in range(about - 1, about + 4)
    ]
    return tuple(d for d in days if np.datetime64(d, "D").item().year == year)


@cache
def _eid(year: int) -> tuple[int, ...]:
    """The day after the thirty days of Ramadan, in a Gregorian year."""
    days = (day + 30 for y in (year - 1, year) for day in _ramadan(y))
    return tuple(d for d in days if np.datetime64(d, "D").item().year == year)


EASTER = Feast("Easter", _easter, (-8, -1), prior=0.5)
ORTHODOX = Feast("Orthodox Easter", _orthodox, (-8, -1))
LUNAR_NEW_YEAR = Feast("Lunar New Year", _lunar_new_year, (-7, 7))
RAMADAN = Feast("Ramadan", _ramadan, (0, 29), verb="began")
EID = Feast("Eid al-Fitr", _eid, (-3, 6))

FEASTS = (EASTER, ORTHODOX, LUNAR_NEW_YEAR, RAMADAN, EID)
"""All that are looked for.

The window before Easter is ``Easter[8]`` of X-13ARIMA-SEATS (Bell and Hillmer 1983), that of Lunar
New Year one interval of the kind of Lin and Liu (2003). Each was the likeliest of ten on half of
the tourism competition's series, without their test months.
"""


def years(periods: NDArray[np.int64], freq: str) -> NDArray[np.int64]:
    """Calendar year of each period's first day, ``(n,)``."""
    days = first_days(periods, freq).astype("datetime64[Y]")
    return np.asarray(days.astype(np.int64) + 1970)


def dated(periods: NDArray[np.int64], freq: str) -> bool:
    """Whether the dates of all feasts are known from the first to the last period."""
    first, last = years(periods[[0, -1]], freq)
    return bool(first > FIRST_YEAR and last < LAST_YEAR)


def occasions(feast: Feast, first: int, last: int) -> list[int]:
    """Dates of a feast whose windows may touch a stretch of days, both ends included."""
    years = np.array([first - 60, last + 60]).astype("datetime64[D]").astype("datetime64[Y]")
    low, high = (int(y) + 1970 for y in years.astype(np.int64))
    known = range(max(low, FIRST_YEAR), min(high, LAST_YEAR) + 1)
    return [day for year in known for day in feast.date(year)]


def shares(feast: Feast, periods: NDArray[np.int64], freq: str) -> NDArray[np.float64]:
    """Share of the days of each feast that falls in each period, ``(n,)``, mostly zero.

    Args:
        feast: A feast.
        periods: Numbers of consecutive periods, ascending (`forecastctl.records.calendar`).
        freq: pandas period alias.
    """
    first, last = (int(d) for d in first_days(periods[[0, -1]], freq).astype(np.int64))
    low, high = feast.window
    share = np.zeros(len(periods))
    for day in occasions(feast, first, last + 92):
        held = ordinals(np.arange(day + low, day + high + 1), freq) - periods[0]
        held = held[(held >= 0) & (held < len(periods))]
        np.add.at(share, held, 1.0 / (high - low + 1))
    return share


def same_day(feast: Feast, days: NDArray[np.int64]) -> NDArray[np.float64] | None:
    """For days: 1 on those as far from the feast as the last one, else 0; ``(n,)``.

    Args:
        feast: A feast.
        days: Consecutive days, counted from 1970-01-01.

    Returns:
        ``None`` where the last day is no day of the feast.
    """
    low, high = feast.window
    dates = np.array(occasions(feast, int(days[0]), int(days[-1])))
    offsets = days[-1] - dates
    near = offsets[(offsets >= low) & (offsets <= high)]
    if not len(near):
        return None
    return np.isin(days, dates + near[0]).astype(np.float64)


def weekend_days(periods: NDArray[np.int64]) -> NDArray[np.int64]:
    """Saturdays and Sundays of months, ``(n,)``."""
    starts = first_days(np.append(periods, periods[-1] + 1), "M")
    return np.diff(starts).astype(np.int64) - np.busday_count(starts[:-1], starts[1:])


def weekend_balance(periods: NDArray[np.int64]) -> NDArray[np.float64]:
    """Other days of months less 2.5 times those of weekends, ``(n,)``; a plain week has 0.

    The trading-day regressor with one coefficient of X-13ARIMA-SEATS, ``td1coef``.
    """
    starts = first_days(np.append(periods, periods[-1] + 1), "M")
    return np.diff(starts).astype(np.float64) - 3.5 * weekend_days(periods)


def february(periods: NDArray[np.int64]) -> NDArray[np.float64]:
    """Logarithm of a February's length over its average one, 28.25 days; 0 in other months."""
    starts = first_days(np.append(periods, periods[-1] + 1), "M").astype(np.int64)
    return np.where(periods % 12 == 1, np.log(np.diff(starts) / 28.25), 0.0)
