"""Entry points of the compiled kernels: starting points, search, and what was found.

The folds of a trial are prefixes of one series, so that the optimum of one fold, initial states
included, is a good start for the next.

Arrays are of float64 or int64, contiguous, and writable; others are refused, where the kernels are
compiled. Shapes are the caller's business.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from forecastctl.models.kernels.arma import arma_residuals
from forecastctl.models.kernels.decorate import entry, inner
from forecastctl.models.kernels.layout import (
    ESTIMATED,
    OUTCOME,
    RELATIVE,
    TREND,
    M,
    copy,
    state_length,
    states_length,
)
from forecastctl.models.kernels.least_squares import ces_or_theta, minimise
from forecastctl.models.kernels.smoothing import criterion, smooth
from forecastctl.models.kernels.starts import (
    grid,
    heuristic_states,
    pin_last_season,
    simple_states,
)

if TYPE_CHECKING:
    from forecastctl.models.kernels.decorate import Ints, Matrix, Vector

CRITERION, RAW, RELATIVE_ERRORS, BACK, LAST_LEVEL, LAST_TREND = range(OUTCOME)
"""Elements of what `smoothing_outcome` returns; then the seasons of leads 1 to m."""

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


@entry("void(f8[::1], i8[::1], f8[:, ::1], i8[::1])")
def smoothing_starts(z: Vector, spec: Ints, starts: Matrix, active: Ints) -> None:
    """Write starting points of smoothing.

    Args:
        z: Data on the transformed scale.
        spec: The model.
        starts: The first row has the given parameters; a second row asks for a search over the
            grid.
        active: Elements that are searched.
    """
    m, n, x = spec[M], len(z), starts[0]
    if n >= SHORT + 2 * (m // 2):
        heuristic_states(z, spec, spec[TREND] == 1, x)
    else:
        simple_states(z, spec, spec[TREND] == 1, x)
    if spec[ESTIMATED] == 1:
        pin_last_season(spec, x)
    if len(starts) > 1:
        copy(x, starts[1])
        grid(z, spec, active, starts)


@entry("f8[::1](f8[::1], f8[::1], f8[::1], i8[::1], f8)")
def smoothing_outcome(z: Vector, y: Vector, x: Vector, spec: Ints, lam: float) -> Vector:
    """Sums of squares, final level, trend and seasons by lead.

    Args:
        z: Data on the transformed scale.
        y: The same in passengers.
        x: The point.
        spec: The model.
        lam: Lambda, NaN for no transform.
    """
    n, m = len(z), spec[M]
    fitted, season, row = np.empty(n), np.empty(m), np.zeros(OUTCOME + m)
    row[LAST_LEVEL], row[LAST_TREND] = smooth(z, x, spec, fitted, season)
    row[CRITERION] = criterion(z, fitted, spec[RELATIVE] == 1)
    for t in range(n):
        row[RAW] += (z[t] - fitted[t]) ** 2
        row[RELATIVE_ERRORS] += ((z[t] - fitted[t]) / fitted[t]) ** 2
        row[BACK] += (y[t] - untransformed(fitted[t], lam)) ** 2
    for j in range(m):
        row[OUTCOME + j] = season[(n + j) % m]
    return row


@inner
def _place(x: Vector, p: int, q: int, moving: int, i: int) -> None:
    """Write the i-th of 18 usual points; seasonal moving averages begin at ``moving``."""
    if p:
        x[0] = -0.4 + 0.6 * (i % 3)
    if q:
        x[p] = -0.5 + 0.6 * (i // 3 % 3)
    for j in range(p + q, len(x) - 1):
        x[j] = 0.1 if j < moving else 0.7 if i // 9 else 0.2


@entry("void(f8[::1], i8[::1], f8[:, ::1])")
def arma_starts(w: Vector, spec: Ints, starts: Matrix) -> None:
    """Write two starting points of an ARMA.

    Args:
        w: Differenced data.
        spec: The model.
        starts: Two rows, the first of which has the mean.
    """
    p, q, sp = spec[1], spec[2], spec[3]
    n, best, second = len(w), np.inf, np.inf
    x, out, raw, state = starts[0].copy(), np.empty(n), np.empty(n), np.empty(state_length(spec))
    for i in range(18):
        _place(x, p, q, p + q + sp, i)
        arma_residuals(w, x, spec, out, raw, state)
        found = 0.0
        for t in range(n):
            found += out[t] * out[t]
        if found < best:
            best, second = found, best
            copy(starts[0], starts[1])
            copy(x, starts[0])
        elif best < found < second:
            second = found
            copy(x, starts[1])


@entry("f8[::1](f8[::1], f8[::1], f8[::1], f8[::1], i8[::1], f8)")
def arma_outcome(w: Vector, z: Vector, y: Vector, x: Vector, spec: Ints, lam: float) -> Vector:
    """Criterion, factor on the standardised innovations, squared errors in passengers, state.

    Args:
        w: Differenced data.
        z: Data on the transformed scale.
        y: The same in passengers.
        x: The point.
        spec: The model.
        lam: Lambda, NaN for no transform.
    """
    n, lags = len(w), len(z) - len(w)
    out, raw, row = np.empty(n), np.empty(n), np.zeros(3 + state_length(spec))
    row[1] = arma_residuals(w, x, spec, out, raw, row[3:])
    for t in range(n):
        row[0] += out[t] * out[t]
        row[2] += (y[lags + t] - untransformed(z[lags + t] - raw[t], lam)) ** 2
    return row


@entry("f8[::1](f8[::1], i8[::1], f8[:, ::1], i8[::1], f8[:, ::1], f8)")
def search(
    y: Vector, spec: Ints, starts: Matrix, active: Ints, bounds: Matrix, spread: float
) -> Vector:
    """The best point that is found from any of the starts.

    Args:
        y: Data.
        spec: The model.
        starts: Points, overwritten, one a row.
        active: Elements that are searched.
        bounds: Bounds of all elements, two rows.
        spread: Size of a typical mean.
    """
    best: Vector = starts[0]
    lowest = np.inf
    for i in range(len(starts)):
        found = minimise(y, spec, starts[i], active, bounds, spread)
        if found < lowest:
            lowest, best = found, starts[i]
    return best


@inner
def _insert(starts: Matrix, losses: Vector, point: Vector, loss: float) -> None:
    """Put a point in its place among those that are best first."""
    at = len(starts)
    while at > 0 and loss < losses[at - 1]:
        at -= 1
    for i in range(len(starts) - 1, at - 1, -1):
        losses[i] = losses[i - 1] if i > at else loss
        copy(starts[i - 1] if i > at else point, starts[i])


@entry("void(f8[::1], i8[::1], f8[:, ::1], f8[:, ::1])")
def starts_on_grid(y: Vector, spec: Ints, points: Matrix, starts: Matrix) -> None:
    """Write the best of some points of CES or theta as starts, best first.

    Args:
        y: Data.
        spec: The model.
        points: Points to try, one a row.
        starts: As many rows as are wanted.
    """
    n, losses = len(y), np.full(len(starts), np.inf)
    out, states = np.empty(n), np.empty(states_length(spec))
    for i in range(len(points)):
        found = np.inf
        if not np.isnan(ces_or_theta(y, points[i], spec, out, states)):
            found = 0.0
            for t in range(n):
                found += out[t] * out[t]
        _insert(starts, losses, points[i], found)


@entry("f8[::1](f8[::1], f8[::1], f8[::1], i8[::1], f8, f8[::1])")
def outcome(z: Vector, y: Vector, x: Vector, spec: Ints, lam: float, out: Vector) -> Vector:
    """Sums of squares on the transformed scale and in passengers, final states.

    Args:
        z: Data on the transformed scale.
        y: The same in passengers.
        x: The point.
        spec: The model: CES or theta.
        lam: Lambda, NaN for no transform.
        out: One-step errors are written here.
    """
    row = np.zeros(2 + states_length(spec))
    if np.isnan(ces_or_theta(z, x, spec, out, row[2:])):
        row[0] = np.nan
    for t in range(len(z)):
        row[0] += out[t] * out[t]
        row[1] += (y[t] - untransformed(z[t] - out[t], lam)) ** 2
    return row
