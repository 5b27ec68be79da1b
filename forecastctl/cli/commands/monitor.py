"""The monitor command: score, show what has degraded, set the exit code (7 where it has)."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import typer

from forecastctl.api.compose import (
    data_spec,
    environment,
    new_job_id,
    read,
    read_store,
    store_for_job,
)
from forecastctl.cli import flags
from forecastctl.cli.compose import open_session
from forecastctl.cli.output import render
from forecastctl.cli.output.mail import blocks_of_trouble, fitting, paragraph, wrapped
from forecastctl.cli.output.progress import Progress
from forecastctl.errors import EXIT_FOUND, OtherSchemaError, ReadOnlyError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from forecastctl.cli.compose import Session
    from forecastctl.data.panel.panel import DataSpec, Panel
    from forecastctl.monitor.data import Observed
    from forecastctl.monitor.run import Watch

SHOWN = 20


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be scored, as it was given.

    Attributes:
        as_of: No observation after this date.
        airport: Only these airports.
        select: Only airports that match one of these globs.
        origin: Which forecasts count.
    """

    as_of: str | None
    airport: list[str] | None
    select: list[str] | None
    origin: str


def monitor(
    data: flags.data.Data = None,
    query: flags.data.Query = None,
    value: flags.data.Value = None,
    suspects: flags.data.Suspects = None,
    as_of: flags.data.AsOf = None,
    airport: flags.data.Airports = None,
    select: flags.data.Select = None,
    origin: flags.asked.Origin = None,
    tracking_uri: flags.store.TrackingUri = None,
    experiment: flags.store.Experiment = None,
    upgrade_store: flags.store.UpgradeStore = False,
    wait: flags.work.Wait = None,
    metrics: flags.output.Metrics = None,
    log_format: flags.output.LogFormat = None,
    config: flags.output.Config = None,
    as_json: flags.output.AsJson = False,
    quiet: flags.output.Quiet = False,
    verbose: flags.output.Verbose = False,
) -> None:
    """Score forecasts whose actuals have arrived: which airports have degraded?"""
    session = open_session(monitor, locals())
    asked = Asked(as_of, airport, select, _origin(origin))
    report = _work(session, asked, upgrade=upgrade_store)
    _show(session, report)
    if report["airports"]["degraded"]:
        raise typer.Exit(EXIT_FOUND)


def _work(session: Session, asked: Asked, *, upgrade: bool) -> dict[str, Any]:
    """Score, and record what was found; no job records in the experiment meanwhile.

    Where this user may only read, it is not recorded, which is said.
    """
    from forecastctl.monitor.data import newest_panel
    from forecastctl.monitor.run import monitor as score

    has_data = session.settings.data.source is not None
    panel, spec = read(session) if has_data else (None, data_spec(session.settings))
    here = environment(session.settings)
    with Progress(quiet=session.quiet) as progress:
        try:
            with store_for_job(
                session, "monitor", progress.say, upgrade=upgrade, existing=True
            ) as (tracker, waited):
                if has_data and waited:  # the data may be other by now
                    panel, spec = read(session)
                observed, watch = _watch(session, asked, panel or newest_panel(tracker), spec)
                report = score(tracker, observed, watch, here)
        except ReadOnlyError as error:
            if isinstance(error, OtherSchemaError):
                raise  # the way to write to it is to be chosen
            render.note(f"warning: what is found is not recorded. {error.message}")
            tracker = read_store(session.settings)
            observed, watch = _watch(session, asked, panel or newest_panel(tracker), spec)
            report = score(tracker, observed, watch, here, record=False)
    _note(session, report, observed, watch.freq)
    render.warn_of_panel(watch.warnings)
    return report


def _watch(
    session: Session, asked: Asked, panel: Panel, spec: DataSpec
) -> tuple[list[Observed], Watch]:
    """What came true of the airports that were asked for, and what is asked of the monitor."""
    from forecastctl.jobs.plan import select_airports
    from forecastctl.monitor.data import observations
    from forecastctl.monitor.run import Watch
    from forecastctl.settings import shown

    today = date.today()  # noqa: DTZ011 - the user's own day
    observed, freq, warnings = observations(panel, spec, asked.as_of, today)
    names = [o.airport for o in observed]
    chosen = select_airports(names, asked.airport or (), asked.select or ())
    started = time.time_ns() // 1_000_000
    watch = Watch(
        monitor_id=new_job_id(started),
        start_ms=started,
        rules=session.settings.alarms(),
        origin=asked.origin,
        freq=freq,
        panel_digest=panel.digest,
        params={
            "data.source": shown(session.settings.data.source),
            "as_of": shown(asked.as_of),
            "airport": shown(asked.airport),
            "select": shown(asked.select),
        },
        whole=not (asked.airport or asked.select),
        warnings=warnings,
    )
    return [o for o in observed if o.airport in chosen], watch


