"""A backtest: from what is asked to what it ended with."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from typing import TYPE_CHECKING

from forecastctl.api.compose import check_plug_ins, environment, make_executor, read, recorded
from forecastctl.api.ending import Done, written
from forecastctl.api.interruptions import Interruptions, left_of
from forecastctl.api.job import limits
from forecastctl.api.recorder import Recorder
from forecastctl.api.terms import with_terms_of_panel

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from forecastctl.api.compose import Session
    from forecastctl.api.progress import Progress
    from forecastctl.backtest.run import Backtest, BacktestRequest, Surroundings
    from forecastctl.backtest.summary import BacktestSummary
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
        out: Where the forecasts go; ``None`` for nowhere.
        table: Whether the forecasts are wanted, one below the other.
    """

    start: str
    end: str
    every: int
    retune_every: int
    airport: list[str] | None
    select: list[str] | None
    charts: bool
    out: str | None = None
    table: bool = False


def do(
    session: Session,
    asked: Asked,
    progress: Progress,
    *,
    upgrade: bool = False,
    planned: Callable[[Iterator[str]], None] | None = None,
) -> Done[BacktestSummary]:
    """Do a backtest, and write the forecasts.

    Args:
        session: Its settings and log.
        asked: What is asked of it.
        progress: Told what happens.
        upgrade: Whether a store of an older MLflow is migrated.
        planned: Told of the newest data once it is known what is to be done.

    Raises:
        ForecastctlError: The settings, the data or the store cannot be used.
    """
    settings = session.settings
    check_plug_ins(settings)
    executor = make_executor(settings, settings.airport_limit(max(asked.retune_every, 1)))
    panel, spec = read(session)
    with (
        executor,
        Recorder(session, "backtest", progress.say, upgrade=upgrade, existing=False) as recorder,
    ):
        if recorder.waited:  # the data may be other by now
            panel, spec = read(session)
        request = _request(session, asked, jobs=executor.jobs)
        of_origins = with_terms_of_panel(request.job_request, settings, panel)
        request = replace(request, job_request=of_origins)

        def plan(tracker: Tracker) -> Backtest:
            from forecastctl.backtest.run import Backtest

            around = _surroundings(session, tracker, executor, progress)
            return Backtest(request, panel, spec, around)

        backtest = recorder.plan(plan)
        if planned is not None:
            planned(iter([backtest.plan.newest]))
        stopping = limits(session, len(backtest.plan.order))
        left = len(backtest.plan.origins) - len(backtest.plan.complete())
        progress.begin(backtest.plan.chosen * left)
        whole = backtest.plan.chosen * len(backtest.plan.origins)
        left_then = partial(left_of, stopping, whole, "forecast", "backtest")
        with Interruptions(stopping.interrupt, left_then) as interruptions:
            summary = backtest.run(stopping, interruptions.held)
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
        read_log=session.read_log,
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
        table=asked.table,
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
