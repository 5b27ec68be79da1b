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

    from forecastctl.records import StoredRun
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
        is_alive: Whether a job that is shown as running still runs.
    """

    settings: Settings
    versions: Mapping[str, str]
    workers: int
    today: date
    read_store: Callable[[], Tracker]
    is_alive: Callable[[StoredRun], bool]


def examine(around: Surroundings) -> list[Finding]:
    """Look at everything; a check that cannot be made is a finding as well."""
    tracking = around.settings.tracking
    found = condition(tracking.uri, tracking.experiment)
    findings = store.check(found)
    findings += _recorded(around, found)
    findings += waiting.check_spool(read_waiting.spool(around.settings))
    findings += disk.check(_disks(around.settings, found))
    findings += leftovers.check(system.leftovers())
    findings += cores.check(system.machine(around.workers))
    findings += kernels.check(read_kernels.kernels())
    spec = DataSpec(**around.settings.data.model_dump(exclude={"groups", "group_file"}))
    return findings + months.check(read_months.data(spec, around.today))


def _recorded(around: Surroundings, found: Condition) -> list[Finding]:
    """What depends on the store's answers."""
    settings, requirements = around.settings, system.requirements()
    without = versions.check(requirements, around.versions, {})
    if found.error or found.missing or found.experiment_error:
        return [*without, *clock.check(found.skew, found.shown, None)]
    try:
        tracker = around.read_store()
        newest = read_runs.versions_of_newest_job(tracker)
        ahead = read_runs.ahead(tracker, time.time_ns() // 1_000_000)
        of_runs = read_runs.runs(tracker, found, settings.tracking.uri, around.is_alive)
        held = read_waiting.lock(tracker, settings)
    except ForecastctlError as error:
        return [*without, Finding("store", "wrong", error.message, error.hint)]
    return [
        *versions.check(requirements, around.versions, newest),
        *clock.check(found.skew, found.shown, ahead),
        *waiting.check_lock(held),
        *runs.check(of_runs),
    ]


def _disks(settings: Settings, found: Condition) -> list[disk.Disk]:
    """Where the next job writes, each file system and directory once."""
    places: dict[Path, str] = {}
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
    looked_at = [system.disk(what, path) for path, what in places.items()]
    if system.SHARED_MEMORY.is_dir():
        shared = system.disk("data of workers", system.SHARED_MEMORY, system.LEAST_SHARED)
        looked_at.append(shared)
    return looked_at
