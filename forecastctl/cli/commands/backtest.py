"""The backtest command: from flags to a backtest, recorded and ended as a job is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import TYPE_CHECKING

from forecastctl.cli import flags
from forecastctl.cli.compose import (
    check_out,
    check_plug_ins,
    environment,
    make_executor,
    open_session,
    read,
    recorded,
)
from forecastctl.cli.ending import Done, code_of, finish, where_recorded, written
from forecastctl.cli.interruptions import Interruptions
from forecastctl.cli.job import limits
from forecastctl.cli.output import render
from forecastctl.cli.output.backtest import print_backtest
from forecastctl.cli.output.mail import paragraph
from forecastctl.cli.output.progress import Progress
from forecastctl.cli.recorder import Recorder

if TYPE_CHECKING:
    from forecastctl.backtest.run import Backtest, BacktestRequest, Surroundings
    from forecastctl.backtest.summary import BacktestSummary
    from forecastctl.cli.compose import Session
    from forecastctl.cli.recorder import Ending
    from forecastctl.execute.port import Executor
    from forecastctl.jobs.plan import Request
    from forecastctl.store.port import Tracker


@dataclass(frozen=True, slots=True)
class Asked:
    """What only a backtest is asked, as it was given.

    Attributes:
        start: First origin.
        end: Last origin.
        every: Periods from one origin to the next.
        retune_every: Origins that share a search.
        airport: Only these airports.
        select: Only airports that match one of these globs.
        charts: Whether to draw a chart per airport.
        out: Where the forecasts go.
    """

    start: str
    end: str
    every: int
    retune_every: int
    airport: list[str] | None
    select: list[str] | None
    charts: bool
    out: str | None


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
    asked = Asked(start, end, every, retune_every, airport, select, bool(charts), out)
    check_out(session, out)
    check_plug_ins(session.settings)
    finish(session, _work(session, asked, upgrade=upgrade_store), partial(_show, session))


def _work(session: Session, asked: Asked, *, upgrade: bool) -> Done[BacktestSummary]:
    """Do the backtest, and write the forecasts."""
    settings = session.settings
    executor = make_executor(settings, settings.airport_limit(max(asked.retune_every, 1)))
    panel, spec = read(session)
    with (
        Progress(quiet=session.quiet, what="forecasts") as progress,
        executor,
        Recorder(session, "backtest", progress.say, upgrade=upgrade, existing=False) as recorder,
    ):
        if recorder.waited:  # the data may be other by now
            panel, spec = read(session)
        request = _request(session, asked, jobs=executor.jobs)

        def plan(tracker: Tracker) -> Backtest:
            from forecastctl.backtest.run import Backtest

            around = _surroundings(session, tracker, executor, progress)
            return Backtest(request, panel, spec, around)

        planned = recorder.plan(plan)
        if session.measured:
            session.measured.newest(iter([planned.plan.newest]))
        stopping = limits(session, len(planned.plan.order))
        left = len(planned.plan.origins) - len(planned.plan.complete())
        progress.begin(planned.plan.chosen * left)
        with Interruptions(stopping.interrupt) as interruptions:
            summary = planned.run(stopping, interruptions.held)
        out, unwritten = written(summary, asked.out, settings.forecast.table)
        return Done(recorder.end(summary), out, unwritten)


def _surroundings(
    session: Session, tracker: Tracker, executor: Executor, progress: Progress
) -> Surroundings:
    """Where the backtest runs, and whom it tells of its progress."""
    from forecastctl.backtest.run import Surroundings

    return Surroundings(
        tracker=tracker,
        executor=executor,
        environment=environment(session.settings),
        today=date.today(),  # noqa: DTZ011 - local day
        progress=progress,
        read_log=session.log.read,
        say=progress.say,
    )


def _request(session: Session, asked: Asked, *, jobs: int) -> BacktestRequest:
    """What is asked of the backtest."""
    from forecastctl.backtest.run import BacktestRequest

    return BacktestRequest(
        _of_each_origin(session, asked, jobs=jobs),
        asked.start,
        asked.end,
        asked.every,
        asked.retune_every,
        table=bool(asked.out),
    )


def _of_each_origin(session: Session, asked: Asked, *, jobs: int) -> Request:
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
        charts=asked.charts,
        config_digest=settings.result_digest(),
        settings={
            **recorded(settings),
            "forecast.charts": asked.charts,
            "forecast.out": shown(asked.out),
            "airport": shown(asked.airport),
            "select": shown(asked.select),
        },
        airports=tuple(asked.airport or ()),
        select=tuple(asked.select or ()),
        jobs=jobs,
        batch=settings.run.batch,
    )


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
