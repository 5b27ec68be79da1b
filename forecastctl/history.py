"""Lists what is recorded, as rows."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeAlias

from forecastctl.errors import DamagedError, UsageError
from forecastctl.jobs.summary import COUNTED
from forecastctl.recording.context import airport_key
from forecastctl.recording.forecast_rows import COLUMNS as FORECAST_COLUMNS
from forecastctl.recording.forecast_rows import forecast_rows
from forecastctl.recording.promotion import promotion_row
from forecastctl.recording.read import read_trials
from forecastctl.recording.resolve import resolve
from forecastctl.recording.run_of import RunOf
from forecastctl.recording.trials import trial_run
from forecastctl.records import ALL_RUNS, Query, Status, StoredRun
from forecastctl.records.calendar import iso
from forecastctl.records.marks import (
    AIRPORTS,
    JOBS,
    PROMOTIONS,
    SET,
    airport_mark,
    job_mark,
    search_mark,
)
from forecastctl.records.schema import STAGES, TRUE, MetricKey, Tag, airports_key
from forecastctl.redaction import masked
from forecastctl.store.filters import matches, parse_filter

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from forecastctl.records import Run
    from forecastctl.store.port import Tracker

log = logging.getLogger(__name__)

Row: TypeAlias = dict[str, Any]

TAGS_OF_LISTS: dict[str, dict[str, str]] = {
    "jobs": {},
    "airports": {},
    "trials": {},
    "models": {Tag.TRAINED: TRUE},
    "forecasts": {Tag.FORECAST: TRUE},
    "searches": {Tag.TUNED: TRUE},
    "promotions": {},
}
LISTS = ("jobs", "airports", "trials", "models", "forecasts", "promotions")
"""What a user may list."""

MARKED = {"jobs": JOBS, "promotions": PROMOTIONS}
"""Marks of the lists that are of no airports."""

COUNTED_AT_MOST = 5000
"""Runs that are counted at most, to say how many more there are than are listed."""

MLFLOW_STATUSES = ("running", "killed")
STATUSES = {
    "jobs": ("ok", "partial", "failed", "interrupted", *MLFLOW_STATUSES),
    "trials": ("ok", "pruned", "failed", *MLFLOW_STATUSES),
    "airports": (*(s.value for s in Status), *MLFLOW_STATUSES),
    "promotions": ("promoted", "first", "forced", "refused", "rolled-back"),
}
"""What `status` may be; models and forecasts have those of airports."""


@dataclass(frozen=True, slots=True)
class HistoryQuery:
    """What to list.

    Attributes:
        what: One of `LISTS`.
        airport: Only this airport.
        job_id: Only this job.
        status: Only this status.
        since_ms: Only what started at or after.
        filter: Predicates in MLflow's filter language.
        best: Lowest loss first, and of trials the best of each airport alone.
        limit: Rows at most, from 1 to `ALL_RUNS`.
        all_attempts: Also what was done again since in the same job, with the number of each
            attempt.
    """

    what: str = "jobs"
    airport: str | None = None
    job_id: str | None = None
    status: str | None = None
    since_ms: int | None = None
    filter: str | None = None
    best: bool = False
    limit: int = 20
    all_attempts: bool = False


def history(tracker: Tracker, query: HistoryQuery) -> list[Row]:
    """Rows that meet the query, newest first, or lowest loss first.

    Raises:
        UsageError: An unknown kind, or a filter that cannot be understood.
        NothingRecordedError: Forecasts are listed, and none of them can be read.
    """
    check(query)
    runs = _trials(tracker, query) if query.what == "trials" else _runs(tracker, query)
    ordered = _ordered(runs, query)
    if query.what == "forecasts":
        return forecast_rows(tracker, ordered, query.limit)
    shown = ordered[: query.limit]
    return [_row(query.what, run, attempts=query.all_attempts) for run in shown]


def count(tracker: Tracker, query: HistoryQuery) -> int | None:
    """How many rows meet a query, whatever its limit; ``None`` where counting would take long.

    Args:
        tracker: The store.
        query: The query.
    """
    if query.what == "trials":
        return None
    runs = _runs(tracker, replace(query, limit=COUNTED_AT_MOST + 1))
    if query.best:
        runs = _ordered(runs, query)
    if len(runs) > COUNTED_AT_MOST:
        return None
    return sum(RunOf(r).horizon(1) for r in runs) if query.what == "forecasts" else len(runs)


def check(query: HistoryQuery) -> None:
    """Refuse a query that no store could answer.

    Raises:
        UsageError: An unknown kind or status, a limit out of range, or a filter that cannot be
            understood.
    """
    if query.what not in LISTS:
        raise UsageError(f"There is no history of '{query.what}'.", f"One of {', '.join(LISTS)}.")
    if query.best and query.what in MARKED:
        raise UsageError(
            f"{query.what.capitalize()} have no loss to order by.",
            "Use --best with airports or trials.",
        )
    if not 1 <= query.limit <= ALL_RUNS:
        raise UsageError(f"--limit must be from 1 to {ALL_RUNS:,}, not {query.limit}.")
    statuses = STATUSES.get(query.what, STATUSES["airports"])
    if query.status is not None and query.status not in statuses:
        raise UsageError(
            f"No {query.what} have the status '{query.status}'.", f"One of {', '.join(statuses)}."
        )
    parse_filter(query.filter or "")


def columns(query: HistoryQuery) -> list[str]:
    """Columns of a list, also of one without rows."""
    if query.what == "forecasts":
        return list(FORECAST_COLUMNS)
    tags: dict[str, str] = {Tag.TRIAL: "0", Tag.ATTEMPT: "1"}
    some = StoredRun("", "", "", 0, None, {}, {}, tags, None)
    return list(_row(query.what, some, attempts=query.all_attempts))


def _runs(tracker: Tracker, query: HistoryQuery) -> list[StoredRun]:
    """Runs of jobs or airports; by a mark, so that the size of the store does not matter."""
    tags = {MARKED.get(query.what, AIRPORTS): SET}
    tags |= TAGS_OF_LISTS[query.what]
    if query.airport is not None:
        tags[airport_mark(airport_key(query.airport))] = SET
    if query.job_id is not None:
        tags[job_mark(query.job_id)] = SET
    order = f"metrics.{MetricKey.LOSS} ASC" if query.best else "start_time DESC"
    if query.status != "killed":
        conditions = _conditions(query, tags, order, query.limit)
        return tracker.find(conditions) if query.all_attempts else _newest(tracker, conditions)
    # MLflow has one status for what was killed and what was interrupted.
    stopped = tracker.find(_conditions(query, tags, order, ALL_RUNS))
    return [run for run in stopped if _status(run) == query.status]


def _newest(tracker: Tracker, query: Query) -> list[StoredRun]:
    """Runs that meet a query and were not done again: the newest attempts."""
    while True:
        found = tracker.find(query)
        runs = [run for run in found if not RunOf(run).superseded]
        if len(runs) >= query.limit or len(found) < query.limit:
            return runs
        query = replace(query, limit=2 * query.limit)


def _conditions(query: HistoryQuery, tags: dict[str, str], order: str, limit: int) -> Query:
    """The conditions of a query, for the store."""
    status = None
    if query.status in MLFLOW_STATUSES:
        status = query.status.upper()
    elif query.status is not None:
        tags = {**tags, Tag.STATUS: query.status}
    return Query(
        tags=tags,
        status=status,
        since_ms=query.since_ms,
        filter=query.filter,
        order_by=order,
        limit=limit,
    )


def _trials(tracker: Tracker, query: HistoryQuery) -> list[StoredRun]:
    """Trials of the newest searches first, until there are enough; of all searches for the best."""
    search_query = replace(query, what="searches", status=None, filter=None, best=False)
    if not query.best:
        newest = _runs(tracker, search_query)
        trials = _trials_of_searches(tracker, query, newest)
        if len(trials) >= query.limit or len(newest) < query.limit:
            return trials
    return _trials_of_searches(
        tracker, query, _runs(tracker, replace(search_query, limit=ALL_RUNS))
    )


def _trials_of_searches(
    tracker: Tracker, query: HistoryQuery, searches: Iterable[StoredRun]
) -> list[StoredRun]:
    """Trials of some searches, until there are enough; one whose table is damaged is left out."""
    trials: list[StoredRun] = []
    errors: list[DamagedError] = []
    for search in searches:
        if len(trials) >= query.limit and not query.best:
            break
        if not RunOf(search).is_flat:
            mark = {search_mark(RunOf(search).search_id): SET}
            trials += tracker.find(_conditions(query, mark, "start_time DESC", ALL_RUNS))
            continue
        try:
            trials += _table_trials(tracker, query, search)
        except DamagedError as error:
            errors.append(error)
    if errors and not trials:
        raise errors[0]
    for damage in errors:
        log.warning("trials are left out: %s", damage.message)
    return trials


def _table_trials(tracker: Tracker, query: HistoryQuery, search: StoredRun) -> Iterator[StoredRun]:
    """Trials of the flat layout that meet the query, from the table of their search."""
    if query.status in MLFLOW_STATUSES:
        return
    predicates = parse_filter(query.filter) if query.filter else ()
    for run in _trial_runs(tracker, search):
        wanted = query.status is None or RunOf(run).status == query.status
        if wanted and all(matches(run, p) for p in predicates):
            yield run


def _trial_runs(tracker: Tracker, search: StoredRun) -> Iterable[StoredRun]:
    common = {k: v for k, v in search.tags.items() if k not in STAGES}
    for trial in read_trials(tracker, search):
        run = trial_run(trial, common)
        yield _stored_run(run, search.run_id, trial.number)


def _stored_run(run: Run, search_run_id: str, number: int) -> StoredRun:
    """A trial as if it had a run of its own."""
    metrics: dict[str, float] = {}
    for metric in run.metrics:
        metrics[metric.key] = metric.value
    run_id = f"{search_run_id}#{number}"
    return StoredRun(
        run_id=run_id,
        name=run.name,
        status=run.status,
        start_ms=run.start_ms,
        end_ms=run.end_ms,
        params=run.params,
        metrics=metrics,
        tags=run.tags,
        parent_id=search_run_id,
    )


def _ordered(runs: list[StoredRun], query: HistoryQuery) -> list[StoredRun]:
    """Newest first, or lowest loss first; of trials then the best of each airport alone."""
    if not query.best:
        return sorted(runs, key=lambda r: (-r.start_ms, r.run_id))
    scored = [r for r in runs if MetricKey.LOSS in r.metrics]
    scored.sort(key=lambda r: (r.metrics[MetricKey.LOSS], r.run_id))
    if query.what != "trials":
        return scored
    best: dict[str, StoredRun] = {}
    for run in scored:
        best.setdefault(RunOf(run).airport, run)
    return list(best.values())


def _row(what: str, run: StoredRun, *, attempts: bool = False) -> Row:
    if what == "promotions":
        return promotion_row(run)
    tags, metrics = run.tags, run.metrics
    if what == "jobs":
        counts = {
            k: int(metrics[airports_key(k)]) if airports_key(k) in metrics else None
            for k in ("total", *COUNTED)
        }
        row: Row = {"job_id": tags.get(Tag.JOB_ID), "command": tags.get(Tag.COMMAND)}
        row |= {"layout": tags.get(Tag.LAYOUT), "status": _status(run), **counts}
        row |= {"wall_seconds": metrics.get(MetricKey.WALL_SECONDS)}
        row |= {"panel_digest": tags.get(Tag.PANEL_DIGEST)}
    else:
        row = {"airport": tags.get(Tag.AIRPORT), "job_id": tags.get(Tag.JOB_ID)}
        if attempts:
            row["attempt"] = RunOf(run).attempt
        if what == "trials":
            row |= {"trial": RunOf(run).trial, "start": tags.get(Tag.START)}
            row |= {"weight": RunOf(run).weight}
        row |= {
            "status": _status(run),
            "model": tags.get(Tag.MODEL),
            "loss": metrics.get(MetricKey.LOSS),
        }
        if what == "airports":
            row |= {"trials": tags.get(Tag.TRIALS_BY_ORIGIN), "retries": RunOf(run).retries}
        row |= {"cutoff": tags.get(Tag.CUTOFF), "reason": _reason(tags)}
    return {**row, "started": iso(run.start_ms), "run_id": run.run_id}


def _reason(tags: Mapping[str, str]) -> str | None:
    """Why it ended as it did; of what was done again, the damage that was the reason for that."""
    anew = tags.get(Tag.DONE_ANEW)
    return tags.get(Tag.REASON) or (f"done anew: {anew}" if anew else None)


def _status(run: StoredRun) -> str:
    return run.tags.get(Tag.STATUS) or run.status.lower()


DATA_TAGS = (
    Tag.AIRPORT,
    Tag.CUTOFF,
    Tag.DATA_DIGEST,
    Tag.PANEL_DIGEST,
    Tag.CONFIG_DIGEST,
    Tag.ENVIRONMENT,
    Tag.VERSIONS,
    Tag.MACHINE,
    Tag.GIT_COMMIT,
    Tag.GIT_DIRTY,
    Tag.SEED,
)


def compare(tracker: Tracker, a: str, b: str) -> list[Row]:
    """Parameters, metrics and data of two runs side by side.

    Args:
        tracker: The store.
        a: A run id or job id.
        b: Another.

    Returns:
        Rows ``{section, key, a, b, same}``; a value that one side lacks is ``None``.

    Raises:
        NothingRecordedError: There is no such run or job.
    """
    left, right = resolve(tracker, a), resolve(tracker, b)
    result_tags = (Tag.STATUS, Tag.MODEL)
    sections: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
        "result": (
            {k: left.tags.get(k) for k in result_tags},
            {k: right.tags.get(k) for k in result_tags},
        ),
        # Earlier versions recorded some addresses with their secrets.
        "params": (_masked(left.params), _masked(right.params)),
        "metrics": (dict(left.metrics), dict(right.metrics)),
        "data": (
            {k: left.tags.get(k) for k in DATA_TAGS},
            {k: right.tags.get(k) for k in DATA_TAGS},
        ),
    }
    rows: list[Row] = []
    for section, (of_a, of_b) in sections.items():
        for key in [*of_a, *(k for k in of_b if k not in of_a)]:
            x, y = of_a.get(key), of_b.get(key)
            if x is not None or y is not None:
                rows.append({"section": section, "key": key, "a": x, "b": y, "same": x == y})
    return rows


def _masked(params: Mapping[str, str]) -> dict[str, str]:
    return {name: masked(value) for name, value in params.items()}
