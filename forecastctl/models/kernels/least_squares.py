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
from forecastctl.models.kernels.compiled import inner
from forecastctl.models.kernels.layout import (
    CES,
    PROBLEM,
    ROWS,
    SMOOTHING,
    THETA,
    M,
)
from forecastctl.models.kernels.room import table
from forecastctl.models.kernels.slopes import smoothing_slopes
from forecastctl.models.kernels.smoothing import value
from forecastctl.models.kernels.theta import theta_residuals

if TYPE_CHECKING:
    from forecastctl.models.kernels.compiled import Ints, Matrix, Vector

ITERATIONS = 60
"""Evaluations of the derivatives at most."""

TOLERANCE = 1e-9
"""Relative improvement below which a search is over."""

_STEP = 1e-6
_TINY = 1e-300
_GROWTH = 8.0
_MOST_DAMPING = 1e8


@inner
def residuals(
    y: Vector, n: int, x: Vector, spec: Ints, out: Vector, raw: Vector, room: Vector
) -> float:
    """Residuals of a point of any problem but smoothing; NaN where they are not defined."""
    if spec[PROBLEM] == CES:
        return ces_residuals(y, n, x, spec, out, room)
    if spec[PROBLEM] == THETA:
        return theta_residuals(y, n, x, out, room)
    return arma_residuals(y, n, x, spec, out, raw, room)


@inner
def _criterion(
    y: Vector, n: int, x: Vector, spec: Ints, out: Vector, raw: Vector, room: Vector
) -> float:
    """Criterion of a point, infinite where it is not defined."""
    if spec[PROBLEM] == SMOOTHING:
        return value(y, n, x, spec, out, room)
    if np.isnan(residuals(y, n, x, spec, out, raw, room)):
        return np.inf
    total = 0.0
    for t in range(n):
        total += out[t] * out[t]
    return total if np.isfinite(total) else np.inf


@inner
def _products(n: int, k: int, work: Matrix, out: Vector, gradient: Vector, hessian: Matrix) -> None:
    """Write ``J'r`` and ``J'J`` from the rows of the derivatives."""
    for i in range(k):
        gradient[i] = 0.0
        for t in range(n):
            gradient[i] += work[i, t] * out[t]
        for j in range(i + 1):
            cross = 0.0
            for t in range(n):
                cross += work[i, t] * work[j, t]
            hessian[i, j] = cross


@inner
def _differences(
    y: Vector,
    n: int,
    x: Vector,
    spec: Ints,
    active: Ints,
    upper: Vector,
    out: Vector,
    room: Vector,
    work: Matrix,
    gradient: Vector,
    hessian: Matrix,
    trial: Vector,
) -> float:
    """The same with ``J'r`` and ``J'J``, by differences."""
    k = len(active)
    total = 0.0
    for j in range(len(x)):
        trial[j] = x[j]
    for i in range(-1, k):  # the point itself, then each neighbour
        row, step = out, 0.0
        if i >= 0:
            row = work[i]
            step = _STEP * max(abs(x[active[i]]), work[k, i])
            step = -step if x[active[i]] + step > upper[active[i]] else step
            trial[active[i]] += step
        if np.isnan(residuals(y, n, trial, spec, row, work[k + 1], room)):
            return np.inf
        for t in range(n):
            if i < 0:
                total += out[t] * out[t]
            else:
                row[t] = (row[t] - out[t]) / step
        if i >= 0:
            trial[active[i]] = x[active[i]]
    _products(n, k, work, out, gradient, hessian)
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
    for j in range(len(x)):
        trial[j] = x[j]
    for i in range(count):
        index = active[free[i]]
        trial[index] = min(max(x[index] + step[i], bounds[0, index]), bounds[1, index])


@inner
def _sizes_of_steps(active: Ints, scale: float, size: int, work: Matrix) -> None:
    """Write the sizes of the elements, for differences, to the last row but one."""
    k = len(active)
    for i in range(k):
        work[k, i] = scale if active[i] == size - 1 else 0.1


@inner
def minimise(
    y: Vector,
    spec: Ints,
    x: Vector,
    active: Ints,
    bounds: Matrix,
    scale: float,
    free: Ints,
    room: Vector,
) -> float:
    """Move a point to a minimum.

    Args:
        y: Data.
        spec: The model.
        x: The start, overwritten.
        active: Elements that are searched.
        bounds: Bounds of all elements, two rows.
        scale: The size of a typical mean, for differences.
        free: Room for as many positions as are searched.
        room: See `forecastctl.models.kernels.layout.search_room`.

    Returns:
        The criterion there.
    """
    k, n, size, smoothing = len(active), len(y), len(x), spec[PROBLEM] == SMOOTHING
    rows, columns = (ROWS + spec[M], k) if smoothing else (k + 2, max(n, k))
    trial, beside, at = room[:size], room[size : 2 * size], 2 * size
    gradient, step = room[at : at + k], room[at + k : at + 2 * k]
    at += 2 * k
    hessian, factor = table(room, at, k, k), table(room, at + k * k, k, k)
    at += 2 * k * k
    work, out = table(room, at, rows, columns), room[at + rows * columns :]
    rest = out[n:]
    damping, current, found = 1e-3, np.inf, np.inf
    if not smoothing:
        _sizes_of_steps(active, scale, size, work)
    for _ in range(ITERATIONS):
        if smoothing:
            current = smoothing_slopes(y, n, x, spec, active, k, rest, work, gradient, hessian)
        else:
            current = _differences(
                y, n, x, spec, active, bounds[1], out, rest, work, gradient, hessian, beside
            )
        count = _free(x, active, bounds, gradient, free)
        found = np.inf
        while count and damping < _MOST_DAMPING and np.isfinite(current):
            if _damped(hessian, gradient, free, count, damping, factor, step):
                _move(x, active, bounds, free, count, step, trial)
                found = _criterion(y, n, trial, spec, out, work[k + 1], rest)
                if found < current:
                    break
            damping *= _GROWTH
        if not found < current:
            return current
        for j in range(size):
            x[j] = trial[j]
        damping = max(damping / _GROWTH, 1e-9)
        if current - found <= TOLERANCE * current:
            return found
    return found
