"""What callers of the kernels must know: positions in a spec, arguments, and lengths of the room.

The kernels allocate nothing, so that their machine code runs without numba; every caller gives them
room to work in. This module is plain Python: what only calls compiled code needs no compiler.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

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

SIGNATURES = {
    "smoothing_starts": "fnifninfn",
    "smoothing_outcome": "ffnfnixfnfn",
    "arma_starts": "fnifnfn",
    "arma_outcome": "fnffnfnixfnfn",
    "search": "fnifnninfxifn",
    "starts_on_grid": "fnifnfnnfn",
    "outcome": "ffnfnixffnfn",
}
"""Arguments of the entry points in C: pointers to floats and ints, a size (n), a number (x)."""


def state_length(spec: Sequence[int]) -> int:
    """Length of the state of an ARMA, whose spec is (m, p, q, P, Q, problem)."""
    return int(max(spec[1] + spec[0] * spec[3], spec[2] + spec[0] * spec[4] + 1))


def states_length(spec: Sequence[int]) -> int:
    """Length of the states of a problem."""
    if spec[PROBLEM] == ARMA:
        return state_length(spec)
    if spec[PROBLEM] == CES:
        return 2 * spec[M] + 2
    return THETA_STATES if spec[PROBLEM] == THETA else spec[M]


def residual_room(spec: Sequence[int]) -> int:
    """Room for the residuals of a point: the states, and what `kernels_arma` works with."""
    states = states_length(spec)
    if spec[PROBLEM] != ARMA:
        return states
    side = spec[1] + spec[0] * spec[3] + 1
    return 7 * states + max(3 * max(spec[1:5]), 2 * states + 1 + side * side)


def starts_room(m: int, n: int) -> int:
    """Room for the starting points of smoothing: a series, two points, three seasons."""
    return n + 2 * (HEAD + m) + 3 * m


def search_room(spec: Sequence[int], n: int, k: int, size: int) -> int:
    """Room for a search.

    Args:
        spec: The model.
        n: Observations.
        k: Elements that are searched.
        size: Length of a point.
    """
    rows = ROWS + spec[M] if spec[PROBLEM] == SMOOTHING else k + 2
    work = rows * (k if spec[PROBLEM] == SMOOTHING else max(n, k))
    return 1 + 2 * size + 2 * k + 2 * k * k + n + work + residual_room(spec)
