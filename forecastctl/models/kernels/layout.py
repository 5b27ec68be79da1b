"""How models are told to the kernels, and how outcomes come back: positions and lengths."""

from __future__ import annotations

from typing import TYPE_CHECKING

from forecastctl.models.kernels.decorate import inner

if TYPE_CHECKING:
    from forecastctl.models.kernels.decorate import Ints, Vector

M, SEASON, RELATIVE, KIND, TREND, PROBLEM, ESTIMATED = range(7)
"""Positions in a spec: see the kernels of each problem; the last one belongs to smoothing alone."""

SMOOTHING, ARMA, CES, THETA = range(4)
"""Problems."""

HEAD = 6
"""Elements of a smoothing point before the season."""

ROWS = 9
"""Rows of the derivatives of smoothing before those of the seasons."""

OUTCOME = 6
"""Elements of a smoothing outcome before the season."""

THETA_STATES = 4
"""Level, A, B, ``(1 - alpha)**n``."""


@inner
def copy(source: Vector, target: Vector) -> None:
    """``target[:] = source``, which would take numba seven seconds to compile, for its messages."""
    for i in range(len(target)):
        target[i] = source[i]


@inner
def state_length(spec: Ints) -> int:
    """Length of the state of an ARMA, whose spec is (m, p, q, P, Q, problem)."""
    return int(max(spec[1] + spec[0] * spec[3], spec[2] + spec[0] * spec[4] + 1))


@inner
def states_length(spec: Ints) -> int:
    """Length of the states of a problem."""
    if spec[PROBLEM] == ARMA:
        return state_length(spec)
    if spec[PROBLEM] == CES:
        return int(2 * spec[M] + 2)
    return THETA_STATES if spec[PROBLEM] == THETA else int(spec[M])
