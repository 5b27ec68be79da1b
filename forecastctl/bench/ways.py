"""The ways in which one job can be run, from one airport after another to a cluster."""

from __future__ import annotations

import importlib.util
import os
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from forecastctl.errors import UsageError
from forecastctl.hints import did_you_mean
from forecastctl.registry import CLUSTERS, EXECUTORS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

SHARES = "shares"
"""The name of the way in which several processes do a share each: no executor, but asked for as
one."""
NAMES = (*EXECUTORS.own, SHARES)
"""All that can be asked for."""
_PACKAGES = {"dask": "distributed", "ray": "ray", "spark": "pyspark"}
"""What must be installed for an engine."""


@dataclass(frozen=True, slots=True)
class Way:
    """A way of running a job.

    Attributes:
        name: What it is called: ``parallel and concurrent``.
        backend: The executor that does the work, or `SHARES`.
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
        backends: Their names, as of ``--backend``, or `SHARES`.

    Raises:
        UsageError: There is nothing of such a name.
    """
    ways = []
    asked = list(dict.fromkeys(backends))
    for backend in asked:
        if backend not in NAMES:
            raise UsageError(
                f"--backends: there is no backend {backend!r} to compare.",
                did_you_mean(backend, NAMES) or f"There are {', '.join(NAMES)}.",
            )
    for backend in sorted(asked, key=_ORDER.index):
        if backend == "serial":
            ways.append(Way("serial", backend))
        elif backend == "threads":
            ways.append(Way("concurrent", backend))
        elif backend == SHARES:
            ways.append(Way("in shares, a process each", backend))
        else:
            name = "distributed parallel" if backend in CLUSTERS else "parallel"
            ways += [Way(name, backend, held=True), Way(f"{name} and concurrent", backend)]
    return ways


def missing(backend: str, settings: Mapping[str, Any]) -> str | None:
    """What keeps a way from being tried here, in words; ``None`` where nothing does.

    Args:
        backend: Of the way.
        settings: Of the job, by ``section.key``.
    """
    if backend == SHARES:
        return _whole_alone(settings)
    package = _PACKAGES.get(backend)
    if package and importlib.util.find_spec(package) is None:
        return f"{package} is not installed: pip install 'forecastctl[{backend}]'"
    if backend == "spark" and not (shutil.which("java") or "JAVA_HOME" in os.environ):
        return "Spark needs Java 17 or newer, which is not here"
    return None


def _whole_alone(settings: Mapping[str, Any]) -> str | None:
    """Why a job cannot be done in shares: no share sees all airports."""
    if settings.get("tune.learn"):
        return "a job in shares knows no --learn"
    sums = (settings.get("data.groups"), settings.get("data.group_file"))
    if any(sums) or settings.get("forecast.reconcile", "none") != "none":
        return "a job in shares knows no groups and totals"
    return None


_ORDER = ("serial", "threads", "loky", SHARES, *CLUSTERS)
