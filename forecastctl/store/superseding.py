"""Runs of airports that were done again name the run that holds what counts.

That is written after the newer run. A process that is killed in between, or a record that comes by
way of the spool, leaves it out; here it is made up for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from forecastctl.records import ALL_RUNS, FAILED, FINISHED, Query, RunUpdate
from forecastctl.records.marks import SET, job_mark
from forecastctl.records.schema import Kind, Tag

if TYPE_CHECKING:
    from forecastctl.records import StoredRun
    from forecastctl.store.port import Tracker


def supersede(tracker: Tracker, job_id: str) -> int:
    """Have every older attempt at an airport or a group of a job name the newest one.

    Args:
        tracker: The store.
        job_id: The job.

    Returns:
        How many runs did not.

    Raises:
        TrackingError: The store cannot be read or written.
    """
    attempts: dict[tuple[str, str], list[StoredRun]] = {}
    for run in tracker.find(Query(tags={job_mark(job_id): SET}, limit=ALL_RUNS)):
        kind = run.tags.get(Tag.KIND, "")
        if kind in (Kind.AIRPORT, Kind.GROUP) and run.status in (FINISHED, FAILED):
            attempts.setdefault((kind, run.tags.get(Tag.AIRPORT, "")), []).append(run)
    marked = 0
    for runs in attempts.values():
        *older, newest = sorted(runs, key=_age)
        for run in older:
            if Tag.SUPERSEDED_BY not in run.tags:
                tracker.update(run.run_id, RunUpdate(tags={Tag.SUPERSEDED_BY: newest.run_id}))
                marked += 1
    return marked


def _age(run: StoredRun) -> tuple[int, int]:
    attempt = run.tags.get(Tag.ATTEMPT, "1")
    return int(attempt) if attempt.isdecimal() else 1, run.start_ms
