"""Forecasts of exponential smoothing from its final states, shared by Holt-Winters and ETS.

Notation of Hyndman, Koehler, Ord and Snyder, Forecasting with Exponential Smoothing (2008): level
l, trend b damped by phi, seasonal s; a one-step error e changes them by alpha e, beta e and
gamma e (divided by s, s and l where the season is multiplicative).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from forecastctl.models.base import Fit


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
    terms = np.empty((h, h))
    terms[0] = source**2
    terms[1:] = (_effects(smoother, sums, level, season) * source[: h - 1, None]) ** 2
    variance = np.cumsum(terms, axis=0)[-1]  # in order, so that it has the same bits everywhere
    return mean, np.sqrt(variance)


def _effects(
    smoother: Smoother,
    sums: NDArray[np.float64],
    level: NDArray[np.float64],
    season: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Changes of the forecast of step k by a unit error at step j < k, shape ``(h - 1, h)``."""
    h = len(sums)
    gaps = np.arange(h)[None, :] - np.arange(h - 1)[:, None]
    later = gaps > 0
    gaps = np.where(later, gaps, 1)
    trend = np.where(later, smoother.alpha + smoother.beta * sums[gaps - 1], 0.0)
    seasonal = np.where(later & (gaps % len(smoother.seasonal) == 0), smoother.gamma, 0.0)
    if not smoother.multiplicative:
        return np.asarray(trend + seasonal)
    # A level or season at zero has no defined share of an error; its effect is left out.
    return np.asarray(trend * _shares(season) + seasonal * _shares(level))


def _shares(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """``values[k] / values[j]``, zero where the divisor is."""
    divisor = values[:-1, None]
    numerator = np.broadcast_to(values[None, :], (len(values) - 1, len(values)))
    return np.divide(numerator, divisor, out=np.zeros(numerator.shape), where=divisor != 0.0)


def taxonomy(prefix: str, error: str, trend: str, seasonal: str) -> str:
    """Name such as ``HW(A,Ad,M)``: error, trend, season."""
    letter = {"none": "N", "add": "A", "damped": "Ad", "mul": "M"}
    return f"{prefix}({letter[error]},{letter[trend]},{letter[seasonal]})"
