"""Finds out where and with what a job runs."""

from __future__ import annotations

import getpass
import glob
import os
import platform
import socket
import subprocess
from contextlib import suppress
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

from forecastctl.execute.installed import cpu_model, versions

if TYPE_CHECKING:
    from collections.abc import Iterable

    from forecastctl.settings import Settings

SOURCES = (".py", ".toml")
"""Endings of untracked files that a job may run, or be set by."""

__all__ = ["git_state", "host", "machine", "own_files", "user", "versions"]


def machine() -> dict[str, Any]:
    """CPU model, architecture and the BLAS libraries with the kernels they chose."""
    import numpy as np
    import scipy.linalg  # noqa: F401 - loads its own BLAS, which is to be seen below
    from threadpoolctl import threadpool_info

    np.dot(np.ones((2, 2)), np.ones((2, 2)))
    keep = ("internal_api", "version", "architecture")
    pools = {tuple(str(pool.get(key, "")) for key in keep) for pool in threadpool_info()}
    return {
        "system": platform.system(),
        "arch": platform.machine(),
        "cpu": cpu_model(),
        "cores": os.cpu_count() or 0,
        "blas": sorted(" ".join(filter(None, pool)) for pool in pools),
    }


def git_state(but: Iterable[Path] = ()) -> tuple[str, bool]:
    """Commit of the repository around the working directory and whether it is dirty.

    Dirty is what makes the commit not say what ran: a tracked file that was changed, or an
    untracked one of code or settings (`SOURCES`). What is made by working, such as forecasts and
    reports, is not, wherever it lies.

    Args:
        but: Files and folders that do not count, such as the store's own; they need not exist.
    """
    commit = _git("rev-parse", "HEAD")
    if not commit:
        return "", False
    top = Path(_git("rev-parse", "--show-toplevel"))
    inside = [path for path in but if path.is_relative_to(top) and path != top]
    # From the top, as git status without a path looks at all of the repository.
    chosen = ["--", ":/", *(f":(top,exclude,literal){p.relative_to(top)}" for p in inside)]
    state = ("status", "--porcelain", "-z", "--no-renames", "--untracked-files=all")
    entries = _git(*state, *(chosen if inside else ())).split("\0")
    return commit, any(_counts(entry) for entry in entries if entry)


def _counts(entry: str) -> bool:
    """Whether a line of ``git status --porcelain -z`` is a change of what runs."""
    return not entry.startswith("??") or PurePath(entry[3:]).suffix.lower() in SOURCES


def own_files(settings: Settings) -> list[Path]:
    """What commands themselves write, so far as it can lie in the user's repository."""
    from forecastctl.errors import UsageError
    from forecastctl.store.mlflow.address import resolve

    out = (settings.forecast.out, settings.report.out, settings.run.metrics)
    given = (settings.tracking.artifacts, *out)
    found = [Path(name).expanduser() for name in given if name and "://" not in name]
    with suppress(UsageError):  # the address of another package's store, or a wrong one
        if (database := resolve(settings.tracking.uri).path) is not None:
            found += [database, database.parent / "mlartifacts"]
            found += database.parent.glob(f"{glob.escape(database.name)}[.-]*")
    return [path.resolve() for path in found]


def host() -> str:
    """Name of this machine."""
    return socket.gethostname()


def user() -> str:
    """Login name, or the numeric id where the system knows no name."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return str(os.getuid())


def _git(*arguments: str) -> str:
    try:
        done = subprocess.run(  # noqa: S603 - fixed arguments
            ["git", *arguments],  # noqa: S607 - the user's own git
            capture_output=True,
            text=True,
            timeout=10,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip()
