"""Commands that only read: check, history, explain, settings, sample."""

from __future__ import annotations

import re
import time
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from forecastctl.cli import render
from forecastctl.cli.compose import open_session, open_store, read
from forecastctl.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from forecastctl.cli.compose import Session
    from forecastctl.pipeline.evidence import Actual


LINEAGE_SHOWN = (
    "status",
    "reason",
    "preparation",
    "job_id",
    "run_id",
    "data_digest",
    "git_commit",
    "git_dirty",
    "versions",
)


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
    from forecastctl.data.files import check_target, write_frame
    from forecastctl.data.sample import sample_panel

    out = flags["sample_out"]
    for name in ("airports", "months"):
        if flags[name] < 1:
            raise UsageError(f"--{name} must be at least 1.")
    check_target(out)
    write_frame(sample_panel(flags["airports"], flags["months"], flags["sample_seed"]), out)


def history_report(flags: Mapping[str, Any]) -> None:
    """List what is recorded, or compare two runs."""
    from forecastctl.pipeline.history import HistoryQuery, compare, history

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
    tracker = open_store(session.settings)
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


def explain_report(flags: Mapping[str, Any]) -> None:
    """Everything recorded about the forecast of one month."""
    from forecastctl.pipeline.explain import explain

    airport, day = flags["this_airport"], flags["date"]
    session = open_session(flags)
    actual = _newer_actual(session, airport, day) if flags.get("data") else None
    found = explain(open_store(session.settings), airport, day, actual)
    if session.as_json:
        render.print_json(found)
    else:
        _print_explanation(found)


def _newer_actual(session: Session, airport: str, day: str) -> Actual | None:
    """The observation in the data that the user names."""
    import pandas as pd

    from forecastctl.pipeline.evidence import Actual
    from forecastctl.pipeline.explain import parse_day

    panel, spec = read(session)
    frame = panel.frame
    wanted = pd.Period(str(parse_day(day)), freq=panel.freq)
    mine = frame[(frame["airport"] == airport) & frame["y"].notna() & frame["ds"].notna()]
    found = mine[mine["ds"].dt.to_period(panel.freq) == wanted]["y"]
    return Actual(float(found.iloc[-1]), str(spec.source)) if len(found) else None


def _print_explanation(found: Mapping[str, Any]) -> None:
    render.print_line(found["sentence"], style="bold")
    vintages = []
    for v in found["vintages"]:
        bands = {f"{k} %": f"{b['lo']:,.0f} .. {b['hi']:,.0f}" for k, b in v["intervals"].items()}
        row = {"made": v["made"], "cutoff": v["cutoff"], "lead": v["lead"], "forecast": v["mean"]}
        vintages.append({**row, **bands, "miss": v["miss"], "run": v["run_id"]})
    render.print_rows(vintages, "")
    place, actual = found["standing"], found["actual"]
    facts: dict[str, Any] = {"actual": actual, "known from": found["actual_source"]}
    if place:
        facts["miss"] = found["miss"]
        facts["miss in standard deviations"] = place["z"]
        facts["usual error in the backtest"] = place["expected_error"]
        facts["compared with"] = f"{place['compared']} errors {_leads(place)}"
    known = {k: v for k, v in facts.items() if v is not None}
    if known:
        render.print_facts("Error", known)
    model = found["model"]
    lines = {
        f"{m['weight']:.2f} {m['label']}": f"trial {m['trial']} (run {m['trial_run_id']})"
        if m["trial"] is not None
        else "no trial"
        for m in model["members"]
    }
    render.print_facts(f"Model (seen up to {model.get('cutoff')}, {model.get('n')} periods)", lines)
    lineage = found["lineage"]
    facts = {k.replace("_", " "): lineage[k] for k in LINEAGE_SHOWN if lineage.get(k) is not None}
    links = {f"{k} page": url for k, url in lineage["urls"].items() if url}
    render.print_facts("Lineage", {**facts, **links})


def _leads(place: Mapping[str, Any]) -> str:
    return "of the same lead" if place["same_lead"] else "of all leads, too few being of this one"


def check_report(flags: Mapping[str, Any]) -> None:
    """Report on the data of every airport."""
    from forecastctl.data.check import check_panel
    from forecastctl.pipeline.plan import select_airports

    session = open_session(flags)
    panel, spec = read(session)
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
