"""The run that a name stands for."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from forecastctl.errors import NothingRecordedError
from forecastctl.hints import did_you_mean
from forecastctl.recording.run_of import RunOf
from forecastctl.records import ALL_RUNS, Query, StoredRun
from forecastctl.records.marks import JOBS, SET, job_mark, spooled_mark
from forecastctl.records.schema import Tag

if TYPE_CHECKING:
    from forecastctl.store.port import Tracker


SUGGESTED = 3
"""Similar names that an error suggests at most."""

LATEST = "latest"
"""Name of the newest job."""


def resolve(tracker: Tracker, name: str) -> StoredRun:
    """The run with this id, or the run of the job with this id.

    A run that waited in a spool is also known by the id that it had there.

    Raises:
        NothingRecordedError: There is neither.
    """
    is_possible_id = re.fullmatch(r"[\w.-]+", name)
    mark = {JOBS: SET, job_mark(name): SET}
    jobs = tracker.find(Query(tags=mark, limit=1)) if is_possible_id else []
    if jobs:
        return jobs[0]
    try:
        return tracker.get(name)
    except NothingRecordedError:
        known = Query(tags={spooled_mark(name): SET}, limit=1)
        spooled = tracker.find(known) if is_possible_id else []
        if not spooled:
            raise NothingRecordedError(f"There is no run or job '{name}'.") from None
        return spooled[0]


def find_run(tracker: Tracker, name: str) -> StoredRun:
    """The run of this id, of the only job that begins so, or of the newest, which is `LATEST`.

    Raises:
        NothingRecordedError: There is none, or several jobs begin so.
    """
    if name == LATEST:
        newest = tracker.find(Query(tags={JOBS: SET}, limit=1))
        if newest:
            return newest[0]
        raise NothingRecordedError("No job is recorded yet.")
    try:
        return resolve(tracker, name)
    except NothingRecordedError as error:
        message = error.message
    jobs = tracker.find(Query(tags={JOBS: SET}, limit=ALL_RUNS))
    matching = [job for job in jobs if name and RunOf(job).job_id.startswith(name)]
    if len(matching) == 1:
        return matching[0]
    if matching:
        newest_ids = ", ".join(RunOf(job).job_id for job in matching[:SUGGESTED])
        raise NothingRecordedError(
            f"{len(matching)} jobs begin with '{name}'.", f"Give one of them: {newest_ids} ..."
        )
    ids = [RunOf(job).job_id for job in jobs]
    listed = f"The newest job is {ids[0]}; 'forecastctl history' lists all." if ids else None
    raise NothingRecordedError(message, did_you_mean(name, ids) or listed)


def job_named(tracker: Tracker, name: str | None) -> str | None:
    """The id of the newest job, where that is asked for by `LATEST`; any other name as it is.

    Raises:
        NothingRecordedError: There is no job.
    """
    return RunOf(find_job(tracker, name)).job_id if name == LATEST else name


def find_job(tracker: Tracker, name: str) -> StoredRun:
    """The run of the job that a name stands for, as in `find_run`.

    Raises:
        NothingRecordedError: There is none, or it is no job's.
    """
    run = find_run(tracker, name)
    if not RunOf(run).is_job:
        job = run.tags.get(Tag.JOB_ID)
        raise NothingRecordedError(
            f"Run '{name}' is not that of a job.", f"Its job is {job}." if job else None
        )
    return run
