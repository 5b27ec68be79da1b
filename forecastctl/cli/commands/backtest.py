"""The backtest command: from flags to a backtest, recorded and ended as a job is."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from forecastctl.api.backtest import Asked, do
from forecastctl.api.ending import code_of
from forecastctl.cli import flags
from forecastctl.cli.compose import check_out, open_session
from forecastctl.cli.ending import finish, where_recorded
from forecastctl.cli.output import render
from forecastctl.cli.output.backtest import print_backtest
from forecastctl.cli.output.mail import paragraph
from forecastctl.cli.output.progress import Progress

if TYPE_CHECKING:
    from forecastctl.api.recorder import Ending
    from forecastctl.backtest.summary import BacktestSummary
    from forecastctl.cli.compose import Session


def backtest(
    start: flags.backtest.Start,
    end: flags.backtest.End,
    every: flags.backtest.Every = 1,
    retune_every: flags.backtest.RetuneEvery = 1,
    data: flags.data.Data = None,
    query: flags.data.Query = None,
    value: flags.data.Value = None,
    suspects: flags.data.Suspects = None,
    airport: flags.data.Airports = None,
    select: flags.data.Select = None,
    max_evals: flags.search.MaxEvals = None,
    tpe_share: flags.search.TpeShare = None,
    loss: flags.search.Loss = None,
    family: flags.search.Families = None,
    engine: flags.search.Engine = None,
    folds: flags.search.Folds = None,
    combine: flags.search.Combine = None,
    shocks: flags.search.Shocks = None,
    timeout: flags.search.Timeout = None,
    early_stop: flags.search.EarlyStop = None,
    seed: flags.search.Seed = None,
    horizon: flags.forecast.Horizon = None,
    level: flags.forecast.Levels = None,
    charts: flags.forecast.Charts = None,
    out: flags.forecast.Out = None,
    fallback: flags.forecast.Fallback = None,
    tracking_uri: flags.store.TrackingUri = None,
    experiment: flags.store.Experiment = None,
    upgrade_store: flags.store.UpgradeStore = False,
    layout: flags.store.Layout = None,
    jobs: flags.work.Jobs = None,
    backend: flags.work.Backend = None,
    cluster: flags.work.Cluster = None,
    airport_timeout: flags.work.AirportTimeout = None,
    wait: flags.work.Wait = None,
    airport_memory: flags.work.AirportMemory = None,
    deadline: flags.work.Deadline = None,
    max_failures: flags.work.MaxFailures = None,
    grace: flags.work.Grace = None,
    metrics: flags.output.Metrics = None,
    log_format: flags.output.LogFormat = None,
    config: flags.output.Config = None,
    as_json: flags.output.AsJson = False,
    quiet: flags.output.Quiet = False,
    verbose: flags.output.Verbose = False,
) -> None:
    """Replay history: run as of each origin, recorded as backtests."""
    session = open_session(backtest, locals())
    # Only the flags: the settings' own target holds the live forecasts, which are to stay.
    asked = Asked(
        start, end, every, retune_every, airport, select, bool(charts), out, table=bool(out)
    )
    check_out(session, out)
    noted = session.measured.newest if session.measured else None
    with Progress(quiet=session.quiet, what="forecasts") as progress:
        done = do(session, asked, progress, upgrade=upgrade_store, planned=noted)
    finish(session, done, partial(_show, session))


def _show(session: Session, ending: Ending[BacktestSummary], out: str | None) -> None:
    """Print what it ended with."""
    summary = ending.summary
    if session.as_json:
        render.print_json({**summary.to_dict(), **ending.waits})
    elif not session.quiet and out != "-":
        store = where_recorded(session, ending)
        print_backtest(summary, out=out, store=store, loss=session.settings.tune.loss)
    render.warn_of_end(summary.stopped)
    strict = session.settings.run.rejected == "fail" and summary.counts["rejected"]
    if session.quiet and (strict or code_of(summary.counts)):
        reasons = [(row["airport"], row["reason"] or "") for row in summary.trouble()]
        more = f"Next: 'forecastctl history airports --job {summary.backtest_id}'."
        render.warn_in_a_paragraph(paragraph("backtest", summary.counts, reasons, more))
