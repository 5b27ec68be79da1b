"""Fit a specification on a whole series, and forecast from what was fitted."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from forecastctl.errors import ModelError
from forecastctl.models import Fit, family, fitter
from forecastctl.models.base import fit_until
from forecastctl.models.baseline import baseline
from forecastctl.models.combination.path import (
    Path,
    bounded,
    ceiling,
    forecast_model,
    guard_interval,
    with_effects,
)
from forecastctl.models.combination.weights import combined, quantile, sd_weights
from forecastctl.models.combination.widths import PRIOR, half_width
from forecastctl.models.metrics import scale
from forecastctl.models.shocks import dated, without_shocks
from forecastctl.models.terms import effects_of, effects_until, factor
from forecastctl.records import FittedMember, FittedModel, Forecast, Member, future_ds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from forecastctl.records import Effect, Series, Shock, Specification, Widths

BY_WIDTHS = "widths"
"""Shape of intervals whose width is in the model's row, see `widths.half_width`."""

OF_OLDER_SEARCHES = "t4"
"""Shape of intervals whose spread comes from a search of an earlier version."""


def fit(
    series: Series,
    specification: Specification,
    *,
    horizon: int = 12,
    fallback: bool = True,
    spread: float = 1.0,
    widths: Widths = PRIOR,
    backtest_errors: tuple[tuple[float, ...], ...] = (),
    engine: str = "compiled",
) -> tuple[FittedModel, str | None]:
    """Fit every member on the whole series.

    Args:
        series: Training data.
        specification: What to fit.
        horizon: Periods ahead over which the members' forecasts are checked for divergence.
        fallback: Whether the other members, or in the end the baseline (the seasonal naive, below
            one season of data the naive), may stand in for members that fail.
        spread: Factor on the standard deviations, from the search.
        widths: How wide intervals are, from the search; empty for the spread of a search by an
            earlier version.
        backtest_errors: Forecast minus actual by fold and lead, from the search, kept with the
            model so that a miss can be explained later.
        engine: What fits, see `forecastctl.models.ENGINES`.

    Returns:
        The fitted model, and what stood in for what (``None`` when nothing had to).

    Raises:
        ModelError: A member fails and nothing may stand in for it.
        UsageError: There is no such engine.
    """
    fitted, failures = [], []
    for member in specification.members:
        try:
            fitted.append(_fit_member(series, member, horizon, engine))
        except ModelError as error:
            if not fallback:
                raise
            failures.append(f"{member.model.label}: {error.message}")
    if not fitted:
        naive = Member(baseline(series.n, series.season_length))
        fitted = [_fit_member(series, naive, horizon, engine)]
    reason = _reason(fitted, failures) if failures else None
    known = scale(series.y, series.season_length)
    model = FittedModel(
        _renormalised(fitted),
        series.freq,
        series.season_length,
        series.cutoff,
        series.n,
        spread,
        series.digest,
        backtest_errors,
        known if known > 0 else None,
        BY_WIDTHS if widths else OF_OLDER_SEARCHES,
        _shocks(series, fitted),
        ceiling(series.y),
        widths,
        _effects(series, fitted, horizon),
    )
    return model, reason


def predict(model: FittedModel, h: int, levels: Sequence[int] = (80, 95)) -> Forecast:
    """Forecast from parameters and states alone; replaying a stored model is the same call.

    Args:
        model: Fitted model, fresh or read back.
        h: Periods ahead, at least 1.
        levels: Coverage of the intervals in percent, each between 0 and 100.

    Returns:
        Weighted mean of the members; their standard deviation is the members' weighted mean times
        ``model.spread``, and the intervals are as many of them wide as ``model.widths`` says, with
        nothing below zero and nothing above ``model.ceiling``. A wider level's interval holds a
        narrower one's, and every one holds the mean.
    """
    paths = [_member_path(model, member, h) for member in model.members]
    members = [m.member for m in model.members]
    weights = [m.weight for m in members]
    both = combined(paths, weights, None if model.widths else sd_weights(members))
    path = bounded(Path(both.mean, both.sd * model.spread), model.ceiling)
    highest = math.inf if model.ceiling is None else model.ceiling
    intervals = {}
    for level in levels:
        width = _half_width(model, level) * path.sd
        upper = np.minimum(path.mean + width, highest)
        intervals[int(level)] = (np.maximum(path.mean - width, 0.0), upper)
    ds = future_ds(model.cutoff, model.freq, h)
    return Forecast(model.cutoff, ds, path.mean, path.sd, intervals)


def _half_width(model: FittedModel, level: int) -> float:
    """Half the width of an interval in standard deviations, also of rows of earlier versions."""
    return half_width(level, model.widths) if model.widths else quantile(level, model.shape)


def _fit_member(series: Series, member: Member, horizon: int, engine: str) -> FittedMember:
    model = member.model
    fits = fitter(model.family, engine)
    fit = fit_until(fits, series, series.n, model.options)
    path = forecast_model(model, fit, series.y, series.season_length, horizon)
    guard_interval(path, series.y)
    return FittedMember(member, fit.params, fit.states, fit.sigma)


def _shocks(series: Series, fitted: Sequence[FittedMember]) -> tuple[Shock, ...]:
    """What was taken out of the data, if any member was fitted without it."""
    if all("shocks" not in f.member.model.options for f in fitted):
        return ()
    return dated(without_shocks(series.y, series.season_length)[1], series.ds)


def _effects(series: Series, fitted: Sequence[FittedMember], horizon: int) -> tuple[Effect, ...]:
    """What was taken out of the data of some members, as far ahead as they are asked to forecast.

    A season is kept on top, for a forecast that is asked to reach further.
    """
    if all("terms" not in f.member.model.options for f in fitted):
        return ()
    reach = horizon + series.ahead + series.season_length
    found = effects_until(series, series.n)
    return tuple(replace(effect, ahead=effect.ahead[:reach]) for effect in found)


def _member_path(whole: FittedModel, member: FittedMember, h: int) -> Path:
    model = member.member.model
    fit = Fit(member.params, member.states, member.sigma)
    mean, sd = family(model.family).forecast(fit, whole.season_length, model.options, h)
    path = with_effects(Path(mean, sd), effects_of(whole, model.options))
    return Path(np.maximum(path.mean, 0.0), path.sd)


def passengers_of_effects(model: FittedModel, h: int) -> dict[str, NDArray[np.float64]]:
    """Passengers that each effect adds to the forecast, by the name of its term, ``(h,)``.

    It is by so much that the mean of the members would be other with what is usual in the period.
    """
    taken = [m for m in model.members if "terms" in m.member.model.options]
    if not model.effects or not taken:
        return {}
    mean = sum(m.member.weight * _member_path(model, m, h).mean for m in taken)
    return {e.name: np.asarray(mean * (1.0 - 1.0 / factor([e], h))) for e in model.effects}


def _renormalised(fitted: Sequence[FittedMember]) -> tuple[FittedMember, ...]:
    total = sum(f.member.weight for f in fitted)
    return tuple(
        FittedMember(
            Member(f.member.model, f.member.weight / total, f.member.trial),
            f.params,
            f.states,
            f.sigma,
        )
        for f in fitted
    )


def _reason(fitted: Sequence[FittedMember], failures: Sequence[str]) -> str:
    stood_in = " + ".join(f.member.model.label for f in fitted)
    return f"{stood_in} stood in for {len(failures)} that failed: {'; '.join(failures)}"
