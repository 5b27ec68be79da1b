"""Complex exponential smoothing: the recursion and its residuals.

Svetunkov, Kourentzes and Ord (2022), Complex exponential smoothing, in the state space form: a
level l and the information potential c, which an error e changes together,

    f = l,   l' = l - (1 - a1) c + (a0 - a1) e,   c' = l + (1 - a0) c + (a0 + a1) e

*simple* lets both of them be those of a season ago; *partial* adds a season s to the level,
``s' = s + b0 e``; *full* adds a second pair of a season ago, with b0 and b1 for a0 and a1.

A point is x = (a0, a1, b0, b1). A spec is an integer array (m, kind, 0, 0, 0, problem). The states
are one array of length 2 m + 2: l, c, then the seasonal values, then their potentials; ``simple``
uses the seasonal ones alone, and ``partial`` has no potentials.

The states before the first observation are found by backcasting: the recursion is run over the
data, back again, and over the data once more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from forecastctl.models.kernels.decorate import inner

if TYPE_CHECKING:
    from forecastctl.models.kernels.decorate import Ints, Vector

NONE, SIMPLE, PARTIAL, FULL = 0, 1, 2, 3
"""Kinds of season."""

_POTENTIAL = 1.1
"""Level over potential, to begin with."""

_PASSES = 2
"""Times that the recursion goes back."""


@inner
def ces_stable(x: Vector, kind: int) -> bool:
    """Whether what an error does to the level fades away (both pairs by themselves)."""
    for i in range(2 if kind == FULL else 1):
        a, b = x[2 * i], x[2 * i + 1]
        det = (1.0 - a + b) * (1.0 - a) + (1.0 - b) * (1.0 - a - b)
        trace = 2.0 - 2.0 * a + b
        if not (abs(det) < 1.0 and abs(trace) < 1.0 + det):
            return False
    return True


@inner
def _begin(y: Vector, spec: Ints, states: Vector) -> None:
    """Write first guesses: the mean of a season, and the distances from it."""
    m, kind = spec[0], spec[1]
    mean = 0.0
    for j in range(m):
        mean += y[j] / m
    states[:] = 0.0
    if kind != SIMPLE:
        states[0], states[1] = mean, mean / _POTENTIAL
    for j in range(m if kind != NONE else 0):
        value = y[j] if kind == SIMPLE else y[j] - mean
        states[2 + j] = value
        states[2 + m + j] = 0.0 if kind == PARTIAL else value / _POTENTIAL


@inner
def ces_step(x: Vector, kind: int, m: int, j: int, error: float, states: Vector) -> None:
    """Go on by one observation, of season j."""
    if kind != SIMPLE:
        level, potential = states[0], states[1]
        states[0] = level - (1.0 - x[1]) * potential + (x[0] - x[1]) * error
        states[1] = level + (1.0 - x[0]) * potential + (x[0] + x[1]) * error
    if kind == PARTIAL:
        states[2 + j] += x[2] * error
    elif kind != NONE:
        a, b = (x[2], x[3]) if kind == FULL else (x[0], x[1])
        level, potential = states[2 + j], states[2 + m + j]
        states[2 + j] = level - (1.0 - b) * potential + (a - b) * error
        states[2 + m + j] = level + (1.0 - a) * potential + (a + b) * error


@inner
def ces_residuals(y: Vector, x: Vector, spec: Ints, out: Vector, states: Vector) -> float:
    """One-step errors, written to ``out``; final states, written to ``states``.

    Returns:
        One, or NaN for a point outside the stable region.
    """
    n, m, kind = len(y), spec[0], spec[1]
    if not ces_stable(x, kind):
        return np.nan
    _begin(y, spec, states)
    for turn in range(2 * _PASSES + 1):
        for i in range(n):
            t = i if turn % 2 == 0 else n - 1 - i
            j = t % m
            error = y[t] - states[0] - states[2 + j]
            out[t] = error
            ces_step(x, kind, m, j, error, states)
    return 1.0
