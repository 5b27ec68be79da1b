"""The reference engine for models that statsmodels does not have: plain loops and SciPy's simplex.

They check the compiled recursions, which they share no code with, and stand in for them where numba
does not work. They are hundreds of times slower.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from forecastctl.models import ces, theta
from forecastctl.models.parts.transforms import back

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from forecastctl.models.base import Fit
    from forecastctl.records import Options

    Vector = NDArray[np.float64]

_PASSES = 5
_POTENTIAL = 1.1


class ReferenceCes(ces.Ces):
    """Complex exponential smoothing in plain Python."""

    fit_prefixes = None  # type: ignore[assignment]  # each fit starts afresh

    def fit(self, y: Vector, season_length: int, options: Options) -> Fit:
        """Minimise the one-step errors."""
        return ces.fit_with(_ces, y, season_length, options)[1]


class ReferenceTheta(theta.Theta):
    """The theta method in plain Python."""

    fit_prefixes = None  # each fit starts afresh

    def fit(self, y: Vector, season_length: int, options: Options) -> Fit:
        """Take the season out, and smooth the rest."""
        return theta.fit_with(_theta, y, season_length, options)


def ces_run(
    y: list[float], kind: str, m: int, x: tuple[float, ...]
) -> tuple[list[float], list[float]]:
    """One-step errors and final states, in complex numbers as the paper has them.

    Svetunkov, Kourentzes and Ord (2022), equation 4, with l + ic as one complex state.
    """
    mean = math.fsum(y[:m]) / m
    level = 0j if kind == "simple" else complex(mean, mean / _POTENTIAL)
    apart = [v if kind == "simple" else v - mean for v in y[:m]]
    season = [0j] * m if kind == "none" else [complex(v, v / _POTENTIAL) for v in apart]
    if kind == "partial":
        season = [complex(v, 0.0) for v in apart]
    pair, second = (x[0], x[1]), (x[2], x[3]) if kind == "full" else (x[0], x[1])
    errors = [0.0] * len(y)
    for turn in range(_PASSES):
        order = range(len(y)) if turn % 2 == 0 else range(len(y) - 1, -1, -1)
        for t in order:
            j = t % m
            e = y[t] - level.real - season[j].real
            errors[t] = e
            if kind != "simple":
                level = _complex_step(level, pair, e)
            if kind == "partial":
                season[j] += x[2] * e
            elif kind != "none":
                season[j] = _complex_step(season[j], second, e)
    parts = [level.real, level.imag, *(s.real for s in season), *(s.imag for s in season)]
    return errors, parts


def _complex_step(state: complex, a: tuple[float, float], error: float) -> complex:
    level, potential = state.real, state.imag
    real = level - (1.0 - a[1]) * potential + (a[0] - a[1]) * error
    return complex(real, level + (1.0 - a[0]) * potential + (a[0] + a[1]) * error)


def _stable(kind: str, x: tuple[float, ...]) -> bool:
    """Whether the eigenvalues of what an error leaves behind lie within the unit circle."""
    for a, b in ((x[0], x[1]), (x[2], x[3]))[: 2 if kind == "full" else 1]:
        matrix = np.array([[1.0 - a + b, -(1.0 - b)], [1.0 - a - b, 1.0 - a]])
        if np.max(np.abs(np.linalg.eigvals(matrix))) >= 1.0:
            return False
    return True


def _ces(
    z: Vector, y: Vector, kind: str, m: int, lam: float | None, earlier: Any
) -> tuple[Vector, Vector]:
    del earlier
    values, count = z.tolist(), ces.ACTIVE[kind]

    def squares(free: Vector) -> float:
        x = (*(float(v) for v in free), *(0.0,) * (4 - count))
        if not _stable(kind, x):
            return math.inf
        return math.fsum(e * e for e in ces_run(values, kind, m, x)[0])

    free = _minimum(squares, ces.grid(kind)[:, :count], ces.BOUNDS[:, :count])
    x = (*(float(v) for v in free), *(0.0,) * (4 - count))
    errors, states = ces_run(values, kind, m, x)
    fitted, _ = back(z - np.array(errors), np.zeros(len(z)), lam)
    sums = [math.fsum(e * e for e in errors), float(np.sum((y - fitted) ** 2))]
    return np.array(x), np.array([*sums, *states])


def theta_run(z: list[float], x: tuple[float, ...]) -> tuple[list[float], list[float]]:
    """One-step errors and final states, from the equations as they stand."""
    n, (alpha, share, level) = len(z), x
    slope, first = (float(v) for v in np.polyfit(np.arange(1.0, n + 1.0), z, 1))
    errors = []
    for t, value in enumerate(z, 1):
        line = (1.0 - alpha) ** (t - 1) * first + (1.0 - (1.0 - alpha) ** t) / alpha * slope
        errors.append(value - level - share * line)
        level += alpha * (value - level)
    return errors, [level, first, slope, (1.0 - alpha) ** n]


def _theta(z: Vector, errors: Vector, *, optimised: bool) -> tuple[Vector, Vector]:
    values, active = z.tolist(), [0, 1, 2] if optimised else [0, 2]
    points = theta.grid(z, optimised=optimised)

    def point(free: Vector) -> tuple[float, ...]:
        x = [0.0, float(points[0, 1]), 0.0]
        for i, value in zip(active, free, strict=True):
            x[i] = float(value)
        return tuple(x)

    def squares(free: Vector) -> float:
        return math.fsum(e * e for e in theta_run(values, point(free))[0])

    x = point(_minimum(squares, points[:, active], theta.BOUNDS[:, active]))
    found, states = theta_run(values, x)
    errors[:] = found
    return np.array(x), np.array([math.fsum(e * e for e in found), 0.0, *states])


def _minimum(squares: Callable[[Vector], float], points: Vector, bounds: Vector) -> Vector:
    """Where the simplex of Nelder and Mead (1965) ends from the best of some points."""
    from scipy.optimize import minimize

    start = min(points, key=squares)
    found = minimize(
        squares,
        start,
        method="Nelder-Mead",
        bounds=list(zip(*bounds, strict=True)),
        options={"maxiter": 150 * len(start), "xatol": 1e-5, "fatol": 1e-7 * squares(start)},
    )
    best: Vector = found.x
    return best
