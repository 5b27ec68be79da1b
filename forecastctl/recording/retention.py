"""What can be deleted of an old record without harm to what is kept.

Jobs are deleted whole, because the explanation of a forecast reads its job: the settings, the
data, the other airports. Kept is what is young enough, what newer jobs refer to, what is still the
newest search, model or forecast of an airport, because the next job builds on it, and what was made
the champion, because it may answer now or after a rollback.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from forecastctl.recording.read import find_snapshot
from forecastctl.recording.run_of import RunOf
from forecastctl.records import ALL_RUNS, FINISHED, RUNNING, Query
from forecastctl.records.marks import JOBS, SET, job_mark
from forecastctl.records.schema import LIVE, STAGES, Kind, Tag

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from forecastctl.records import StoredRun
    from forecastctl.store.port import Tracker

YOUNG: Final = "young enough"
IN_USE: Final = "the newest of an airport"
REFERRED: Final = "newer jobs refer to it"
AT_WORK: Final = "at work"
PROMOTED: Final = "was promoted"
"""Why a job is kept."""

_ANY = "any"
_REFERENCES = (Tag.TUNED_BY, Tag.TRAINED_BY)
"""Tags by which a run names what it was made with."""


@dataclass(frozen=True, slots=True)
class Retention:
    """What goes and what stays.

    Attributes:
        jobs: Runs of the jobs that can be deleted, newest first.
        panels: Runs of the panels that no job which stays has seen.
        roots: Ids of the runs to delete with all below them: the jobs', the panels', and in the
            flat layout the airports'.
        airports: Number of runs of airports and groups among them.
        kept: Why each job that stays does, by run id.
    """

    jobs: tuple[StoredRun, ...]
    panels: tuple[StoredRun, ...]
    roots: tuple[str, ...]
    airports: int
    kept: Mapping[str, str]


@dataclass(slots=True)
class _Unit:
    """A job, or all jobs of a backtest, which stay or go together."""

    jobs: list[StoredRun] = field(default_factory=list)
    roots: list[str] = field(default_factory=list)
    airports: int = 0
    refers_to: set[str] = field(default_factory=set)
    digests: set[str] = field(default_factory=set)
    why: str | None = None


def retention(tracker: Tracker, before_ms: int) -> Retention:
    """What of an experiment can be deleted.

    Args:
        tracker: The store.
        before_ms: Only jobs that began before this time, in milliseconds since the epoch.

    Raises:
        TrackingError: The store cannot be read.
    """
    units, owners = _units(tracker, before_ms)
    _keep_what_is_referred_to(tracker, units, owners)
    gone = [unit for unit in units.values() if unit.why is None]
    seen = {digest for unit in units.values() if unit.why is not None for digest in unit.digests}
    every = tracker.find(Query(tags={Tag.KIND: Kind.PANEL}, before_ms=before_ms, limit=ALL_RUNS))
    panels = [run for run in every if run.tags.get(Tag.PANEL_DIGEST) not in seen]
    jobs = sorted((job for unit in gone for job in unit.jobs), key=lambda job: -job.start_ms)
    roots = [root for unit in gone for root in unit.roots] + [run.run_id for run in panels]
    kept = {job.run_id: unit.why for unit in units.values() if unit.why for job in unit.jobs}
    return Retention(tuple(jobs), tuple(panels), tuple(roots), sum(u.airports for u in gone), kept)


def _units(tracker: Tracker, before_ms: int) -> tuple[dict[str, _Unit], dict[str, _Unit]]:
    """All units by name, and the one that each run belongs to, by run id."""
    units: dict[str, _Unit] = {}
    owners: dict[str, _Unit] = {}
    newest: set[tuple[str, str]] = set()
    for job in tracker.find(Query(tags={JOBS: SET}, limit=ALL_RUNS)):
        unit = units.setdefault(job.tags.get(Tag.BACKTEST_ID, job.run_id), _Unit())
        mark = job_mark(job.tags.get(Tag.JOB_ID, ""))
        below = tracker.find(Query(tags={mark: SET}, limit=ALL_RUNS))
        runs = {run.run_id: run for run in (job, *below)}
        unit.jobs.append(job)
        unit.roots += [i for i, run in runs.items() if run.parent_id not in runs]
        unit.airports += sum(RunOf(run).is_series for run in runs.values())
        unit.digests |= {run.tags.get(Tag.PANEL_DIGEST, "") for run in runs.values()}
        named = {run.tags.get(tag) for run in runs.values() for tag in _REFERENCES}
        unit.refers_to |= {run_id for run_id in named if run_id}
        owners |= dict.fromkeys(runs, unit)
        stages = _first_of(runs.values(), newest)
        if job.status == RUNNING:
            unit.why = AT_WORK
        elif job.start_ms >= before_ms:
            unit.why = unit.why or YOUNG
        elif stages:
            unit.why = unit.why or IN_USE
        elif Tag.PROMOTED_AS in job.tags:
            unit.why = unit.why or PROMOTED
    return units, owners


def _first_of(runs: Iterable[StoredRun], newest: set[tuple[str, str]]) -> bool:
    """Whether one of the runs, read after all newer ones, is the newest of its airport.

    That is: of its searches, models and live forecasts, or of all its runs, a backtest's too. The
    data of the newest run tell what came true of the forecasts that stay.
    """
    series = [RunOf(run) for run in runs if RunOf(run).is_series]
    held = {
        (run.airport, str(stage))
        for run in series
        if run.run.status == FINISHED and run.origin == LIVE
        for stage in STAGES
        if run.holds(stage)
    } | {(run.airport, _ANY) for run in series}
    found = held - newest
    newest |= held
    return bool(found)


def _keep_what_is_referred_to(
    tracker: Tracker, units: Mapping[str, _Unit], owners: Mapping[str, _Unit]
) -> None:
    """Keep, from what is kept on, all that it was made with, however far back."""
    waiting = [unit for unit in units.values() if unit.why is not None]
    looked_up: set[str] = set()
    while waiting:
        unit = waiting.pop()
        wanted = {owners[run_id].jobs[0].run_id for run_id in unit.refers_to if run_id in owners}
        for digest in unit.digests - looked_up:
            looked_up.add(digest)
            held = find_snapshot(tracker, digest)
            if held is not None:  # earlier versions kept panels in the runs of jobs
                wanted.add(held.run_id)
        for run_id in wanted:
            other = owners.get(run_id)
            if other is not None and other.why is None:
                other.why = REFERRED
                waiting.append(other)
