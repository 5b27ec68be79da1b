"""The backtest command: from flags to a backtest, and its summary for people."""

from __future__ import annotations

import logging
from datetime import date
from typing import TYPE_CHECKING, Any

from forecastctl.cli import flags
from forecastctl.cli.compose import (
    check_out,
    check_plug_ins,
    environment,
    make_executor,
    open_session,
    read,
    recorded,
    store_for_job,
)
from forecastctl.cli.ending import code_of, end_with, write_out
from forecastctl.cli.interruptions import Interruptions
from forecastctl.cli.output import render
from forecastctl.cli.output.mail import paragraph
from forecastctl.cli.output.progress import Progress

if TYPE_CHECKING:
    from collections.abc import Mapping

    from forecastctl.backtest.run import BacktestRequest, Surroundings
    from forecastctl.backtest.summary import BacktestSummary
    from forecastctl.cli.compose import Session
    from forecastctl.data.panel.panel import DataSpec, Panel
    from forecastctl.jobs.plan import Request
    from forecastctl.settings import Settings

log = logging.getLogger(__name__)

SHOWN = 20


def backtest(
    start: flags.Start,
    end: flags.End,
    every: flags.Every = 1,
    retune_every: flags.RetuneEvery = 1,
    data: flags.Data = None,
    query: flags.Query = None,
    value: flags.Value = None,
    suspects: flags.Suspects = None,
    airport: flags.Airports = None,
    select: flags.Select = None,
    max_evals: flags.MaxEvals = None,
    loss: flags.Loss = None,
    family: flags.Families = None,
    engine: flags.Engine = None,
    folds: flags.Folds = None,
    combine: flags.Combine = None,
    shocks: flags.Shocks = None,
    timeout: flags.Timeout = None,
    early_stop: flags.EarlyStop = None,
    seed: flags.Seed = None,
    horizon: flags.Horizon = None,
    level: flags.Levels = None,
    charts: flags.Charts = None,
    out: flags.Out = None,
    fallback: flags.Fallback = None,
    tracking_uri: flags.TrackingUri = None,
    experiment: flags.Experiment = None,
    upgrade_store: flags.UpgradeStore = False,
    layout: flags.Layout = None,
    jobs: flags.Jobs = None,
    backend: flags.Backend = None,
    airport_timeout: flags.AirportTimeout = None,
    airport_memory: flags.AirportMemory = None,
    metrics: flags.Metrics = None,
    log_format: flags.LogFormat = None,
    wait: flags.Wait = None,
    config: flags.Config = None,
    as_json: flags.AsJson = False,
    quiet: flags.Quiet = False,
    verbose: flags.Verbose = False,
) -> None:
    """Replay history: run as of each origin, recorded as backtests."""
    from forecastctl.backtest.run import BacktestRequest, Surroundings, forecast_table

    session = open_session(backtest, locals())
    # Only the flag: the settings' own target holds the live forecasts, which are to stay.
    check_out(session, out)
    settings = session.settings
    check_plug_ins(settings)
    executor = make_executor(settings, settings.airport_limit(max(retune_every, 1)))
    panel, spec = read(session)
    request = _request(session, airport, select, charts=bool(charts), out=out, jobs=executor.jobs)
    today = date.today()  # noqa: DTZ011 - local day
    with (
        Progress(quiet=session.quiet) as progress,
        Interruptions() as interruptions,
        executor,
        store_for_job(session, "backtest", progress.say, upgrade=upgrade_store) as (tracker, _),
    ):
        surroundings = Surroundings(
            tracker=tracker,
            executor=executor,
            environment=environment(),
            today=today,
            progress=progress,
            read_log=session.log.read,
            undisturbed=interruptions.held,
            say=progress.say,
        )
        asked = BacktestRequest(request, start, end, every, retune_every)
        summary = _run(asked, panel, spec, surroundings)
        table = forecast_table(tracker, summary) if out else None
    if session.measured:
        session.measured.airports = summary.counts
    if out and table is not None:
        write_out(table, out, settings.forecast.table)
    if as_json:
        render.print_json(summary.to_dict())
    elif not quiet and out != "-":
        _print(settings, summary, out)
    if quiet and code_of(summary.counts):
        reasons = [(row["airport"], row["reason"] or "") for row in summary.trouble()]
        more = f"Next: 'forecastctl history airports --job {summary.backtest_id}'."
        render.warn_in_a_paragraph(paragraph("backtest", summary.counts, reasons, more))
    end_with(summary.counts)


def _request(
    session: Session,
    airport: list[str] | None,
    select: list[str] | None,
    *,
    charts: bool,
    out: str | None,
    jobs: int,
) -> Request:
    """What is asked of the job of each origin."""
    from forecastctl.jobs.plan import Request
    from forecastctl.settings import shown

    settings = session.settings
    return Request(
        command="backtest",
        job_id="",
        start_ms=session.started,
        search=settings.search(),
        levels=settings.forecast.level,
        layout=settings.tracking.layout,
        charts=charts,
        config_digest=settings.result_digest(),
        settings={
            **recorded(settings),
            "forecast.charts": charts,
            "forecast.out": shown(out),
            "airport": shown(airport),
            "select": shown(select),
        },
        airports=tuple(airport or ()),
        select=tuple(select or ()),
        jobs=jobs,
        batch=settings.run.batch,
    )


def _run(
    request: BacktestRequest, panel: Panel, spec: DataSpec, surroundings: Surroundings
) -> BacktestSummary:
    from forecastctl.backtest.run import backtest as run

    try:
        return run(request, panel, spec, surroundings)
    except KeyboardInterrupt:
        log.warning("The same command goes on where this one stopped.")
        raise


def _print(settings: Settings, summary: BacktestSummary, out: str | None) -> None:
    from forecastctl.data.write.targets import shown_target
    from forecastctl.store.mlflow.open import display_uri

    counts = summary.counts
    by_status = render.tally(counts)
    n = len(summary.accounts)
    render.print_line(
        f"{n} {'origin' if n == 1 else 'origins'} x {counts['total'] // n} airports: {by_status}",
        style="bold",
    )
    _print_trouble(summary)
    if summary.scores:
        render.print_rows([_score_row(row) for row in summary.scores], "")
    else:
        render.print_line("No actual is known yet of any period that was forecast.")
    tracking, cost = settings.tracking, summary.cost
    facts = {
        f"median {settings.tune.loss} in validation": summary.validation_loss,
        "forecasts": shown_target(out) if out else None,
        "recorded": f"{display_uri(tracking.uri)} (experiment {tracking.experiment})",
        "resumed": f"{summary.resumed} were recorded before" if summary.resumed else None,
        "took": f"{cost['wall_seconds']:.0f} s, {cost['airports_per_minute']:.0f} airports/min",
    }
    given = {name: value for name, value in facts.items() if value is not None}
    render.print_facts(f"backtest {summary.backtest_id}", given)


def _print_trouble(summary: BacktestSummary) -> None:
    """Airports that failed or could not be used."""
    rows = summary.trouble()
    if rows:
        render.print_rows(rows[:SHOWN], "")
    if len(rows) > SHOWN:
        render.print_line(f"... and {len(rows) - SHOWN} more airports")


def _score_row(row: Mapping[str, Any]) -> dict[str, object]:
    coverage = {f"in {level} %": f"{share:.1%}" for level, share in row["coverage"].items()}
    names = {"mae_percent": "MAE %", "bias_percent": "bias %", "naive_mase": "naive MASE"}
    names |= {"mase": "MASE"}
    shown = {names.get(key, key): value for key, value in row.items() if key != "coverage"}
    return {**shown, **coverage}
