"""The check command: what is wrong with the data of which airport."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import typer

from forecastctl.cli import flags
from forecastctl.cli.compose import open_session, read
from forecastctl.cli.output import render
from forecastctl.errors import DataError

if TYPE_CHECKING:
    from forecastctl.cli.compose import Session


def check(
    data: flags.Data = None,
    query: flags.Query = None,
    value: flags.Value = None,
    suspects: flags.Suspects = None,
    as_of: flags.AsOf = None,
    airport: flags.Airports = None,
    select: flags.Select = None,
    group: flags.Groups = None,
    groups_from: flags.GroupsFrom = None,
    config: flags.Config = None,
    as_json: flags.AsJson = False,
    quiet: flags.Quiet = False,
    verbose: flags.Verbose = False,
) -> None:
    """Report on every airport's data."""
    from forecastctl.data.check.check import check_panel
    from forecastctl.jobs.plan import select_airports
    from forecastctl.records import Status

    session = open_session(check, locals())
    panel, spec = read(session, groups=True)
    today = date.today()  # noqa: DTZ011 - the user's own day
    result = check_panel(panel, spec, as_of=as_of, today=today)
    chosen = select_airports([r.airport for r in result.airports], airport or (), select or ())
    reports = [report for report in result.airports if report.airport in chosen]
    _print(session, reports, result.findings)
    if reports and all(report.status_if_run == Status.REJECTED for report in reports):
        raise typer.Exit(DataError.exit_code)  # as a job that forecasts nothing


def _print(session: Session, reports: Any, overall: Any) -> None:
    from dataclasses import asdict

    if session.as_json:
        airports = [asdict(r) for r in reports]
        render.print_json({"findings": [asdict(f) for f in overall], "airports": airports})
        return
    if session.quiet:
        render.warn_of_panel(f.message for f in overall if f.kind == "panel")
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
