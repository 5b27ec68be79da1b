"""What searches learn from earlier jobs, each of which leaves a file of its best models.

Nothing from the future is used: an airport learns only from searches that saw no later data than
its own new search will see, of each airport from the newest of these. Backtests are left out: their
searches do not learn, and no search learns from them.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING

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
from forecastctl.search.learned.starts import PastSearches, remember

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
"""Number of jobs whose winners are read at most, the newest."""

ENOUGH_AIRPORTS = 50
"""No older job is read once so many airports are known, among them all that are to learn."""


def past_of(result: AirportResult, run_id: str) -> Past | None:
    """What is kept of an airport's search, ``None`` if this job did not tune it."""
    task = result.task
    if task is None or not task.plan.tune or result.tuned is None:
        return None
    series = task.series
    features = shape(series.y, series.season_length)
    return remember(series.airport, run_id, series.cutoff, features, result.tuned.trials)


def winners(pasts: Iterable[Past], context: JobContext) -> tuple[Artifact, ...]:
    """The file that later jobs learn from. Each model is stored in it once, rows refer to it.

    Args:
        pasts: What is kept of each airport's search.
        context: The job.
    """
    index: dict[str, int] = {}
    models: list[dict[str, object]] = []
    rows: list[list[object]] = []
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


def add_learned(
    tasks: Sequence[AirportTask], search: SearchSpec, tracker: Tracker
) -> list[AirportTask]:
    """The same tasks; those that tune carry what earlier searches suggest.

    Args:
        tasks: One per airport.
        search: The new search. Searches for another loss, horizon or frequency are not used. Folds,
            families and effort may differ, because a start is evaluated again.
        tracker: The store.
    """
    series = {task.series.airport: task.series for task in tasks if task.plan.tune}
    if not series:
        return list(tasks)
    jobs = searches_by_job(tracker, search, series)
    cutoffs = {s.cutoff for s in series.values()}
    by_cutoff = {cutoff: searches_until(jobs, cutoff) for cutoff in cutoffs}
    return [
        replace(task, learned=_learned(task.series, by_cutoff)) if task.plan.tune else task
        for task in tasks
    ]


def _learned(series: Series, by_cutoff: Mapping[str, PastSearches]) -> Learned | None:
    """What the search of a series can learn from searches up to its cutoff."""
    features = shape(series.y, series.season_length)
    return by_cutoff[series.cutoff].learned(series.airport, features)


def searches_until(jobs: Sequence[tuple[str, Sequence[Past]]], cutoff: str) -> PastSearches:
    """The newest search of each airport that saw no data after a cutoff.

    Args:
        jobs: Searches by job, the newest first, as `searches_by_job` has them.
        cutoff: First day of the last period that the new search sees, ISO format.
    """
    newest: dict[str, Past] = {}
    used: list[str] = []
    for run_id, pasts in jobs:
        of_job = [p for p in pasts if p.cutoff <= cutoff and p.airport not in newest]
        newest |= {p.airport: p for p in of_job}
        if of_job and run_id:
            used.append(run_id)
    return PastSearches.of([newest[airport] for airport in sorted(newest)], used)


def searches_by_job(
    tracker: Tracker, search: SearchSpec, series: Mapping[str, Series]
) -> list[tuple[str, list[Past]]]:
    """Earlier searches by job, the newest first, each with the id of the job's run.

    Searches that are in no job's file stand at the end, under an empty id.

    Args:
        tracker: The store.
        search: The new search.
        series: By airport, what the new search is made on.
    """
    example = next(iter(series.values()))
    terms = _terms(search, example.freq, example.season_length)
    searches: list[tuple[str, list[Past]]] = []
    airports: set[str] = set()
    missing = dict(series)
    query = Query(tags={JOBS: SET, Tag.TUNED: TRUE, **LIVE_RUNS}, status=FINISHED, limit=JOBS_READ)
    for job in tracker.find(query):
        pasts = _read(tracker, job, terms)
        searches.append((job.run_id, pasts))
        airports |= {p.airport for p in pasts}
        for past in pasts:
            if past.airport in missing and past.cutoff <= missing[past.airport].cutoff:
                del missing[past.airport]
        if not missing and len(airports) >= ENOUGH_AIRPORTS:
            return searches
    if missing and (len(missing) <= ALONE or not airports):
        searches.append(("", _from_trials(tracker, missing, terms)))
    return searches


def _terms(search: SearchSpec, freq: str, season_length: int) -> dict[str, str]:
    """What must be the same for one search to learn from another."""
    terms = {Param.LOSS: search.loss, Param.HORIZON: search.horizon}
    terms |= {Param.FREQ: freq, Param.SEASON_LENGTH: season_length}
    return {name: str(value) for name, value in terms.items()}


def _read(tracker: Tracker, job: StoredRun, terms: Mapping[str, str]) -> list[Past]:
    """Searches of one job; none where it has no file of them, or was made on other terms."""
    try:
        return read_as(tracker, job, File.WINNERS, lambda content: winners_of(content, terms))
    except NothingRecordedError as error:
        _warn(error)
        return []


def _warn(error: NothingRecordedError) -> None:
    """Warn of a damaged file, but not of a missing one: jobs that tune nothing have none."""
    if isinstance(error, DamagedError):
        log.warning("nothing is learned from it: %s", error.message)


def _from_trials(
    tracker: Tracker, missing: Mapping[str, Series], terms: Mapping[str, str]
) -> list[Past]:
    """Searches read from their trials, of airports that are in no job's file.

    Jobs that were killed, and jobs older than these files, left none.
    """
    runs = latest(tracker, Tag.TUNED, {a: s.cutoff for a, s in missing.items()})
    pasts = []
    for airport, run in sorted(runs.items()):
        if any(run.params.get(name) != text for name, text in terms.items()):
            continue
        try:
            trials = read_trials(tracker, run)
        except NothingRecordedError as error:
            _warn(error)
            continue
        series = missing[airport]
        features = shape(series.y, series.season_length)
        past = remember(airport, run.run_id, RunOf(run).cutoff, features, trials)
        if past is not None:
            # The oldest records do not say which trials were proposed: count none.
            pasts.append(replace(past, proposed=0, improved=0))
    return pasts


def read_learned(tracker: Tracker, run: StoredRun) -> Learned | None:
    """What the search of a run knew before it began, as stored; ``None`` if it did not learn."""
    if Tag.LEARNED_FROM not in run.tags:
        return None
    return read_as(tracker, run, File.LEARNED, decoding.learned)
