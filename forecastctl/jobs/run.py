"""The job: tune, train, forecast, or all of it, over a panel, recorded as it goes."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from forecastctl.execute.port import said_of
from forecastctl.jobs.ending import abandon_job, close_job, note_of, sums_artifacts
from forecastctl.jobs.learn import winners
from forecastctl.jobs.ledger import Ledger, enter, kept, leave, record_results, summarise
from forecastctl.jobs.pilot import (
    choose_pilot,
    fleet_widths,
    found_again,
    going_on,
    is_cut_short,
    is_over,
    joined,
    tells_enough,
    tuning_of,
)
from forecastctl.jobs.spread import spread
from forecastctl.jobs.stopping import Stopping
from forecastctl.jobs.work import clock, compile_models, unheard, unwrap, work
from forecastctl.recording.context import cut, json_bytes
from forecastctl.recording.digests import add_files
from forecastctl.recording.fleet import fleet_model
from forecastctl.recording.panel import kept_panel
from forecastctl.recording.searches import keep_searches
from forecastctl.records import (
    RUNNING,
    AirportResult,
    AirportTask,
    Artifact,
    Run,
    RunUpdate,
    Status,
    widths_dict,
)
from forecastctl.records.marks import JOBS, SET, job_mark, work_mark
from forecastctl.records.schema import TRUE, File, Kind, Tag
from forecastctl.store.superseding import supersede

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from forecastctl.execute.port import Executor
    from forecastctl.jobs.job import Job, Progress
    from forecastctl.jobs.parallel import Parallel
    from forecastctl.jobs.summary import Summary
    from forecastctl.records import StoredRun, Widths
    from forecastctl.store.port import Tracker

T = TypeVar("T")

log = logging.getLogger(__name__)

LONGEST_WAIT_MS = 2000


def run_job(
    job: Job,
    tracker: Tracker,
    executor: Executor,
    progress: Progress,
    read_log: Callable[[], bytes],
    say: Callable[[str], None] = unheard,
    stopping: Stopping | None = None,
    searched: Callable[[int, int], None] = lambda _done, _of: None,
) -> Summary:
    """Execute a job, record every airport whole as it completes, and account for all of them.

    Args:
        job: What to do.
        tracker: Where it is recorded.
        executor: Where it is executed.
        progress: Told about every airport.
        read_log: Returns the job's log so far.
        say: Told what takes long before the first airport.
        stopping: When it ends before all is done.
        searched: Told how many airports are searched before the first one has its status, and of
            how many.

    Raises:
        TrackingError: Something could not be recorded; the job stops.
        KeyboardInterrupt: A signal ended it; what was done until then is recorded.
    """
    stopping = stopping or Stopping()
    run_id = _open(job, executor, tracker)
    log.info("job %s: run %s, %d airports", job.context.job_id, run_id, len(job.order))
    try:
        store_inputs(job, tracker, run_id)
        ledger, summary = work_off(
            job, tracker, executor, run_id, progress, say, stopping, searched
        )
        if job.context.attempt > 1:
            supersede(tracker, job.context.job_id)
        files = (*winners(ledger.pasts, job.context), *sums_artifacts(summary))
        model = fleet_model(ledger.models, job.context)
        close_job(tracker, summary, files, read_log, model, note_of(summary, job.context))
    except BaseException as error:
        abandon_job(tracker, run_id, error, read_log)
        raise
    return summary


def work_off(
    job: Job,
    tracker: Tracker,
    executor: Executor,
    run_id: str,
    progress: Progress,
    say: Callable[[str], None],
    stopping: Stopping,
    searched: Callable[[int, int], None],
) -> tuple[Ledger, Summary]:
    """Do what a job has to do, and record it below its run.

    Args:
        job: What to do.
        tracker: Where it is recorded.
        executor: Where it is executed.
        run_id: The job's run.
        progress: Told about every airport.
        say: Told what takes long before the first airport.
        stopping: When it ends before all is done.
        searched: Told how many airports are searched before the first one has its status, and of
            how many.

    Returns:
        What became of each airport, and the account of all, with those left because it ended early.
    """
    begun_ms = clock()[0]
    compile_models((task.plan for task in job.tasks), say)
    ledger = Ledger(compiled_ms=clock()[0] - begun_ms)
    for result, of_airport in job.earlier.recorded.values() if job.earlier else ():
        enter(ledger, result, job, of_airport, tracker)
        progress(result, len(job.order) + len(job.groups))
        stopping.recorded_are([result])
    worked = _results(job, executor, tracker, run_id, stopping, searched)
    found = kept(worked, job, tracker, run_id)
    with stopping.over(executor):
        for results in batches(found, job.batch):
            record_results(results, job, tracker, run_id, ledger)
            stopping.recorded_are(results)
            for result in results:
                progress(result, len(job.order) + len(job.groups))
            stopping.saw(results)
    stopping.check()
    left = leave(job, ledger, stopping.reason, tracker)
    summary = summarise(job, run_id, ledger)
    if left:
        summary = replace(summary, status="partial", left=left, stopped=stopping.said(left))
    return ledger, summary


def _open(job: Job, executor: Executor, tracker: Tracker) -> str:
    """Open the job's run, or that of an attempt that was cut off again."""
    run = job_run(job, executor)
    if job.earlier is None:
        return tracker.start(run)
    update_on_reopening(tracker, job.earlier.run, run, len(job.tasks))
    return job.earlier.run.run_id


