"""The history command: what is recorded, as rows."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from forecastctl.api.since import since_ms
from forecastctl.cli import flags
from forecastctl.cli.compose import open_session
from forecastctl.cli.output import render
from forecastctl.cli.output.said import say
from forecastctl.cli.spool import read_with_spool
from forecastctl.errors import UsageError

if TYPE_CHECKING:
    from forecastctl.history import HistoryQuery
    from forecastctl.store.port import Tracker


def history(
    what: flags.asked.What = "jobs",
    airport: flags.asked.OneAirport = None,
    job: flags.asked.Job = None,
    status: flags.asked.Status = None,
    since: flags.asked.Since = None,
    predicates: flags.asked.Filter = None,
    best: flags.asked.Best = False,
    pair: flags.asked.Compare = None,
    all_attempts: flags.work.AllAttempts = False,
    limit: flags.asked.Limit = 20,
    tracking_uri: flags.store.TrackingUri = None,
    experiment: flags.store.Experiment = None,
    config: flags.output.Config = None,
    as_json: flags.output.AsJson = False,
    as_csv: flags.output.AsCsv = False,
    verbose: flags.output.Verbose = False,
) -> None:
    """List what is recorded, or compare two runs."""
    from forecastctl.history import HistoryQuery, check, columns, compare
    from forecastctl.history import history as recorded
    from forecastctl.recording.cached import Once
    from forecastctl.recording.resolve import job_named
    from forecastctl.records import ALL_RUNS

    session = open_session(history, locals())
    if as_json and as_csv:
        raise UsageError("--json and --csv contradict each other.", "Give one of them.")
    query = HistoryQuery(
        what=what,
        airport=airport,
        job_id=job,
        status=status,
        since_ms=since_ms(since),
        filter=predicates,
        best=best,
        limit=limit,
        all_attempts=all_attempts,
    )
    check(query)
    tracker = Once(read_with_spool(session.settings))
    query = replace(query, job_id=job_named(tracker, job))
    if pair:
        rows, more = compare(tracker, *pair), False
    else:
        found = recorded(tracker, replace(query, limit=min(limit + 1, ALL_RUNS)))
        rows, more = found[:limit], len(found) > limit
    if as_json:
        render.print_json(rows)
    elif as_csv:
        render.print_csv(rows, columns(query))
    else:
        render.print_rows(rows, f"No {what} are recorded that meet this.")
    if more:
        _say_more(tracker, query)
    if not rows and airport is not None:
        _say_unknown(tracker, airport)


def _say_more(tracker: Tracker, query: HistoryQuery) -> None:
    """Say of how many the list shows the first."""
    from forecastctl.history import count

    total = count(tracker, query)
    of = f"more than {query.limit:,}" if total is None else f"{total:,}"
    say(f"{query.limit:,} of {of} {query.what}: --limit N shows more.")


def _say_unknown(tracker: Tracker, airport: str) -> None:
    """Say that nothing is recorded about an airport, where that is so."""
    from forecastctl.recording.airports import is_recorded, not_recorded

    if not is_recorded(tracker, airport):
        error = not_recorded(tracker, airport)
        say(f"{error.message} {error.hint}")
