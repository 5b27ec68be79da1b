"""Entry points of the compiled kernels: starting points, search, and what was found.

The folds of a trial are prefixes of one series, so that the optimum of one fold, initial states
included, is a good start for the next.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from forecastctl.core.families.compiled import entry, inner
from forecastctl.core.families.kernels_arma import arma_residuals, state_length
from forecastctl.core.families.kernels_search import make_minimise, residuals, room_length
from forecastctl.core.families.kernels_smoothing import RELATIVE, M, criterion, smooth
from forecastctl.core.families.kernels_starts import (
    grid,
    heuristic_states,
    pin_last_season,
    simple_states,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from forecastctl.core.families.compiled import Ints, Matrix, Vector

TREND = 4
"""Position in a smoothing spec of whether there is a trend."""

ESTIMATED = 6
"""Position in a smoothing spec of whether initial states are estimated."""

CRITERION, RAW, RELATIVE_ERRORS, BACK, LAST_LEVEL, LAST_TREND = range(6)
"""Columns of what `smoothing_outcome` returns; then the seasons of leads 1 to m."""

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


def _make_smoothing_starts(number: int) -> Callable[..., Any]:
    def smoothing_starts(z: Vector, spec: Ints, starts: Matrix, active: Ints) -> None:
        m, n = spec[M], len(z) + (number < 0)
        x = starts[0]
        if n >= SHORT + 2 * (m // 2):
            heuristic_states(z, n, spec, spec[TREND] == 1, x)
        else:
            simple_states(z, spec, spec[TREND] == 1, x)
        if spec[ESTIMATED] == 1:
            pin_last_season(spec, x)
        if len(starts) > 1:
            for j in range(len(x)):
                starts[1, j] = x[j]
            grid(z, n, spec, active, starts, np.empty(n), np.empty(m))

    return smoothing_starts


def _make_smoothing_outcome(number: int) -> Callable[..., Any]:
    def smoothing_outcome(z: Vector, y: Vector, x: Vector, spec: Ints, lam: float) -> Vector:
        n, m = len(z), spec[M]
        row = np.zeros(6 + m + (number < 0))
        fitted, season = np.empty(n), np.empty(m)
        row[LAST_LEVEL], row[LAST_TREND] = smooth(z, n, x, spec, fitted, season)
        row[CRITERION] = criterion(z, n, fitted, spec[RELATIVE] == 1)
        for t in range(n):
            row[RAW] += (z[t] - fitted[t]) ** 2
            row[RELATIVE_ERRORS] += ((z[t] - fitted[t]) / fitted[t]) ** 2
            row[BACK] += (y[t] - untransformed(fitted[t], lam)) ** 2
        for j in range(m):
            row[6 + j] = season[(n + j) % m]
        return row

    return smoothing_outcome


@inner
def _place(x: Vector, p: int, q: int, moving: int, i: int) -> None:
    """Write the i-th of 18 usual points; seasonal moving averages begin at ``moving``."""
    if p:
        x[0] = -0.4 + 0.6 * (i % 3)
    if q:
        x[p] = -0.5 + 0.6 * (i // 3 % 3)
    for j in range(p + q, len(x) - 1):
        x[j] = 0.1 if j < moving else 0.7 if i // 9 else 0.2


def _make_arma_starts(number: int) -> Callable[..., Any]:
    def arma_starts(w: Vector, spec: Ints, starts: Matrix) -> None:
        p, q, sp = spec[1], spec[2], spec[3]
        n, size = len(w), starts.shape[1]
        out, raw, room = np.empty(n), np.empty(n), np.empty(state_length(spec))
        x, best, second = starts[0].copy(), np.inf + (number < 0), np.inf
        for i in range(18):
            _place(x, p, q, p + q + sp, i)
            arma_residuals(w, n, x, spec, out, raw, room)
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

    return arma_starts


def _make_arma_outcome(number: int) -> Callable[..., Any]:
    def arma_outcome(w: Vector, z: Vector, y: Vector, x: Vector, spec: Ints, lam: float) -> Vector:
        n, lags = len(w), len(z) - len(w)
        row = np.zeros(3 + state_length(spec) + (number < 0))
        out, raw = np.empty(n), np.empty(n)
        row[1] = arma_residuals(w, n, x, spec, out, raw, row[3:])
        for t in range(n):
            row[0] += out[t] * out[t]
            row[2] += (y[lags + t] - untransformed(z[lags + t] - raw[t], lam)) ** 2
        return row

    return arma_outcome


def _make_starts_on_grid(number: int) -> Callable[..., Any]:
    def starts_on_grid(y: Vector, spec: Ints, points: Matrix, starts: Matrix) -> None:
        n, count = len(y), len(starts)
        out, raw, room = np.empty(n), np.empty(n), np.empty(room_length(spec))
        losses = np.full(count, np.inf + (number < 0))
        for i in range(len(points)):
            found = np.inf
            if not np.isnan(residuals(y, n, points[i], spec, out, raw, room)):
                found = 0.0
                for t in range(n):
                    found += out[t] * out[t]
            at, loss = i, found
            for j in range(count):
                if loss < losses[j]:
                    losses[j + 1 :] = losses[j:-1].copy()
                    starts[j + 1 :] = starts[j:-1].copy()
                    losses[j], starts[j] = loss, points[at]
                    break

    return starts_on_grid


def _make_outcome(number: int) -> Callable[..., Any]:
    def outcome(z: Vector, y: Vector, x: Vector, spec: Ints, lam: float, out: Vector) -> Vector:
        n = len(z)
        row = np.zeros(2 + room_length(spec) + (number < 0))
        if np.isnan(residuals(z, n, x, spec, out, np.empty(n), row[2:])):
            row[0] = np.nan
        for t in range(n):
            row[0] += out[t] * out[t]
            row[1] += (y[t] - untransformed(z[t] - out[t], lam)) ** 2
        return row

    return outcome


_V, _M, _I = "float64[::1]", "float64[:,::1]", "int64[::1]"

minimise = entry(f"float64({_V},{_I},{_V},{_I},{_M},float64)", make_minimise)


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
    found = [minimise(y, spec, start, active, bounds, spread) for start in starts]
    best: Vector = starts[int(np.argmin(found))]
    return best


smoothing_starts = entry(f"void({_V},{_I},{_M},{_I})", _make_smoothing_starts)
"""Write starting points: data, spec, starts (the first row has the given parameters; a second row
asks for a search over the grid), active elements."""

smoothing_outcome = entry(f"{_V}({_V},{_V},{_V},{_I},float64)", _make_smoothing_outcome)
"""Sums of squares, final level, trend and seasons by lead: data on the transformed scale, in
passengers, point, spec, lambda (NaN for none)."""

arma_starts = entry(f"void({_V},{_I},{_M})", _make_arma_starts)
"""Write two starting points: differenced data, spec, starts (the first row has the mean)."""

arma_outcome = entry(f"{_V}({_V},{_V},{_V},{_V},{_I},float64)", _make_arma_outcome)
"""Criterion, factor on the standardised innovations, sum of squared errors in passengers, and the
predicted state: differenced, transformed and raw data, point, spec, lambda (NaN for none)."""

starts_on_grid = entry(f"void({_V},{_I},{_M},{_M})", _make_starts_on_grid)
"""Write the best of some points as starts, best first: data, spec, points, starts."""

outcome = entry(f"{_V}({_V},{_V},{_V},{_I},float64,{_V})", _make_outcome)
"""Sums of squares on the transformed scale and in passengers, final states: data on the transformed
scale, in passengers, point, spec, lambda (NaN for none), room where one-step errors are written."""
