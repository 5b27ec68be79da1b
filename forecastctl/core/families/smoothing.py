"""Forecasts of exponential smoothing from its final states, shared by Holt-Winters and ETS.

Notation of Hyndman, Koehler, Ord and Snyder, Forecasting with Exponential Smoothing (2008): level
l, trend b damped by phi, seasonal s; a one-step error e changes them by alpha e, beta e and
gamma e (divided by s, s and l where the season is multiplicative).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from forecastctl.core.families.base import Fit


@dataclass(frozen=True, slots=True)
class Smoother:
    """Parameters and final states of an additive-trend smoother.

    Attributes:
        alpha: Share of an error that changes the level.
        beta: Share of an error that changes the trend (0 without trend).
        gamma: Share of an error that changes the season (0 without season).
        phi: Damping of the trend (1 without damping).
        level: Last level.
        trend: Last trend.
        seasonal: Seasonal values of leads 1 to m; a single neutral value without season.
        multiplicative: Whether the season multiplies.
    """

    alpha: float
    beta: float
    gamma: float
    phi: float
    level: float
    trend: float
    seasonal: Sequence[float]
    multiplicative: bool

    @classmethod
    def of(cls, fit: Fit, *, multiplicative: bool) -> Smoother:
        """Smoother of a fit whose parameters and states have the names used here."""
        params, states = fit.params, fit.states
        return cls(
            params["alpha"],
            params.get("beta", 0.0),
            params.get("gamma", 0.0),
            params.get("phi", 1.0),
            states["level"],
            states.get("trend", 0.0),
            states.get("seasonal") or [1.0 if multiplicative else 0.0],
            multiplicative,
        )


def damping_sums(phi: float, h: int) -> NDArray[np.float64]:
    """``phi + phi**2 + ... + phi**k`` for k from 1 to h."""
    sums, power, total = np.empty(h), 1.0, 0.0
    for k in range(h):
        power *= phi
        total += power
        sums[k] = total
    return sums


def smooth_forecast(
    smoother: Smoother, h: int, sigma: float, *, relative: bool
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Point forecasts and standard deviations from the final states.

    The variance adds up what each future error does to later forecasts, linearised around the
    point forecast: exact for additive season and error, where it equals the class 1 formulas of
    Hyndman et al. (2008), table 6.1, and a first-order approximation for the others.

    Args:
        smoother: Parameters and states.
        h: Periods ahead.
        sigma: Standard deviation of one-step errors, in the units of the data, or relative to
            the forecast.
        relative: Whether errors are relative to the forecast (multiplicative errors).

    Returns:
        Mean and standard deviation, shape ``(h,)`` each.
    """
    sums = damping_sums(smoother.phi, h)
    level = smoother.level + smoother.trend * sums
    m = len(smoother.seasonal)
    season = np.array([smoother.seasonal[k % m] for k in range(h)])
    mean = level * season if smoother.multiplicative else level + season
    source = sigma * np.abs(mean) if relative else np.full(h, sigma)
    variance = source**2
    for j in range(h - 1):  # in order, so that the sum has the same bits everywhere
        variance[j + 1 :] += (_effects(smoother, sums, level, season, j) * source[j]) ** 2
    return mean, np.sqrt(variance)


def _effects(
    smoother: Smoother,
    sums: NDArray[np.float64],
    level: NDArray[np.float64],
    season: NDArray[np.float64],
    j: int,
) -> NDArray[np.float64]:
    """Changes of the forecasts of steps j+1, j+2, ... by a unit error at step j."""
    gaps = np.arange(1, len(sums) - j)
    trend = smoother.alpha + smoother.beta * sums[: len(gaps)]
    seasonal = np.where(gaps % len(smoother.seasonal) == 0, smoother.gamma, 0.0)
    if not smoother.multiplicative:
        return np.asarray(trend + seasonal)
    # A level or season at zero has no defined share of an error; its effect is left out.
    from_trend = trend * season[j + 1 :] / season[j] if season[j] else 0.0 * trend
    from_season = seasonal * level[j + 1 :] / level[j] if level[j] else 0.0 * trend
    return np.asarray(from_trend + from_season)


def json_floats(values: Mapping[str, Any]) -> dict[str, Any]:
    """The same mapping with numpy numbers as Python floats and arrays as lists."""
    return {
        k: [float(x) for x in v] if isinstance(v, np.ndarray | list | tuple) else float(v)
        for k, v in values.items()
    }


def taxonomy(prefix: str, error: str, trend: str, seasonal: str) -> str:
    """Name such as ``HW(A,Ad,M)``: error, trend, season."""
    letter = {"none": "N", "add": "A", "damped": "Ad", "mul": "M"}
    return f"{prefix}({letter[error]},{letter[trend]},{letter[seasonal]})"
