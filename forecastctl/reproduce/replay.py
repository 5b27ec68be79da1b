"""Recompute recorded forecasts and compare them with what was stored.

A replay forecasts again from the stored model; it needs neither data nor estimation. A refit
(`forecastctl.reproduce.refit`) rebuilds each airport's series from the stored panel, searches and
fits anew, and says what differs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from forecastctl.errors import DamagedError, NothingRecordedError
from forecastctl.hints import did_you_mean
from forecastctl.models.combination.replay import (
    DIFFERS,
    NOT_STORED,
    replay,
)
from forecastctl.recording.read import read_forecast, read_model
from forecastctl.recording.resolve import find_run
from forecastctl.recording.run_of import RunOf
from forecastctl.records import ALL_RUNS, Query, Replay, Status
from forecastctl.records.marks import SET, job_mark
from forecastctl.records.schema import Tag
from forecastctl.reproduce.values import Chosen, Reproduction, Stored

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from forecastctl.records import StoredRun
    from forecastctl.store.port import Tracker


def choose_runs(tracker: Tracker, name: str, airports: Sequence[str] = ()) -> Chosen:
    """The runs of airports that a name stands for.

    Args:
        tracker: The store.
        name: Id of a job, the beginning of one that no other job shares, the id of a job's run or
            of an airport's.
        airports: Only these, exactly as spelt; empty for all.

    Raises:
        NothingRecordedError: There is no such job, run or airport, or several jobs begin so.
    """
    run = find_run(tracker, name)
    named = RunOf(run)
    if named.is_series:
        runs = [run]
    elif named.is_job:
        of_job = tracker.find(Query(tags={job_mark(named.job_id): SET}, limit=ALL_RUNS))
        runs = [r for r in of_job if RunOf(r).is_series and not RunOf(r).superseded]
    else:
        hint = f"Give its airport's: {run.parent_id}." if run.parent_id else None
        raise NothingRecordedError(f"Run '{name}' is neither a job's nor an airport's.", hint)
    runs.sort(key=lambda r: RunOf(r).airport)
    known = {RunOf(r).airport for r in runs}
    for airport in airports:
        if airport not in known:
            raise NothingRecordedError(
                f"Nothing is recorded about airport '{airport}' in job {named.job_id}.",
                did_you_mean(airport, sorted(known)),
            )
    kept = tuple(r for r in runs if not airports or RunOf(r).airport in airports)
    return Chosen(
        job_id=named.job_id,
        command=named.command or "",
        origin=named.origin,
        run_id=run.run_id,
        runs=kept,
    )


def read_stored(tracker: Tracker, run: StoredRun) -> Stored:
    """The model and the forecast of one airport's run, as far as they are stored and legible."""
    named = RunOf(run)
    has_model, has_forecast = named.holds(Tag.TRAINED), named.holds(Tag.FORECAST)
    trained_by = run.run_id if has_model else run.tags.get(Tag.TRAINED_BY)
    unusable = run.tags.get(Tag.STATUS) in (Status.FAILED, Status.REJECTED)
    if unusable and not (has_model or has_forecast):
        return Stored(run, missing=f"{named.status}: {named.reason or 'no reason recorded'}")
    try:
        model = read_model(tracker, run if has_model else trained_by) if trained_by else None
        forecast = read_forecast(tracker, run) if has_forecast else None
    except DamagedError as error:
        return Stored(run, broken=f"what is stored cannot be read: {error.message}")
    except NothingRecordedError as error:
        return Stored(run, missing=error.message)
    missing = "" if forecast else f"'{named.command}' makes no forecast"
    return Stored(run, model, forecast, missing)


def replayed(stored: Stored) -> Replay:
    """Compare the forecast of the stored model with the stored forecast."""
    if stored.broken:
        return Replay(DIFFERS, None, (stored.broken,))
    if stored.model is None or stored.forecast is None:
        return Replay(NOT_STORED, None, (stored.missing,) if stored.missing else ())
    return replay(stored.model, stored.forecast)


def replay_all(tracker: Tracker, chosen: Chosen) -> Iterator[Reproduction]:
    """Replay one airport after the other."""
    for run in chosen.runs:
        yield Reproduction(run, replayed(read_stored(tracker, run)))


def makers(tracker: Tracker, chosen: Chosen) -> dict[str, StoredRun]:
    """For each run, by id, the run that trained its model: itself where no other did."""
    trained_by = {run.run_id: run for run in chosen.runs}
    for run in chosen.runs:
        if Tag.TRAINED_BY in run.tags:
            try:
                trained_by[run.run_id] = tracker.get(run.tags[Tag.TRAINED_BY])
            except NothingRecordedError:  # it was deleted: the run itself must do
                continue
    return trained_by
