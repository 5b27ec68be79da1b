"""What failed in a job is done again: with its settings and data, as its next attempt.

The job goes on under its id. What it has recorded of the other airports stays and is taken over, so
that its summary, its forecasts and its fleet model are again those of all airports.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from forecastctl.errors import UsageError
from forecastctl.jobs.plan import STAGES_OF_COMMANDS, plan_job
from forecastctl.jobs.resume import WITH_GROUPS, airport_runs, is_complete, take_over
from forecastctl.recording.run_of import RunOf
from forecastctl.records import FINISHED, RUNNING, Status
from forecastctl.records.schema import MetricKey

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from forecastctl.data.panel.panel import Panel
    from forecastctl.jobs.job import Job
    from forecastctl.jobs.plan import Request
    from forecastctl.recording.context import Environment
    from forecastctl.records import Rejection, Series, StoredRun
    from forecastctl.store.port import Tracker

RETRIED: Mapping[str, Status] = {
    "failed": Status.FAILED,
    "rejected": Status.REJECTED,
    "fallback": Status.FALLBACK,
}
"""What may be done again, by the name that a user gives it."""


def check_retry(run: StoredRun) -> None:
    """Refuse a job that cannot be retried.

    Args:
        run: Its run.

    Raises:
        UsageError: It belongs to a backtest, is at work, or something is left of it.
    """
    of = RunOf(run)
    if of.is_backtest or of.command not in STAGES_OF_COMMANDS:
        raise UsageError(
            f"Job {of.job_id} is one of '{of.command}', which cannot be retried.",
            "The same backtest goes on where something is missing.",
        )
    if run.status == RUNNING:
        raise UsageError(f"Job {of.job_id} is still at work.", "Wait for it.")
    if not is_complete(run) and not was_complete(run):
        early = run.status == FINISHED and of.reason
        how = f"ended before all was done ({of.reason})" if early else "was cut off"
        raise UsageError(
            f"Job {of.job_id} {how}: it has to be gone on with first.",
            f"Give its command again, with --resume {of.job_id} to be sure of it.",
        )


def was_complete(run: StoredRun) -> bool:
    """Whether a job was closed before, and an attempt to do airports of it again was cut off.

    Args:
        run: Its run.
    """
    return run.status != FINISHED and MetricKey.AIRPORTS_TOTAL in run.metrics


def to_retry(tracker: Tracker, run: StoredRun, statuses: Collection[str]) -> dict[str, StoredRun]:
    """Runs of the airports and groups that are to be done again, by name.

    Args:
        tracker: The store.
        run: The job's run.
        statuses: Keys of `RETRIED`.
    """
    wanted = {RETRIED[status] for status in statuses}
    runs = airport_runs(tracker, RunOf(run).job_id, WITH_GROUPS)
    return {name: found for name, found in runs.items() if RunOf(found).status in wanted}


def plan_retry(
    run: StoredRun,
    again: Mapping[str, StoredRun],
    request: Request,
    panel: Panel,
    entries: Sequence[Series | Rejection],
    environment: Environment,
    tracker: Tracker,
) -> Job:
    """Plan the next attempt of a job.

    Args:
        run: The job's run.
        again: Runs of what is to be done again, see `to_retry`.
        request: What was asked of the job.
        panel: The panel that it saw.
        entries: One prepared series or rejection for each airport of that panel.
        environment: Where the retry runs.
        tracker: The store.
    """
    runs = airport_runs(tracker, RunOf(run).job_id, WITH_GROUPS)
    kept = {name: found for name, found in runs.items() if name not in again}
    job = plan_job(request, panel, entries, environment, tracker)
    return take_over(job, run, kept, tracker, again=again)
