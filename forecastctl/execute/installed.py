"""What can change a number: versions of packages, the code itself, and the processor."""

from __future__ import annotations

import hashlib
import json
import platform
import socket
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution, version
from pathlib import Path
from typing import TYPE_CHECKING

import forecastctl

if TYPE_CHECKING:
    from collections.abc import Mapping

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
_RECORDING = ("mlflow", "joblib", "pyarrow")
"""Of these what a worker does not compute with."""


def installed_from(name: str) -> str:
    """What installs a package again: its name, or ``name @ address`` where it is from no index.

    Args:
        name: Its name.
    """
    try:
        origin = json.loads(distribution(name).read_text("direct_url.json") or "{}")
    except (PackageNotFoundError, ValueError):
        return name
    address = origin.get("url")
    if not address:
        return name
    vcs = origin.get("vcs_info")
    if vcs:
        address = f"{vcs['vcs']}+{address}@{vcs['commit_id']}"
    return f"{name} @ {address}"


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


def cpu_model() -> str:
    """Name of the processor."""
    info = Path("/proc/cpuinfo")
    if info.is_file():
        for line in info.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith(("model name", "CPU part")):
                return line.partition(":")[2].strip()
    return platform.processor()


@dataclass(frozen=True, slots=True)
class Place:
    """Where a worker is, and with what it computes.

    Attributes:
        host: Name of its machine.
        facts: Versions, architecture and processor by name.
    """

    host: str
    facts: Mapping[str, str]

    def differs(self, other: Place) -> list[str]:
        """What is another there, in words: ``numpy 2.3.1 instead of 2.4.6``."""
        return [
            f"{name} {self.facts.get(name, 'absent')} instead of {here}"
            for name, here in other.facts.items()
            if self.facts.get(name) != here
        ]


@cache
def place() -> Place:
    """Where this process is."""
    facts = {name: v for name, v in versions().items() if name not in _RECORDING}
    facts |= {"architecture": platform.machine(), "processor": cpu_model()}
    return Place(socket.gethostname(), facts)
