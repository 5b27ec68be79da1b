"""The kernels' machine code: kept once per machine, loaded without numba.

One process compiles, the others wait for it; from then on every process loads the code with
llvmlite alone, which takes a fraction of numba's import. The code is kept beside the package where
that is writable, else in the user's cache directory (``NUMBA_CACHE_DIR`` replaces both), else every
process compiles for itself, in memory. The name of the file says for which kernels, compiler and
processor it is; what it holds is checked before it is run. Only a file that nobody else can have
written is loaded (`own_files`): whoever can write machine code for another user is that user.
"""

from __future__ import annotations

import ctypes
import hashlib
import json
import logging
import os
import sys
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache, partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from forecastctl.models.kernels import own_files
from forecastctl.models.kernels.layout import SIGNATURES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

KERNELS = (
    "smoothing",
    "slopes",
    "starts",
    "arma",
    "ces",
    "theta",
    "least_squares",
    "tasks",
    "entries",
    "layout",
    "room",
)
"""Modules whose sources decide what the compiled code is."""

_PATIENCE = 300.0
"""Seconds to wait for another process that compiles; then compile as well."""

_DIGEST = 32

_KINDS = {"f": ctypes.c_void_p, "i": ctypes.c_void_p, "n": ctypes.c_int64, "x": ctypes.c_double}

_LOG = logging.getLogger(__name__)

_OWNERS: list[Any] = []
"""What owns the code that has been loaded: it must live as long as the process."""


@dataclass(frozen=True, slots=True)
class MachineCode:
    """The kernels, compiled.

    Attributes:
        code: An object file.
        names: Its symbols by entry point.
        needs: Symbols of the C library that it needs.
    """

    code: bytes
    names: Mapping[str, str]
    needs: tuple[str, ...]


@cache
def kernels() -> Mapping[str, Callable[..., None]]:
    """Entry points by name, arguments as `kernels_layout.SIGNATURES` has them.

    Raises:
        ImportError: Nothing is kept for this machine, and numba is missing or compiles nothing.
        OSError: The same: a shared library of its own is missing.
    """
    kept = _kept()
    if kept is None:
        with _one_at_a_time():
            kept = _kept()  # somebody else's, by now
            if kept is None:
                _warn_of_foreign()
                return _compiled()
    return kept


def _kept() -> Mapping[str, Callable[..., None]] | None:
    for folder in _folders():
        made = _read(folder / _name())
        if made is not None:
            with suppress(RuntimeError, OSError):  # compiled again, it may do better
                return _load(made)
    return None


def _compiled() -> Mapping[str, Callable[..., None]]:
    from forecastctl.models.kernels import compiled

    try:
        made = compiled.machine_code()
        loaded = _load(made)
    except Exception as error:  # noqa: BLE001 - what numba has changed may come out as anything
        _LOG.warning("Compiled code cannot be kept: every process compiles for itself (%s).", error)
        return _own()
    _keep(made)
    return loaded


def _own() -> Mapping[str, Callable[..., None]]:
    """Entry points that numba compiles for this process alone."""
    from forecastctl.models.kernels import compiled

    try:
        own = compiled.callbacks()
    except Exception as error:
        raise ImportError(f"numba does not compile the kernels: {error}") from error
    _OWNERS.append(own)
    return {n: _plain(own[n].address, arguments) for n, arguments in SIGNATURES.items()}


def _load(made: MachineCode) -> Mapping[str, Callable[..., None]]:
    """Put machine code in the memory of this process.

    Raises:
        RuntimeError: Something that it needs is missing, or LLVM refuses it.
    """
    import llvmlite.binding as llvm

    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    machine = llvm.Target.from_triple(llvm.get_process_triple()).create_target_machine(jit=True)
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), machine)
    missing = [name for name in made.needs if not llvm.address_of_symbol(name)]
    if missing:  # LLVM would end the process
        raise RuntimeError(f"the C library has no {', '.join(missing)}")
    engine.add_object_file(llvm.ObjectFileRef.from_data(made.code))
    engine.finalize_object()
    _OWNERS.append(engine)
    return {
        name: _function(engine.get_function_address(made.names[name]), arguments)
        for name, arguments in SIGNATURES.items()
    }


def _plain(address: int, arguments: str) -> Callable[..., None]:
    """A function of C's calling convention; the interpreter is free meanwhile."""
    return ctypes.CFUNCTYPE(None, *(_KINDS[kind] for kind in arguments))(address)


