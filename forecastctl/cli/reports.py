"""Commands that only read: check, history, settings, sample."""

from __future__ import annotations

import re
import time
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from forecastctl.cli.compose import open_session, read, read_store
from forecastctl.cli.output import render
from forecastctl.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from forecastctl.cli.compose import Session


def settings_report(flags: Mapping[str, Any]) -> None:
    """Every setting with value and origin."""
    session = open_session(flags)
    rows = [
        {"setting": name, "value": value, "origin": origin}
        for name, value, origin in session.settings.items()
    ]
    if session.as_json:
        render.print_json(rows)
    else:
        render.print_rows(rows, "")


def write_sample(flags: Mapping[str, Any]) -> None:
    """Write generated data to a file."""
    from forecastctl.data.read.sample import sample_panel
    from forecastctl.data.write.targets import check_target, write_frame

    out = flags["sample_out"]
    for name in ("airports", "months"):
        if flags[name] < 1:
            raise UsageError(f"--{name} must be at least 1.")
    check_target(out)
    write_frame(sample_panel(flags["airports"], flags["months"], flags["sample_seed"]), out)


def history_report(flags: Mapping[str, Any]) -> None:
    """List what is recorded, or compare two runs."""
    from forecastctl.history import (
        HistoryQuery,
        check,
        compare,
        history,
    )

    session = open_session(flags)
    if session.as_json and flags["as_csv"]:
        raise UsageError("--json and --csv contradict each other.", "Give one of them.")
    query = HistoryQuery(
        what=flags["what"],
        airport=flags["one_airport"],
        job_id=flags["job"],
        status=flags["status"],
        since_ms=_since(flags["since"]),
        filter=flags["filter"],
        best=flags["best"],
        limit=flags["limit"],
    )
    check(query)
    tracker = read_store(session.settings)
    pair = flags["compare"]
    rows = compare(tracker, *pair) if pair else history(tracker, query)
    if session.as_json:
        render.print_json(rows)
    elif flags["as_csv"]:
        render.print_csv(rows)
    else:
        render.print_rows(rows, f"No {query.what} are recorded that meet this.")


def _since(text: str | None) -> int | None:
    """Milliseconds since the epoch of a date, or of so many hours, days or weeks ago."""
    if text is None:
        return None
    ago = re.fullmatch(r"(\d+)([hdw])", text)
    if ago:
        hours = int(ago[1]) * {"h": 1, "d": 24, "w": 168}[ago[2]]
        return int(1000 * (time.time() - 3600 * hours))
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(
            f"--since: '{text}' is not a date.", "Give YYYY-MM-DD (UTC), or 36h, 7d, 2w."
        ) from None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return int(1000 * moment.timestamp())


def check_report(flags: Mapping[str, Any]) -> None:
    """Report on the data of every airport."""
    from forecastctl.data.check.check import check_panel
    from forecastctl.jobs.plan import select_airports

    session = open_session(flags)
    panel, spec = read(session, groups=True)
    today = date.today()  # noqa: DTZ011 - the user's own day
    as_of = flags.get("as_of")
    found = check_panel(panel, spec, as_of=as_of, today=today)
    chosen = select_airports(
        [report.airport for report in found.airports],
        flags.get("airport") or (),
        flags.get("select") or (),
    )
    reports = [report for report in found.airports if report.airport in chosen]
    _print_check(session, reports, found.findings)


def _print_check(session: Session, reports: Any, overall: Any) -> None:
    from dataclasses import asdict

    if session.as_json:
        airports = [asdict(r) for r in reports]
        render.print_json({"findings": [asdict(f) for f in overall], "airports": airports})
        return
    if session.quiet:
        return
    for finding in overall:
        render.print_line(f"{finding.severity}: {finding.message}", style="bold")
    rows = [
        {
            "airport": r.airport,
            "first": r.first,
            "last": r.last,
            "n": r.n,
            "expected": r.expected,
            "findings": "; ".join(f.message for f in r.findings),
            "action": r.action,
        }
        for r in reports
    ]
    render.print_rows(rows, "The data holds no airport.")
