"""An oracle for CES and theta: plain loops and SciPy's simplex, which share no code with the kernels."""

import math

import numpy as np
from scipy.optimize import minimize

from forecastctl.models import ces, theta
from forecastctl.models.parts.transforms import back

_PASSES = 5
_POTENTIAL = 1.1


def ces_run(y, kind, m, x):
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
                level = complex_step(level, pair, e)
            if kind == "partial":
                season[j] += x[2] * e
            elif kind != "none":
                season[j] = complex_step(season[j], second, e)
    parts = [level.real, level.imag, *(s.real for s in season), *(s.imag for s in season)]
    return errors, parts


def complex_step(state, a, error):
    level, potential = state.real, state.imag
    real = level - (1.0 - a[1]) * potential + (a[0] - a[1]) * error
    return complex(real, level + (1.0 - a[0]) * potential + (a[0] + a[1]) * error)


def stable(kind, x):
    """Whether the eigenvalues of what an error leaves behind lie within the unit circle."""
    for a, b in ((x[0], x[1]), (x[2], x[3]))[: 2 if kind == "full" else 1]:
        matrix = np.array([[1.0 - a + b, -(1.0 - b)], [1.0 - a - b, 1.0 - a]])
        if np.max(np.abs(np.linalg.eigvals(matrix))) >= 1.0:
            return False
    return True


def estimate_ces(z, y, kind, m, lam, earlier):
    """In place of `forecastctl.models.ces.estimate`."""
    values, count = z.tolist(), ces.ACTIVE[kind]

    def squares(free):
        x = (*(float(v) for v in free), *(0.0,) * (4 - count))
        if not stable(kind, x):
            return math.inf
        return math.fsum(e * e for e in ces_run(values, kind, m, x)[0])

    free = _minimum(squares, ces.grid(kind)[:, :count], ces.BOUNDS[:, :count])
    x = (*(float(v) for v in free), *(0.0,) * (4 - count))
    errors, states = ces_run(values, kind, m, x)
    fitted, _ = back(z - np.array(errors), np.zeros(len(z)), lam)
    sums = [math.fsum(e * e for e in errors), float(np.sum((y - fitted) ** 2))]
    return np.array(x), np.array([*sums, *states])


def theta_run(z, x):
    """One-step errors and final states, from the equations as they stand."""
    n, (alpha, share, level) = len(z), x
    slope, first = (float(v) for v in np.polyfit(np.arange(1.0, n + 1.0), z, 1))
    errors = []
    for t, value in enumerate(z, 1):
        line = (1.0 - alpha) ** (t - 1) * first + (1.0 - (1.0 - alpha) ** t) / alpha * slope
        errors.append(value - level - share * line)
        level += alpha * (value - level)
    return errors, [level, first, slope, (1.0 - alpha) ** n]


def estimate_theta(z, errors, *, optimised):
    """In place of `forecastctl.models.theta.estimate`."""
    values, active = z.tolist(), [0, 1, 2] if optimised else [0, 2]
    points = theta.grid(z, optimised=optimised)

    def point(free):
        x = [0.0, float(points[0, 1]), 0.0]
        for i, value in zip(active, free, strict=True):
            x[i] = float(value)
        return tuple(x)

    def squares(free):
        return math.fsum(e * e for e in theta_run(values, point(free))[0])

    x = point(_minimum(squares, points[:, active], theta.BOUNDS[:, active]))
    found, states = theta_run(values, x)
    errors[:] = found
    return np.array(x), np.array([math.fsum(e * e for e in found), 0.0, *states])


def _minimum(squares, points, bounds):
    """Where the simplex of Nelder and Mead (1965) ends from the best of some points."""
    start = min(points, key=squares)
    found = minimize(
        squares,
        start,
        method="Nelder-Mead",
        bounds=list(zip(*bounds, strict=True)),
        options={"maxiter": 150 * len(start), "xatol": 1e-5, "fatol": 1e-7 * squares(start)},
    )
    return found.x
