"""One process of several does its share of a job; the last one closes the job.

All of them plan the same job, and each does the airports that are its own. A job whose shares are
not all recorded is one that was cut off (`forecastctl.jobs.resume`): whoever comes next goes on
with it, and finds the airports that are recorded done. So shares need not know of each other, and
one that dies is done again alone. Left to the last one is what is left of a job that was cut off
when all of its airports were recorded: to close it. Who was there stands in the job's run, because
a share may have nothing to record.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from forecastctl.jobs.resume import WITH_GROUPS, airport_runs, is_complete
from forecastctl.jobs.run import job_run, store_inputs
from forecastctl.jobs.work import clock
from forecastctl.recording.run_of import RunOf
from forecastctl.records import ALL_RUNS, KILLED, Query, RunUpdate, Status
from forecastctl.records.marks import SET, work_mark
from forecastctl.records.schema import Kind, Tag
from forecastctl.records.shards import number_of

if TYPE_CHECKING:
    from forecastctl.execute.port import Executor
    from forecastctl.jobs.job import Job
    from forecastctl.records import Shard, StoredRun
    from forecastctl.store.port import Tracker

NONE = "none"
"""Of the shares, before one is recorded."""

AT_WORK = "its shards are at work, or one of them did not end"


def join(job: Job, shard: Shard, tracker: Tracker, executor: Executor) -> str:
    """The run of a job that several processes do; whoever comes first makes it.

    It is left as one that was cut off, because that is what it is until its last share is recorded.
    In how many shares it is done stands there from the beginning, whoever closes it.

    Args:
        job: The job, as it is planned.
        shard: Which share joins it.
        tracker: The store, which nobody else writes meanwhile.
        executor: Where this process works.
    """
    if job.earlier is None:
        run_id = tracker.start(job_run(job, executor))
        store_inputs(job, tracker, run_id)
    elif shards_of(job.earlier.run)[1] == shard.count:
        return job.earlier.run.run_id
    else:  # whoever began it died before it could say that it has shares, or did it whole
        run_id = job.earlier.run.run_id
    waits: dict[str, str] = {
        Tag.STATUS: "interrupted",
        Tag.REASON: AT_WORK,
        Tag.LEFT: str(len(job.tasks)),
        Tag.SHARDS: f"{NONE} of {shard.count}",
    }
    tracker.update(run_id, RunUpdate(KILLED, clock()[0], tags=waits))
    return run_id


def closed_already(job: Job, shard: Shard, tracker: Tracker) -> StoredRun | None:
    """The run of the job that this share was one of, where all of its shares are recorded.

    A share may be started again after that: its machine went away before it could say that it had
    ended. The same data, settings and versions give the same forecasts, so nothing is left to do.

    Args:
        job: The job, as it is planned.
        shard: Which share.
        tracker: The store.
    """
    if job.earlier is not None:
        return None
    same = Query(tags={work_mark(job.work): SET, Tag.KIND: Kind.JOB}, limit=ALL_RUNS)
    shared = (run for run in tracker.find(same) if shards_of(run)[1] == shard.count)
    return next((run for run in shared if is_complete(run)), None)


def shards_of(run: StoredRun) -> tuple[set[int], int]:
    """Which shares of a job were there, and how many there are; none of a job done whole."""
    known, _, count = run.tags.get(Tag.SHARDS, "").partition(" of ")
    there = set() if known in ("", NONE) else {int(number) for number in known.split(",")}
    return there, int(count or 0)


def share_of(job: Job, shard: Shard) -> Job:
    """What one process does of a job.

    How wide intervals must be is seen from airports of the whole job. Where no other share has
    recorded it yet, each searches these airports, so that all say the same.

    Args:
        job: The whole job, without what is recorded of it.
        shard: Which airports are its own.
    """
    earlier, context = job.earlier, job.context
    if earlier is not None and not context.again:  # that another share came first is no attempt
        context = replace(context, attempt=RunOf(earlier.run).attempt)
    recorded = earlier.recorded if earlier else {}
    tasks = [task for task in job.tasks if shard.holds(task.series.airport)]
    settled = [result for result in job.settled if shard.holds(result.airport)]
    own = {name: found for name, found in recorded.items() if shard.holds(name)}
    named = {*own, *(t.series.airport for t in tasks), *(r.airport for r in settled)}
    return replace(
        job,
        context=context,
        order=[name for name in job.order if name in named],
        tasks=tasks,
        settled=settled,
        earlier=replace(earlier, recorded=own) if earlier else None,
        whole=job.tasks,
        batch=1,  # what is computed waits for nothing
    )


def left_by(shard: Shard, job: Job, run_id: str, tracker: Tracker) -> tuple[int, int]:
    """Note in a job's run that a share is recorded, and say what is left of the job.

    Args:
        shard: Which.
        job: The whole job, as this process planned it.
        run_id: Its run.
        tracker: The store, which nobody else writes meanwhile.

    Returns:
        How many airports are not recorded, and how many shares have nothing to record and were not
        there yet. The job can be closed when both are zero.
    """
    known, count = shards_of(tracker.get(run_id))
    there = {*(known if count == shard.count else ()), shard.number}
    text = f"{','.join(map(str, sorted(there)))} of {shard.count}"
    tracker.update(run_id, RunUpdate(tags={Tag.SHARDS: text}))
    wanted = {task.series.airport for task in job.tasks}
    wanted |= {r.airport for r in job.settled if r.status is not Status.SKIPPED}
    recorded = {*(job.earlier.recorded if job.earlier else ())}
    working = {number_of(airport, shard.count) for airport in wanted | recorded}
    runs = airport_runs(tracker, job.context.job_id, WITH_GROUPS)
    return len(wanted - runs.keys()), shard.count - len(working | there)