def _function(address: int, arguments: str) -> Callable[..., None]:
    """A function of numba's own convention: before the arguments room for result and exception."""
    if not address:
        raise RuntimeError("an entry point is missing")
    place = ctypes.addressof(_NOTHING)
    return partial(_plain(address, "ff" + arguments), place, place)


_NOTHING = ctypes.c_void_p()
"""Where functions write that they return nothing."""


def _name() -> str:
    return f"forecastctl-kernels-{machine()}-{stamp()}.bin"


@cache
def stamp() -> str:
    """Changes with the source of any kernel, and with the compiler."""
    import llvmlite

    folder, digest = Path(__file__).parent, hashlib.sha256()
    for name in (*KERNELS, "compiled"):
        source = folder / f"{name}.py"
        digest.update(source.read_bytes() if source.is_file() else name.encode())
    found = find_spec("numba")
    version = Path(found.origin).with_name("_version.py") if found and found.origin else None
    digest.update(version.read_bytes() if version is not None and version.is_file() else b"none")
    digest.update(llvmlite.__version__.encode())
    return digest.hexdigest()[:16]


@cache
def machine() -> str:
    """Differs between processors, and between places where this package is installed."""
    import llvmlite.binding as llvm

    features = sorted(llvm.get_host_cpu_features().items())
    parts = (sys.platform, llvm.get_host_cpu_name(), features, str(Path(__file__).parent))
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]


def _folders() -> tuple[Path, ...]:
    """Directories that may have the code, the best one first.

    Where others can write to one, the user's own directory in it takes its place.
    """
    return tuple(own_files.shelf(place) for place in _places())


def _places() -> tuple[Path, ...]:
    asked = os.environ.get("NUMBA_CACHE_DIR")
    if asked:
        return (Path(asked),)
    found = [_beside()]
    with suppress(RuntimeError):  # a user without a home
        base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
        found.append(Path(base) / "forecastctl")
    return tuple(found)


def _beside() -> Path:
    """The directory beside the package, of whoever installed it, for all who run it."""
    return Path(__file__).parent / "__pycache__"


def _warn_of_foreign() -> None:
    """Name files that have been passed over because somebody else may have written them."""
    for path in {folder / _name() for folder in (*_places(), *_folders())}:
        try:
            own_files.read(path)
        except own_files.ForeignError as error:
            if os.path.lexists(path):
                _LOG.warning(
                    "The compiled code in %s is not loaded, for somebody else may have written "
                    "it (%s): it is compiled again.",
                    path,
                    error,
                )
        except OSError:
            continue


def _read(path: Path) -> MachineCode | None:
    """What is kept in a file of one's own; nothing where it is damaged."""
    try:
        data = own_files.read(path)
    except OSError:
        return None
    digest, rest = data[:_DIGEST], data[_DIGEST:]
    if hashlib.sha256(rest).digest() != digest:
        return None
    head, _, code = rest.partition(b"\n")
    about = json.loads(head)
    return MachineCode(code, about["names"], tuple(about["needs"]))


def _packed(made: MachineCode) -> bytes:
    """The contents of a file."""
    head = json.dumps({"names": dict(made.names), "needs": made.needs}).encode()
    rest = head + b"\n" + made.code
    return hashlib.sha256(rest).digest() + rest


def _keep(made: MachineCode) -> None:
    """Write machine code to the first directory that takes it, in place of earlier ones."""
    for folder in _folders():
        path = folder / _name()
        try:
            own_files.make_folder(folder)
            _write(path, _packed(made))
            for earlier in folder.glob(f"forecastctl-kernels-{machine()}-*.bin"):
                if earlier != path:
                    earlier.unlink(missing_ok=True)
        except own_files.ForeignError as error:
            _LOG.warning("Compiled code is not kept where others can write: %s.", error)
        except OSError:
            continue
        else:
            return


def _write(path: Path, data: bytes) -> None:
    """Write a whole file or none."""
    import tempfile

    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".forecastctl-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        shared = path.parent == _beside()
        Path(name).chmod(own_files.PUBLIC_FILE if shared else own_files.PRIVATE_FILE)
        Path(name).replace(path)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    """Let workers that start together wait for the first one's compiled code."""
    import tempfile

    from filelock import FileLock, Timeout

    held = False
    with suppress(OSError, Timeout):  # without the lock, some work is done twice: no harm
        folder = own_files.shelf(Path(tempfile.gettempdir()))
        own_files.make_folder(folder)
        lock = FileLock(folder / "forecastctl-kernels.lock")
        lock.acquire(timeout=_PATIENCE)
        held = True
    try:
        yield
    finally:
        if held:
            lock.release()
