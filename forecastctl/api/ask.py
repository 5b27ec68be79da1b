"""``explain``, ``history`` and ``report`` for Python."""

from __future__ import annotations

from typing import Any, Literal

from forecastctl.api import keywords as k
from forecastctl.api.call import called, day_of
from forecastctl.api.frames import Form, Kind, rows_out
from forecastctl.api.results import Explanation
from forecastctl.api.site import Site, write_site
from forecastctl.api.spool import read_with_spool
from forecastctl.errors import UsageError


def explain(
    airport: str,
    date: k.Day | None = None,
    *,
    cutoff: k.Day | None = None,
    between: tuple[k.Day, k.Day] | None = None,
    quick: bool = False,
    all_attempts: bool = False,
    data: k.Data = None,
    tracking_uri: k.TrackingUri = None,
    experiment: k.Experiment = None,
    config: k.Path | None = None,
    settings: k.Settings | None = None,
) -> Explanation:
    """Say why the forecast of an airport and a period was so far off.

    Args:
        airport: The airport, as it is spelt in the data.
        date: The period: ``2020-04``, ``2020Q2``, a date; by default the newest with a forecast
            and an actual.
        cutoff: Explain the forecast that knew this period last, instead of the newest one.
        between: Two cutoffs whose forecasts are compared.
        quick: Only what is recorded: nothing is fitted again, and no verdict.
        all_attempts: Also forecasts that were made again since in the same job.
        data: Data that are newer than what the store holds, as in `run`.
        tracking_uri: As in `run`.
        experiment: As in `run`.
        config: As in `run`.
        settings: As in `run`.

    Returns:
        The sentence, the verdict with its evidence, and the parts of the miss; a notebook shows
        the page with its charts.

    Raises:
        NothingRecordedError: Nothing of that period is recorded.
        ForecastctlError: The settings, the data or the store cannot be used.
    """
    from forecastctl.api.explain import answered, newer_data
    from forecastctl.explain.question import Question
    from forecastctl.recording.cached import Once
    from forecastctl.records.spans import asked_date, span_of

    with called(explain, locals(), reads=data is not None) as (session, _):
        asked = asked_date(date) if isinstance(date, str) else day_of(date)
        if asked:
            span_of(asked)
        newer = newer_data(session) if data is not None else None
        tracker = Once(read_with_spool(session.settings, session.warn))
        first, second = between or (None, None)
        pair = (str(day_of(first)), str(day_of(second))) if between else None
        question = Question(
            airport=airport,
            date=asked or "",
            cutoff=day_of(cutoff),
            between=pair,
            quick=quick,
            all_attempts=all_attempts,
        )
        found = answered(session, tracker, question, newer)
        return Explanation(found.answer, found.view)


def history(
    what: Literal["jobs", "airports", "trials", "models", "forecasts"] = "jobs",
    *,
    airport: str | None = None,
    job: str | None = None,
    status: str | None = None,
    since: k.Day | None = None,
    filter: str | None = None,  # noqa: A002 - as the command calls it
    best: bool = False,
    all_attempts: bool = False,
    limit: int = 1000,
    frame: Kind = "pandas",
    tracking_uri: k.TrackingUri = None,
    experiment: k.Experiment = None,
    config: k.Path | None = None,
    settings: k.Settings | None = None,
) -> Any:
    """List what is recorded, newest first.

    Args:
        what: ``jobs``, ``airports``, ``trials``, ``models`` or ``forecasts``.
        airport: Only this airport.
        job: Only this job: its id, the beginning of it, or ``latest``.
        status: Only this status.
        since: Only what was started since: a date (UTC), or ``36h``, ``7d``, ``2w``.
        filter: Predicates in the filter language of MLflow.
        best: Lowest loss first, and of trials the best of each airport alone.
        all_attempts: Also what was done again since in the same job.
        limit: Rows at most.
        frame: Whose frame is returned: ``pandas``, ``polars`` or ``pyarrow``.
        tracking_uri: As in `run`.
        experiment: As in `run`.
        config: As in `run`.
        settings: As in `run`.

    Returns:
        A frame with the columns of ``forecastctl history --csv``.

    Raises:
        NothingRecordedError: Store or experiment is missing.
        ForecastctlError: The question or the settings are wrong, or the store cannot be read.
    """
    from dataclasses import replace

    from forecastctl.api.since import since_ms
    from forecastctl.history import HistoryQuery, check, columns
    from forecastctl.history import history as recorded
    from forecastctl.recording.cached import Once
    from forecastctl.recording.resolve import job_named

    with called(history, locals()) as (session, _):
        text = since if since is None or isinstance(since, str) else since.isoformat()
        query = HistoryQuery(
            what=what,
            airport=airport,
            status=status,
            since_ms=since_ms(text),
            filter=filter,
            best=best,
            limit=limit,
            all_attempts=all_attempts,
        )
        check(query)
        if frame not in ("pandas", "polars", "pyarrow"):
            raise UsageError(f"frame: there is no {frame!r}.", "Take pandas, polars or pyarrow.")
        tracker = Once(read_with_spool(session.settings, session.warn))
        rows = recorded(tracker, replace(query, job_id=job_named(tracker, job)))
        return rows_out(rows, columns(query), Form(frame))


def report(
    job: str | None = None,
    out: k.Path | None = None,
    *,
    explained: k.Explained = None,
    tracking_uri: k.TrackingUri = None,
    experiment: k.Experiment = None,
    config: k.Path | None = None,
    settings: k.Settings | None = None,
) -> Site:
    """Write a site about a job that opens offline: the fleet at a glance, a page per airport.

    Args:
        job: The job: its id, the beginning of it; by default the newest one that forecast.
        out: The folder; by default that of the settings, or ``report``.
        explained: Airports whose miss of the newest month is explained.
        tracking_uri: As in `run`.
        experiment: As in `run`.
        config: As in `run`.
        settings: As in `run`.

    Returns:
        Where it is, and what it is about.

    Raises:
        NothingRecordedError: There is no such job.
        OutputError: The folder cannot be written.
        ForecastctlError: The settings are wrong, or the store cannot be read.
    """
    with called(report, locals()) as (session, _):
        tracker = read_with_spool(session.settings, session.warn)
        return write_site(session, tracker, job, None if out is None else str(out))
