"""Exponential smoothing: the recursion, its criterion, and the derivatives of both.

One recursion serves Holt-Winters and ETS, in error-correction form (Hyndman, Koehler, Ord and
Snyder, 2008, table 2.1): with L = l + phi b, forecast f = L + s or L s, and error e = y - f,

    l' = L + alpha e / S,   b' = phi b + beta e / S,   s' = s + gamma e / D

where S and D are 1 for an additive season; for a multiplicative one S = s, and D is L in
Holt-Winters and l' in ETS, as statsmodels has them.

A point is one array x = (alpha, u, g, phi, l, b, s[0..m-1]): u and g between 0 and 1 scale beta and
gamma into the region that statsmodels admits, l, b and s are the states before the first
observation, ``s[t]`` the season of observation t. A model without season has m = 1 and a neutral s.
A spec is an integer array (m, season, relative, kind), see the constants.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from forecastctl.models.kernels.decorate import inner
from forecastctl.models.kernels.layout import HEAD, KIND, RELATIVE, SEASON, M, copy

if TYPE_CHECKING:
    from forecastctl.models.kernels.decorate import Ints, Vector

NONE, ADD, MUL = 0, 1, 2
"""Seasons."""

HOLT_WINTERS, ETS = 0, 1
"""Kinds: ``beta = alpha**2 u`` (statsmodels keeps Holt's beta below alpha), or ``alpha u``."""


@inner
def smooth(y: Vector, x: Vector, spec: Ints, fitted: Vector, season: Vector) -> tuple[float, float]:
    """One-step forecasts, written to ``fitted``; final seasons, written to ``season``.

    Returns:
        Final level and trend. ``season[t % m]`` is the season of observation t.
    """
    m, multiplies, ets = spec[M], spec[SEASON] == MUL, spec[KIND] == ETS
    alpha, phi, level, trend = x[0], x[3], x[4], x[5]
    beta = alpha * x[1] if ets else alpha * alpha * x[1]
    gamma = (1.0 - alpha) * x[2]
    copy(x[HEAD:], season)
    moving = spec[SEASON] != NONE
    j = 0
    for t in range(len(y)):
        base = level + phi * trend
        s = season[j]
        if multiplies:
            fitted[t] = base * s
            error = (y[t] - fitted[t]) / s
            level = base + alpha * error
            season[j] = s + gamma * (y[t] - fitted[t]) / (level if ets else base)
        else:
            fitted[t] = base + s
            error = y[t] - fitted[t]
            level = base + alpha * error
            if moving:
                season[j] = s + gamma * error
        trend = phi * trend + beta * error
        j = j + 1 if j + 1 < m else 0
    return level, trend


@inner
def criterion(y: Vector, fitted: Vector, relative: bool) -> float:
    """What is minimised: a sum of squares whose logarithm is the likelihood's.

    For additive errors the sum of squares; for errors relative to the forecast f that of e/f times
    the squared geometric mean of abs(f). Either way the log-likelihood, as statsmodels defines
    it, is ``-n/2 (log(2 pi S / n) + 1)``. Infinite where it is not defined.
    """
    n, total = len(y), 0.0
    if not relative:
        for t in range(n):
            total += (y[t] - fitted[t]) ** 2
        return total if np.isfinite(total) else np.inf
    logs = 0.0
    for t in range(n):
        if fitted[t] == 0.0:
            return np.inf
        total += ((y[t] - fitted[t]) / fitted[t]) ** 2
        logs += np.log(abs(fitted[t]))
    total *= np.exp(2.0 * logs / n)
    return total if np.isfinite(total) else np.inf


@inner
def value(y: Vector, x: Vector, spec: Ints, fitted: Vector, season: Vector) -> float:
    """Criterion of a point."""
    smooth(y, x, spec, fitted, season)
    return criterion(y, fitted, spec[RELATIVE] == 1)
