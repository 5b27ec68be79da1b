"""Tasks of an estimation, each made of many evaluations: starts, search, and what was found.

What they are is said in `forecastctl.models.kernels.engine`. The last argument is room to work in.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from forecastctl.models.kernels.arma import arma_residuals
from forecastctl.models.kernels.compiled import inner
from forecastctl.models.kernels.layout import (
    ESTIMATED,
    OUTCOME,
    RELATIVE,
    TREND,
    M,
)
from forecastctl.models.kernels.least_squares import minimise, residuals
from forecastctl.models.kernels.smoothing import criterion, smooth
from forecastctl.models.kernels.starts import (
    grid,
    heuristic_states,
    pin_last_season,
    simple_states,
)

if TYPE_CHECKING:
    from forecastctl.models.kernels.compiled import Ints, Matrix, Vector

CRITERION, RAW, RELATIVE_ERRORS, BACK, LAST_LEVEL, LAST_TREND = range(OUTCOME)

SHORT = 10


@inner
def untransformed(z: float, lam: float) -> float:
    """Passengers from the transformed scale; lambda NaN for no transform."""
    if np.isnan(lam):
        return z
    if lam == 0.0:
        return math.exp(z)
    base = lam * z + 1.0
    return math.exp(math.log(base) / lam) if base > 0.0 else 0.0


@inner
def smoothing_starts(z: Vector, spec: Ints, starts: Matrix, active: Ints, room: Vector) -> None:
    """Write starting points of smoothing."""
    m, n, x = spec[M], len(z), starts[0]
    if n >= SHORT + 2 * (m // 2):
        heuristic_states(z, n, spec, spec[TREND] == 1, x, room)
    else:
        simple_states(z, spec, spec[TREND] == 1, x)
    if spec[ESTIMATED] == 1:
        pin_last_season(spec, x)
    if len(starts) > 1:
        for j in range(len(x)):
            starts[1, j] = x[j]
        grid(z, n, spec, active, starts, room)


@inner
def smoothing_outcome(
    z: Vector, y: Vector, x: Vector, spec: Ints, lam: float, row: Vector, room: Vector
) -> None:
    """Write the outcome of a point of smoothing."""
    n, m = len(z), spec[M]
    fitted, season = room[:n], room[n:]
    for j in range(len(row)):
        row[j] = 0.0
    row[LAST_LEVEL], row[LAST_TREND] = smooth(z, n, x, spec, fitted, season)
    row[CRITERION] = criterion(z, n, fitted, spec[RELATIVE] == 1)
    for t in range(n):
        row[RAW] += (z[t] - fitted[t]) ** 2
        row[RELATIVE_ERRORS] += ((z[t] - fitted[t]) / fitted[t]) ** 2
        row[BACK] += (y[t] - untransformed(fitted[t], lam)) ** 2
    for j in range(m):
        row[OUTCOME + j] = season[(n + j) % m]


@inner
def _place(x: Vector, p: int, q: int, moving: int, i: int) -> None:
    """Write the i-th of 18 usual points; seasonal moving averages begin at ``moving``."""
    if p:
        x[0] = -0.4 + 0.6 * (i % 3)
    if q:
        x[p] = -0.5 + 0.6 * (i // 3 % 3)
    for j in range(p + q, len(x) - 1):
        x[j] = 0.1 if j < moving else 0.7 if i // 9 else 0.2


@inner
def arma_starts(w: Vector, spec: Ints, starts: Matrix, room: Vector) -> None:
    """Write two starting points of an ARMA."""
    p, q, sp = spec[1], spec[2], spec[3]
    n, size = len(w), starts.shape[1]
    out, raw, x = room[:n], room[n : 2 * n], room[2 * n : 2 * n + size]
    rest, best, second = room[2 * n + size :], np.inf, np.inf
    for j in range(size):
        x[j] = starts[0, j]
    for i in range(18):
        _place(x, p, q, p + q + sp, i)
        arma_residuals(w, n, x, spec, out, raw, rest)
        found = 0.0
        for t in range(n):
            found += out[t] * out[t]
        if found < best:
            best, second = found, best
            for j in range(size):
                starts[1, j], starts[0, j] = starts[0, j], x[j]
        elif best < found < second:
            second = found
            for j in range(size):
                starts[1, j] = x[j]


@inner
def arma_outcome(
    w: Vector, z: Vector, y: Vector, x: Vector, spec: Ints, lam: float, row: Vector, room: Vector
) -> None:
    """Write the outcome of a point of an ARMA."""
    n, lags = len(w), len(z) - len(w)
    out, raw, rest = room[:n], room[n : 2 * n], room[2 * n :]
    row[0], row[2] = 0.0, 0.0
    row[1] = arma_residuals(w, n, x, spec, out, raw, rest)
    for j in range(len(row) - 3):
        row[3 + j] = rest[j]
    for t in range(n):
        row[0] += out[t] * out[t]
        row[2] += (y[lags + t] - untransformed(z[lags + t] - raw[t], lam)) ** 2


@inner
def search(
    y: Vector,
    spec: Ints,
    starts: Matrix,
    active: Ints,
    bounds: Matrix,
    spread: float,
    free: Ints,
    room: Vector,
) -> None:
    """Move every start to a minimum; write to the room which of them came lowest."""
    lowest = np.inf
    room[0] = 0.0
    for i in range(len(starts)):
        found = minimise(y, spec, starts[i], active, bounds, spread, free, room[1:])
        if found < lowest:
            room[0], lowest = i, found


@inner
def _insert(starts: Matrix, losses: Vector, point: Vector, loss: float) -> None:
    """Put a point in its place among those that are best first."""
    at = len(starts)
    while at > 0 and loss < losses[at - 1]:
        at -= 1
    for i in range(len(starts) - 1, at - 1, -1):
        losses[i] = losses[i - 1] if i > at else loss
        for j in range(len(point)):
            starts[i, j] = starts[i - 1, j] if i > at else point[j]


@inner
def starts_on_grid(y: Vector, spec: Ints, points: Matrix, starts: Matrix, room: Vector) -> None:
    """Write the best of some points as starts, best first."""
    n, count = len(y), len(starts)
    out, raw, losses = room[:n], room[n : 2 * n], room[2 * n : 2 * n + count]
    rest = room[2 * n + count :]
    for j in range(count):
        losses[j] = np.inf
    for i in range(len(points)):
        found = np.inf
        if not np.isnan(residuals(y, n, points[i], spec, out, raw, rest)):
            found = 0.0
            for t in range(n):
                found += out[t] * out[t]
        _insert(starts, losses, points[i], found)


@inner
def outcome(
    z: Vector, y: Vector, x: Vector, spec: Ints, lam: float, out: Vector, row: Vector, room: Vector
) -> None:
    """Write the outcome of a point of any problem but smoothing, and its errors."""
    n = len(z)
    raw, rest = room[:n], room[n:]
    row[0] = row[1] = 0.0
    if np.isnan(residuals(z, n, x, spec, out, raw, rest)):
        row[0] = np.nan
    for j in range(len(row) - 2):
        row[2 + j] = rest[j]
    for t in range(n):
        row[0] += out[t] * out[t]
        row[1] += (y[t] - untransformed(z[t] - out[t], lam)) ** 2