def update_on_reopening(tracker: Tracker, earlier: StoredRun, run: Run, left: int) -> None:
    """Make a job's run one that is being worked at again.

    Args:
        tracker: The store.
        earlier: The run as the attempt that was cut off has left it.
        run: The run as it would be opened now.
        left: How many airports and groups are not done.
    """
    anew = (Tag.ATTEMPT, Tag.HOST, Tag.PID, Tag.EXECUTOR)
    tags: dict[str, str] = {key: run.tags[key] for key in anew if key in run.tags}
    tags |= {Tag.STATUS: "running", Tag.LEFT: str(left)}
    if Tag.REASON in earlier.tags:
        tags[Tag.REASON] = ""
    tracker.update(earlier.run_id, RunUpdate(RUNNING, tags=tags))


def job_run(job: Job, executor: Executor) -> Run:
    """The run of a job, as it is opened.

    Args:
        job: The job.
        executor: Where it is executed.
    """
    context = job.context
    stages = {"tune": Tag.TUNED, "train": Tag.TRAINED, "forecast": Tag.FORECAST}
    env = context.environment
    tags: dict[str, str] = {
        **context.tags(),
        **context.environment_tags(),
        Tag.KIND: Kind.JOB,
        Tag.HOST: env.host,
        Tag.PID: str(env.pid),
        Tag.EXECUTOR: said_of(executor),
        **{stages[stage]: TRUE for stage in context.plan.stages},
        **(_parallel_tags(job.parallel) if context.plan.tune else {}),
        JOBS: SET,
        job_mark(context.job_id): SET,
        **({work_mark(job.work): SET} if job.work else {}),
    }
    if job.sums:
        tags |= {Tag.RECONCILE: job.sums.method, Tag.GROUPS: str(len(job.sums.hierarchy.groups))}
    if job.terms:
        tags[Tag.REGRESSORS] = cut(", ".join(job.terms.names))
    if job.warnings:
        tags[Tag.WARNINGS] = cut("; ".join(job.warnings))
    params = {k: cut(str(v)) for k, v in job.settings.items()}
    return Run(
        name=f"{context.command} {context.job_id}",
        start_ms=context.start_ms,
        params=params,
        tags=tags,
        inputs=context.inputs,
    )


def _parallel_tags(parallel: Parallel) -> dict[str, str]:
    """What is done at the same time, and why."""
    tags: dict[str, str] = {
        Tag.PARALLEL: parallel.how,
        Tag.PARALLELISM: str(parallel.parallelism),
        Tag.PARALLEL_ASKED: parallel.asked,
        Tag.PARALLEL_REASON: parallel.reason,
    }
    return {name: value for name, value in tags.items() if value}


def store_inputs(job: Job, tracker: Tracker, run_id: str) -> None:
    """Settings, environment and, once per distinct content, the panel itself."""
    artifacts = [
        Artifact(File.SETTINGS, json_bytes(dict(job.settings), readable=True)),
        Artifact(File.ENVIRONMENT, json_bytes(job.context.environment.to_dict(), readable=True)),
    ]
    if job.fleet and job.fleet.by_day:
        artifacts.append(Artifact(File.POOLED, json_bytes(job.fleet.to_dict())))
    if job.terms:
        artifacts.append(Artifact(File.TERMS, json_bytes(job.terms.to_dict())))
    if job.sums:
        artifacts.append(Artifact(File.GROUPS, json_bytes(job.sums.columns, readable=True)))
    tags: dict[str, str] = {}
    if job.snapshot is not None:
        tags = {Tag.SNAPSHOT_RUN_ID: kept_panel(tracker, job.snapshot, job.context)}
    add_files(tracker, run_id, RunUpdate(artifacts=tuple(artifacts), tags=tags))


