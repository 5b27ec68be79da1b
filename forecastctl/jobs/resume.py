"""A job that was cut off goes on where it stopped.

What was asked has a digest: command, data, settings, selection, versions. A job run with the same
digest that has not accounted for all of its airports was interrupted, killed, or lost its store.
The next job that is asked for the same goes on with it, under its id: what is recorded stays, the
rest is done, and the end is that of a job that was never cut off.
"""

from __future__ import annotations

import hashlib
import logging
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from forecastctl.errors import NothingRecordedError, UsageError
from forecastctl.jobs.job import Earlier
from forecastctl.jobs.plan import plan_job
from forecastctl.jobs.restored import restored
from forecastctl.jobs.resumable import refuse
from forecastctl.jobs.work import DEADLINE
from forecastctl.recording import decoding
from forecastctl.recording.read import read_as
from forecastctl.recording.resolve import find_job
from forecastctl.recording.run_of import RunOf
from forecastctl.recording.searches import read_searches
from forecastctl.records import (
    ALL_RUNS,
    FAILED,
    FINISHED,
    RUNNING,
    TOO_SHORT,
    AirportResult,
    AirportTask,
    Query,
    Status,
    StoredRun,
    canonical_json,
)
from forecastctl.records.marks import SET, job_mark, work_mark
from forecastctl.records.schema import File, Kind, MetricKey, Tag

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from forecastctl.data.panel.panel import Panel
    from forecastctl.data.shared.panel import SharedPanel
    from forecastctl.jobs.job import Job
    from forecastctl.jobs.plan import Request
    from forecastctl.recording.context import Environment
    from forecastctl.records import Rejection, Series, Widths
    from forecastctl.store.port import Tracker

log = logging.getLogger(__name__)

ENDED = (FINISHED, FAILED)

AIRPORTS_ONLY = (Kind.AIRPORT,)
WITH_GROUPS = (Kind.AIRPORT, Kind.GROUP)


def work_digest(asked: Mapping[str, object], environment: Environment, panel_digest: str) -> str:
    """Digest of what a job is to do.

    Args:
        asked: Everything that decides what it does with each airport, as plain values.
        environment: Versions and machine.
        panel_digest: Digest of the data.
    """
    content: dict[str, Any] = {
        "asked": dict(asked),
        "environment": environment.digest,
        "panel": panel_digest,
    }
    return hashlib.sha256(canonical_json(content).encode()).hexdigest()[:32]


def cut_off(tracker: Tracker, digest: str) -> StoredRun | None:
    """The newest job that was asked for the same, where it was cut off.

    Args:
        tracker: The store.
        digest: See `work_digest`.
    """
    newest = tracker.find(Query(tags={work_mark(digest): SET, Tag.KIND: Kind.JOB}, limit=1))
    if not newest or newest[0].status == RUNNING or is_complete(newest[0]):
        return None
    return newest[0]


def _named(tracker: Tracker, name: str) -> StoredRun:
    """The job of this name.

    Raises:
        UsageError: Nothing is left to do of it, or it is at work.
    """
    run = find_job(tracker, name)
    job_id = RunOf(run).job_id
    if run.status == RUNNING:
        raise UsageError(
            f"Job {job_id} cannot be gone on with: it is still at work.",
            f"Wait for it; if it is gone, set run {run.run_id} to KILLED in MLflow.",
        )
    if is_complete(run):
        raise UsageError(
            f"Job {job_id} is complete: nothing is left of it.",
            f"'forecastctl retry {job_id}' does again what failed.",
        )
    return run


def is_complete(run: StoredRun | None) -> bool:
    """Whether a job has accounted for all of its airports, and left none."""
    if run is None or run.status not in ENDED or run.tags.get(Tag.LEFT, "0") != "0":
        return False
    return MetricKey.AIRPORTS_TOTAL in run.metrics


def airport_runs(
    tracker: Tracker, job_id: str, kinds: Collection[str] = AIRPORTS_ONLY
) -> dict[str, StoredRun]:
    """Complete runs of a job's airports; of an airport that was done anew, the newest."""
    newest: dict[str, StoredRun] = {}
    for kind in kinds:
        query = Query(tags={job_mark(job_id): SET, Tag.KIND: kind}, limit=ALL_RUNS)
        for run in tracker.find(query):
            if run.status in ENDED:
                newest.setdefault(RunOf(run).airport, run)
    return newest


