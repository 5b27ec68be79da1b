"""The ways in which one job can be run, from one airport after another to a cluster."""

from __future__ import annotations

import importlib.util
import os
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

from forecastctl.errors import UsageError
from forecastctl.hints import did_you_mean
from forecastctl.registry import CLUSTERS, EXECUTORS

if TYPE_CHECKING:
    from collections.abc import Iterable

_PACKAGES = {"dask": "distributed", "ray": "ray", "spark": "pyspark"}
"""What must be installed for an engine."""


@dataclass(frozen=True, slots=True)
class Way:
    """A way of running a job.

    Attributes:
        name: What it is called: ``parallel and concurrent``.
        backend: The executor that does the work.
        held: Whether results wait for the last of them, so that nothing is recorded beside the
            work.
    """

    name: str
    backend: str
    held: bool = False

    @property
    def key(self) -> str:
        """A short name without blanks: ``loky``, ``loky-held``."""
        return f"{self.backend}-held" if self.held else self.backend


def ways_of(backends: Iterable[str]) -> list[Way]:
    """The ways that these executors make possible, in the order of what they add.

    Args:
        backends: Their names, as of ``--backend``.

    Raises:
        UsageError: There is no executor of such a name.
    """
    ways = []
    asked = list(dict.fromkeys(backends))
    for backend in asked:
        if backend not in EXECUTORS.own:
            hint = did_you_mean(backend, EXECUTORS.own)
            raise UsageError(
                f"--backends: there is no backend {backend!r} to compare.",
                hint or f"There are {', '.join(EXECUTORS.own)}.",
            )
    for backend in sorted(asked, key=_ORDER.index):
        if backend == "serial":
            ways.append(Way("serial", backend))
        elif backend == "threads":
            ways.append(Way("concurrent", backend))
        else:
            name = "distributed parallel" if backend in CLUSTERS else "parallel"
            ways += [Way(name, backend, held=True), Way(f"{name} and concurrent", backend)]
    return ways


def missing(backend: str) -> str | None:
    """What keeps an executor from being tried here, in words; ``None`` where nothing does."""
    package = _PACKAGES.get(backend)
    if package and importlib.util.find_spec(package) is None:
        return f"{package} is not installed: pip install 'forecastctl[{backend}]'"
    if backend == "spark" and not (shutil.which("java") or "JAVA_HOME" in os.environ):
        return "Spark needs Java 17 or newer, which is not here"
    return None


_ORDER = ("serial", "threads", "loky", *CLUSTERS)
