"""What a search learns from: the winners of earlier jobs, read from a file for each job.

Nothing from the future is used: of each airport, the newest search counts that saw no later data
than the one that is to be made. Searches of backtests neither teach live ones nor learn.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from forecastctl.errors import DamagedError, NothingRecordedError
from forecastctl.recording import decoding
from forecastctl.recording.context import json_bytes
from forecastctl.recording.decoding import winners as winners_of
from forecastctl.recording.read import (
    ALONE,
    LIVE_RUNS,
    latest,
    read_as,
    read_trials,
)
from forecastctl.recording.run_of import RunOf
from forecastctl.records import FINISHED, Artifact, Query
from forecastctl.records.marks import JOBS, SET
from forecastctl.records.schema import TRUE, WINNERS_VERSION, File, Param, Tag
from forecastctl.search.learned.shape import shape
from forecastctl.search.learned.starts import Fleet, remember

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from forecastctl.recording.context import JobContext
    from forecastctl.records import (
        AirportResult,
        AirportTask,
        Learned,
        Past,
        SearchSpec,
        Series,
        StoredRun,
    )
    from forecastctl.store.port import Tracker

log = logging.getLogger(__name__)

JOBS_READ = 24
"""Newest jobs whose winners are looked at."""

ENOUGH = 50
"""Airports that make a fleet: once each has its own past, no older job is read for more."""


def past_of(result: AirportResult, run_id: str) -> Past | None:
    """What is kept of an airport's search, if it had one in this job."""
    task = result.task
    if task is None or not task.plan.tune or result.tuned is None:
        return None
    series = task.series
    features = shape(series.y, series.season_length)
    return remember(series.airport, run_id, series.cutoff, features, result.tuned.trials)


def winners(pasts: Iterable[Past], context: JobContext) -> tuple[Artifact, ...]:
    """The file that later jobs learn from; each model stands in it once.

    Args:
        pasts: What is kept of each airport's search.
        context: The job.
    """
    index: dict[str, int] = {}
    models: list[dict[str, Any]] = []
    rows: list[list[Any]] = []
    for past in sorted(pasts, key=lambda p: p.airport):
        for model in past.best:
            if model.key not in index:
                index[model.key] = len(models)
                options = dict(model.options)
                models.append({"family": model.family, "options": options, "label": model.label})
        best = [index[model.key] for model in past.best]
        row = [past.airport, past.run_id, past.cutoff, list(past.features), best]
        rows.append([*row, list(past.losses), past.proposed, past.improved])
    if not rows:
        return ()
    search = context.plan.search
    content = {
        "version": WINNERS_VERSION,
        "loss": search.loss,
        "horizon": search.horizon,
        "freq": context.freq,
        "season_length": context.season_length,
        "models": models,
        "columns": [*_COLUMNS],
        "data": rows,
    }
    return (Artifact(File.WINNERS, json_bytes(content)),)


_COLUMNS = (
    "airport",
    "run_id",
    "cutoff",
    "features",
    "best",
    "losses",
    "proposed",
    "improved",
)


def taught(tasks: Sequence[AirportTask], search: SearchSpec, tracker: Tracker) -> list[AirportTask]:
    """The same tasks; those that tune know what earlier searches suggest.

    Args:
        tasks: One per airport.
        search: How is searched. What was searched for another loss, horizon or frequency says
            nothing about it; folds, families and effort may differ, because a start is judged anew.
        tracker: The store.
    """
    series = {task.series.airport: task.series for task in tasks if task.plan.tune}
    if not series:
        return list(tasks)
    found = books(tracker, search, series)
    known: dict[str, Fleet] = {}
    return [_teach(task, found, known) if task.plan.tune else task for task in tasks]


def _teach(
    task: AirportTask, books: Sequence[tuple[str, Sequence[Past]]], known: dict[str, Fleet]
) -> AirportTask:
    series = task.series
    if series.cutoff not in known:
        known[series.cutoff] = fleet_at(books, series.cutoff)
    features = shape(series.y, series.season_length)
    return replace(task, learned=known[series.cutoff].learned(series.airport, features))


