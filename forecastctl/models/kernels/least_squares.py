"""Least squares within bounds: Levenberg and Marquardt with an active set, no Python inside.

Levenberg (1944); Marquardt (1963), An algorithm for least-squares estimation of nonlinear
parameters. Elements at a bound that the gradient pushes outward stay there; of the others a damped
step is taken and cut at the bounds. What is linear in a problem, such as the initial states of
additive smoothing, is solved by a single undamped step and does not slow the rest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from forecastctl.models.kernels.arma import arma_residuals
from forecastctl.models.kernels.ces import ces_residuals
from forecastctl.models.kernels.decorate import inner
from forecastctl.models.kernels.layout import (
    ARMA,
    CES,
    PROBLEM,
    ROWS,
    SMOOTHING,
    M,
    copy,
    states_length,
)
from forecastctl.models.kernels.slopes import smoothing_slopes
from forecastctl.models.kernels.smoothing import value
from forecastctl.models.kernels.theta import theta_residuals

if TYPE_CHECKING:
    from forecastctl.models.kernels.decorate import Ints, Matrix, Vector

ITERATIONS = 60
"""Evaluations of the derivatives at most."""

TOLERANCE = 1e-9
"""Relative improvement below which a search is over."""

_STEP = 1e-6
_TINY = 1e-300
_GROWTH = 8.0
_MOST_DAMPING = 1e8


@inner
def ces_or_theta(y: Vector, x: Vector, spec: Ints, out: Vector, states: Vector) -> float:
    """Residuals of a point of either, written to ``out``; NaN where they are not defined."""
    if spec[PROBLEM] == CES:
        return ces_residuals(y, x, spec, out, states)
    return theta_residuals(y, x, out, states)


@inner
def _residuals(y: Vector, x: Vector, spec: Ints, out: Vector, raw: Vector, states: Vector) -> float:
    """Residuals of a point of any problem but smoothing; NaN where they are not defined."""
    if spec[PROBLEM] == ARMA:
        return arma_residuals(y, x, spec, out, raw, states)
    return ces_or_theta(y, x, spec, out, states)


@inner
def _criterion(y: Vector, x: Vector, spec: Ints, out: Vector, raw: Vector, states: Vector) -> float:
    """Criterion of a point, infinite where it is not defined."""
    if spec[PROBLEM] == SMOOTHING:
        return value(y, x, spec, out, states)
    if np.isnan(_residuals(y, x, spec, out, raw, states)):
        return np.inf
    total = 0.0
    for t in range(len(y)):
        total += out[t] * out[t]
    return total if np.isfinite(total) else np.inf


@inner
def _products(slopes: Matrix, out: Vector, gradient: Vector, hessian: Matrix) -> None:
    """Write ``J'r`` and ``J'J`` from the rows of the derivatives."""
    k, n = slopes.shape
    for i in range(k):
        gradient[i] = 0.0
        for t in range(n):
            gradient[i] += slopes[i, t] * out[t]
        for j in range(i + 1):
            cross = 0.0
            for t in range(n):
                cross += slopes[i, t] * slopes[j, t]
            hessian[i, j] = cross


@inner
def _differences(
    y: Vector,
    x: Vector,
    spec: Ints,
    active: Ints,
    sizes: Vector,
    upper: Vector,
    out: Vector,
    raw: Vector,
    states: Vector,
    slopes: Matrix,
    gradient: Vector,
    hessian: Matrix,
) -> float:
    """The same with ``J'r`` and ``J'J``, by differences."""
    n, total, trial = len(y), 0.0, x.copy()
    for i in range(-1, len(active)):  # the point itself, then each neighbour
        row, step = out, 0.0
        if i >= 0:
            row = slopes[i]
            step = _STEP * max(abs(x[active[i]]), sizes[i])
            step = -step if x[active[i]] + step > upper[active[i]] else step
            trial[active[i]] += step
        if np.isnan(_residuals(y, trial, spec, row, raw, states)):
            return np.inf
        for t in range(n):
            if i < 0:
                total += out[t] * out[t]
            else:
                row[t] = (row[t] - out[t]) / step
        if i >= 0:
            trial[active[i]] = x[active[i]]
    _products(slopes, out, gradient, hessian)
    return total if np.isfinite(total) else np.inf


@inner
def _substitute(gradient: Vector, free: Ints, count: int, factor: Matrix, step: Vector) -> None:
    """Write the solution of ``factor factor' step = -gradient``."""
    for i in range(count):
        total = -gradient[free[i]]
        for c in range(i):
            total -= factor[i, c] * step[c]
        step[i] = total / factor[i, i]
    for i in range(count - 1, -1, -1):
        total = step[i]
        for c in range(i + 1, count):
            total -= factor[c, i] * step[c]
        step[i] = total / factor[i, i]


