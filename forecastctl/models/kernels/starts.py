"""Initial states by the heuristics that statsmodels uses, and a coarse grid of parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from forecastctl.models.kernels.decorate import inner
from forecastctl.models.kernels.layout import HEAD, SEASON, M, copy
from forecastctl.models.kernels.smoothing import MUL, NONE, value

if TYPE_CHECKING:
    from forecastctl.models.kernels.decorate import Ints, Matrix, Vector

_TEN = 10
_CYCLES = 5


@inner
def _line(z: Vector, trend: bool, x: Vector) -> None:
    """Level and trend at time 0 of the least-squares line through the first ten values."""
    mean, slope = 0.0, 0.0
    for i in range(_TEN):
        mean += z[i] / _TEN
        slope += z[i] * (i - 4.5) / 82.5
    x[4] = mean - 5.5 * slope
    x[5] = slope if trend else 0.0


@inner
def _moving_average(y: Vector, m: int) -> Vector:
    """Centred average over a season, two-sided for an even one; the ends are left off."""
    found = np.empty(len(y) - 2 * (m // 2))
    for i in range(len(found)):
        total = 0.0
        for j in range(m):
            total += y[i + j]
        if m % 2 == 0:
            total += 0.5 * (y[i + m] - y[i])
        found[i] = total / m
    return found


@inner
def heuristic_states(y: Vector, spec: Ints, trend: bool, x: Vector) -> None:
    """Write initial states: Hyndman et al. (2008), section 2.6.1.

    The season is the average distance from a moving average over at most five seasons, level and
    trend come from a line through the first ten values of that average.
    """
    m, multiplies = spec[M], spec[SEASON] == MUL
    if spec[SEASON] == NONE:
        x[HEAD] = 0.0
        _line(y, trend, x)
        return
    n, half = len(y), m // 2
    cycles = max(min(_CYCLES, n // m), int(np.ceil((_TEN + 2 * half) / m)))
    smoothed = _moving_average(y[: min(cycles * m, n)], m)
    sums, counts = np.zeros(m), np.zeros(m)
    for i in range(len(smoothed)):
        t = i + half
        sums[t % m] += y[t] / smoothed[i] if multiplies else y[t] - smoothed[i]
        counts[t % m] += 1.0
    middle = 0.0
    for j in range(m):
        sums[j] /= counts[j]
        middle += sums[j] / m
    for j in range(m):
        x[HEAD + j] = sums[j] / middle if multiplies else sums[j] - middle
    _line(smoothed, trend, x)


@inner
def simple_states(y: Vector, spec: Ints, trend: bool, x: Vector) -> None:
    """Write initial states of a short series: Hyndman and Athanasopoulos (2019), section 7.6."""
    m, multiplies = spec[M], spec[SEASON] == MUL
    if spec[SEASON] == NONE:
        x[HEAD] = 0.0
        x[4] = y[0]
        x[5] = y[1] - y[0] if trend else 0.0
        return
    first = second = 0.0
    for j in range(m):
        first += y[j] / m
        second += y[m + j] / m
    x[4] = first
    x[5] = (second - first) / m if trend else 0.0
    for j in range(m):
        x[HEAD + j] = y[j] / first if multiplies else y[j] - first


@inner
def pin_last_season(spec: Ints, x: Vector) -> None:
    """Shift level against season so that the last season is neutral, which changes no forecast."""
    last = x[HEAD + spec[M] - 1]
    if spec[SEASON] == MUL and last != 0.0:
        x[4] *= last
        x[5] *= last
        for j in range(spec[M]):
            x[HEAD + j] /= last
    elif spec[SEASON] != MUL:
        x[4] += last
        for j in range(spec[M]):
            x[HEAD + j] -= last


@inner
def grid(y: Vector, spec: Ints, active: Ints, starts: Matrix) -> None:
    """Write the best point of a coarse grid to the first start, another one to the second.

    Only the smoothing parameters among the active elements are moved, from those of the first
    start; the second has the best of the points with another alpha.
    """
    x, trial = starts[0].copy(), starts[0].copy()
    fitted, season = np.empty(len(y)), np.empty(spec[M])
    best, second = np.inf, np.inf
    trend, seasonal, damped = _has(active, 1), _has(active, 2), _has(active, 3)
    for alpha in (0.03, 0.12, 0.3, 0.5, 0.75, 0.95):
        trial[0] = alpha
        here, at = np.inf, 0
        for i in range(12):
            if (i % 2 and not trend) or (i // 2 % 2 and not damped) or (i // 4 and not seasonal):
                continue
            _place(trial, x, trend, seasonal, damped, i)
            found = value(y, trial, spec, fitted, season)
            if found < here:
                here, at = found, i
        _place(trial, x, trend, seasonal, damped, at)
        if here < best:
            best, second = here, best
            copy(starts[0], starts[1])
            copy(trial, starts[0])
        elif here < second:
            second = here
            copy(trial, starts[1])


@inner
def _place(trial: Vector, x: Vector, trend: bool, seasonal: bool, damped: bool, i: int) -> None:
    """Write the i-th combination of share, season and damping."""
    trial[1] = (0.25 if i % 2 else 0.02) if trend else x[1]
    trial[3] = (0.85 if i // 2 % 2 else 0.97) if damped else x[3]
    trial[2] = (0.02 if i // 4 == 0 else 0.15 if i // 4 == 1 else 0.5) if seasonal else x[2]


@inner
def _has(active: Ints, index: int) -> bool:
    count = 0
    for element in active:
        count += element == index
    return count > 0
