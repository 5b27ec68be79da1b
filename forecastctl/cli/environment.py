"""Finds out where and with what a job runs."""

from __future__ import annotations

import getpass
import os
import platform
import socket
import subprocess
from typing import Any

from forecastctl.execute.installed import cpu_model, versions

__all__ = ["git_state", "host", "machine", "user", "versions"]


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


def git_state() -> tuple[str, bool]:
    """Commit of the repository around the working directory and whether it is dirty."""
    commit = _git("rev-parse", "HEAD")
    return (commit, bool(_git("status", "--porcelain"))) if commit else ("", False)


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
