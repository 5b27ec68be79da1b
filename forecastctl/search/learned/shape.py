"""The shape of a series: features by which airports are compared. Pure."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

FEATURES = 6
"""Number of features."""


def shape(y: NDArray[np.float64], season_length: int) -> tuple[float, ...]:
    """Features of a series that are cheap and comparable.

    Strengths of trend and season are those of Wang, Smith and Hyndman (2006), Characteristic-based
    clustering for time series data, over a classical decomposition of the logarithms.

    Args:
        y: Passengers per period, shape ``(n,)``, finite and not negative.
        season_length: Observations per season.

    Returns:
        Logarithms of length and level, strengths of trend and season from 0 to 1, noise (standard
        deviation of the remainder) and growth from the last season but one to the last.
    """
    m, n = season_length, len(y)
    logs = np.log1p(np.maximum(y, 0.0))
    width = m if n >= 2 * m else min(3, n)
    trend = _moving_mean(logs, width)
    season = np.zeros(n)
    if m > 1 and 2 * m <= n:
        rest = logs - trend
        means = np.array([rest[i::m].mean() for i in range(m)])
        season = np.resize(means - means.mean(), n)
    noise = logs - trend - season
    growth = float(logs[-m:].mean() - logs[-2 * m : -m].mean()) if n >= 2 * m else 0.0
    return (
        math.log(n),
        float(logs[-m:].mean()),
        _strength(noise, trend),
        _strength(noise, season),
        float(noise.std()),
        growth,
    )


def _moving_mean(y: NDArray[np.float64], width: int) -> NDArray[np.float64]:
    """Centred mean over at most a window, fewer values at the ends."""
    half = width // 2
    total = np.concatenate(([0.0], np.cumsum(y)))
    at = np.arange(len(y))
    low, high = np.maximum(at - half, 0), np.minimum(at + half + 1, len(y))
    means: NDArray[np.float64] = (total[high] - total[low]) / (high - low)
    return means


def _strength(noise: NDArray[np.float64], part: NDArray[np.float64]) -> float:
    """Share of the variance of noise and part together that the noise does not explain."""
    total = float(np.var(noise + part))
    return max(0.0, 1.0 - float(np.var(noise)) / total) if total > 0.0 else 0.0
