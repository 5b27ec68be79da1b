"""What forecasts depend on besides forecastctl: golden values hold for one engine.

The kernels are compiled without fast-math, so that the compiler neither fuses nor reorders
anything. The processor has a say all the same: the C library, numpy and BLAS choose other code for
``exp``, ``log``, ``pow`` and matrices where it has more vector instructions.
"""

from __future__ import annotations

import platform
import sys
from importlib.metadata import PackageNotFoundError, version

PACKAGES = ("numpy", "scipy", "numba", "statsmodels", "hyperopt")
"""Packages whose version is part of the key."""

BESIDE = ("llvmlite", "pandas", "pyarrow", "mlflow", "joblib", "hierarchicalforecast")
"""Packages that may have a say; a mismatch names those that differ."""

_LEVELS = (
    ("v4", {"avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"}),
    ("v3", {"avx2", "bmi2", "fma"}),
    ("v2", {"sse4.2", "popcnt"}),
)
"""The microarchitecture levels of x86-64, the highest first."""


def key() -> str:
    """Name of the engine, which is the name of its file of golden values."""
    parts = [sys.platform, platform.machine(), level(), *blas(), "".join(platform.libc_ver())]
    parts.append(f"python{sys.version_info.major}.{sys.version_info.minor}")
    parts += [f"{name}{_version(name)}" for name in PACKAGES]
    return "-".join(part for part in parts if part)


def details() -> dict[str, str]:
    """Versions that are not part of the key."""
    return {"python": platform.python_version(), **{name: _version(name) for name in BESIDE}}


def level() -> str:
    """Which vector instructions an x86 processor has; nothing for others."""
    import llvmlite.binding as llvm

    features = {name for name, there in llvm.get_host_cpu_features().items() if there}
    return next((name for name, needed in _LEVELS if needed <= features), "")


def blas() -> list[str]:
    """The code that the BLAS libraries of numpy and scipy chose for this processor."""
    import numpy as np
    import scipy.linalg  # noqa: F401 - loads a BLAS of its own
    from threadpoolctl import threadpool_info

    np.dot(np.ones((2, 2)), np.ones((2, 2)))
    pools = [pool for pool in threadpool_info() if pool.get("user_api") == "blas"]
    return sorted({str(pool.get("architecture", pool["internal_api"])).lower() for pool in pools})


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "-absent"