def _origin(given: str | None) -> str:
    from forecastctl.monitor.data import ORIGINS

    origin = given or ORIGINS[0]
    if origin not in ORIGINS:
        known = f"{', '.join(ORIGINS[:-1])} and {ORIGINS[-1]}"
        raise UsageError(f"--origin: there is no origin '{origin}'.", f"One of {known}.")
    return origin


def _note(
    session: Session, report: Mapping[str, Any], observed: Sequence[Observed], freq: str
) -> None:
    """Note for ``--metrics`` what was found, and how old the data are."""
    import numpy as np

    from forecastctl.records.calendar import first_days

    if session.measured is None:
        return
    ratios = [r["ratio"] for r in report["results"] if r["ratio"] is not None]
    newest = [o.periods[-1] for o in observed if len(o.periods)]
    session.measured.airports = report["airports"]
    session.measured.worst_drift = max(ratios, default=None)
    session.measured.newest(str(day) for day in first_days(np.array(newest, np.int64), freq))


def _show(session: Session, report: Mapping[str, Any]) -> None:
    if session.as_json:
        render.print_json(report)
    elif not session.quiet:
        _print(report)
    degraded = [r for r in report["results"] if r["status"] == "degraded"]
    if session.quiet and degraded:
        reasons = [(r["airport"], r["reason"] or "") for r in degraded]
        more = f"{report['sentence'].rstrip('.')}. Next: 'forecastctl run' tunes them anew."
        render.warn_in_a_paragraph(paragraph("monitor", report["airports"], reasons, more))


def _print(report: Mapping[str, Any]) -> None:
    if not sys.stdout.isatty():
        render.print_lines(lines(report))
        return
    render.print_line(report["sentence"], style="bold")
    notable = [r for r in report["results"] if r["status"] != "ok"]
    if notable:
        render.print_rows([_row(r) for r in notable[:SHOWN]], "")
    if len(notable) > SHOWN:
        render.print_line(f"... and {len(notable) - SHOWN} more: --json has all of them")
    render.print_rows([_lead(row) for row in report["by_lead"]], NOTHING_SCORED)
    for line in _ends(report):
        render.print_line(line)


NOTHING_SCORED = "No forecast is scored."


def lines(report: Mapping[str, Any]) -> list[str]:
    """What was found, as short as a mail.

    Args:
        report: The report of the monitor.
    """
    trouble = [
        (r["status"].replace("_", " "), r["reason"] or "", r["airport"])
        for r in report["results"]
        if r["status"] != "ok"
    ]
    by_lead = [_lead(row) for row in report["by_lead"]]
    scores = render.table_lines(by_lead) if by_lead else [NOTHING_SCORED]
    head = wrapped(report["sentence"])
    more = "--json has all of them"
    return fitting(head, blocks_of_trouble(trouble), scores, _ends(report), more)


def _ends(report: Mapping[str, Any]) -> list[str]:
    """The last lines."""
    counts = {k.replace("_", " "): n for k, n in report["airports"].items() if n and k != "total"}
    by_status = ", ".join(f"{n} {status}" for status, n in counts.items())
    told = [f"{report['airports']['total']} airports: {by_status}"]
    if report["scored_through"]:
        told.append(f"scored      {report['scored_from']} to {report['scored_through']}")
    where = f"run {report['run_id']}" if report["run_id"] else "not recorded"
    return [*told, f"monitor     {report['monitor_id']} ({where})"]


def _lead(row: Mapping[str, Any]) -> dict[str, object]:
    return {
        "lead": row["lead"],
        "n": row["n"],
        "error": row["mae"],
        "expected": row["expected"],
        "ratio": row["ratio"],
        "bias %": row["bias_percent"],
        "in 95 %": _percent(row["coverage95"]),
    }


def _row(result: Mapping[str, Any]) -> dict[str, object]:
    return {
        "airport": result["airport"],
        "status": result["status"].replace("_", " "),
        "scored": result["n"],
        "ratio": result["ratio"],
        "bias %": result["bias_percent"],
        "in 95 %": _percent(result["coverage95"]),
        "reason": result["reason"],
    }


def _percent(share: float | None) -> str | None:
    return None if share is None else f"{100 * share:.0f}"
