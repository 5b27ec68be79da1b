"""The check command: what is wrong with the data of which airport."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import typer

from forecastctl.api.compose import read
from forecastctl.cli import flags
from forecastctl.cli.compose import open_session
from forecastctl.cli.output import render
from forecastctl.cli.output.said import printable, say
from forecastctl.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from forecastctl.cli.compose import Session
    from forecastctl.data.check.check import AirportCheck, Finding
    from forecastctl.data.check.clean import Clean
    from forecastctl.data.panel.panel import Panel

_EACH = 10
"""Airports up to which each has a row of its own."""


def check(
    data: flags.data.Data = None,
    query: flags.data.Query = None,
    value: flags.data.Value = None,
    suspects: flags.data.Suspects = None,
    as_of: flags.data.AsOf = None,
    airport: flags.data.Airports = None,
    select: flags.data.Select = None,
    group: flags.data.Groups = None,
    groups_from: flags.data.GroupsFrom = None,
    fix_out: flags.data.FixOut = None,
    config: flags.output.Config = None,
    as_json: flags.output.AsJson = False,
    quiet: flags.output.Quiet = False,
    verbose: flags.output.Verbose = False,
) -> None:
    """Say how the data was read, and report on every airport."""
    from forecastctl.data.check.check import check_panel
    from forecastctl.data.check.clean import clean_rows
    from forecastctl.jobs.plan import select_airports
    from forecastctl.records import Status

    session = open_session(check, locals())
    if fix_out is not None:
        from forecastctl.data.write.targets import check_target

        check_target(fix_out)
    panel, spec = read(session, groups=True)
    today = date.today()  # noqa: DTZ011 - the user's own day
    result = check_panel(panel, spec, as_of=as_of, today=today)
    chosen = select_airports([r.airport for r in result.airports], airport or (), select or ())
    reports = [report for report in result.airports if report.airport in chosen]
    _print(session, panel, reports, result.findings, each=bool(airport or select))
    if fix_out is not None:
        _write(session, clean_rows(panel, spec, as_of=as_of, today=today, airports=chosen), fix_out)
    if reports and all(report.status_if_run == Status.REJECTED for report in reports):
        raise typer.Exit(DataError.exit_code)  # as a job that forecasts nothing


def _print(
    session: Session,
    panel: Panel,
    reports: Sequence[AirportCheck],
    overall: Sequence[Finding],
    *,
    each: bool,
) -> None:
    from dataclasses import asdict

    from forecastctl.data.check.overview import by_kind, described, three_lines

    understood, kinds = described(panel), by_kind(reports)
    if session.as_json:
        render.print_json(
            {
                "understood": understood,
                "findings": [asdict(f) for f in overall],
                "kinds": [asdict(k) for k in kinds],
                "airports": [asdict(r) for r in reports],
            }
        )
        return
    if session.quiet:
        render.warn_of_panel(f.message for f in overall if f.kind == "panel")
        return
    for line in three_lines(understood):
        render.print_line(line)
    for finding in overall:
        render.print_line(f"{finding.severity}: {finding.message}", style="bold")
    if kinds:
        render.print_rows([kind.row() for kind in kinds], "")
    ok = sum(r.status_if_run == "ok" for r in reports)
    render.print_line(f"{ok:,} of {len(reports):,} airports would be forecast")
    if each or len(reports) <= _EACH:
        render.print_rows([_row(r) for r in reports], "The data holds no airport.")
    else:
        render.print_line("--airport or --select shows single airports, --json all of them")


def _row(report: AirportCheck) -> dict[str, object]:
    return {
        "airport": report.airport,
        "first": report.first,
        "last": report.last,
        "n": report.n,
        "expected": report.expected,
        "findings": "; ".join(f.message for f in report.findings),
        "action": report.action,
    }


def _write(session: Session, clean: Clean, target: str) -> None:
    """Write the clean rows, and say what is not among them."""
    from forecastctl.data.write.targets import shown_target, write_frame

    write_frame(clean.frame, target, table="passengers")
    if session.quiet:
        return
    n = clean.frame["airport"].nunique()
    airports = f"{n:,} airport{'' if n == 1 else 's'}"
    say(f"wrote {len(clean.frame):,} rows of {airports} to {shown_target(target)}")
    _say("rows combined", clean.combined)
    _say("left out, its rows cannot be used", clean.refused)


def _say(what: str, airports: Sequence[tuple[str, str]]) -> None:
    """A line for each of the first airports with what became of them, and how many more."""
    for airport, why in airports[:_EACH]:
        say(printable(f"{what}: {airport}: {why}"))
    if len(airports) > _EACH:
        say(f"{what}: {len(airports) - _EACH:,} more airports")
