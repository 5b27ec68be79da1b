"""Entry points of the kernels, with arguments of C: see `forecastctl.models.kernels.engine`.

The order of the arguments is that of `kernels_layout.SIGNATURES`: a size follows the array, or the
arrays, that it is the size of. The last array of floats is room to work in.
"""

from __future__ import annotations

from typing import Any

from forecastctl.models.kernels import tasks
from forecastctl.models.kernels.layout import HEAD, M
from forecastctl.models.kernels.room import matrix, vector

SPEC = 7
"""Length of the longest spec; a shorter one is not read so far."""


def smoothing_starts(
    z: Any, n: int, spec: Any, starts: Any, rows: int, active: Any, k: int, room: Any, length: int
) -> None:
    """Write starting points of smoothing."""
    tasks.smoothing_starts(
        vector(z, n),
        vector(spec, SPEC),
        matrix(starts, rows, HEAD + spec[M]),
        vector(active, k),
        vector(room, length),
    )


def smoothing_outcome(
    z: Any,
    y: Any,
    n: int,
    x: Any,
    size: int,
    spec: Any,
    lam: float,
    row: Any,
    columns: int,
    room: Any,
    length: int,
) -> None:
    """Write the outcome of a smoothing point."""
    tasks.smoothing_outcome(
        vector(z, n),
        vector(y, n),
        vector(x, size),
        vector(spec, SPEC),
        lam,
        vector(row, columns),
        vector(room, length),
    )


def arma_starts(w: Any, n: int, spec: Any, starts: Any, size: int, room: Any, length: int) -> None:
    """Write two starting points of an ARMA."""
    tasks.arma_starts(
        vector(w, n), vector(spec, SPEC), matrix(starts, 2, size), vector(room, length)
    )


def arma_outcome(
    w: Any,
    n: int,
    z: Any,
    y: Any,
    whole: int,
    x: Any,
    size: int,
    spec: Any,
    lam: float,
    row: Any,
    columns: int,
    room: Any,
    length: int,
) -> None:
    """Write the outcome of an ARMA point."""
    tasks.arma_outcome(
        vector(w, n),
        vector(z, whole),
        vector(y, whole),
        vector(x, size),
        vector(spec, SPEC),
        lam,
        vector(row, columns),
        vector(room, length),
    )


def search(
    y: Any,
    n: int,
    spec: Any,
    starts: Any,
    rows: int,
    size: int,
    active: Any,
    k: int,
    bounds: Any,
    spread: float,
    free: Any,
    room: Any,
    length: int,
) -> None:
    """Move every start to a minimum; write to the room which start came lowest."""
    tasks.search(
        vector(y, n),
        vector(spec, SPEC),
        matrix(starts, rows, size),
        vector(active, k),
        matrix(bounds, 2, size),
        spread,
        vector(free, k),
        vector(room, length),
    )


def starts_on_grid(
    y: Any,
    n: int,
    spec: Any,
    points: Any,
    rows: int,
    starts: Any,
    count: int,
    size: int,
    room: Any,
    length: int,
) -> None:
    """Write the best of some points as starts, best first."""
    tasks.starts_on_grid(
        vector(y, n),
        vector(spec, SPEC),
        matrix(points, rows, size),
        matrix(starts, count, size),
        vector(room, length),
    )


def outcome(
    z: Any,
    y: Any,
    n: int,
    x: Any,
    size: int,
    spec: Any,
    lam: float,
    out: Any,
    row: Any,
    columns: int,
    room: Any,
    length: int,
) -> None:
    """Write the outcome of a point of any problem but smoothing, and its one-step errors."""
    tasks.outcome(
        vector(z, n),
        vector(y, n),
        vector(x, size),
        vector(spec, SPEC),
        lam,
        vector(out, n),
        vector(row, columns),
        vector(room, length),
    )
