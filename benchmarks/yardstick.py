"""Which months were ordinary, by a measure that is not the tool's. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

YEAR = 12
UNUSUAL_FROM = 3.0
"""Robust errors of the yardstick from which on a month is not ordinary."""
LEAST = 12
"""Errors at earlier origins without which nothing is said."""


def ordinary(y: pd.Series, origin: pd.Period, lead: int) -> bool:
    """Whether a month is ordinary by the yardstick's own errors at earlier origins.

    The yardstick is the seasonal naive times the year-on-year ratio of the last three months. A
    month is ordinary where it misses by less than `UNUSUAL_FROM` times the median of its absolute
    errors, times 1.4826, from the origins before of which the outcome was known.
    """
    z = yardstick(y, origin, lead)
    return bool(np.isfinite(z) and abs(z) < UNUSUAL_FROM)


def yardstick(y: pd.Series, origin: pd.Period, lead: int) -> float:
    """The yardstick's error in its own robust errors; NaN where it has too few of them."""
    values = np.log(y.where(y > 0).to_numpy(float))
    at = int(y.index.get_indexer([origin.to_timestamp()])[0])
    if at < 0 or at + lead >= len(values):
        return np.nan

    def error(then: int) -> float:
        if then < YEAR + 2:
            return np.nan
        recent = values[then - 2 : then + 1] - values[then - 2 - YEAR : then + 1 - YEAR]
        return float(values[then + lead] - values[then + lead - YEAR] - np.mean(recent))

    before = np.array([error(k) for k in range(at - lead + 1)])
    before = before[np.isfinite(before)]
    if len(before) < LEAST:
        return np.nan
    scale = 1.4826 * float(np.median(np.abs(before)))
    return error(at) / scale if scale > 0 else np.nan
