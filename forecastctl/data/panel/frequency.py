"""The frequency of a panel, told from the spacing of its rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from forecastctl.errors import DataError
from forecastctl.records.calendar import EPOCH_WEEKDAY, week_alias

if TYPE_CHECKING:
    from numpy.typing import NDArray

MAX_STALE = {"M": 12, "Q": 4, "W": 26, "D": 30}
"""Periods that an airport may end before the panel without a note, unless a setting says so."""

APART = {
    "D": "a day apart",
    "W": "a week apart",
    "M": "a month apart",
    "Q": "three months apart",
    "Y": "a year apart",
}
NO_DAY = int(np.iinfo(np.int64).min)
"""Day number of a row without a readable date (NaT)."""

# Days between rows; the last working day of a month may be 35 days after the one before.
_SPACINGS = (("D", 1, 1), ("W", 7, 7), ("M", 25, 35), ("Q", 85, 97), ("Y", 360, 371))
_CLASSES = "DWMQY"
_ENOUGH_GAPS = 10  # to refuse a spacing that cannot be understood


def spacing_classes(gaps: NDArray[np.int64]) -> NDArray[np.int64]:
    """Class of each gap in days: 0 day, 1 week, 2 month, 3 quarter, 4 year, -1 anything else."""
    classes = np.full(len(gaps), -1, dtype=np.int64)
    for number, (_, low, high) in enumerate(_SPACINGS):
        classes[(gaps >= low) & (gaps <= high)] = number
    return classes


def class_name(number: int) -> str:
    """Letter of a spacing class."""
    return _CLASSES[number]


def class_number(freq: str) -> int:
    """Spacing class of a frequency."""
    return _CLASSES.index(freq[0])


def usual_class(gaps: NDArray[np.int64]) -> int:
    """The most frequent spacing class, the finest of equals; -1 where some other gap prevails."""
    if not len(gaps):
        return -1
    classes = spacing_classes(gaps)
    counts = np.bincount(classes[classes >= 0], minlength=len(_CLASSES))
    others = gaps[classes < 0]
    prevailing = np.unique(others, return_counts=True)[1].max() if len(others) else 0
    return int(counts.argmax()) if counts.max() >= max(prevailing, 1) else -1


def infer_freq(codes: NDArray[np.int64], days: NDArray[np.int64], *, strict: bool) -> str:
    """Frequency of a panel from the spacing of most rows.

    Args:
        codes: Number of the airport of each row, shape ``(n,)``.
        days: Days since 1970-01-01, shape ``(n,)``, none of them `NO_DAY`.
        strict: Whether to refuse spacings that cannot be understood; otherwise they are months.

    Raises:
        DataError: Most rows are a year apart, or no usual spacing prevails.
    """
    order = np.lexsort((days, codes))
    gaps = np.diff(days[order])[np.diff(codes[order]) == 0]
    gaps = gaps[gaps > 0]
    usual = usual_class(gaps)
    if 0 <= usual < class_number("Y"):
        name = class_name(usual)
        return _week_of(days) if name == "W" else name
    if strict and len(gaps) >= _ENOUGH_GAPS:
        if usual == class_number("Y"):
            raise DataError("Most rows of an airport are a year apart.", _FREQ_HINT)
        day_of_month = days.astype("datetime64[D]") - days.astype("datetime64[D]").astype(
            "datetime64[M]"
        )
        if np.any(day_of_month.astype(np.int64) != 0):
            lengths, counts = np.unique(gaps, return_counts=True)
            gap = int(lengths[counts.argmax()])
            raise DataError(f"Most rows of an airport are {gap} days apart.", _FREQ_HINT)
    return "M"


_FREQ_HINT = (
    "forecastctl works on months, quarters, weeks and days; set [data] freq to one of "
    "M, Q, W, D if the rows are one of these with many holes."
)


def _week_of(days: NDArray[np.int64]) -> str:
    """Alias of the weeks that start on the most frequent weekday."""
    weekdays = (days + EPOCH_WEEKDAY) % 7
    return week_alias(int(np.bincount(weekdays, minlength=7).argmax()))


def full_freq(kind: str, days: NDArray[np.int64]) -> str:
    """Alias, for pandas, of a frequency that a setting names; the days say when a week begins."""
    return (_week_of(days) if len(days) else "W-SUN") if kind == "W" else kind
