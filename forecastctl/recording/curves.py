"""What a search, a backtest and a forecast look like as lines: metrics at several steps. Pure.

MLflow draws a metric over its steps or its times; of actual and forecast those are the periods.
It draws a bar where the last step is 0.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from forecastctl.records import Metric
from forecastctl.records.calendar import period_of
from forecastctl.records.schema import MetricKey, backtest_coverage_key

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from forecastctl.records import AirportResult, Forecast, Plan, Series, Trial

LONGEST = 100
"""Leads or periods that a line has at most: more cannot be told apart, and each is a row."""


def curves(result: AirportResult, plan: Plan, stamp_ms: int) -> Iterator[Metric]:
    """The lines of one airport's run, as far as its stages went.

    Args:
        result: Its result.
        plan: What the job did with it.
        stamp_ms: Time of what is no period and no trial, milliseconds since the epoch.
    """
    forecast = result.forecast if plan.forecast else None
    tuned = result.tuned if plan.tune else None
    if tuned is not None:
        errors = tuned.backtest_errors
        values = [*_best_so_far(tuned.trials), *_error_by_lead(errors, stamp_ms)]
        if forecast is not None:
            values += _coverage_by_lead(errors, forecast, stamp_ms)
        yield from (metric for metric in values if math.isfinite(metric.value))
    if forecast is not None and result.task is not None:
        yield from _periods(result.task.series, forecast)


def _best_so_far(trials: Sequence[Trial]) -> Iterator[Metric]:
    """The lowest loss up to each trial that lowered it, and up to the last one."""
    best = math.inf
    for trial in trials:
        lower = trial.loss is not None and trial.loss < best
        if lower and trial.loss is not None:
            best = trial.loss
        if lower or trial is trials[-1]:
            yield Metric(MetricKey.SEARCH_BEST, best, trial.number, trial.end_ms)


def _by_lead(errors: Sequence[Sequence[float]]) -> Iterator[tuple[int, list[float]]]:
    """Errors of all folds by lead, from 1."""
    longest = min(max((len(fold) for fold in errors), default=0), LONGEST)
    for at in range(longest):
        yield at + 1, [fold[at] for fold in errors if at < len(fold)]


def _error_by_lead(errors: Sequence[Sequence[float]], stamp_ms: int) -> Iterator[Metric]:
    for lead, of_folds in _by_lead(errors):
        mae = sum(abs(error) for error in of_folds) / len(of_folds)
        yield Metric(MetricKey.BACKTEST_MAE, mae, lead, stamp_ms)


def _coverage_by_lead(
    errors: Sequence[Sequence[float]], forecast: Forecast, stamp_ms: int
) -> Iterator[Metric]:
    """How many of the backtest's errors the intervals of the forecast hold at each lead."""
    for level, (lo, hi) in forecast.intervals.items():
        for lead, of_folds in _by_lead(errors):
            if lead > len(forecast.mean):
                break
            mean, low, high = forecast.mean[lead - 1], lo[lead - 1], hi[lead - 1]
            held = sum(bool(low <= mean - error <= high) for error in of_folds)
            yield Metric(backtest_coverage_key(level), held / len(of_folds), lead, stamp_ms)


def _periods(series: Series, forecast: Forecast) -> Iterator[Metric]:
    """Actuals and forecasts; forecasts of several jobs lie over each other where periods agree."""
    shown = min(max(2 * series.season_length, len(forecast.mean)), LONGEST)
    yield from _line(MetricKey.ACTUAL, series.ds[-shown:], series.y[-shown:], series.freq)
    ds, means = forecast.ds[:LONGEST], forecast.mean[:LONGEST]
    yield from _line(MetricKey.FORECAST, ds, means, series.freq)


def _line(
    key: str, ds: NDArray[np.datetime64], values: NDArray[np.float64], freq: str
) -> Iterator[Metric]:
    """Values by number of the period since 1970, at its time; MLflow knows none before that."""
    first = period_of(str(ds[0]), freq)
    stamps = ds.astype("datetime64[ms]").astype(np.int64)
    for at, (stamp, value) in enumerate(zip(stamps.tolist(), values.tolist(), strict=True)):
        if stamp >= 0 and math.isfinite(value):
            yield Metric(key, value, first + at, stamp)
