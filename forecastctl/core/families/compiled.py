"""Compilation of the numerical kernels: once per machine, shared by every worker.

The kernels are plain Python functions of arrays, compiled by numba. Entry points have explicit
signatures, so that what one process compiled the next one reads from numba's cache: beside the
package where that is writable, else in the user's cache directory (or ``NUMBA_CACHE_DIR``), else
every process compiles for itself, in memory. No fast-math: the same bits in every process.
"""

from __future__ import annotations

import getpass
import hashlib
import tempfile
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar, cast

from numba import njit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import numpy as np
    from numpy.typing import NDArray

    Vector: TypeAlias = NDArray[np.float64]
    Matrix: TypeAlias = NDArray[np.float64]
    Ints: TypeAlias = NDArray[np.int64]

KERNELS = (
    "kernels_smoothing",
    "kernels_slopes",
    "kernels_starts",
    "kernels_arma",
    "kernels_ces",
    "kernels_theta",
    "kernels_search",
)
"""Modules whose sources decide what the compiled code is."""

_PATIENCE = 300.0
"""Seconds to wait for another process that compiles; then compile as well."""

F = TypeVar("F", bound="Callable[..., Any]")


def inner(function: F) -> F:
    """Decorate what only other kernels call: it becomes part of them."""
    compiled: Any = njit(nogil=True, fastmath=False, error_model="numpy")(function)
    return cast("F", compiled)


@cache
def stamp() -> int:
    """Number that changes with the source of any kernel.

    numba looks at the file of an entry point alone; a kernel that it calls may have changed too.
    """
    folder = Path(__file__).parent
    digest = hashlib.sha256()
    for name in KERNELS:
        source = folder / f"{name}.py"
        digest.update(source.read_bytes() if source.is_file() else name.encode())
    return int.from_bytes(digest.digest()[:6], "big")


def entry(signature: str, make: Callable[[int], Callable[..., Any]]) -> Callable[..., Any]:
    """Compiled entry point.

    Args:
        signature: Types of arguments and result, numba's notation.
        make: Returns the function; it must use the number that it is given, see `stamp`.
    """
    function = make(stamp())
    with _one_at_a_time():
        try:
            compiled = _compile(signature, function, keep=True)
        except (RuntimeError, OSError):  # numba found no directory that it may write to
            compiled = _compile(signature, function, keep=False)
    return compiled


def _compile(signature: str, function: Callable[..., Any], *, keep: bool) -> Callable[..., Any]:
    decorate = njit(signature, cache=keep, nogil=True, fastmath=False, error_model="numpy")
    compiled: Callable[..., Any] = decorate(function)
    return compiled


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    """Let workers that start together wait for the first one's compiled code."""
    from filelock import FileLock, Timeout

    user = "".join(c if c.isalnum() else "_" for c in _user())
    lock = FileLock(Path(tempfile.gettempdir()) / f"forecastctl-kernels-{user}.lock")
    held = False
    with suppress(OSError, Timeout):  # without the lock, some work is done twice: no harm
        lock.acquire(timeout=_PATIENCE)
        held = True
    try:
        yield
    finally:
        if held:
            lock.release()


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):  # a container whose user has no name
        return "nobody"
