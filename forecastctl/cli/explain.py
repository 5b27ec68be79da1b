"""The explain command: ask, and show the answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from forecastctl.cli import render
from forecastctl.cli.compose import open_session, open_store, read

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
