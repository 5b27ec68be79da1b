"""All checks, in the order in which they are told."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from forecastctl.data.panel.panel import DataSpec
from forecastctl.doctor.checks import (
    clock,
    cores,
    disk,
    kernels,
    leftovers,
    months,
    runs,
    store,
    versions,
    waiting,
)
from forecastctl.doctor.finding import Finding
from forecastctl.doctor.read import kernels as read_kernels
from forecastctl.doctor.read import months as read_months
from forecastctl.doctor.read import runs as read_runs
from forecastctl.doctor.read import system
from forecastctl.doctor.read import waiting as read_waiting
from forecastctl.errors import ForecastctlError
from forecastctl.store.mlflow.condition import Condition, condition

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import date

    from forecastctl.settings import Settings
    from forecastctl.store.port import Tracker


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the doctor is given.

    Attributes:
        settings: All settings.
        versions: Versions by package, of all that can change a number.
        workers: Workers that a job would start.
        today: The user's own day.
        read_store: Opens the store to be read.
        spools: Folder of this user's spools; ``None`` where there is none.
    """

    settings: Settings
    versions: Mapping[str, str]
    workers: int
    today: date
    read_store: Callable[[], Tracker]
    spools: Path | None = None


def examine(around: Surroundings) -> list[Finding]:
    """Look at everything; a check that cannot be made is a finding as well."""
    tracking = around.settings.tracking
    found = condition(tracking.uri, tracking.experiment)
    findings = store.check(found)
    findings += _recorded(around, found)
    findings += waiting.check_spool(_waiting(around))
    findings += disk.check(_disks(around, found))
    findings += leftovers.check(system.leftovers())
    findings += cores.check(system.machine(around.workers))
    findings += kernels.check(read_kernels.kernels())
    spec = DataSpec(
        **around.settings.data.model_dump(exclude={"keep_query", "groups", "group_file"})
    )
    return findings + months.check(read_months.data(spec, around.today))


def _recorded(around: Surroundings, found: Condition) -> list[Finding]:
    """What depends on the store's answers."""
    settings, requirements = around.settings, system.requirements()
    without = versions.check(requirements, around.versions, {})
    if found.error or found.missing or found.experiment_error:
        seen = found.skew is not None
        return [*without, *(clock.check(found.skew, found.shown, None) if seen else ())]
    try:
        tracker = around.read_store()
        newest = read_runs.versions_of_newest_job(tracker)
        now_ms = time.time_ns() // 1_000_000
        ahead = read_runs.ahead(tracker, now_ms)
        of_runs = read_runs.runs(tracker, found, settings.tracking.uri, now_ms)
        holders = read_waiting.holders(tracker, now_ms)
    except ForecastctlError as error:
        return [*without, Finding("store", "wrong", error.message, error.hint)]
    return [
        *versions.check(requirements, around.versions, newest),
        *clock.check(found.skew, found.shown, ahead),
        *waiting.check_lock(holders),
        *runs.check(of_runs),
    ]


def _waiting(around: Surroundings) -> list[waiting.Waiting] | None:
    tracking = around.settings.tracking
    try:
        return read_waiting.spool(around.spools, tracking.uri, tracking.experiment)
    except (ForecastctlError, OSError):
        return None  # the address is wrong, which is a finding of its own


def _disks(around: Surroundings, found: Condition) -> list[disk.Disk]:
    """Where the next job writes, each directory once."""
    settings, places = around.settings, dict[Path, str]()
    if found.file is not None:
        places[found.file.parent] = "the store"
    if found.artifacts is not None and found.artifacts.is_dir():
        places.setdefault(found.artifacts, "artifacts")
    out = settings.forecast.out
    if out and out != "-" and "://" not in out:
        places.setdefault(Path(out).expanduser().absolute().parent, "--out")
    metrics = settings.run.metrics
    if metrics:
        places.setdefault(Path(metrics).expanduser().absolute().parent, "--metrics")
    if around.spools is not None:
        there = next(path for path in (around.spools, *around.spools.parents) if path.is_dir())
        places.setdefault(there, "what waits while the store is away")
    looked_at = [system.disk(what, path) for path, what in places.items()]
    if system.SHARED_MEMORY.is_dir():
        shared = system.disk("data of workers", system.SHARED_MEMORY, system.LEAST_SHARED)
        looked_at.append(shared)
    return looked_at
