"""``run``, ``tune``, ``train``, ``forecast`` and ``backtest`` for Python."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from forecastctl.api import backtest as backtests
from forecastctl.api import job as jobs_of
from forecastctl.api import keywords as k
from forecastctl.api.call import called, day_of, names_of
from forecastctl.api.outcome import backtest_result, job_result
from forecastctl.api.progress import Logged
from forecastctl.api.registering import register_asked
from forecastctl.api.results import BacktestResult, JobResult
from forecastctl.api.shards import do_asked
from forecastctl.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def run(
    data: k.Data = None,
    *,
    airports: k.Names | None = None,
    select: k.Names | None = None,
    as_of: k.Day | None = None,
    horizon: k.Horizon = None,
    h: k.Horizon = None,
    level: k.Level = None,
    freq: k.Freq = None,
    season_length: k.SeasonLength = None,
    suspects: k.Suspects = None,
    max_evals: k.MaxEvals = None,
    families: k.Families = None,
    loss: k.Loss = None,
    folds: k.Folds = None,
    seed: k.Seed = None,
    learn: k.Learn = None,
    skip_unchanged: k.SkipUnchanged = None,
    jobs: k.Jobs = None,
    parallel: k.Parallel = None,
    parallelism: k.Parallelism = None,
    backend: k.Backend = None,
    wait: k.Wait = None,
    charts: k.Charts = None,
    layout: k.Layout = None,
    tracking_uri: k.TrackingUri = None,
    experiment: k.Experiment = None,
    resume: str | None = None,
    fresh: bool = False,
    config: k.Path | None = None,
    settings: k.Settings | None = None,
) -> JobResult:
    """Tune, train and forecast every airport, and record all of it.

    Args:
        data: Path, address, ``sample``, or a long data frame of pandas, polars or pyarrow; by
            default what the settings name.
        airports: Only these airports, by name.
        select: Only airports that match one of these patterns, such as ``J*``.
        as_of: Use no observation after this date.
        horizon: Periods ahead.
        h: The same, as other libraries call it.
        level: Levels of the intervals, in percent.
        freq: ``M``, ``Q``, ``W`` or ``D``; by default as the data are spaced.
        season_length: Periods of a season; by default 12, 4, 52 or 7.
        suspects: What is done about months that look wrong: ``recent``, ``keep``, ``missing`` or
            ``reject``.
        max_evals: Trials of an airport's search.
        families: Model families that are searched, those of other packages too.
        loss: What the search makes small, such as ``mase``.
        folds: Folds of the validation.
        seed: The same seed gives the same forecasts.
        learn: Start searches from what earlier ones found.
        skip_unchanged: Leave airports alone whose data and settings are as before.
        jobs: Workers; -1 is one for each core.
        parallel: What is done at the same time: ``airports``, the ``trials`` of one, ``both`` or
            ``auto``.
        parallelism: Trials of one airport under way at once; by default as many as there are
            workers for.
        backend: What executes the work, such as ``loky`` or ``serial``.
        wait: Seconds to wait for another job in the same experiment.
        charts: Draw and record a chart for each airport.
        layout: ``nested`` or ``flat``: a run for each trial, or a table of them.
        tracking_uri: The MLflow store; by default ``sqlite:///mlflow.db``.
        experiment: The experiment in it.
        resume: The job to go on with, where it was cut off: its id, or ``latest``.
        fresh: Leave a job that was cut off as it is, instead of going on with it.
        config: The settings file; by default ``forecastctl.toml`` in the working directory.
        settings: Any other setting by its name, such as ``{"tune.combine": 1}``.

    Returns:
        What the job ended with. An airport that failed is in it with its reason, and stops no
        other.

    Raises:
        ForecastctlError: The settings, the data or the store cannot be used at all.
        KeyboardInterrupt: As asked for; what is done is recorded, and the same call goes on.
    """
    return _job("run", run, locals())


def tune(
    data: k.Data = None,
    *,
    airports: k.Names | None = None,
    select: k.Names | None = None,
    as_of: k.Day | None = None,
    horizon: k.Horizon = None,
    h: k.Horizon = None,
    freq: k.Freq = None,
    season_length: k.SeasonLength = None,
    suspects: k.Suspects = None,
    max_evals: k.MaxEvals = None,
    families: k.Families = None,
    loss: k.Loss = None,
    folds: k.Folds = None,
    seed: k.Seed = None,
    learn: k.Learn = None,
    jobs: k.Jobs = None,
    parallel: k.Parallel = None,
    parallelism: k.Parallelism = None,
    backend: k.Backend = None,
    wait: k.Wait = None,
    layout: k.Layout = None,
    tracking_uri: k.TrackingUri = None,
    experiment: k.Experiment = None,
    resume: str | None = None,
    fresh: bool = False,
    config: k.Path | None = None,
    settings: k.Settings | None = None,
) -> JobResult:
    """Search the specification of every airport.

    Args, Returns, Raises: As in `run`.
    """
    return _job("tune", tune, locals())


def train(
    data: k.Data = None,
    *,
    airports: k.Names | None = None,
    select: k.Names | None = None,
    as_of: k.Day | None = None,
    freq: k.Freq = None,
    season_length: k.SeasonLength = None,
    suspects: k.Suspects = None,
    jobs: k.Jobs = None,
    backend: k.Backend = None,
    wait: k.Wait = None,
    layout: k.Layout = None,
    tracking_uri: k.TrackingUri = None,
    experiment: k.Experiment = None,
    resume: str | None = None,
    fresh: bool = False,
    config: k.Path | None = None,
    settings: k.Settings | None = None,
) -> JobResult:
    """Fit the newest specification of every airport.

    Args, Returns, Raises: As in `run`.
    """
    return _job("train", train, locals())


def forecast(
    data: k.Data = None,
    *,
    airports: k.Names | None = None,
    select: k.Names | None = None,
    as_of: k.Day | None = None,
    horizon: k.Horizon = None,
    h: k.Horizon = None,
    level: k.Level = None,
    freq: k.Freq = None,
    season_length: k.SeasonLength = None,
    suspects: k.Suspects = None,
    jobs: k.Jobs = None,
    backend: k.Backend = None,
    wait: k.Wait = None,
    charts: k.Charts = None,
    layout: k.Layout = None,
    tracking_uri: k.TrackingUri = None,
    experiment: k.Experiment = None,
    resume: str | None = None,
    fresh: bool = False,
    config: k.Path | None = None,
    settings: k.Settings | None = None,
) -> JobResult:
    """Forecast with the newest model of every airport; without data, from those it was fitted to.

    Args, Returns, Raises: As in `run`.
    """
    return _job("forecast", forecast, locals())


def backtest(
    data: k.Data = None,
    *,
    start: k.Day,
    end: k.Day,
    every: int = 1,
    retune_every: int = 1,
    airports: k.Names | None = None,
    select: k.Names | None = None,
    horizon: k.Horizon = None,
    h: k.Horizon = None,
    level: k.Level = None,
    freq: k.Freq = None,
    season_length: k.SeasonLength = None,
    suspects: k.Suspects = None,
    max_evals: k.MaxEvals = None,
    families: k.Families = None,
    loss: k.Loss = None,
    folds: k.Folds = None,
    seed: k.Seed = None,
    jobs: k.Jobs = None,
    backend: k.Backend = None,
    wait: k.Wait = None,
    charts: k.Charts = None,
    layout: k.Layout = None,
    tracking_uri: k.TrackingUri = None,
    experiment: k.Experiment = None,
    config: k.Path | None = None,
    settings: k.Settings | None = None,
) -> BacktestResult:
    """Forecast from many past origins, and score what came true.

    Args:
        data: As in `run`.
        start: First origin: the last period that a forecast knows.
        end: Last origin.
        every: Periods from one origin to the next.
        retune_every: Origins that share a search.
        airports: As in `run`.
        select: As in `run`.
        config: As in `run`.
        settings: As in `run`.

    Returns:
        Scores by lead, and the forecasts with what came true, as ``utilsforecast`` evaluates them.

    Raises:
        ForecastctlError: The settings, the data or the store cannot be used at all.
        KeyboardInterrupt: As asked for; what is done is recorded, and the same call goes on.
    """
    given = locals()
    with called(backtest, given, reads=True) as (session, form):
        asked = backtests.Asked(
            str(day_of(start)),
            str(day_of(end)),
            every,
            retune_every,
            names_of(airports),
            names_of(select),
            bool(charts),
            table=True,
        )
        return backtest_result(session, form, backtests.do(session, asked, Logged()))


def _job(command: str, function: Callable[..., JobResult], given: Mapping[str, Any]) -> JobResult:
    """Do a job, and say what it ended with."""
    from forecastctl.api.site import report_of_job

    with called(function, given, reads=True) as (session, form):
        chosen = jobs_of.Selection(
            names_of(given["airports"]),
            names_of(given["select"]),
            day_of(given["as_of"], last=True),
            given["fresh"],
            given["resume"],
        )
        out = session.settings.forecast.out if command in ("run", "forecast") else None
        _check_out(out)
        done = do_asked(command, session, chosen, Logged(), out=out)
        if done.whole:
            register_asked(command, session, done.ending, Logged().say, session.warn)
            if command == "run" and session.settings.report.out:
                report_of_job(session, done.ending, Logged().say)
        return job_result(session, form, done)


def _check_out(out: str | None) -> None:
    """Refuse a target of forecasts that cannot be written, before any work is done for it."""
    from forecastctl.data.write.targets import check_target

    if out == "-":
        raise UsageError("forecast.out: '-' is for commands.", "The forecasts are in the result.")
    if out:
        check_target(out)
