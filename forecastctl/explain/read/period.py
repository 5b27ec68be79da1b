"""Which airports have a forecast of a period, and which period is the newest that came true."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import numpy as np

from forecastctl.errors import NothingRecordedError
from forecastctl.explain.read.fleet import JOBS_READ, forecasts_of
from forecastctl.explain.read.series import stored_source
from forecastctl.recording.airports import is_recorded, not_recorded
from forecastctl.recording.run_of import RunOf
from forecastctl.records import Query
from forecastctl.records.calendar import first_days, ordinals, position
from forecastctl.records.marks import AIRPORTS, JOBS, SET, job_mark
from forecastctl.records.schema import LIVE, TRUE, Kind, Tag

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from forecastctl.explain.read.fleet import Forecasts
    from forecastctl.explain.read.series import Source
    from forecastctl.records import StoredRun
    from forecastctl.records.spans import Span
    from forecastctl.store.port import Tracker

AIRPORTS_READ = 100_000
"""Runs of a job that are read at most."""

PERIODS_TRIED = 60
"""Newest periods with an actual that are looked at for a forecast."""

WITHOUT_FORECAST = ("failed", "rejected")
"""Status of a run that made no forecast."""


def airports_of(tracker: Tracker, asked: Span) -> dict[str, str | None]:
    """Airports of the jobs that forecast a day, without groups.

    Args:
        tracker: The store.
        asked: The period, or a part of it.

    Returns:
        By airport why it has no forecast; ``None`` where it has one. Airports in the order of the
        newest job that knows them.

    Raises:
        UsageError: The periods of all jobs are shorter than what is asked for.
    """
    found: dict[str, str | None] = {}
    failed: dict[str, str | None] = {}
    jobs = list(_jobs(tracker))
    fitting = [(job, table) for job, table in jobs if asked.fits(RunOf(job).freq)]
    if jobs and not fitting:
        raise asked.too_long(RunOf(jobs[0][0]).freq)
    for job, table in fitting:
        rows = _rows_of(table, asked.first, RunOf(job).freq)
        if rows is None:
            continue
        mark = {job_mark(RunOf(job).job_id): SET}
        groups = tracker.find(Query(tags=mark | {Tag.KIND: Kind.GROUP}, limit=AIRPORTS_READ))
        no_airports = {RunOf(run).airport for run in groups}
        names = table.airport.texts()[rows].tolist()
        found |= {name: None for name in names if name not in no_airports}
        for status in WITHOUT_FORECAST:
            tags = mark | {AIRPORTS: SET, Tag.STATUS: status}
            for run in tracker.find(Query(tags=tags, limit=AIRPORTS_READ)):
                failed.setdefault(RunOf(run).airport, f"{status}: {RunOf(run).reason}")
    return found | {name: reason for name, reason in failed.items() if name not in found}


def newest_period(tracker: Tracker, airport: str | None, newer: Source | None) -> dt.date:
    """First day of the newest period that has both a forecast and an actual.

    Args:
        tracker: The store.
        airport: The airport; ``None`` for any.
        newer: Rows of a panel that is newer than what the store holds.

    Raises:
        NothingRecordedError: There is none.
    """
    jobs = list(_jobs(tracker))
    for job, _ in jobs:
        try:
            source = newer or stored_source(tracker, job)
        except NothingRecordedError:
            continue
        for day in _observed(source, airport, RunOf(job).freq):
            if any(_has(table, day, RunOf(one).freq, airport) for one, table in jobs):
                return day
        if newer is not None:
            break
    if airport is not None and not is_recorded(tracker, airport):
        raise not_recorded(tracker, airport)
    whose = f" of airport '{airport}'" if airport else ""
    raise NothingRecordedError(
        f"No forecast{whose} is stored of a month whose actual is known.",
        "Give --data FILE with newer data, or --date MONTH of a forecast that is yet to come true.",
    )


def _jobs(tracker: Tracker) -> Iterator[tuple[StoredRun, Forecasts]]:
    """Jobs with their forecasts, newest first; backtests only where there is nothing else."""
    tags = {JOBS: SET, Tag.FORECAST: TRUE}
    # One backtest has hundreds of jobs, behind which live ones would not be seen.
    live = tracker.find(Query(tags={**tags, Tag.ORIGIN: LIVE}, limit=JOBS_READ))
    for job in live or tracker.find(Query(tags=tags, limit=JOBS_READ)):
        table = forecasts_of(tracker, job)
        if table is not None:
            yield job, table


def _rows_of(table: Forecasts, day: dt.date, freq: str) -> np.ndarray | None:
    """Rows of a period; ``None`` where there are none."""
    days = [dt.date.fromisoformat(text) for text in table.date.ordered().values]
    at = position(days, day, freq)
    return None if at is None else table.date.rows_with(str(days[at]))


def _has(table: Forecasts, day: dt.date, freq: str, airport: str | None) -> bool:
    rows = _rows_of(table, day, freq)
    if rows is None:
        return False
    return airport is None or bool((rows & table.airport.rows_with(airport)).any())


def _observed(source: Source, airport: str | None, freq: str) -> Sequence[dt.date]:
    """First days of periods with a value, the newest first."""
    rows = source.rows if airport is None else source.rows.of(airport)
    periods = np.unique(ordinals(rows.days[rows.observed], freq))[::-1][:PERIODS_TRIED]
    return [dt.date.fromisoformat(str(day)) for day in first_days(periods, freq)]
