"""The calendar: periods as integers (months, quarters, weeks, days counted from 1970), and dates.

A period's number is plain arithmetic on days; ``pd.Period(label, freq).start_time`` gives the same
first day as `first_days`. pandas is not imported here, because that takes longer than most answers.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING

import numpy as np

from forecastctl.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

FREQS = ("M", "Q", "W", "D")
SEASON_LENGTHS = {"M": 12, "Q": 4, "W": 52, "D": 7}
PERIOD_WORDS = {"M": "month", "Q": "quarter", "W": "week", "D": "day"}
WEEKDAYS = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")
EPOCH_WEEKDAY = 3
"""1970-01-01 was a Thursday."""


def _week_offset(freq: str) -> int:
    """First day of week 0, counted from 1970-01-01."""
    last = WEEKDAYS.index(freq.partition("-")[2])
    return (last + 1 - EPOCH_WEEKDAY) % 7


def ordinals(days: NDArray[np.int64], freq: str) -> NDArray[np.int64]:
    """Number of the period that each day falls in.

    Args:
        days: Days since 1970-01-01, none of them missing, shape ``(n,)``.
        freq: ``M``, ``Q``, ``D`` or an anchored week such as ``W-SAT``.
    """
    if freq[0] == "D":
        return days
    if freq[0] == "W":
        return (days - _week_offset(freq)) // 7
    months = days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    return np.asarray(months // 3 if freq[0] == "Q" else months, dtype=np.int64)


def first_days(periods: NDArray[np.int64], freq: str) -> NDArray[np.datetime64]:
    """First day of each period, ``datetime64[D]``; the inverse of `ordinals`."""
    if freq[0] == "D":
        return periods.astype("datetime64[D]")
    if freq[0] == "W":
        return np.asarray(periods * 7 + _week_offset(freq)).astype("datetime64[D]")
    months = periods * 3 if freq[0] == "Q" else periods
    return np.asarray(months).astype("datetime64[M]").astype("datetime64[D]")


def period_of(day: object, freq: str) -> int:
    """Number of the period that one day falls in.

    Args:
        day: A date, a ``datetime64`` or ISO text.
        freq: As in `ordinals`.
    """
    days = np.array([np.datetime64(day, "D")]).astype(np.int64)  # type: ignore[call-overload]
    return int(ordinals(days, freq)[0])


def week_alias(first_weekday: int) -> str:
    """Alias, for pandas, of weeks that start on a weekday (Monday is 0): Sundays give ``W-SAT``."""
    return f"W-{WEEKDAYS[(first_weekday - 1) % 7]}"


def labels(periods: Sequence[int] | NDArray[np.int64], freq: str) -> tuple[str, ...]:
    """Names of periods: ``2012-10``, ``2012Q4``, and the first day for weeks and days."""
    days = [str(d) for d in first_days(np.asarray(periods, dtype=np.int64), freq)]
    if freq[0] not in "MQ":
        return tuple(days)
    parts = [d.rsplit("-", 2) for d in days]  # a year may have five digits, or a sign
    if freq[0] == "M":
        return tuple(f"{year}-{month}" for year, month, _ in parts)
    return tuple(f"{year}Q{(int(month) + 2) // 3}" for year, month, _ in parts)


def counted(n: int, freq: str) -> str:
    """``1 month``, ``3 months``."""
    word = PERIOD_WORDS[freq[0]]
    return f"{n:,} {word}" if n == 1 else f"{n:,} {word}s"


_DAYS_OF_PERIOD = {"W": 7, "D": 1}
_MONTHS_OF_PERIOD = {"M": 1, "Q": 3}


def position(ds: Sequence[dt.date], day: dt.date, freq: str) -> int | None:
    """Index of the period that holds the day."""
    holding = (i for i, first in enumerate(ds) if first <= day < period_after(first, freq))
    return next(holding, None)


def period_after(first: dt.date, freq: str) -> dt.date:
    """First day of the period after the one that begins at ``first``."""
    if freq[0] in _DAYS_OF_PERIOD:
        return first + dt.timedelta(days=_DAYS_OF_PERIOD[freq[0]])
    month = first.month - 1 + _MONTHS_OF_PERIOD[freq[0]]
    return first.replace(year=first.year + month // 12, month=month % 12 + 1)


def days_of(value: dt.date) -> int:
    """Days from 1970-01-01 to a date."""
    return (value - dt.date(1970, 1, 1)).days


def iso_date(text: str, *, last: bool = False) -> str:
    """A date in any usual form as ``YYYY-MM`` where it names a month, else as ``YYYY-MM-DD``.

    Args:
        text: ``2019-8``, ``201908``, ``Aug-2019``, ``31.8.2019``, ``2019Q3`` ...
        last: Whether a quarter or a week stands for its last day, not its first.

    Returns:
        The text itself where it is no date: whoever takes it says so in words of its own.
    """
    from forecastctl.records.written_dates import single

    if _date(text) is not None:
        return text
    found = single(text)
    if found is None:
        return text
    if found.kind == "M" or (found.kind == "Q" and not last):
        return found.day.isoformat()[:7]
    if not last or found.kind == "D":
        return found.day.isoformat()
    if found.kind == "W":
        return (found.day + dt.timedelta(days=6)).isoformat()
    return (period_after(found.day, "Q") - dt.timedelta(days=1)).isoformat()


def parse_day(date: str) -> dt.date:
    """First day of ``YYYY-MM``, or the day of ``YYYY-MM-DD``.

    Raises:
        UsageError: The text is neither, or a date without one before or after it.
    """
    day = _date(date)
    if day is None or day.year in (dt.MINYEAR, dt.MAXYEAR):
        hint = "Give YYYY-MM, or YYYY-MM-DD for days and weeks."
        raise UsageError(f"--date: '{date}' is not a date.", hint)
    return day


def parse_as_of(text: str) -> int:
    """Last day, counted from 1970-01-01, that ``YYYY-MM-DD`` or ``YYYY-MM`` (all of it) includes.

    Raises:
        UsageError: The text is neither.
    """
    day = _date(text)
    if day is None:
        hint = "Write YYYY-MM-DD, or YYYY-MM to include the whole month, for example 2012-10."
        raise UsageError(f"The as-of date {text!r} is not a date.", hint)
    if len(text) > len("2012-10"):
        return days_of(day)
    return int(first_days(ordinals(np.array([days_of(day)]), "M") + 1, "M")[0].astype(int)) - 1


def _date(text: str) -> dt.date | None:
    """The day ``YYYY-MM-DD``, or the first of ``YYYY-MM``; ``None`` if the text is neither."""
    if not re.fullmatch(r"\d{4}-\d{2}(-\d{2})?", text, re.ASCII):
        return None
    try:
        return dt.date.fromisoformat(text if len(text) > len("2012-10") else f"{text}-01")
    except ValueError:
        return None


def iso(ms: int) -> str:
    """UTC time of milliseconds since the epoch, to the second."""
    return dt.datetime.fromtimestamp(ms / 1000, dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
