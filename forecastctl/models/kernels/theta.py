"""The theta model: simple exponential smoothing with a share of the data's own trend.

Fiorucci, Pellegrini, Louzada, Petropoulos and Koehler (2016), Models for optimising the theta
method and their relationship to state space models, equations 8 to 12: with A and B of the
least-squares line A + B t through the data, t from 1,

    f = l + w ((1 - alpha)**(t - 1) A + (1 - (1 - alpha)**t) / alpha B)
    l' = alpha y + (1 - alpha) l

where w = 1 - 1 / theta; w = 1/2 is the standard method of Assimakopoulos and Nikolopoulos (2000).

A point is x = (alpha, w, l before the first observation). A spec is (m, 0, 0, 0, 0, problem).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from forecastctl.models.kernels.decorate import inner

if TYPE_CHECKING:
    from forecastctl.models.kernels.decorate import Vector


@inner
def theta_residuals(y: Vector, x: Vector, out: Vector, states: Vector) -> float:
    """One-step errors, written to ``out``; what a forecast goes on from, to ``states``.

    That is the level, A, B and ``(1 - alpha)**n``.

    Returns:
        One.
    """
    n, mean, slope = len(y), 0.0, 0.0
    middle = 0.5 * (n + 1)
    for t in range(n):
        mean += y[t] / n
    for t in range(n):
        slope += (t + 1 - middle) * (y[t] - mean)
    slope *= 12.0 / (n * (n * n - 1.0)) if n > 1 else 0.0
    first = mean - slope * middle
    alpha, share, level, power = x[0], x[1], x[2], 1.0
    for t in range(n):
        line = power * first
        power *= 1.0 - alpha
        line += (1.0 - power) / alpha * slope
        error = y[t] - level - share * line
        out[t] = error
        level = alpha * y[t] + (1.0 - alpha) * level
    states[0], states[1], states[2], states[3] = level, first, slope, power
    return 1.0 if np.isfinite(level) else np.nan
