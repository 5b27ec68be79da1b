"""Finds out where and with what a job runs."""

from __future__ import annotations

import getpass
import hashlib
import os
import platform
import socket
import subprocess
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import forecastctl

PACKAGES = (
    "mlflow",
    "hyperopt",
    "statsmodels",
    "numba",
    "numpy",
    "scipy",
    "pandas",
    "joblib",
    "pyarrow",
)


def versions() -> dict[str, str]:
    """Versions of all that can change a number, and a digest of forecastctl's own modules."""
    versions = {
        "python": platform.python_version(),
        "forecastctl": forecastctl.__version__,
        "source": source_digest(),
    }
    for name in PACKAGES:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            versions[name] = "absent"
    return versions


@cache
def source_digest() -> str:
    """First eight hexadecimal digits of the SHA-256 of forecastctl's own modules.

    A change of code that kept the version is then a change of the recorded environment.
    """
    root = Path(forecastctl.__file__).parent
    total = hashlib.sha256()
    for path in sorted(root.rglob("*.py")):
        total.update(f"{path.relative_to(root).as_posix()}\0".encode())
        total.update(path.read_bytes())
    return total.hexdigest()[:8]


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
        "cpu": _cpu_model(),
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


def _cpu_model() -> str:
    info = Path("/proc/cpuinfo")
    if info.is_file():
        for line in info.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith(("model name", "CPU part")):
                return line.partition(":")[2].strip()
    return platform.processor()
