"""Which months were ordinary, by a measure that is not the tool's. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

YEAR = 12
UNUSUAL_FROM = 3.0
"""Robust errors of the yardstick from which on a month is not ordinary."""
LEAST = 12
"""Errors at earlier origins without which nothing is said."""


def ordinary(y: pd.Series[float], origin: pd.Period, lead: int) -> bool:
    """Whether a month is ordinary by the yardstick's own errors at earlier origins.

    The yardstick is the seasonal naive times the year-on-year ratio of the last three months. A
    month is ordinary where it misses by less than `UNUSUAL_FROM` times the median of its absolute
    errors, times 1.4826, from the origins before of which the outcome was known.
    """
    z = yardstick(y, origin, lead)
    return bool(np.isfinite(z) and abs(z) < UNUSUAL_FROM)


def yardstick(y: pd.Series[float], origin: pd.Period, lead: int) -> float:
    """The yardstick's error in its own robust errors; NaN where it has too few of them."""
    errors, at = _errors(y, lead), int(y.index.get_indexer([origin.to_timestamp()])[0])
    if at < 0 or at >= len(errors):
        return float("nan")
    scale = scale_of(y, origin, lead)
    return float(errors[at] / scale) if scale > 0 else float("nan")


def scale_of(y: pd.Series[float], origin: pd.Period, lead: int) -> float:
    """The yardstick's robust error of the logarithm, known at an origin; NaN of too few errors."""
    at = int(y.index.get_indexer([origin.to_timestamp()])[0])
    before = _errors(y, lead)[: max(at - lead + 1, 0)]
    before = before[np.isfinite(before)]
    return 1.4826 * float(np.median(np.abs(before))) if len(before) >= LEAST else float("nan")


def _errors(y: pd.Series[float], lead: int) -> NDArray[np.float64]:
    """Errors of the yardstick by origin, of the logarithm; NaN where a value is missing."""
    values = np.log(y.where(y > 0).to_numpy(float))
    yearly = np.full(len(values), np.nan)
    yearly[YEAR:] = values[YEAR:] - values[:-YEAR]
    recent = np.full(len(values), np.nan)
    recent[2:] = (yearly[2:] + yearly[1:-1] + yearly[:-2]) / 3
    return yearly[lead:] - recent[: len(values) - lead]
