"""What makes compiled functions of plain ones: numba's public interface, nothing else.

Kernels are plain Python functions of arrays. Called by one another they are compiled; called from
anywhere else they run as they stand. Entry points are what the rest of the package calls: they are
compiled when their module is imported, or taken from numba's cache. Where numba is missing or
compiles nothing, entry points are plain Python as well: as right, and hundreds of times slower.

No fast-math: the same bits in every process.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from forecastctl.models.kernels import cache

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    Vector: TypeAlias = NDArray[np.float64]
    Matrix: TypeAlias = NDArray[np.float64]
    Ints: TypeAlias = NDArray[np.int64]

F = TypeVar("F", bound="Callable[..., Any]")

_OPTIONS = {"nogil": True, "fastmath": False, "error_model": "numpy"}

trouble: list[Exception] = []
"""Why entry points are plain Python; empty where they are compiled."""

try:
    import numba
    from numba.extending import register_jitable

    if numba.config.DISABLE_JIT:
        trouble.append(RuntimeError("NUMBA_DISABLE_JIT is set"))
except (ImportError, OSError) as error:  # OSError: a shared library of numba's own is missing
    trouble.append(error)


def inner(function: F) -> F:
    """Decorate what other kernels call."""
    if trouble:
        return function
    kept: F = register_jitable(**_OPTIONS)(function)
    return kept


def entry(signature: str) -> Callable[[F], F]:
    """Decorate an entry point.

    Args:
        signature: Types of the result and the arguments, as numba writes them.
    """

    def decorate(function: F) -> F:
        if trouble:
            return function
        try:
            return _compiled(function, signature, cache.place())
        except Exception as error:  # noqa: BLE001 - numba may fail in any way
            trouble.append(error)
            return function

    return decorate


def _compiled(function: F, signature: str, folder: Path | None) -> F:
    """A function compiled for one signature, from numba's cache in a directory where there is one.

    A cache that cannot be read is removed, and nothing is kept this time.
    """
    compiled: F
    before = numba.config.CACHE_DIR
    numba.config.CACHE_DIR = str(folder or before)
    try:
        compiled = numba.njit(signature, cache=folder is not None, **_OPTIONS)(function)
    except Exception:
        if folder is None:
            raise
        cache.clear(folder)
        return _compiled(function, signature, None)
    finally:
        numba.config.CACHE_DIR = before
    return compiled