def fleet_at(books: Sequence[tuple[str, Sequence[Past]]], cutoff: str) -> Fleet:
    """The newest search of each airport that saw no data after a cutoff.

    Args:
        books: Winners by job, the newest first.
        cutoff: First day of the last period that the search to be made sees, ISO format.
    """
    found: dict[str, Past] = {}
    used: list[str] = []
    for run_id, pasts in books:
        fresh = [p for p in pasts if p.cutoff <= cutoff and p.airport not in found]
        found |= {p.airport: p for p in fresh}
        if fresh and run_id:
            used.append(run_id)
    return Fleet.of([found[airport] for airport in sorted(found)], used)


def books(
    tracker: Tracker, search: SearchSpec, series: Mapping[str, Series]
) -> list[tuple[str, list[Past]]]:
    """Winners by job, the newest first, with the id of the job's run.

    Args:
        tracker: The store.
        search: How is searched.
        series: By airport, what is to be searched on.
    """
    example = next(iter(series.values()))
    wanted = _terms(search, example.freq, example.season_length)
    found: list[tuple[str, list[Past]]] = []
    seen: set[str] = set()
    missing = dict(series)
    query = Query(tags={JOBS: SET, Tag.TUNED: TRUE, **LIVE_RUNS}, status=FINISHED, limit=JOBS_READ)
    for job in tracker.find(query):
        pasts = _read(tracker, job, wanted)
        found.append((job.run_id, pasts))
        seen |= {p.airport for p in pasts}
        for past in pasts:
            if past.airport in missing and past.cutoff <= missing[past.airport].cutoff:
                del missing[past.airport]
        if not missing and len(seen) >= ENOUGH:
            return found
    if missing and (len(missing) <= ALONE or not seen):
        found.append(("", _from_trials(tracker, missing, wanted)))
    return found


def _terms(search: SearchSpec, freq: str, season_length: int) -> dict[str, str]:
    """What makes one search comparable to another."""
    terms = {Param.LOSS: search.loss, Param.HORIZON: search.horizon}
    terms |= {Param.FREQ: freq, Param.SEASON_LENGTH: season_length}
    return {name: str(value) for name, value in terms.items()}


def _read(tracker: Tracker, job: StoredRun, wanted: Mapping[str, str]) -> list[Past]:
    """Winners of one job; none where it has no such file, or one made on other terms."""
    try:
        return read_as(
            tracker, job.run_id, File.WINNERS, lambda content: winners_of(content, wanted)
        )
    except NothingRecordedError as error:
        _say(error)
        return []


def _say(error: NothingRecordedError) -> None:
    """What is damaged is said; a file that was never there is nothing new."""
    if isinstance(error, DamagedError):
        log.warning("nothing is learned from it: %s", error.message)


def _from_trials(
    tracker: Tracker, missing: Mapping[str, Series], wanted: Mapping[str, str]
) -> list[Past]:
    """Airports that no job's file holds: those of jobs that were killed, or are older than it."""
    runs = latest(tracker, Tag.TUNED, {a: s.cutoff for a, s in missing.items()})
    found = []
    for airport, run in sorted(runs.items()):
        if any(run.params.get(name) != text for name, text in wanted.items()):
            continue
        try:
            trials = read_trials(tracker, run.run_id)
        except NothingRecordedError as error:
            _say(error)
            continue
        series = missing[airport]
        features = shape(series.y, series.season_length)
        past = remember(airport, run.run_id, RunOf(run).cutoff, features, trials)
        if past is not None:
            # Older records do not say which trials were starts, so they say nothing of proposals.
            found.append(replace(past, proposed=0, improved=0))
    return found


def read_learned(tracker: Tracker, run: StoredRun) -> Learned | None:
    """What the search of a run had learned, as it was."""
    if Tag.LEARNED_FROM not in run.tags:
        return None
    return read_as(tracker, run.run_id, File.LEARNED, decoding.learned)