@inner
def _damped(
    hessian: Matrix,
    gradient: Vector,
    free: Ints,
    count: int,
    damping: float,
    factor: Matrix,
    step: Vector,
) -> bool:
    """Solve ``(H + damping diag H) step = -gradient`` for the free elements by Cholesky."""
    for i in range(count):
        row = free[i]
        for j in range(i + 1):
            total = hessian[row, free[j]]
            if i == j:
                total += damping * total + _TINY
            for c in range(j):
                total -= factor[i, c] * factor[j, c]
            if i > j:
                factor[i, j] = total / factor[j, j]
            elif total > 1e-14 * hessian[row, row]:
                factor[i, i] = np.sqrt(total)
            else:
                return False
    _substitute(gradient, free, count, factor, step)
    return True


@inner
def _free(x: Vector, active: Ints, bounds: Matrix, gradient: Vector, free: Ints) -> int:
    """Positions of the active elements that may move, and their number."""
    count = 0
    for i in range(len(active)):
        index = active[i]
        held = (x[index] <= bounds[0, index] and gradient[i] > 0.0) or (
            x[index] >= bounds[1, index] and gradient[i] < 0.0
        )
        if not held:
            free[count] = i
            count += 1
    return count


@inner
def _move(
    x: Vector, active: Ints, bounds: Matrix, free: Ints, count: int, step: Vector, trial: Vector
) -> None:
    """Write the point one step away, cut at the bounds."""
    copy(x, trial)
    for i in range(count):
        index = active[free[i]]
        trial[index] = min(max(x[index] + step[i], bounds[0, index]), bounds[1, index])


@inner
def minimise(
    y: Vector,
    spec: Ints,
    x: Vector,
    active: Ints,
    bounds: Matrix,
    scale: float,
) -> float:
    """Move a point to a minimum.

    Args:
        y: Data.
        spec: The model.
        x: The start, overwritten.
        active: Elements that are searched.
        bounds: Bounds of all elements, two rows.
        scale: The size of a typical mean, for differences.

    Returns:
        The criterion there.
    """
    n, k, smoothing = len(y), len(active), spec[PROBLEM] == SMOOTHING
    slopes = np.empty((ROWS + spec[M], k) if smoothing else (k, n))
    out, raw, states = np.empty(n), np.empty(n), np.empty(states_length(spec))
    gradient, hessian = np.empty(k), np.empty((k, k))
    factor, step, free = np.empty((k, k)), np.empty(k), np.empty(k, dtype=np.int64)
    trial, sizes = np.empty(len(x)), np.empty(k)
    for i in range(k):
        sizes[i] = scale if active[i] == len(x) - 1 else 0.1
    damping, current, found = 1e-3, np.inf, np.inf
    for _ in range(ITERATIONS):
        if smoothing:
            current = smoothing_slopes(y, x, spec, active, states, slopes, gradient, hessian)
        else:
            current = _differences(
                y, x, spec, active, sizes, bounds[1], out, raw, states, slopes, gradient, hessian
            )
        count = _free(x, active, bounds, gradient, free)
        found = np.inf
        while count and damping < _MOST_DAMPING and np.isfinite(current):
            if _damped(hessian, gradient, free, count, damping, factor, step):
                _move(x, active, bounds, free, count, step, trial)
                found = _criterion(y, trial, spec, out, raw, states)
                if found < current:
                    break
            damping *= _GROWTH
        if not found < current:
            return current
        copy(trial, x)
        damping = max(damping / _GROWTH, 1e-9)
        if current - found <= TOLERANCE * current:
            return found
    return found
