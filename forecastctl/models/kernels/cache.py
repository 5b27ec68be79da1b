"""Where compiled code is kept: in a directory that nobody but the user can write to.

It lies beside the package where that is writable, else in the user's cache directory, else among
temporary files; ``NUMBA_CACHE_DIR`` replaces all of these. numba reads what is kept there with
pickle, so that whoever can write to it could run anything as the user. Therefore only a directory
is taken that is the user's own and closed to everybody else.

Its name says for which sources, compiler and processor it is, because numba itself looks only at
the source file of an entry point, not at those of the kernels that it calls. When all entry points
have been compiled, a digest of what numba has written is left beside it, because numba itself would
run damaged code.
"""

from __future__ import annotations

import hashlib
import logging
import os
import platform
import shutil
import stat
import sys
import tempfile
from contextlib import suppress
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

_HERE = Path(__file__).parent
_CPU = ("model name", "flags", "Features", "CPU implementer", "CPU part")
"""Lines of ``/proc/cpuinfo`` that say what a processor can do."""
_NO_MATTER = ("NUMBA_CACHE_DIR", "NUMBA_NUM_THREADS")
"""Variables of numba that change no code; the second one differs between driver and workers."""
_READY = "ready"

_LOG = logging.getLogger(__name__)


@cache
def place() -> Path | None:
    """The directory, made where it is missing; nothing where none can be had."""
    folder, refused = look()
    if refused and folder is None:
        _LOG.warning(
            "Compiled code in %s is not used: the directory must be yours and closed to others "
            "(mode 700), and nobody else may be able to put another in its place.",
            ", ".join(refused),
        )
    return folder


def look() -> tuple[Path | None, list[str]]:
    """The directory, likewise, and those that are passed over because others could write there."""
    refused: list[str] = []
    for base in _bases():
        with suppress(OSError, RuntimeError):  # the latter for links that go round
            folder = base.resolve() / (_installation() + _version())
            folder.mkdir(0o700, parents=True, exist_ok=True)
            if not _is_private(folder):
                refused.append(str(folder))
            elif os.access(folder, os.W_OK):
                return folder, refused
    return None, refused


def is_damaged(folder: Path) -> bool:
    """Whether it was complete once and does not hold now what was written then."""
    with suppress(OSError):
        return (folder / _READY).exists() and not is_ready(folder)
    return False


def is_ready(folder: Path) -> bool:
    """Whether all entry points have been compiled into it, and nothing has changed since."""
    with suppress(OSError):
        return (folder / _READY).read_text() == _contents(folder)
    return False


def mark_ready(folder: Path) -> None:
    """Say that all entry points have been compiled into it, and remove what it replaces."""
    with suppress(OSError):
        if any(folder.rglob("*.nbi")):
            (folder / _READY).write_text(_contents(folder))
        for earlier in folder.parent.glob(f"{_installation()}*"):
            if earlier != folder:
                shutil.rmtree(earlier, ignore_errors=True)


def clear(folder: Path) -> None:
    """Remove what is kept in it."""
    with suppress(OSError):
        (folder / _READY).unlink(missing_ok=True)
    for kept in folder.glob("*/"):
        shutil.rmtree(kept, ignore_errors=True)


def _contents(folder: Path) -> str:
    """Digest of what numba has written."""
    files = sorted(path for path in folder.rglob("*") if path.suffix in (".nbi", ".nbc"))
    return _digest(*((path.name, hashlib.sha256(path.read_bytes()).digest()) for path in files))


def _bases() -> list[Path]:
    asked = os.environ.get("NUMBA_CACHE_DIR")
    if asked:
        return [Path(asked)]
    found = [_HERE / "__pycache__"]
    with suppress(RuntimeError):  # a user without a home
        user = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
        found.append(Path(user) / "forecastctl")
    return [*found, Path(tempfile.gettempdir())]


def _installation() -> str:
    """Beginning of the name, the same for all versions of this installation on this processor."""
    user = os.geteuid() if hasattr(os, "geteuid") else "user"
    return f"forecastctl-{user}-{_digest(str(_HERE), _processor(), _settings())}-"


def _version() -> str:
    """End of the name: another one for other kernels, or another compiler."""
    sources = [path.read_text() for path in sorted(_HERE.glob("*.py"))]
    compiler = []
    for package in ("numba", "llvmlite", "numpy"):
        with suppress(PackageNotFoundError):
            compiler.append(version(package))
    return _digest(*sources, *compiler, sys.version)


def _digest(*parts: object) -> str:
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:12]


def _processor() -> str:
    """What code may be made for here and not elsewhere."""
    with suppress(OSError):
        lines = Path("/proc/cpuinfo").read_text(errors="replace").splitlines()
        return repr(sorted({line for line in lines if line.startswith(_CPU)}))
    return platform.processor()


def _settings() -> str:
    """What numba has been told by the environment; it does not look whether kept code differs."""
    return repr(
        sorted(
            (name, value)
            for name, value in os.environ.items()
            if name.startswith("NUMBA_") and name not in _NO_MATTER
        )
    )


def _is_private(folder: Path) -> bool:
    """Whether it is the user's with all in it, nobody else may enter it, nor put another there.

    It may have been open to others before, who may have left something.
    """
    if not hasattr(os, "geteuid"):
        return True  # Windows: it lies in the user's own profile
    status = folder.lstat()
    own = stat.S_ISDIR(status.st_mode) and status.st_uid == os.geteuid()
    closed = own and not stat.S_IMODE(status.st_mode) & 0o077
    return (
        closed
        and not any(_is_anybodys(above.stat()) for above in folder.parents)
        and all(_is_own(inside.lstat()) for inside in folder.rglob("*"))
    )


def _is_own(file: os.stat_result) -> bool:
    """Whether nobody else can have written it."""
    return file.st_uid == os.geteuid() and not file.st_mode & stat.S_IWOTH


def _is_anybodys(directory: os.stat_result) -> bool:
    """Whether others may rename what is in it: its owner may, and in ``/tmp`` nobody else."""
    if directory.st_uid not in (0, os.geteuid()):
        return True
    if directory.st_mode & stat.S_ISVTX:
        return False
    group = directory.st_mode & stat.S_IWGRP and directory.st_gid != os.getegid()
    return bool(group or directory.st_mode & stat.S_IWOTH)
