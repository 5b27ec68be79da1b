"""Periods as integers: months, quarters, weeks and days counted from 1970. Arithmetic alone.

pandas aliases are names for them: ``pd.Period(label, freq).start_time`` gives the same first day as
`first_days`. Importing pandas takes longer than most answers, so that nothing here does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

WEEKDAYS = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")
EPOCH_WEEKDAY = 3
"""1970-01-01 was a Thursday."""


def _week_offset(freq: str) -> int:
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
