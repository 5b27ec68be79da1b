"""Derivatives of the smoothing criterion by forward sensitivities: one pass, no differences.

Every quantity of the recursion in `forecastctl.models.kernels.smoothing` is accompanied by its
derivatives by the ``k`` active elements of the point, one row of ``work`` each.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from forecastctl.models.kernels.decorate import inner
from forecastctl.models.kernels.layout import (
    HEAD,
    KIND,
    RELATIVE,
    ROWS,
    SEASON,
    M,
    copy,
)
from forecastctl.models.kernels.smoothing import ADD, ETS, MUL

if TYPE_CHECKING:
    from forecastctl.models.kernels.decorate import Ints, Matrix, Vector

    Rates: TypeAlias = tuple[float, float, float, float]

ALPHA, BETA, GAMMA, PHI, LEVEL, TREND, SLOPE, ROW, RATE = range(9)
"""Rows of ``work``; the seasons' rows follow."""


@inner
def _begin(x: Vector, spec: Ints, active: Ints, work: Matrix) -> None:
    """Derivatives of the smoothing parameters and of the states before the first observation."""
    ets = spec[KIND] == ETS
    work[:] = 0.0
    for i in range(len(active)):
        index = active[i]
        if index == 0:
            work[ALPHA, i] = 1.0
            work[BETA, i] = x[1] if ets else 2.0 * x[0] * x[1]
            work[GAMMA, i] = -x[2]
        elif index == 1:
            work[BETA, i] = x[0] if ets else x[0] * x[0]
        elif index == 2:  # noqa: PLR2004 - position in a point
            work[GAMMA, i] = 1.0 - x[0]
        elif index < HEAD:
            work[index, i] = 1.0  # phi, level and trend stand at the same place in both
        else:
            work[ROWS + index - HEAD, i] = 1.0


@inner
def _add(
    k: int, work: Matrix, ds: Vector, trend: float, error: float, rates: Rates, moving: bool
) -> None:
    """One step of the derivatives, additive or no season."""
    alpha, beta, gamma, phi = rates
    for i in range(k):
        carried = phi * work[TREND, i] + work[PHI, i] * trend
        base = work[LEVEL, i] + carried
        slope = base + ds[i]
        work[LEVEL, i] = base - alpha * slope + work[ALPHA, i] * error
        work[TREND, i] = carried - beta * slope + work[BETA, i] * error
        work[SLOPE, i] = slope
        if moving:
            ds[i] += work[GAMMA, i] * error - gamma * slope


@inner
def _mul(
    k: int,
    work: Matrix,
    ds: Vector,
    trend: float,
    error: float,
    rates: Rates,
    base: float,
    s: float,
    over: float,
    ets: bool,
) -> None:
    """One step of the derivatives, multiplicative season; ``error`` is already divided by s."""
    alpha, beta, gamma, phi = rates
    change = error * s / over
    for i in range(k):
        carried = phi * work[TREND, i] + work[PHI, i] * trend
        d_base = work[LEVEL, i] + carried
        slope = d_base * s + base * ds[i]
        d_error = -(slope + error * ds[i]) / s
        d_level = d_base + alpha * d_error + work[ALPHA, i] * error
        work[TREND, i] = carried + beta * d_error + work[BETA, i] * error
        work[LEVEL, i] = d_level
        work[SLOPE, i] = slope
        d_over = d_level if ets else d_base
        ds[i] += work[GAMMA, i] * change - gamma * (slope + change * d_over) / over


@inner
def _collect(
    k: int, work: Matrix, residual: float, forecast: float, gradient: Vector, hessian: Matrix
) -> None:
    """Add one residual to ``J'r`` and ``J'J``; a forecast other than 0 means relative errors."""
    row = work[ROW]
    for i in range(k):
        row[i] = -work[SLOPE, i]
    if forecast != 0.0:
        for i in range(k):
            rate = work[SLOPE, i] / forecast
            row[i] = -(residual + 1.0) * rate
            work[RATE, i] += rate
    for i in range(k):
        left = row[i]
        gradient[i] += residual * left
        target = hessian[i]
        for j in range(i + 1):
            target[j] += left * row[j]


@inner
def _weighted(
    n: int, k: int, total: float, logs: float, rate: Vector, gradient: Vector, hessian: Matrix
) -> float:
    """Bring in the derivatives of the geometric mean G of the forecasts: the residuals are G r."""
    weight = math.exp(2.0 * logs / n)
    for i in range(k):
        left = rate[i] / n
        for j in range(i + 1):
            right = rate[j] / n
            cross = gradient[i] * right + left * gradient[j] + total * left * right
            hessian[i, j] = weight * (hessian[i, j] + cross)
    for i in range(k):
        gradient[i] = weight * (gradient[i] + total * rate[i] / n)
    return weight * total


@inner
def smoothing_slopes(
    y: Vector,
    x: Vector,
    spec: Ints,
    active: Ints,
    season: Vector,
    work: Matrix,
    gradient: Vector,
    hessian: Matrix,
) -> float:
    """Criterion ``S = sum r**2`` of a point, with ``J'r`` and ``J'J`` of its residuals.

    Args:
        y: Data.
        x: The point.
        spec: The model.
        active: Elements of x by which to differentiate, ``k`` of them.
        season: Room for the seasons, ``(m,)``.
        work: Room, at least ``(ROWS + m, k)``.
        gradient: ``J'r`` is written here, ``(k,)``.
        hessian: ``J'J`` is written to its lower triangle, ``(k, k)``.
    """
    m, multiplies, ets = spec[M], spec[SEASON] == MUL, spec[KIND] == ETS
    relative, moving = spec[RELATIVE] == 1, spec[SEASON] == ADD
    n, k, level, trend = len(y), len(active), x[4], x[5]
    beta = x[0] * x[1] if ets else x[0] * x[0] * x[1]
    rates = (x[0], beta, (1.0 - x[0]) * x[2], x[3])
    copy(x[HEAD:], season)
    _begin(x, spec, active, work)
    hessian[:] = 0.0
    gradient[:] = 0.0
    total = logs = 0.0
    for t in range(n):
        j = t % m
        base, s, ds = level + rates[3] * trend, season[j], work[ROWS + j]
        forecast = base * s if multiplies else base + s
        raw = y[t] - forecast
        error = raw / s if multiplies else raw
        level = base + rates[0] * error
        if multiplies:
            over = level if ets else base
            _mul(k, work, ds, trend, error, rates, base, s, over, ets)
            season[j] = s + rates[2] * raw / over
        else:
            _add(k, work, ds, trend, error, rates, moving)
            season[j] = s + rates[2] * error if moving else s
        trend = rates[3] * trend + rates[1] * error
        residual = raw / forecast if relative else raw
        _collect(k, work, residual, forecast if relative else 0.0, gradient, hessian)
        total += residual * residual
        logs += np.log(abs(forecast)) if relative else 0.0
    if relative:
        total = _weighted(n, k, total, logs, work[RATE], gradient, hessian)
    return total if np.isfinite(total) else np.inf
