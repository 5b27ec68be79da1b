"""Months in another unit, and zeros, amid ordinary ones. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from forecastctl.records import Series

UNITS = (10.0, 100.0, 1000.0, 1e6)
UNIT_NEAR = math.log(1.6)
"""How far, as a log ratio, a value in another unit may be from its neighbours once it is mended."""

CALM = math.log(2.0)
"""The neighbours of such a value are at most this far from each other."""

_ROUNDING = 1e-9
MOST = 3
"""Strange months of an airport; more are how it is."""


@dataclass(frozen=True, slots=True)
class Strange:
    """A month that is not what those on both sides suggest.

    Attributes:
        at: Its position.
        value: What stands there.
        mended: What should.
        words: How it is wrong: ``1,000 times what its neighbours suggest``.
    """

    at: int
    value: float
    mended: float
    words: str


def strange_months(series: Series) -> tuple[Strange, ...]:
    """Every strange month, oldest first; none where there are more than `MOST`."""
    y = series.y
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.log(y)
        beside = np.abs(logs[2:] - logs[:-2])
        ratio = logs[1:-1] - (logs[2:] + logs[:-2]) / 2.0
    calm = np.isfinite(beside) & (beside <= CALM + _ROUNDING)
    odd = calm & ~(np.abs(ratio) <= math.log(UNITS[0]) - UNIT_NEAR)
    found = [
        one
        for at in (np.flatnonzero(odd) + 1).tolist()
        if (one := _strange(y, at, float(ratio[at - 1]))) is not None
    ]
    return tuple(found) if len(found) <= MOST else ()


def _strange(y: NDArray[np.float64], at: int, ratio: float) -> Strange | None:
    value = float(y[at])
    if value == 0:
        mended = math.sqrt(float(y[at - 1]) * float(y[at + 1]))
        return Strange(at, value, mended, "zero amid ordinary months")
    if not math.isfinite(ratio):
        return None
    for factor in (f for unit in UNITS for f in (unit, 1.0 / unit)):
        if abs(ratio - math.log(factor)) <= UNIT_NEAR:
            times = f"{factor:,.0f} times" if factor > 1 else f"1/{1 / factor:,.0f} of"
            return Strange(at, value, value / factor, f"{times} what its neighbours suggest")
    return None


def mended(series: Series) -> Series:
    """The series with what its strange months should be."""
    found = strange_months(series)
    if not found:
        return series
    y = series.y.copy()
    for one in found:
        y[one.at] = one.mended
    return replace(series, y=y)
