"""What killed jobs left behind: marked as killed, so that nothing stays running for good."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

from forecastctl.records import ALL_RUNS, KILLED, RUNNING, Query, RunUpdate, StoredRun
from forecastctl.records.marks import JOBS, SET
from forecastctl.records.schema import Kind, Tag

if TYPE_CHECKING:
    from collections.abc import Callable

    from forecastctl.store.port import Tracker

_LOG = logging.getLogger(__name__)
_PAGE = 1000
_MONITOR_MS = 86_400_000
"""Age of a run of the monitor, which has no heartbeat and is recorded in one go, that is left."""
_BELOW = (Kind.AIRPORT, Kind.GROUP, Kind.TRIAL, Kind.PANEL)


def heal(tracker: Tracker, is_alive: Callable[[StoredRun], bool]) -> list[str]:
    """Mark jobs that were killed as `KILLED`, with all that was running below them.

    So is marked what still runs below a job that has ended: what an interrupted job, or an answer
    of a server that was lost, has left behind.

    Args:
        tracker: The store.
        is_alive: Whether a job that the store shows as running still runs.

    Returns:
        Run ids of the jobs that were marked, newest first.

    Raises:
        TrackingError: The store cannot be read or written.
    """
    jobs = running_jobs(tracker)
    dead = [job for job in jobs if not is_alive(job)]
    for job in dead:
        _kill_below(tracker, Query(parent_id=job.run_id, status=RUNNING, limit=_PAGE))
        if Tag.JOB_ID in job.tags:
            same = Query(tags={Tag.JOB_ID: job.tags[Tag.JOB_ID]}, status=RUNNING, limit=_PAGE)
            _kill_below(tracker, same)
        # The job last: healing that is itself interrupted starts again from it.
        tracker.update(job.run_id, killed())
    if dead:
        _LOG.info("marked as killed: %s", ", ".join(job.name for job in dead))
    heal_below(tracker)
    return [job.run_id for job in dead]


def heal_below(tracker: Tracker) -> int:
    """Mark what runs below jobs that have ended, and what a monitor that was cut off has left.

    Returns:
        How many runs were marked.

    Raises:
        TrackingError: The store cannot be read or written.
    """
    # By status alone, which every store finds faster than by status and kind together.
    running = tracker.find(Query(status=RUNNING, limit=ALL_RUNS))
    long_ago = time.time_ns() // 1_000_000 - _MONITOR_MS
    old = [r for r in running if r.tags.get(Tag.KIND) == Kind.MONITOR and r.start_ms < long_ago]
    for run in old:
        tracker.update(run.run_id, killed())
    # What names no job is of another program.
    below = [r for r in running if r.tags.get(Tag.KIND) in _BELOW and r.tags.get(Tag.JOB_ID)]
    if not below:
        return len(old)
    # The jobs last: what a job that has begun meanwhile records is not among the runs above.
    at_work = {job.tags.get(Tag.JOB_ID) for job in running_jobs(tracker)}
    marked = len(old)
    for run in below:
        ended = run.tags[Tag.JOB_ID] not in at_work
        if ended and tracker.get(run.run_id).status == RUNNING:
            tracker.update(run.run_id, killed())
            marked += 1
    if marked:
        _LOG.info("%d runs below jobs that have ended were running; marked as killed", marked)
    return marked


def running_jobs(tracker: Tracker) -> list[StoredRun]:
    """Jobs that the store shows as running, newest first."""
    return tracker.find(Query(tags={JOBS: SET}, status=RUNNING, limit=_PAGE))


def killed() -> RunUpdate:
    """The end of a run whose process is gone."""
    return RunUpdate(status=KILLED, end_ms=time.time_ns() // 1_000_000)


def _kill_below(tracker: Tracker, query: Query) -> None:
    """Kill what a query finds, with all below; jobs that share a job id live or die alone."""
    while found := [run for run in tracker.find(query) if run.tags.get(Tag.KIND) != Kind.JOB]:
        for run in found:
            _kill_below(tracker, Query(parent_id=run.run_id, status=RUNNING, limit=_PAGE))
            tracker.update(run.run_id, killed())
