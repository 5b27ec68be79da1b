"""The newest seasons of all airports as one table, and what each season led to expect of the next.

Pure functions of arrays with a row for each airport and a column for each period.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

SEASONS = 5
"""Seasons that are looked at."""

LEAST_LEVEL = 20.0
"""Passengers a period, from which on an airport is compared with others."""

MAD = 1.4826
"""Standard deviation of a normal distribution over its median absolute deviation."""

_GROWTH_PERIODS = 3
"""Periods that the usual growth on the year is taken from."""


@dataclass(frozen=True)
class FleetTable:
    """The newest seasons of all airports.

    Attributes:
        names: Airports, as spelt.
        y: Passengers, NaN where there is no value, shape ``(airports, periods)``.
        start: Number of the first period.
        season: Periods per season.
    """

    names: tuple[str, ...]
    y: NDArray[np.float64]
    start: int
    season: int

    @property
    def last(self) -> int:
        """Number of the last period."""
        return self.start + int(self.y.shape[1]) - 1

    @cached_property
    def log(self) -> NDArray[np.float64]:
        """Logarithms of the passengers, NaN where there are none; shape as ``y``."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(np.where(self.y > 0, np.log(self.y), np.nan))

    @cached_property
    def yearly(self) -> NDArray[np.float64]:
        """Change of the logarithm since a season before, NaN where not known; shape as ``y``."""
        change = np.full_like(self.log, np.nan)
        change[:, self.season :] = self.log[:, self.season :] - self.log[:, : -self.season]
        return change

    def expected(self, column: int) -> NDArray[np.float64]:
        """Logarithm of what its season led to expect of each airport in a period.

        The value of a season before, grown as the three periods before this one have; shape
        ``(airports,)``, NaN where that is not known or the airport is small.

        Args:
            column: Position of the period, at least a season from the first.
        """
        season_ago = self.log[:, column - self.season]
        grown = self.yearly[:, max(column - _GROWTH_PERIODS, 0) : column]
        return np.where(season_ago >= np.log(LEAST_LEVEL), season_ago + median(grown), np.nan)


def table_of(
    names: Sequence[str],
    starts: Sequence[int],
    values: Sequence[NDArray[np.float64]],
    last: int,
    season: int,
) -> FleetTable:
    """The table up to a period.

    Args:
        names: Airports.
        starts: First period of each.
        values: Passengers of each from there on, NaN where missing.
        last: The panel's last period.
        season: Periods per season, at least 1.
    """
    width = SEASONS * season
    first = last - width + 1
    y = np.full((len(names), width), np.nan)
    for row, (start, value) in enumerate(zip(starts, values, strict=True)):
        begin, end = max(start, first), min(start + len(value), last + 1)
        if begin < end:
            y[row, begin - first : end - first] = value[begin - start : end - start]
    return FleetTable(tuple(names), y, first, season)


def median(values: NDArray[np.float64], axis: int = 1) -> NDArray[np.float64]:
    """Median along an axis without NaN; NaN where there is nothing else.

    `np.nanmedian` takes milliseconds for a few rows, and a fleet asks for hundreds of medians.
    """
    if not values.shape[axis]:
        return np.full(np.delete(values.shape, axis), np.nan)
    ordered = np.sort(values, axis=axis)  # NaN comes last
    n = np.expand_dims(np.count_nonzero(~np.isnan(values), axis=axis), axis)
    low = np.take_along_axis(ordered, np.maximum(n - 1, 0) // 2, axis)
    high = np.take_along_axis(ordered, n // 2, axis)
    return np.asarray(np.squeeze((low + high) / 2, axis))


def spread(values: NDArray[np.float64], axis: int = 1) -> NDArray[np.float64]:
    """Robust standard deviation along an axis, by the median absolute deviation."""
    middle = np.expand_dims(median(values, axis), axis)
    return MAD * median(np.abs(values - middle), axis)
