"""Arrays over memory that a caller of the kernels gives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from numba import types
from numba.core import cgutils
from numba.extending import intrinsic
from numba.np.arrayobj import make_array, populate_array

from forecastctl.models.kernels.compiled import inner

if TYPE_CHECKING:
    from forecastctl.models.kernels.compiled import Matrix


def _over(context: Any, builder: Any, kind: Any, data: Any, shape: list[Any]) -> Any:
    """An array of float64 or int64, in rows, over existing memory."""
    made, size = make_array(kind)(context, builder), context.get_constant(types.intp, 8)
    strides = [builder.mul(size, length) for length in shape[1:]] + [size]
    populate_array(
        made,
        data=builder.bitcast(data, made.data.type),
        shape=cgutils.pack_array(builder, shape),
        strides=cgutils.pack_array(builder, strides),
        itemsize=size,
        meminfo=None,
    )
    return made._getvalue()  # noqa: SLF001 - numba's way


def _vector(typing: Any, pointer: Any, length: Any) -> Any:  # noqa: ARG001 - numba's way
    kind = types.Array(pointer.dtype, 1, "C")

    def make(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        return _over(context, builder, signature.return_type, given[0], [given[1]])

    return kind(pointer, types.intp), make


vector: Any = intrinsic(_vector)
"""Array of some length at a pointer."""


def _matrix(typing: Any, pointer: Any, rows: Any, columns: Any) -> Any:  # noqa: ARG001
    kind = types.Array(pointer.dtype, 2, "C")

    def make(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        return _over(context, builder, signature.return_type, given[0], list(given[1:]))

    return kind(pointer, types.intp, types.intp), make


matrix: Any = intrinsic(_matrix)
"""Array of some rows and columns at a pointer."""


def _table(typing: Any, room: Any, start: Any, rows: Any, columns: Any) -> Any:  # noqa: ARG001
    kind = types.Array(room.dtype, 2, "C")

    def make(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        data = make_array(signature.args[0])(context, builder, given[0]).data
        place = builder.gep(data, [given[1]])
        return _over(context, builder, signature.return_type, place, list(given[2:]))

    return kind(room, types.intp, types.intp, types.intp), make


table: Any = intrinsic(_table)
"""Some rows and columns of a vector, from an element on."""


@inner
def clear(zeros: Matrix) -> None:
    """Write zeros."""
    for i in range(zeros.shape[0]):
        for j in range(zeros.shape[1]):
            zeros[i, j] = 0.0