def plan_or_go_on(
    request: Request,
    panel: Panel | SharedPanel,
    entries: Sequence[Series | Rejection],
    environment: Environment,
    tracker: Tracker,
    *,
    as_of: str | None = None,
    fresh: bool = False,
    resume: str | None = None,
) -> Job:
    """Plan a job, or what is left of one that was asked for the same and was cut off.

    Args:
        request: What the user asks.
        panel: The panel as read.
        entries: One prepared series or rejection for each airport of the panel.
        environment: Where the job runs.
        tracker: Where earlier jobs are recorded.
        as_of: No observation after this date is used.
        fresh: Leave a job that was cut off as it is.
        resume: Go on with the job that this name stands for, and with no other.

    Raises:
        UsageError: The job that was named is at work or done, or was asked for something else.
        NothingRecordedError: There is no such job.
    """
    asked = {**request.asked(), "as_of": as_of, "groups": panel.groups if request.sums else {}}
    digest = work_digest(asked, environment, panel.digest)
    if resume is None:
        run = None if fresh else cut_off(tracker, digest)
    else:
        run = _named(tracker, resume)
        if work_mark(digest) not in run.tags:
            raise refuse(tracker, run, request.command, request.settings, environment, panel.digest)
    if run is None:
        return replace(plan_job(request, panel, entries, environment, tracker), work=digest)
    job_id = RunOf(run).job_id
    runs = airport_runs(tracker, job_id, WITH_GROUPS)
    early = _made_too_early(run, runs, tracker)
    kept = {name: found for name, found in runs.items() if name not in early}
    request = replace(request, job_id=job_id, recorded=frozenset(kept))
    job = replace(plan_job(request, panel, entries, environment, tracker), work=digest)
    return take_over(job, run, kept, tracker, early=early)


def _made_too_early(
    job: StoredRun, runs: Mapping[str, StoredRun], tracker: Tracker
) -> dict[str, StoredRun]:
    """What a deadline had made with a search that it cut short, or with widths that were not sure.

    Args:
        job: The run of the job that is gone on with.
        runs: Runs of its airports and groups.
        tracker: The store.
    """
    unsure = not _widths(tracker, job)
    return {
        name: run
        for name, run in runs.items()
        if run.tags.get(Tag.STOPPED) == DEADLINE
        or (
            unsure
            and RunOf(run).holds(Tag.TUNED)
            and RunOf(run).status != Status.FAILED
            and run.tags.get(Tag.STOPPED) != TOO_SHORT
        )
    }


def said(job: Job) -> str:
    """What a user is told of a job that goes on."""
    earlier = job.earlier
    if earlier is None:
        return ""
    done = sum(name in job.order for name in earlier.recorded)
    return (
        f"going on with job {job.context.job_id}, which was cut off after {done} of "
        f"{len(job.order)} airports (--fresh starts over)"
    )


def take_over(
    job: Job,
    run: StoredRun,
    runs: Mapping[str, StoredRun],
    tracker: Tracker,
    *,
    again: Mapping[str, StoredRun] | None = None,
    early: Mapping[str, StoredRun] | None = None,
) -> Job:
    """The same job without what an earlier attempt has recorded.

    An airport of which something cannot be read any more is done anew.

    Args:
        job: The job as it was planned, under the id of the earlier attempt.
        run: The run of the earlier attempt.
        runs: Runs of the airports and groups that it recorded and that are taken over.
        tracker: The store.
        again: Runs of those that are to be done again.
        early: Runs of those that are made again from the searches that were kept.
    """
    early = dict(early or {})
    instead = {name: found.run_id for name, found in {**(again or {}), **early}.items()}
    widths = _widths(tracker, run)
    recorded: dict[str, tuple[AirportResult, str]] = {}
    tasks: list[AirportTask] = []
    for task in job.tasks:
        found = runs.get(task.series.airport)
        try:
            if found is not None:
                result = restored(tracker, found, task)
                if not _has_other_widths(result, task, widths):
                    recorded[result.airport] = result, found.run_id
                    continue
                early[result.airport] = found
                instead[result.airport] = found.run_id
        except NothingRecordedError as error:
            log.warning("%s is done anew: %s", task.series.airport, error.message)
            task = replace(task, anew=error.message)  # noqa: PLW2901
            instead[task.series.airport] = runs[task.series.airport].run_id
        if task.plan.tune and not task.widths:  # of a series too short for a search they are known
            task = replace(task, widths=widths)  # noqa: PLW2901
        tasks.append(task)
    settled: list[AirportResult] = []
    for result in job.settled:
        of_airport = runs.get(result.airport)
        if of_airport is None or result.status is Status.SKIPPED:
            settled.append(result)
        else:
            recorded[result.airport] = result, of_airport.run_id
    context = replace(job.context, attempt=RunOf(run).attempt + 1, again=instead)
    searched, files = read_searches(tracker, run)
    done = {*recorded, *instead} - set(early)
    searched = {name: found for name, found in searched.items() if name not in done}
    earlier = Earlier(run, recorded, widths, searched, files)
    return replace(job, context=context, tasks=tasks, settled=settled, earlier=earlier)


def _has_other_widths(result: AirportResult, task: AirportTask, widths: Widths) -> bool:
    """Whether an airport was recorded before the job's widths were sure, and by other ones.

    Args:
        result: What is recorded of it.
        task: The work on it; a series too short for a search has widths of its own.
        widths: Those of the job; empty where they are not sure yet.
    """
    tuned = result.tuned
    if tuned is None or result.status is Status.FAILED or not task.plan.tune:
        return False
    if not widths or task.widths:
        return False
    return tuned.stopped != TOO_SHORT and bool(tuned.widths) and tuned.widths != widths


def _widths(tracker: Tracker, run: StoredRun) -> Widths:
    """How wide intervals are in a job; empty where it does not say."""
    try:
        return read_as(tracker, run, File.WIDTHS, decoding.widths)
    except NothingRecordedError:
        return ()
