"""The frequency of a panel, told from the spacing of its rows."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from forecastctl.errors import DataError
from forecastctl.records.calendar import EPOCH_WEEKDAY, week_alias

if TYPE_CHECKING:
    from collections.abc import Mapping

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
    return _usual_of(*np.unique(gaps, return_counts=True))


def _usual_of(lengths: NDArray[np.int64], times: NDArray[np.int64]) -> int:
    """As `usual_class`, of distinct gaps in days and how often each is there."""
    if not len(lengths):
        return -1
    classes = spacing_classes(lengths)
    known = classes >= 0
    counts = np.zeros(len(_CLASSES), dtype=np.int64)
    np.add.at(counts, classes[known], times[known])
    prevailing = times[~known].max(initial=0)
    return int(counts.argmax()) if counts.max() >= max(prevailing, 1) else -1


@dataclass(frozen=True, slots=True)
class Spacings:
    """What the frequency of a panel is told from; those of parts of a panel add up.

    Attributes:
        gaps: How often each number of days lies between two rows of an airport.
        weekdays: Rows by weekday.
        firsts: Whether all rows are dated the first of a month.
    """

    gaps: Mapping[int, int] = field(default_factory=dict)
    weekdays: tuple[int, ...] = (0,) * 7
    firsts: bool = True

    def __add__(self, other: Spacings) -> Spacings:
        """Those of both parts."""
        weekdays = tuple(map(sum, zip(self.weekdays, other.weekdays, strict=True)))
        gaps = Counter(self.gaps) + Counter(other.gaps)
        return Spacings(gaps, weekdays, self.firsts and other.firsts)

    @property
    def rows(self) -> int:
        """How many rows that are."""
        return sum(self.weekdays)


def spacings(codes: NDArray[np.int64], days: NDArray[np.int64]) -> Spacings:
    """How the rows of each airport are spaced.

    Args:
        codes: Number of the airport of each row, shape ``(n,)``.
        days: Days since 1970-01-01, shape ``(n,)``, none of them `NO_DAY`.
    """
    order = np.lexsort((days, codes))
    gaps = np.diff(days[order])[np.diff(codes[order]) == 0]
    lengths, times = np.unique(gaps[gaps > 0], return_counts=True)
    months = days.astype("datetime64[D]").astype("datetime64[M]").astype("datetime64[D]")
    return Spacings(
        dict(zip(lengths.tolist(), times.tolist(), strict=True)),
        tuple(np.bincount((days + EPOCH_WEEKDAY) % 7, minlength=7).tolist()),
        bool(np.all(days == months.astype(np.int64))),
    )


def infer_freq(codes: NDArray[np.int64], days: NDArray[np.int64], *, strict: bool) -> str:
    """Frequency of a panel from the spacing of most rows.

    Args:
        codes: Number of the airport of each row, shape ``(n,)``.
        days: Days since 1970-01-01, shape ``(n,)``, none of them `NO_DAY`.
        strict: As in `freq_of`.

    Raises:
        DataError: As `freq_of`.
    """
    return freq_of(spacings(codes, days), strict=strict)


def freq_of(spaced: Spacings, *, strict: bool) -> str:
    """Frequency from the spacing of most rows.

    Args:
        spaced: How all rows are spaced.
        strict: Whether to refuse spacings that cannot be understood; otherwise they are months.

    Raises:
        DataError: Most rows are a year apart, or no usual spacing prevails.
    """
    lengths = np.array(sorted(spaced.gaps), dtype=np.int64)
    times = np.array([spaced.gaps[gap] for gap in lengths.tolist()], dtype=np.int64)
    usual = _usual_of(lengths, times)
    if 0 <= usual < class_number("Y"):
        return full_freq_of(class_name(usual), spaced)
    if strict and times.sum() >= _ENOUGH_GAPS:
        if usual == class_number("Y"):
            raise DataError("Most rows of an airport are a year apart.", _FREQ_HINT)
        if not spaced.firsts:
            gap = int(lengths[times.argmax()])
            raise DataError(f"Most rows of an airport are {gap} days apart.", _FREQ_HINT)
    return "M"


_FREQ_HINT = (
    "forecastctl works on months, quarters, weeks and days; set [data] freq to one of "
    "M, Q, W, D if the rows are one of these with many holes."
)


def full_freq(kind: str, days: NDArray[np.int64]) -> str:
    """Alias, for pandas, of a frequency that a setting names; the days say when a week begins."""
    return full_freq_of(kind, spacings(np.zeros_like(days), days)) if kind == "W" else kind


def full_freq_of(kind: str, spaced: Spacings) -> str:
    """The same, where weeks begin on the most frequent weekday of the rows."""
    if kind != "W":
        return kind
    return week_alias(int(np.argmax(spaced.weekdays))) if spaced.rows else "W-SUN"
