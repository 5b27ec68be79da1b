"""Compilation of the numerical kernels by numba.

The kernels are plain Python functions of arrays. They allocate nothing and raise nothing, so that
their machine code runs without numba: `forecastctl.models.kernels.machine_code` keeps it, and
imports this module only where it is missing. No fast-math: the same bits in every process.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar, cast

from numba import cfunc, njit, types

from forecastctl.models.kernels.layout import SIGNATURES
from forecastctl.models.kernels.machine_code import MachineCode

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    Vector: TypeAlias = NDArray[np.float64]
    Matrix: TypeAlias = NDArray[np.float64]
    Ints: TypeAlias = NDArray[np.int64]

_OPTIONS = {"nogil": True, "fastmath": False, "error_model": "numpy"}

_TYPES = {
    "f": types.CPointer(types.float64),
    "i": types.CPointer(types.int64),
    "n": types.int64,
    "x": types.float64,
}

LIBRARY = frozenset({"exp", "log", "pow", "sqrt", "ceil", "memset", "memcpy", "memmove"})
"""What the machine code may ask of the C library."""

F = TypeVar("F", bound="Callable[..., Any]")


def inner(function: F) -> F:
    """Decorate what only other kernels call: it becomes part of them."""
    compiled: Any = njit(**_OPTIONS)(function)
    return cast("F", compiled)


def machine_code() -> MachineCode:
    """Compile all entry points at once, to code that needs nothing of numba or Python.

    It can be called as numba calls it: with room for a result, and room for an exception, before
    the arguments. numba has no public way to this; what it changes there comes out as an exception
    of any kind.

    Raises:
        RuntimeError: A kernel allocates or raises.
    """
    from numba.core import compiler
    from numba.core.compiler_lock import global_compiler_lock
    from numba.core.registry import cpu_target

    from forecastctl.models.kernels import entries as kernels_entries

    with global_compiler_lock:
        context = cpu_target.target_context
        library = context.codegen().create_library("forecastctl.kernels")
        library.enable_object_caching()
        names = {}
        for name, arguments in SIGNATURES.items():
            made = compiler.compile_extra(
                cpu_target.typing_context,
                context,
                getattr(kernels_entries, name),
                tuple(_TYPES[kind] for kind in arguments),
                types.none,
                _flags(compiler.Flags()),
                {},
                library=library,
            )
            names[name] = made.fndesc.llvm_func_name
        library.finalize()
        _, _, (code, _) = library.serialize_using_object_code()
    return MachineCode(bytes(code), names, _needs(library.get_llvm_str()))


def _flags(flags: Any) -> Any:
    flags.nrt = False  # refuses what allocates
    flags.no_compile = True  # until all are in the library
    flags.no_cpython_wrapper = flags.no_cfunc_wrapper = True
    flags.release_gil = False  # ctypes has done so
    flags.error_model = "numpy"
    return flags


def _needs(code: str) -> tuple[str, ...]:
    """Symbols of the C library that LLVM's intermediate code refers to.

    Raises:
        RuntimeError: It refers to others, or prepares an exception.
    """
    import llvmlite.binding as llvm

    module = llvm.parse_assembly(code)
    names = [f.name for f in module.functions if f.is_declaration]
    names += [v.name for v in module.global_variables if v.is_declaration]
    foreign = sorted(n for n in names if not n.startswith("llvm.") and n not in LIBRARY)
    raising = [v.name for v in module.global_variables if "picklebuf" in v.name]
    if foreign or raising:
        raise RuntimeError(f"the kernels need {', '.join((foreign + raising)[:5])}")
    plain = {n.split(".")[1] if n.startswith("llvm.") else n for n in names}
    return tuple(sorted(plain & LIBRARY))


def callbacks() -> dict[str, Any]:
    """The same entry points compiled for this process alone, through numba's public interface.

    Their ``address`` is valid as long as they live. They can be called as C calls functions.
    """
    from forecastctl.models.kernels import entries as kernels_entries

    found = {}
    for name, arguments in SIGNATURES.items():
        signature = types.void(*(_TYPES[kind] for kind in arguments))
        found[name] = cfunc(signature, **_OPTIONS)(getattr(kernels_entries, name))
    return found
