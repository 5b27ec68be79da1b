"""Forecasts of groups and of the total beside the airports', and all of them made to add up.

Groups go through a job like airports: they are searched, fitted, forecast and recorded, each with
a run of its own. This run holds the base forecast, which can be replayed and explained. The
forecasts that add up are a table of the job.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from forecastctl.errors import ModelError, NothingRecordedError
from forecastctl.jobs.sums.hierarchy import build, ordinal
from forecastctl.jobs.sums.reconcile import NONE
from forecastctl.models.baseline import baseline
from forecastctl.models.combination.fit_and_predict import fit, predict
from forecastctl.recording.write import model_label
from forecastctl.records import Member, Series, Specification, Status
from forecastctl.records.schema import Tag

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from forecastctl.jobs.sums.hierarchy import Hierarchy
    from forecastctl.records import AirportResult, FittedModel, Forecast, Plan, Rejection
    from forecastctl.store.port import Tracker

MAX_LAG = {"M": 3, "Q": 1, "W": 4, "D": 7}
"""Periods that airports may report later than others and still be added up, by frequency."""


@dataclass(frozen=True, slots=True)
class Sums:
    """What a job adds up.

    Attributes:
        hierarchy: Airports and groups.
        method: How the forecasts are made to add up, or ``none``.
        series: The series of every airport and group in it.
        columns: Value of each airport by column of groups.
    """

    hierarchy: Hierarchy
    method: str
    series: Mapping[str, Series]
    columns: Mapping[str, Mapping[str, str]]

    @property
    def late(self) -> set[str]:
        """Airports and groups that must be forecast further than they would be alone."""
        series, lag = self.series, self.hierarchy.lag
        return {name for name in series if lag(name) != series[name].ahead}


@dataclass(frozen=True, slots=True)
class Base:
    """What one airport or group contributes.

    Attributes:
        forecast: From its own cutoff to the last period of the job's forecasts.
        model: Label of the model.
        status: Its status.
        errors: Backtest errors by fold and lead, shape ``(folds, h)``, or ``None``.
        tuned_on: Number of the last period that the search saw.
        stands_in: Why it is the forecast of the baseline (usually the seasonal naive), or ``None``.
    """

    forecast: Forecast
    model: str
    status: str
    errors: NDArray[np.float64] | None = None
    tuned_on: int = 0
    stands_in: str | None = None


def plan_sums(
    series: Sequence[Series],
    groups: Mapping[str, Mapping[str, str]],
    settled: Iterable[AirportResult],
    method: str,
) -> Sums:
    """What a job is to add up.

    Args:
        series: Airports that are forecast.
        groups: Value by airport by column.
        settled: Airports that are not forecast, and why.
        method: How the forecasts are made to add up, or ``none``.

    Raises:
        DataError: See `forecastctl.jobs.sums.hierarchy.build`.
    """
    not_forecast = {r.airport: f"{r.status}: {r.reason}" for r in settled}
    names = {s.airport for s in series} | set(not_forecast)
    max_lag = MAX_LAG[series[0].freq[0]] if series else 0
    hierarchy = build(series, groups, names, max_lag)
    hierarchy = replace(hierarchy, left_out={**hierarchy.left_out, **not_forecast})
    airports = {s.airport: s for s in series if s.airport in hierarchy.airports}
    of_groups = {s.airport: s for s in hierarchy.series}
    return Sums(hierarchy, method, airports | of_groups, groups)


def rebuilt(
    entries: Sequence[Series | Rejection], groups: Mapping[str, Mapping[str, str]]
) -> list[Series]:
    """The series of the groups of a job, from its airports."""
    series = [entry for entry in entries if isinstance(entry, Series)]
    return plan_sums(series, groups, [], NONE).hierarchy.series


def base_of(result: AirportResult, sums: Sums, plan: Plan, tracker: Tracker) -> Base | None:
    """The base forecast of a result; of an airport that failed, the forecast of the baseline.

    Args:
        result: Of an airport or group of the hierarchy.
        sums: The hierarchy.
        plan: Plan of the job.
        tracker: Where the run is that a kept specification comes from.

    Returns:
        ``None`` where there is no forecast: of a group that failed, or an airport whose baseline
        failed as well.
    """
    name, h = result.airport, plan.search.horizon
    series, lag = sums.series[name], sums.hierarchy.lag(name)
    forecast = None if result.status is Status.FAILED else result.forecast
    if forecast is not None and len(forecast.mean) != h + lag:
        forecast = predict(result.model, h + lag, plan.levels) if result.model else None
    if forecast is None:
        return None if name in sums.hierarchy.levels else _stand_in(result, series, h + lag, plan)
    errors = _errors(result)
    tuned_by = result.task.sources.get("tuned_by") if result.task else None
    cutoff = _cutoff_of(tracker, tuned_by) if tuned_by and errors is not None else None
    return Base(
        forecast=forecast,
        model=model_label(result) or "",
        status=str(result.status),
        errors=errors,
        tuned_on=ordinal(cutoff or series.cutoff, series.freq),
    )


def _cutoff_of(tracker: Tracker, run_id: str) -> str | None:
    """Last period that a search saw; unknown where its run was deleted meanwhile."""
    try:
        return tracker.get(run_id).tags.get(Tag.CUTOFF)
    except NothingRecordedError:
        return None


def _errors(result: AirportResult) -> NDArray[np.float64] | None:
    """Backtest errors by fold and lead; ``None`` where folds differ in length."""
    source = result.tuned or result.model
    folds = source.backtest_errors if source else ()
    if not folds or len({len(fold) for fold in folds}) > 1:
        return None
    errors = np.asarray(folds, dtype=np.float64)
    return errors if np.isfinite(errors).all() else None


def _stand_in(result: AirportResult, series: Series, h: int, plan: Plan) -> Base | None:
    """The forecast of the baseline, for an airport that has none, so that it is in the sums."""
    specification = Specification((Member(baseline(series.n, series.season_length)),))
    try:
        model: FittedModel = fit(series, specification, horizon=h)[0]
    except ModelError:
        return None
    label = model.specification.label
    why = f"{label} stands in for its sums: {result.reason}"
    return Base(predict(model, h, plan.levels), label, str(Status.FAILED), stands_in=why)
