"""What a run of an airport holds, as the result that it was recorded from."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from forecastctl.recording.read import read_forecast, read_model, read_trials, read_tuning
from forecastctl.recording.run_of import RunOf
from forecastctl.records import AirportResult, Status, weighed
from forecastctl.records.schema import MetricKey, Tag

if TYPE_CHECKING:
    from forecastctl.records import AirportTask, StoredRun, TuneResult
    from forecastctl.store.port import Tracker


def restored(
    tracker: Tracker, run: StoredRun, task: AirportTask, *, trials: bool = True
) -> AirportResult:
    """What a run holds, as if it had just been done.

    Args:
        tracker: The store.
        run: The run of the airport.
        task: The work on it, as it would be given out now.
        trials: Whether its search is to have its trials.

    Raises:
        NothingRecordedError: Something of it cannot be read.
    """
    of = RunOf(run)
    tunes = of.holds(Tag.TUNED)
    sources: dict[str, str] = {
        key: run.tags[key] for key in (Tag.TUNED_BY, Tag.TRAINED_BY) if key in run.tags
    }
    done = replace(
        task,
        plan=replace(task.plan, tune=tunes),
        sources=sources or task.sources,
        retuned=run.tags.get(Tag.RETUNED),
    )
    return AirportResult(
        airport=of.airport,
        status=Status(of.status),
        reason=of.reason,
        task=done,
        tuned=_search_of(tracker, run, task, trials=trials),
        model=read_model(tracker, run) if of.holds(Tag.TRAINED) else task.model,
        forecast=read_forecast(tracker, run) if of.holds(Tag.FORECAST) else None,
        digest=task.series.digest,
        notes=task.series.notes,
        start_ms=run.start_ms,
        end_ms=run.end_ms or 0,
        cpu_seconds=run.metrics.get(MetricKey.CPU_SECONDS, 0.0),
        objective_seconds=run.metrics.get(MetricKey.OBJECTIVE_SECONDS, 0.0),
        suspects=task.series.suspects,
    )


def _search_of(
    tracker: Tracker, run: StoredRun, task: AirportTask, *, trials: bool
) -> TuneResult | None:
    """The search of a run, or the one that it builds on."""
    if RunOf(run).holds(Tag.TUNED):
        tuned = read_tuning(tracker, run)
        found = read_trials(tracker, run) if trials else ()
        return replace(tuned, trials=weighed(found, tuned.specification))
    if Tag.TUNED_BY in run.tags:
        return read_tuning(tracker, RunOf(run).tuned_by)
    return task.tuned
