"""What run, tune, train and forecast share: from their settings to the written forecasts."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from forecastctl.api.compose import (
    check_plug_ins,
    data_spec,
    make_executor,
    new_job_id,
    read,
    recorded,
    trained_panel,
)
from forecastctl.api.ending import Done, written
from forecastctl.api.interruptions import Interruptions, left_of
from forecastctl.api.planning import planner, prepared_here
from forecastctl.api.recorder import Recorder
from forecastctl.api.shared import check_shared, read_shared, shared_folder, shared_source
from forecastctl.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from forecastctl.api.compose import Session
    from forecastctl.api.progress import Progress
    from forecastctl.execute.port import Executor
    from forecastctl.jobs.job import Job
    from forecastctl.jobs.plan import Request
    from forecastctl.jobs.stopping import Stopping
    from forecastctl.jobs.summary import Summary
    from forecastctl.records import Rejection, Series
    from forecastctl.settings.sections import Tracking
    from forecastctl.store.port import Tracker

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Selection:
    """What of the data a job is for, as it was given.

    Attributes:
        airport: Only these airports.
        select: Only airports that match one of these globs.
        as_of: No observation after this date.
        fresh: Whether a job that was cut off is left as it is, instead of being gone on with.
        resume: The job to go on with, where it was named.
    """

    airport: list[str] | None
    select: list[str] | None
    as_of: str | None
    fresh: bool = False
    resume: str | None = None


def do(
    command: str,
    session: Session,
    chosen: Selection,
    progress: Progress,
    *,
    out: str | None = None,
    upgrade: bool = False,
    around: Callable[[Executor], Executor] | None = None,
    planned: Callable[[Iterable[Series | Rejection], Tracker], None] | None = None,
) -> Done[Summary]:
    """Do a job, and write the forecasts as soon as they are there.

    Args:
        command: ``run``, ``tune``, ``train`` or ``forecast``.
        session: Its settings and log.
        chosen: What of the data it is for.
        progress: Told what happens.
        out: Where the forecasts go; ``None`` for nowhere.
        upgrade: Whether a store of an older MLflow is migrated.
        around: What is put around the executor of the settings.
        planned: Told of the data and the store once it is known what is to be done.

    Raises:
        ForecastctlError: The settings, the data or the store cannot be used. What becomes of an
            airport is in the summary.
    """
    from forecastctl.jobs.resume import said

    if chosen.fresh and chosen.resume:
        raise UsageError("--fresh and --resume contradict each other.", "Give one of them.")
    settings = session.settings
    if command in ("run", "tune"):
        check_plug_ins(settings)
    sums = adds_up(session, chosen)
    check_shared(settings)
    executor = make_executor(settings, settings.airport_limit())
    executor = around(executor) if around else executor
    recorded_panel = command == "forecast" and settings.data.source is None
    shared = shared_source(settings)
    here = None if recorded_panel or shared else read(session, groups=sums)
    with executor, shared_folder(settings, executor) as folder:
        there = read_shared(session, executor, folder, chosen.as_of) if shared else None
        with Recorder(
            session, command, progress.say, upgrade=upgrade, existing=recorded_panel
        ) as recorder:
            if recorded_panel:
                panel = trained_panel(session, recorder.tracker, groups=sums)
                here = panel, data_spec(settings)
            elif recorder.waited:  # the data may be other by now
                there = read_shared(session, executor, folder, chosen.as_of) if shared else None
                here = None if shared else read(session, groups=sums)
            ready = prepared_here(here, chosen.as_of) if here else there
            assert ready is not None  # noqa: S101 - data are here or with the workers
            request = ask(command, session, chosen, sums=sums, jobs=executor.jobs)
            plan = planner(
                session,
                request,
                ready,
                executor,
                progress.say,
                as_of=chosen.as_of,
                fresh=chosen.fresh,
            )
            job = recorder.plan(lambda tracker: plan(tracker, chosen.resume))
            if planned is not None:
                planned(ready[1].entries, recorder.tracker)
            return execute(session, job, recorder, executor, progress, said(job), out)


def execute(
    session: Session,
    job: Job,
    recorder: Recorder,
    executor: Executor,
    progress: Progress,
    saying: str,
    out: str | None,
) -> Done[Summary]:
    """Run a job that is planned, within the limits of the settings, and write its forecasts.

    Args:
        session: Its settings and log.
        job: The job.
        recorder: Where it is recorded, open.
        executor: Where it is executed, open.
        progress: Told what happens.
        saying: What a user is told first; empty for nothing.
        out: Where the forecasts go; ``None`` for nowhere.
    """
    from forecastctl.jobs.pilot import choose_pilot
    from forecastctl.jobs.run import run_job

    total = len(job.order) + len(job.groups)
    stopping = limits(session, total)
    lengths = {task.series.airport: task.series.n for task in job.tasks}
    pilot = choose_pilot(job.tasks, job.groups)
    tracker, read_log = recorder.tracker, session.read_log
    to_do = total - sum(result.status == "skipped" for result in job.settled)
    what, context = "airports and group" if job.groups else "airport", job.context
    named = None if context.again else context.job_id  # a retry goes on by its own command
    left = partial(left_of, stopping, to_do, what, context.command, named)
    with Interruptions(stopping.interrupt, left):
        if saying:
            progress.say(saying)
        progress.expect(lengths, {task.series.airport for task in pilot}, to_do)
        summary = run_job(
            job,
            tracker,
            executor,
            progress,
            read_log,
            progress.say,
            stopping,
            searched=progress.searched,
        )
    out, unwritten = written(summary, out, session.settings.forecast.table)
    return Done(recorder.end(summary), out, unwritten)


def limits(session: Session, total: int) -> Stopping:
    """When a job ends before all is done, by the settings.

    Args:
        session: Its settings, and when it started.
        total: Airports and groups, of which a share may fail.
    """
    from forecastctl.jobs.stopping import Stopping
    from forecastctl.settings.limits import deadline_ms, most_of

    run = session.settings.run
    return Stopping(
        run.grace,
        None if run.deadline is None else deadline_ms(run.deadline, session.started),
        None if run.max_failures is None else most_of(run.max_failures, total),
    )


def adds_up(session: Session, chosen: Selection) -> bool:
    """Whether the job forecasts groups and the total as well; what that needs is there.

    Where the settings file asks for it and the command line selects airports, it does not: the
    sums of a few airports are not those of all.

    Raises:
        UsageError: The command line asks for both, or the library that reconciles is missing.
    """
    from forecastctl.settings import is_given

    settings, origins = session.settings, session.settings.origins
    asked = {
        "data.groups": bool(settings.data.groups),
        "data.group_file": settings.data.group_file is not None,
        "forecast.reconcile": settings.forecast.reconcile != "none",
    }
    if not any(asked.values()):
        return False
    if shared_source(settings):
        first = next(origins[key] for key, wanted in asked.items() if wanted)
        raise UsageError(
            f"{first} adds up airports, and the workers that read this table see one airport each.",
            "Leave it out, or name the folder without 'parquet:' to read it here and whole.",
        )
    if chosen.airport or chosen.select:
        given = [origins[key] for key, wanted in asked.items() if wanted]
        flags = [origin for origin in given if is_given(origin)]
        if flags:
            raise UsageError(
                f"{flags[0]} adds up all airports, and --airport and --select leave some out.",
                "Give one or the other.",
            )
        log.info("airports are selected: no groups and no total in this job")
        return False
    if asked["forecast.reconcile"]:
        from forecastctl.jobs.sums.reconcile import library_version

        log.info("hierarchicalforecast %s reconciles", library_version())
    return True


def ask(command: str, session: Session, chosen: Selection, *, sums: bool, jobs: int) -> Request:
    """What is asked of a job.

    Args:
        command: ``run``, ``tune``, ``train`` or ``forecast``.
        session: Its settings.
        chosen: What of the data it is for.
        sums: Whether groups and the total are forecast as well.
        jobs: Number of workers.
    """
    from forecastctl.jobs.plan import Request
    from forecastctl.settings import shown

    settings = session.settings
    return Request(
        command=command,
        job_id=new_job_id(session.started),
        start_ms=session.started,
        search=settings.search(),
        levels=settings.forecast.level,
        layout=settings.tracking.layout,
        charts=settings.forecast.charts,
        curves=_curves(settings.tracking),
        config_digest=settings.result_digest(),
        settings={
            **recorded(settings),
            "as_of": chosen.as_of,
            "airport": shown(chosen.airport),
            "select": shown(chosen.select),
        },
        airports=tuple(chosen.airport or ()),
        select=tuple(chosen.select or ()),
        skip_unchanged=settings.run.skip_unchanged,
        retune=settings.tune.retune,
        learn=settings.tune.learn,
        max_age=settings.monitor.max_age,
        jobs=jobs,
        batch=settings.run.batch,
        sums=sums,
        reconcile=settings.forecast.reconcile,
    )


def _curves(tracking: Tracking) -> bool:
    """Whether runs hold lines: in the flat layout, which is for speed, only where that is set."""
    from forecastctl.records.schema import NESTED  # not for a help: it takes numpy

    return tracking.layout == NESTED if tracking.curves is None else tracking.curves
