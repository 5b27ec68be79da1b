"""The reproduce command: recompute what is recorded, show what differs, exit with 7 if any does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

from forecastctl.api.compose import environment, make_executor, read_store
from forecastctl.cli import flags
from forecastctl.cli.compose import open_session
from forecastctl.cli.output import render
from forecastctl.cli.output.progress import Progress
from forecastctl.errors import EXIT_FOUND

if TYPE_CHECKING:
    from collections.abc import Iterator

    from forecastctl.cli.compose import Session
    from forecastctl.reproduce.report import Report
    from forecastctl.reproduce.values import Chosen, Reproduction
    from forecastctl.store.port import Tracker

SHOWN = 20
_AMPLY = 10


def reproduce(
    run: flags.asked.RunOrJob,
    refit: flags.asked.Refit = False,
    airport: flags.data.Airports = None,
    tracking_uri: flags.store.TrackingUri = None,
    experiment: flags.store.Experiment = None,
    jobs: flags.work.Jobs = None,
    backend: flags.work.Backend = None,
    cluster: flags.work.Cluster = None,
    airport_timeout: flags.work.AirportTimeout = None,
    airport_memory: flags.work.AirportMemory = None,
    config: flags.output.Config = None,
    as_json: flags.output.AsJson = False,
    quiet: flags.output.Quiet = False,
    verbose: flags.output.Verbose = False,
) -> None:
    """Recompute recorded forecasts and compare them with what was stored."""
    from forecastctl.recording.run_of import RunOf
    from forecastctl.reproduce.replay import choose_runs, makers
    from forecastctl.reproduce.report import Report, environment_differences

    session = open_session(reproduce, locals())
    tracker = read_store(session.settings)
    chosen = choose_runs(tracker, run, airport or ())
    here = environment(session.settings)
    rows = sorted(_rows(session, tracker, chosen, refit=refit), key=lambda r: RunOf(r.run).airport)
    made = {one.run_id: one for one in chosen.runs}
    if refit:
        made |= {one.run_id: one for one in makers(tracker, chosen).values()}
    report = Report(chosen, tuple(rows), environment_differences(made.values(), here), refit)
    if session.as_json:
        render.print_json(report.to_dict())
    elif not session.quiet:
        _print_report(report)
    if report.differs:
        raise typer.Exit(EXIT_FOUND)


def _rows(
    session: Session, tracker: Tracker, chosen: Chosen, *, refit: bool
) -> Iterator[Reproduction]:
    from forecastctl.reproduce.replay import replay_all

    if not refit:
        yield from replay_all(tracker, chosen)
        return
    from forecastctl.reproduce.refit import refit_all

    run = session.settings.run
    # Where no limit is set, how long the searches were that are repeated is not known here.
    limit = session.settings.airport_limit(1 if run.airport_timeout else _AMPLY)
    executor = make_executor(session.settings, limit)
    with Progress(quiet=session.quiet) as progress, executor:
        for row in refit_all(tracker, chosen, executor, progress.say):
            progress.count("different" if row.differs else "as stored", len(chosen.runs))
            yield row


def _print_report(report: Report) -> None:
    from forecastctl.models.combination.replay import IDENTICAL

    render.print_line(report.sentence, style="bold")
    rows = [_line(row, refitted=report.refitted) for row in report.rows]
    notable = [
        line
        for line, row in zip(rows, report.rows, strict=True)
        if row.replay.result != IDENTICAL or (row.refit and row.refit.result != IDENTICAL)
    ]
    shown = rows if len(rows) <= SHOWN else notable
    if shown:
        render.print_rows(shown[:SHOWN], "")
    if len(shown) > SHOWN:
        render.print_line(f"... and {len(shown) - SHOWN} more: --json has them all")
    if report.environment:
        columns = ["name", "recorded", "now", "runs"]
        render.print_table(columns, [[d[c] for c in columns] for d in report.environment])


def _line(row: Reproduction, *, refitted: bool) -> dict[str, Any]:
    """One airport for people: results, and where they differ most."""
    from forecastctl.recording.run_of import RunOf

    where = list(row.replay.where[:1])
    line: dict[str, Any] = {"airport": RunOf(row.run).airport, "replay": row.replay.result}
    if refitted and row.refit:
        refit = row.refit
        line["refit"] = refit.result
        stored, now, same = refit.specification
        if same is False:
            where.append(f"specification: {stored} stored, {now} now")
        else:
            where += refit.parameters.where[:1]
        where += [*refit.forecast.where[:1], *refit.notes]
    line["where"] = "; ".join(dict.fromkeys(where))
    return line
