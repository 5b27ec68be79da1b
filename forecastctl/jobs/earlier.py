"""What a job takes over from earlier ones: searches, models, and forecasts that still hold."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from forecastctl.errors import NothingRecordedError
from forecastctl.jobs.work import DEADLINE
from forecastctl.recording.read import latest, read_forecast, read_model, read_tuning, searched_by
from forecastctl.recording.run_of import RunOf
from forecastctl.records import AirportResult, AirportTask, Failure, Status
from forecastctl.records.schema import Tag

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from forecastctl.recording.context import Environment
    from forecastctl.records import Plan, Series, StoredRun
    from forecastctl.store.port import Tracker

log = logging.getLogger(__name__)


def build_on(
    stage: Tag, plan: Plan, series: Sequence[Series], tracker: Tracker
) -> tuple[list[AirportTask], list[AirportResult]]:
    """Build on the newest run of each airport that holds a stage and saw no later data.

    Args:
        stage: `Tag.TUNED` or `Tag.TRAINED`.
        plan: What the job does with each airport.
        series: Airports and groups.
        tracker: Where earlier jobs recorded it.

    Returns:
        Tasks, and the failures of airports that have nothing to build on.
    """
    runs = latest(tracker, stage, {s.airport: s.cutoff for s in series})
    tasks: list[AirportTask] = []
    failed: list[AirportResult] = []
    for entry in series:
        run = runs.get(entry.airport)
        if run is None:
            command, done = {Tag.TUNED: ("tune", "tuned"), Tag.TRAINED: ("train", "trained")}[stage]
            reason = f"never {done} on data up to {entry.cutoff}: run 'forecastctl {command}' first"
            failed.append(_failed(entry, "NotRecorded", reason))
            continue
        try:
            tasks.append(_continued(plan, entry, tracker, run, stage))
        except NothingRecordedError as error:
            reason = f"run {run.run_id} cannot be read: {error.message}"
            failed.append(_failed(entry, type(error).__name__, reason))
    return tasks, failed


def _continued(
    plan: Plan, series: Series, tracker: Tracker, run: StoredRun, stage: Tag
) -> AirportTask:
    """The task of an airport that builds on a run."""
    if stage == Tag.TUNED:
        tuned = read_tuning(tracker, run)
        return AirportTask(plan, series, tuned=tuned, sources={Tag.TUNED_BY: run.run_id})
    model = read_model(tracker, run)
    sources: dict[str, str] = {Tag.TRAINED_BY: run.run_id}
    if Tag.TUNED_BY in run.tags or RunOf(run).holds(Tag.TUNED):
        sources[Tag.TUNED_BY] = RunOf(run).tuned_by
    return AirportTask(plan, series, model=model, sources=sources)


def _failed(series: Series, kind: str, reason: str) -> AirportResult:
    """The result of an airport that has nothing to build on."""
    return AirportResult(
        series.airport,
        Status.FAILED,
        reason,
        failure=Failure(kind, reason),
        digest=series.digest,
        notes=series.notes,
        suspects=series.suspects,
    )


def find_up_to_date(
    series: Iterable[Series], config_digest: str, environment: Environment, tracker: Tracker
) -> tuple[dict[str, AirportResult], dict[str, str]]:
    """Airports whose newest forecast saw the same data, settings, versions and machine.

    Args:
        series: Airports and groups.
        config_digest: Digest of the settings that can change a forecast.
        environment: Where the job runs.
        tracker: Where earlier jobs recorded their forecasts.

    Returns:
        Results of those whose forecast can be read, and of the others the reason why it cannot.
    """
    by_airport = {s.airport: s for s in series}
    runs = latest(tracker, Tag.FORECAST, {a: s.cutoff for a, s in by_airport.items()})
    results: dict[str, AirportResult] = {}
    unreadable: dict[str, str] = {}
    for airport, run in runs.items():
        entry = by_airport[airport]
        needed = {
            Tag.COMMAND: "run",
            Tag.DATA_DIGEST: entry.digest,
            Tag.CUTOFF: entry.cutoff,
            Tag.CONFIG_DIGEST: config_digest,
            Tag.ENVIRONMENT: environment.digest,
            Tag.LEFT_OUT: ",".join(entry.left_out),
        }
        if any(run.tags.get(key, "") != value for key, value in needed.items()):
            continue
        if run.tags.get(Tag.STOPPED) == DEADLINE:
            continue  # it deserves a whole search
        try:
            results[airport] = _skip_unchanged(entry, run, tracker)
        except NothingRecordedError as error:
            unreadable[airport] = error.message
            log.warning("%s is done anew: %s", airport, error.message)
    return results, unreadable


def _skip_unchanged(series: Series, run: StoredRun, tracker: Tracker) -> AirportResult:
    """The result of an airport that is skipped, with the forecast that it has.

    Raises:
        NothingRecordedError: Its model, search or forecast cannot be read.
    """
    read_model(tracker, run)
    return AirportResult(
        series.airport,
        Status.SKIPPED,
        f"up to date: run {run.run_id} has the same data and settings",
        tuned=read_tuning(tracker, searched_by(run)),
        forecast=read_forecast(tracker, run),
        digest=series.digest,
        suspects=series.suspects,
    )
