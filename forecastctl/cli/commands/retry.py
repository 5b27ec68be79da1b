"""The retry command: what failed in a job, once more."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from forecastctl.api.compose import check_plug_ins, data_spec, environment, make_executor
from forecastctl.api.ending import write_out
from forecastctl.api.job import Selection, adds_up, ask, execute
from forecastctl.api.parallel import with_parallel
from forecastctl.api.recorder import Recorder
from forecastctl.cli import flags
from forecastctl.cli.compose import check_out, open_session
from forecastctl.cli.ending import finish_job
from forecastctl.cli.output import render
from forecastctl.cli.output.progress import Progress
from forecastctl.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from forecastctl.api.ending import Done
    from forecastctl.cli.compose import Session
    from forecastctl.execute.port import Executor
    from forecastctl.jobs.job import Job
    from forecastctl.jobs.summary import Summary
    from forecastctl.records import StoredRun
    from forecastctl.store.port import Tracker


def retry(
    job: flags.work.RetriedJob,
    status: flags.work.RetriedStatus = None,
    out: flags.forecast.Out = None,
    tracking_uri: flags.store.TrackingUri = None,
    experiment: flags.store.Experiment = None,
    upgrade_store: flags.store.UpgradeStore = False,
    jobs: flags.work.Jobs = None,
    backend: flags.work.Backend = None,
    cluster: flags.work.Cluster = None,
    airport_timeout: flags.work.AirportTimeout = None,
    airport_memory: flags.work.AirportMemory = None,
    deadline: flags.work.Deadline = None,
    max_failures: flags.work.MaxFailures = None,
    grace: flags.work.Grace = None,
    wait: flags.work.Wait = None,
    metrics: flags.output.Metrics = None,
    log_format: flags.output.LogFormat = None,
    config: flags.output.Config = None,
    as_json: flags.output.AsJson = False,
    quiet: flags.output.Quiet = False,
    verbose: flags.output.Verbose = False,
) -> None:
    """Do again what failed in a job, with its settings and its data."""
    session = open_session(retry, locals())
    statuses = _checked(status)
    check_out(session, session.settings.forecast.out)
    with (
        Progress(quiet=quiet) as progress,
        Recorder(session, "retry", progress.say, upgrade=upgrade_store, existing=True) as recorder,
    ):
        retried = _work(session, job, statuses, recorder, progress)
    if retried is not None:
        finish_job(retried.command, retried.session, retried.done)


def _checked(given: list[str] | None) -> list[str]:
    """What is to be done again, by its status.

    Raises:
        UsageError: That is not retried.
    """
    from forecastctl.jobs.retry import RETRIED

    statuses = given or ["failed"]
    for name in statuses:
        if name not in RETRIED:
            raise UsageError(f"--status: '{name}' is not retried.", f"One of {', '.join(RETRIED)}.")
    return statuses


@dataclass(frozen=True, slots=True)
class Retried:
    """What became of a retry.

    Attributes:
        command: The command of the job.
        session: What was given now, with the settings of the job.
        done: What became of the job.
    """

    command: str
    session: Session
    done: Done[Summary]


def _work(
    session: Session, name: str, statuses: list[str], recorder: Recorder, progress: Progress
) -> Retried | None:
    """Do again what is to be done again, if there is anything.

    Args:
        session: What was given now.
        name: The job, as it was named.
        statuses: What is done again.
        recorder: Where it is recorded, open.
        progress: Told what happens.
    """
    from forecastctl.jobs.resume import is_complete
    from forecastctl.jobs.retry import check_retry, to_retry
    from forecastctl.recording.resolve import find_job
    from forecastctl.recording.run_of import RunOf

    run = find_job(recorder.tracker, name)
    check_retry(run)
    again = to_retry(recorder.tracker, run, statuses)
    job_id = RunOf(run).job_id
    if not again and is_complete(run):
        _say_nothing_to_do(session, job_id, statuses)
        _write_recorded(session, recorder.tracker, run)
        return None
    as_then = _as_it_was(session, recorder.tracker, run)
    settings = as_then.settings
    check_plug_ins(settings)
    with make_executor(settings, settings.airport_limit()) as executor:
        planned = recorder.plan(lambda tracker: _plan(as_then, tracker, run, again, executor))
        attempt = planned.context.attempt
        saying = f"attempt {attempt} at job {job_id}: {len(again)} to be done again"
        out = settings.forecast.out if planned.context.plan.forecast else None
        done = execute(as_then, planned, recorder, executor, progress, saying, out)
    return Retried(RunOf(run).command or "run", as_then, done)


def _say_nothing_to_do(session: Session, job_id: str, statuses: list[str]) -> None:
    if session.as_json:
        render.print_json({"job_id": job_id, "retried": 0})
    elif not session.quiet:
        render.print_line(f"Nothing to do: no airport of job {job_id} is {_either(statuses)}.")


def _write_recorded(session: Session, tracker: Tracker, run: StoredRun) -> None:
    """Write the forecasts of a job of which nothing is left: an attempt before may not have.

    Without any, none are written, which is said.

    Raises:
        OutputError: They cannot be written.
        DamagedError: They are recorded and cannot be read.
    """
    from forecastctl.data.write.targets import shown_target
    from forecastctl.recording.job import read_forecasts

    out = session.settings.forecast.out
    if not out:
        return
    found = read_forecasts(tracker, run)
    there = found is not None and len(found) > 0
    if found is not None:
        write_out(found, out, session.settings.forecast.table)
    if not session.quiet and not session.as_json and out != "-":
        said = shown_target(out) if there else "none: no airport of the job has one"
        render.print_line(f"forecasts   {said}")


def _either(statuses: list[str]) -> str:
    return " or ".join(statuses)


def _as_it_was(session: Session, tracker: Tracker, run: StoredRun) -> Session:
    """The session with the settings of a job in all that decides what becomes of an airport.

    Where things are recorded, written and worked on is as it is given now.

    Raises:
        NothingRecordedError: The settings of the job are not stored, or cannot be read.
    """
    from forecastctl.recording.job import read_settings
    from forecastctl.recording.run_of import RunOf
    from forecastctl.recording.settings_of import settings_of

    then, _ = settings_of(read_settings(tracker, run))
    now = session.settings
    layout = "flat" if RunOf(run).is_flat else "nested"
    settings = now.model_copy(
        update={
            "data": then.data,
            "tune": then.tune,
            "forecast": then.forecast.model_copy(
                update={"out": now.forecast.out, "table": now.forecast.table}
            ),
            "tracking": now.tracking.model_copy(update={"layout": layout}),
            "run": now.run.model_copy(update={"skip_unchanged": False}),
            "origins": {},
        }
    )
    return replace(session, settings=settings)


def _plan(
    session: Session,
    tracker: Tracker,
    run: StoredRun,
    again: Mapping[str, StoredRun],
    executor: Executor,
) -> Job:
    """The job as it was planned, of which only what failed is left to do.

    Raises:
        NothingRecordedError: The panel or the groups are not stored, or cannot be read.
    """
    from forecastctl.data.prepare.prepare import prepare_panel
    from forecastctl.jobs.parallel import as_recorded
    from forecastctl.jobs.retry import plan_retry
    from forecastctl.recording.job import read_settings
    from forecastctl.recording.read import panel_of, recorded_groups, recorded_terms
    from forecastctl.recording.run_of import RunOf
    from forecastctl.records.schema import Param, Tag

    of, recorded = RunOf(run), read_settings(tracker, run)
    as_of = recorded.get(Param.AS_OF) or None
    chosen = Selection(recorded.get(Param.AIRPORT), recorded.get(Param.SELECT), as_of)
    panel = replace(panel_of(tracker, run), groups=recorded_groups(tracker, run))
    day = datetime.fromtimestamp(run.start_ms / 1000).astimezone().date()
    prepared = prepare_panel(panel, data_spec(session.settings), as_of=as_of, today=day)
    render.warn_of_panel(prepared.warnings)
    sums = adds_up(session, chosen)
    request = ask(of.command or "run", session, chosen, sums=sums, jobs=executor.jobs)
    parallel = as_recorded(run.tags, session.settings.airport_limit())
    request = replace(
        with_parallel(request, session.settings, parallel),
        job_id=of.job_id,
        terms=recorded_terms(tracker, run),
        config_digest=run.tags[Tag.CONFIG_DIGEST],
        settings=recorded,
    )
    job = plan_retry(
        run, again, request, panel, prepared.entries, environment(session.settings), tracker
    )
    return replace(job, warnings=prepared.warnings)
