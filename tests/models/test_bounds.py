"""Intervals stay finite, ordered and within a stated multiple of the data, whatever the series."""

import itertools
import json
import math
from dataclasses import replace

import numpy as np
import pytest

from forecastctl.errors import DivergedError, ModelError
from forecastctl.models import family, family_names
from forecastctl.models.combination.advance import advance
from forecastctl.models.combination.fit_and_predict import fit, predict
from forecastctl.models.combination.path import (
    BOUND_SPANS,
    MEMBER_SPANS,
    Path,
    bounded,
    ceiling,
    guard_interval,
    span,
)
from forecastctl.models.make import make_model
from forecastctl.records import FittedModel, Member, SearchSpec, Specification
from forecastctl.search.pool import PLAIN, SEASONAL
from forecastctl.search.tune import tune
from tests.models import fuzz
from tests.models.intermittent import extremes, intermittent
from tests.series import make_series, seasonal_data

LEVELS = (50, 80, 95, 99)
POOL = (*SEASONAL, *PLAIN, *((n, o) for n in family_names() for o in family(n).starts))
LIMIT = 20.0
"""What the documentation promises: so many ranges of the data above the largest value."""


def mean_of(*models):
    return Specification(tuple(Member(m, 1 / len(models), k) for k, m in enumerate(models)))


def searched(y, **search):
    series = make_series(y)
    found = tune(series, SearchSpec(**search))
    model, reason = fit(
        series, found.specification, horizon=12, spread=found.spread,
        backtest_errors=found.backtest_errors,
    )  # fmt: skip
    return model, reason


def check(found, y):
    """Everything that is promised of a forecast."""
    high, low = float(np.max(y)), float(np.min(y))
    most = high + LIMIT * ((high - low) or high or 1.0)
    inner = outer = found.mean
    for level in sorted(found.intervals):
        lo, hi = found.intervals[level]
        assert np.all(np.isfinite(lo)), level
        assert np.all(np.isfinite(hi)), level
        assert np.all(lo >= 0), level
        assert np.all(lo <= inner), level
        assert np.all(hi >= outer), level
        assert np.max(hi) <= most, level
        inner, outer = lo, hi
    assert np.all(np.isfinite(found.mean))
    assert np.all(np.isfinite(found.sd))
    assert np.all(found.sd >= 0)


def every_third(n, first):
    y = np.zeros(n)
    y[first::3] = 1.0
    return y


@pytest.mark.parametrize(("n", "first"), [(48, 30), (60, 46), (60, 42)])
def test_a_fold_of_nothing_but_zeros_does_not_widen_what_is_to_come(n, first):
    """Their upper ends were 30,997, 17,308 and 6,213 passengers, where none had more than one."""
    y = every_third(n, first)
    model, _ = searched(y, max_evals=14)
    found = predict(model, 12)
    check(found, y)
    assert np.max(found.intervals[95][1]) < 4.0
    assert model.spread < 3.0


def fitted_or_none(y, models, spread=1.0):
    try:
        return fit(make_series(y), mean_of(*models), spread=spread, fallback=False)[0]
    except ModelError:
        return None


@pytest.mark.parametrize("part", range(8))
def test_whatever_can_be_fitted_keeps_its_bounds(part):
    """Each model of the pool and each start alone, 12 and 60 periods ahead, also spread wide."""
    series = [intermittent(seed) for seed in range(part, 320, 8)]
    series += list(extremes(13 + part).values()) + list(extremes(40 + part).values())
    models = [make_model(name, options) for name, options in POOL]
    fits = 0
    for k, y in enumerate(series):
        model = models[(k + part * 5) % len(models)]
        fitted = fitted_or_none(y, [model], spread=10.0 ** (k % 9))
        if fitted is None:
            continue
        fits += 1
        for h in (12, 60):
            check(predict(fitted, h, LEVELS), y)
    assert fits > 20


@pytest.mark.parametrize("n", [13, 24, 40])
@pytest.mark.parametrize("name", sorted(extremes(13)))
def test_extreme_series_get_plausible_intervals(name, n):
    y = extremes(n)[name]
    models = [make_model(name, options) for name, options in (*SEASONAL, *PLAIN)]
    model, _ = fit(make_series(y), mean_of(*models))
    check(predict(model, 12, LEVELS), y)


@pytest.mark.slow
@pytest.mark.parametrize("part", range(4))
def test_intermittent_series_get_plausible_intervals(part):
    """From search to forecast: 160 series in all."""
    for seed in range(part, 160, 4):
        y = intermittent(seed)
        model, _ = searched(y, max_evals=14)
        check(predict(model, 12, LEVELS), y)


@pytest.mark.slow
@pytest.mark.parametrize("n", [13, 16, 20, 24, 25, 30, 36, 40, 60, 96])
def test_extreme_series_are_searched_and_get_plausible_intervals(n):
    for y in extremes(n).values():
        model, _ = searched(y, max_evals=14)
        check(predict(model, 12, LEVELS), y)


def test_fuzzed_series_keep_every_promise():
    """`python -m tests.models.fuzz` does the same with a million."""
    made, failures = fuzz.part((0, 600))
    assert made > 1000
    assert failures == []


