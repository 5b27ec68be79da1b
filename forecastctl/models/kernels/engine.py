"""Entry points of the compiled kernels: starting points, search, and what was found.

The folds of a trial are prefixes of one series, so that the optimum of one fold, initial states
included, is a good start for the next.

Arrays are of float64 or int64, contiguous, and writable. The kernels see their addresses alone, so
that anything else is refused; shapes are the caller's business.
"""

from __future__ import annotations

import ctypes
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from forecastctl.models.kernels.layout import (
    OUTCOME,
    M,
    residual_room,
    search_room,
    starts_room,
    states_length,
)
from forecastctl.models.kernels.machine_code import kernels

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Vector: TypeAlias = NDArray[np.float64]
    Matrix: TypeAlias = NDArray[np.float64]
    Ints: TypeAlias = NDArray[np.int64]

CRITERION, RAW, RELATIVE_ERRORS, BACK, LAST_LEVEL, LAST_TREND = range(OUTCOME)
"""Columns of what `smoothing_outcome` returns; then the seasons of leads 1 to m."""

_FLOAT, _INT = np.dtype(np.float64), np.dtype(np.int64)

_memory: Any = (ctypes.c_char * 0).from_buffer  # of any length; refuses what is not contiguous

_KERNELS = kernels()
_smoothing_starts = _KERNELS["smoothing_starts"]
_smoothing_outcome = _KERNELS["smoothing_outcome"]
_arma_starts = _KERNELS["arma_starts"]
_arma_outcome = _KERNELS["arma_outcome"]
_search = _KERNELS["search"]
_starts_on_grid = _KERNELS["starts_on_grid"]
_outcome = _KERNELS["outcome"]


def _floats(array: NDArray[np.float64]) -> Any:
    if array.dtype != _FLOAT:
        raise TypeError(f"the kernels take float64, not {array.dtype}")
    return _memory(array)


def _ints(array: Ints) -> Any:
    if array.dtype != _INT:
        raise TypeError(f"the kernels take int64, not {array.dtype}")
    return _memory(array)


def _room(length: int) -> Any:
    return _memory(np.empty(length))


def smoothing_starts(z: Vector, spec: Ints, starts: Matrix, active: Ints) -> None:
    """Write starting points of smoothing.

    Args:
        z: Data on the transformed scale.
        spec: The model.
        starts: The first row has the given parameters; a second row asks for a search over the
            grid.
        active: Elements that are searched.
    """
    n = len(z)
    length = starts_room(spec.item(M), n)
    _smoothing_starts(
        _floats(z), n, _ints(spec), _floats(starts), len(starts), _ints(active), len(active),
        _room(length), length,
    )  # fmt: skip


def smoothing_outcome(z: Vector, y: Vector, x: Vector, spec: Ints, lam: float) -> Vector:
    """Sums of squares, final level, trend and seasons by lead.

    Args:
        z: Data on the transformed scale.
        y: The same in passengers.
        x: The point.
        spec: The model.
        lam: Lambda, NaN for no transform.
    """
    n, m = len(z), spec.item(M)
    row = np.empty(OUTCOME + m)
    _smoothing_outcome(
        _floats(z), _floats(y), n, _floats(x), len(x), _ints(spec), lam, _memory(row), len(row),
        _room(n + m), n + m,
    )  # fmt: skip
    return row


def arma_starts(w: Vector, spec: Ints, starts: Matrix) -> None:
    """Write two starting points of an ARMA.

    Args:
        w: Differenced data.
        spec: The model.
        starts: Two rows, the first of which has the mean.
    """
    n, size = len(w), starts.shape[1]
    length = 2 * n + size + residual_room(spec.tolist())
    _arma_starts(_floats(w), n, _ints(spec), _floats(starts), size, _room(length), length)


def arma_outcome(w: Vector, z: Vector, y: Vector, x: Vector, spec: Ints, lam: float) -> Vector:
    """Criterion, factor on the standardised innovations, squared errors in passengers, state.

    Args:
        w: Differenced data.
        z: Data on the transformed scale.
        y: The same in passengers.
        x: The point.
        spec: The model.
        lam: Lambda, NaN for no transform.
    """
    n, orders = len(w), spec.tolist()
    row, length = np.empty(3 + states_length(orders)), 2 * n + residual_room(orders)
    _arma_outcome(
        _floats(w), n, _floats(z), _floats(y), len(z), _floats(x), len(x), _ints(spec), lam,
        _memory(row), len(row), _room(length), length,
    )  # fmt: skip
    return row


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
    rows, size = starts.shape
    n, k = len(y), len(active)
    room = np.empty(search_room(spec.tolist(), n, k, size))
    _search(
        _floats(y), n, _ints(spec), _floats(starts), rows, size, _ints(active), k,
        _floats(bounds), spread, _memory(np.empty(k, dtype=_INT)), _memory(room), len(room),
    )  # fmt: skip
    best: Vector = starts[int(room[0])]
    return best


def starts_on_grid(y: Vector, spec: Ints, points: Matrix, starts: Matrix) -> None:
    """Write the best of some points as starts, best first.

    Args:
        y: Data.
        spec: The model.
        points: Points to try, one a row.
        starts: As many rows as are wanted.
    """
    n, (count, size) = len(y), starts.shape
    length = 2 * n + count + residual_room(spec.tolist())
    _starts_on_grid(
        _floats(y), n, _ints(spec), _floats(points), len(points), _floats(starts), count, size,
        _room(length), length,
    )  # fmt: skip


def outcome(z: Vector, y: Vector, x: Vector, spec: Ints, lam: float, out: Vector) -> Vector:
    """Sums of squares on the transformed scale and in passengers, final states.

    Args:
        z: Data on the transformed scale.
        y: The same in passengers.
        x: The point.
        spec: The model: any but smoothing.
        lam: Lambda, NaN for no transform.
        out: One-step errors are written here.
    """
    n, orders = len(z), spec.tolist()
    row, length = np.empty(2 + states_length(orders)), n + residual_room(orders)
    _outcome(
        _floats(z), _floats(y), n, _floats(x), len(x), _ints(spec), lam, _floats(out),
        _memory(row), len(row), _room(length), length,
    )  # fmt: skip
    return row