def _results(
    job: Job,
    executor: Executor,
    tracker: Tracker,
    run_id: str,
    stopping: Stopping,
    searched: Callable[[int, int], None],
) -> Iterator[AirportResult]:
    """Settled airports first, then results as workers complete them; largest tasks go first.

    Where airports are tuned, some are tuned before all else: see `forecastctl.jobs.pilot`.
    """
    yield from job.settled
    if stopping.ends:
        return
    tasks = [replace(task, until_ms=stopping.deadline_ms) for task in job.tasks]
    of_all = [replace(t, until_ms=stopping.deadline_ms) for t in job.whole or job.tasks]
    pilot = choose_pilot(of_all, job.groups) if any(t.plan.tune for t in tasks) else []
    whole = {task.series.airport: task for task in tasks}
    tuned = _tuned_first(job, pilot, executor, tracker, run_id, stopping, searched)
    if stopping.ends:
        failed = [early for early in tuned.values() if early.status is Status.FAILED]
        mine = [early for early in failed if early.airport in whole]
        yield from (joined(whole[early.airport], early, None, ()) for early in mine)
        return
    widths: Widths = job.earlier.widths if job.earlier else ()
    if pilot:
        kept = [task.tuned for task in of_all if not task.plan.tune]
        found = [tuned[t.series.airport].tuned for t in pilot if t.series.airport in tuned]
        widths = fleet_widths(found, kept)
        if tells_enough(pilot, tuned):
            known = sum(search is not None for search in found)
            content = json_bytes({"airports": known, "widths": widths_dict(widths)}, readable=True)
            add_files(tracker, run_id, RunUpdate(artifacts=(Artifact(File.WIDTHS, content),)))
    left = []
    for task in tasks:
        early = tuned.get(task.series.airport)
        if early is None:
            left.append(replace(task, widths=task.widths or widths) if task.plan.tune else task)
        elif is_over(task, early):
            yield joined(task, early, None, widths)
        else:
            left.append(going_on(task, early, widths))
    for result in work_through(left, executor, job.parallel):
        early = tuned.get(result.airport)
        yield result if early is None else joined(whole[result.airport], early, result, widths)
        if stopping.too_many_failed:
            return


def _tuned_first(
    job: Job,
    pilot: Sequence[AirportTask],
    executor: Executor,
    tracker: Tracker,
    run_id: str,
    stopping: Stopping,
    searched: Callable[[int, int], None],
) -> dict[str, AirportResult]:
    """What came of the searches of the pilot by airport, each kept as soon as it is done."""
    tuned: dict[str, AirportResult] = {}
    files = 0
    if job.earlier:
        files = job.earlier.files
        again = {t.series.airport: t for t in job.tasks if t.plan.tune}
        kept = job.earlier.searched.items()
        tuned |= {a: found_again(again[a], found) for a, found in kept if a in again}
    left = [tuning_of(task) for task in pilot if task.series.airport not in tuned]
    for results in batches(work_through(left, executor, job.parallel), job.batch):
        whole = [result for result in results if not is_cut_short(result)]
        if job.whole is None:
            files = keep_searches(tracker, run_id, files, whole)
        tuned |= {result.airport: result for result in results}
        searched(len(tuned), len(pilot))
        stopping.saw(results)
        if stopping.too_many_failed:
            break
    return tuned


def work_through(
    tasks: Iterable[AirportTask], executor: Executor, parallel: Parallel
) -> Iterator[AirportResult]:
    """Results as workers complete them; what has the longest series goes first."""
    ordered = sorted(tasks, key=lambda task: -task.series.n)
    if parallel.spreads:
        yield from spread(ordered, executor, parallel.limit)
        return
    for outcome in executor.map(work, ordered):
        yield unwrap(outcome, ordered[outcome.index])


def batches(results: Iterable[T], size: int) -> Iterator[list[T]]:
    """Results in batches; none waits for long, and an interruption loses none that is there."""
    batch: list[T] = []
    since = clock()[0]
    try:
        for result in results:
            batch.append(result)
            if len(batch) >= size or clock()[0] - since >= LONGEST_WAIT_MS:
                yield batch
                batch, since = [], clock()[0]
    except KeyboardInterrupt:
        if batch:
            yield batch
        raise
    if batch:
        yield batch