def test_the_ceiling_is_a_multiple_of_the_range():
    assert (BOUND_SPANS, MEMBER_SPANS) == (20.0, 50.0)
    assert ceiling(np.array([10.0, 30.0])) == 30.0 + 20.0 * 20.0
    assert ceiling(np.full(3, 7.0)) == 7.0 + 20.0 * 7.0
    assert ceiling(np.zeros(3)) == 20.0
    assert span(np.array([3.0, 5.0])) == 2.0


def test_what_is_below_the_limit_keeps_its_bits():
    path = Path(np.array([0.1, 1 / 3]), np.array([0.7, 1e-9]))
    same = bounded(path, 100.0)
    assert same.mean.tobytes() == path.mean.tobytes()
    assert same.sd.tobytes() == path.sd.tobytes()
    assert bounded(path, None) is path


def test_what_is_beyond_the_limit_or_undefined_is_cut():
    z = 1.959963984540054
    path = Path(np.array([1.0, 500.0, math.inf, math.nan]), np.array([1e19, math.nan, 1.0, 2.0]))
    cut = bounded(path, 100.0)
    assert list(cut.mean) == [1.0, 100.0, 100.0, 100.0]
    np.testing.assert_allclose(cut.sd, [100.0 / z, 100.0 / z, 1.0, 2.0], rtol=1e-12)


def test_a_model_that_is_lost_is_refused():
    y = np.array([10.0, 30.0])
    limit = 30.0 + 50.0 * 20.0
    guard_interval(Path(np.array([30.0]), np.array([0.999 * 1000.0 / 1.96])), y)
    with pytest.raises(DivergedError, match=r"interval reaches .* data lie between 10 and 30"):
        guard_interval(Path(np.array([limit - 30.0]), np.array([20.0])), y)


def test_a_lost_member_is_dropped_and_said(fake, series):
    """The others are a mean of their own then; the interval is theirs."""
    wide = make_model("fake", {"bias": "wide", "amount": 0.0})
    others = [make_model("seasonal_naive", {"drift": True}), make_model(*SEASONAL[7])]
    model, reason = fit(series, mean_of(others[0], wide, others[1]))
    assert [m.member.weight for m in model.members] == [0.5, 0.5]
    assert [m.member.trial for m in model.members] == [0, 2]
    low, high = np.min(series.y), np.max(series.y)
    assert reason == (
        "SNaive drift + HW(A,N,M) stood in for 1 that failed: Fake wide: "
        f"the 95 % interval reaches 1.96e+09 where the data lie between {low:.4g} and {high:.4g}"
    )
    alone, _ = fit(series, mean_of(*others))
    assert predict(alone, 12).sd.tobytes() == predict(model, 12).sd.tobytes()


def test_where_all_are_lost_the_baseline_stands_in(fake, series):
    wide = make_model("fake", {"bias": "wide", "amount": 0.0})
    model, reason = fit(series, mean_of(wide))
    assert model.specification.label == "SNaive"
    assert reason.startswith("SNaive stood in for 1 that failed: Fake wide: the 95 % interval")


@pytest.fixture
def wide(series):
    """A stored model whose intervals, spread ten thousand times, would reach far above."""
    model, _ = fit(series, mean_of(make_model(*SEASONAL[6])), spread=1e4)
    return model


def test_bounds_are_stored_with_the_model_and_replayed(series, wide):
    assert wide.ceiling == ceiling(series.y)
    again = FittedModel.from_row(json.loads(json.dumps(wide.to_row())))
    fresh, replayed = predict(wide, 30, LEVELS), predict(again, 30, LEVELS)
    check(fresh, series.y)
    assert np.max(fresh.intervals[95][1]) == wide.ceiling
    assert np.all(fresh.intervals[80][1] < fresh.intervals[95][1])
    for level in LEVELS:
        for ours, theirs in zip(fresh.intervals[level], replayed.intervals[level], strict=True):
            assert ours.tobytes() == theirs.tobytes()


def test_rows_without_a_ceiling_forecast_as_they_did(wide):
    row = wide.to_row()
    del row["ceiling"]
    old = FittedModel.from_row({**json.loads(json.dumps(row)), "version": 2})
    assert old.ceiling is None
    found = predict(old, 12)
    np.testing.assert_allclose(found.intervals[95][1] - found.mean, 1.959963984540054 * found.sd)
    assert np.max(found.intervals[95][1]) > 50 * wide.ceiling


def test_a_model_that_is_run_on_has_the_ceiling_of_what_it_has_seen():
    y = seasonal_data(72)
    y[60:] *= 1000.0
    early, late = make_series(y[:60]), make_series(y)
    model, _ = fit(early, mean_of(make_model("seasonal_naive", {"drift": False})))
    moved = advance(model, late, lambda member: member)
    assert moved.ceiling == ceiling(y)
    assert list(predict(moved, 12).mean) == list(y[-12:])
    old = advance(replace(model, ceiling=None), late, lambda member: member)
    assert old.ceiling is None


def test_intervals_of_every_level_are_ordered_at_the_ceiling(wide):
    found = predict(wide, 6, tuple(range(5, 100, 5)))
    for a, b in itertools.pairwise(sorted(found.intervals)):
        assert np.all(found.intervals[a][0] >= found.intervals[b][0])
        assert np.all(found.intervals[a][1] <= found.intervals[b][1])
