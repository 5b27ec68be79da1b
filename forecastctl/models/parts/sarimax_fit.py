"""Estimation of a seasonal ARMA by exact maximum likelihood: to the compiled kernels and back."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from forecastctl.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

_EDGE = 0.999999
"""Partial autocorrelations stay this far from a unit root."""


@dataclass(frozen=True, slots=True)
class Arma:
    """A fitted seasonal ARMA.

    Attributes:
        point: Partial autocorrelations and mean, see `forecastctl.models.kernels.arma`.
        ar: Autoregressive coefficients.
        ma: Moving-average coefficients.
        seasonal_ar: Seasonal autoregressive coefficients.
        seasonal_ma: Seasonal moving-average coefficients.
        intercept: Constant of the recursion (not the mean).
        state: Predicted state after the last observation, as statsmodels has it.
        scale: Variance of the innovations.
        squares: Sum of squared one-step errors, passengers.
    """

    point: NDArray[np.float64]
    ar: list[float]
    ma: list[float]
    seasonal_ar: list[float]
    seasonal_ma: list[float]
    intercept: float
    state: list[float]
    scale: float
    squares: float


def estimate(
    w: NDArray[np.float64],
    z: NDArray[np.float64],
    y: NDArray[np.float64],
    orders: tuple[int, int, int, int],
    season_length: int,
    lam: float | None,
    *,
    drift: bool,
    earlier: Arma | None = None,
) -> Arma:
    """Maximise the exact likelihood.

    Args:
        w: Differenced series, shape ``(n,)``.
        z: Series on the transformed scale; its last n values belong to ``w``.
        y: The same in passengers.
        orders: ``p, q, P, Q``.
        season_length: Observations per season.
        lam: Lambda of the transform, ``None`` for none.
        drift: Whether ``w`` has a mean.
        earlier: Fit of the same model to another prefix of the same series: a good start.

    Raises:
        ModelError: The likelihood is not defined anywhere near the starts.
    """
    from forecastctl.models.kernels import engine

    spec = np.array([season_length, *orders, 1], dtype=np.int64)
    size = sum(orders) + 1
    active = np.arange(size if drift else size - 1, dtype=np.int64)
    if earlier is not None:
        starts = earlier.point[None].copy()
    else:
        starts = np.zeros((2, size))
        starts[:, -1] = float(np.mean(w)) if drift else 0.0
        engine.arma_starts(w, spec, starts)
    point = starts[0]
    if len(active):
        spread = float(np.std(w)) or 1.0
        point = engine.search(w, spec, starts, active, _bounds(size), spread)
    row = engine.arma_outcome(w, z, y, point, spec, math.nan if lam is None else lam)
    if not math.isfinite(row[0]) or not math.isfinite(row[1]):
        raise ModelError("the likelihood is not defined")
    return _arma(point, row, orders, season_length, len(w))


def _bounds(size: int) -> NDArray[np.float64]:
    bounds = np.empty((2, size))
    bounds[0], bounds[1] = -_EDGE, _EDGE
    bounds[:, -1] = (-np.inf, np.inf)
    return bounds


def _arma(
    point: NDArray[np.float64],
    row: NDArray[np.float64],
    orders: tuple[int, int, int, int],
    m: int,
    n: int,
) -> Arma:
    ends = np.cumsum(orders)
    ar, ma, seasonal_ar, seasonal_ma = (
        coefficients(point[end - order : end]) for end, order in zip(ends, orders, strict=True)
    )
    mean = float(point[-1])
    state = row[3:].tolist()
    rest = lagged(ar, seasonal_ar, m)
    for i in range(len(state)):  # what the mean adds: to the first element all of it
        state[i] += mean * (sum(rest[i:]) if i else 1.0)
    return Arma(
        point,
        ar,
        [-v for v in ma],
        seasonal_ar,
        [-v for v in seasonal_ma],
        mean * (1.0 - sum(ar)) * (1.0 - sum(seasonal_ar)),
        state,
        float(row[0]) / float(row[1]) ** 2 / n,
        float(row[2]),
    )


def coefficients(partial: Sequence[float] | NDArray[np.float64]) -> list[float]:
    """Coefficients of an autoregression from its partial autocorrelations.

    Monahan (1984), A note on enforcing stationarity in autoregressive-moving average models.
    """
    found: list[float] = []
    for r in partial:
        found = [a - float(r) * b for a, b in zip(found, reversed(found), strict=True)]
        found.append(float(r))
    return found


def lagged(ar: Sequence[float], seasonal_ar: Sequence[float], m: int) -> list[float]:
    """Coefficients of lags 1, 2, ... of the product of both autoregressions."""
    found = [0.0] * (len(ar) + m * len(seasonal_ar))
    for i, value in enumerate(ar):
        found[i] += value
    for j, outer in enumerate(seasonal_ar):
        found[m * (j + 1) - 1] += outer
        for i, value in enumerate(ar):
            found[m * (j + 1) + i] -= value * outer
    return found
