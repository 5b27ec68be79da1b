import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forecastctl.models import metrics
from forecastctl.records import LOSSES

passengers = st.floats(0, 1e7).map(lambda v: round(v, 3))
counts = st.lists(st.tuples(passengers, passengers), min_size=1, max_size=30).map(
    lambda pairs: tuple(np.array(column) for column in zip(*pairs, strict=True))
)


def naive_mae(y, f):
    total = 0.0
    for actual, forecast in zip(y, f, strict=True):
        total += abs(actual - forecast)
    return total / len(y)


def naive_rmse(y, f):
    total = 0.0
    for actual, forecast in zip(y, f, strict=True):
        total += (actual - forecast) ** 2
    return (total / len(y)) ** 0.5


def naive_smape(y, f):
    total = 0.0
    for actual, forecast in zip(y, f, strict=True):
        size = abs(actual) + abs(forecast)
        total += 2 * abs(actual - forecast) / size if size else 0.0
    return total / len(y)


def naive_pinball(y, quantiles, levels):
    total = 0.0
    for level, row in zip(levels, quantiles, strict=True):
        for actual, forecast in zip(y, row, strict=True):
            error = actual - forecast
            total += level * error if error >= 0 else (level - 1) * error
    return total / (len(levels) * len(y))


def naive_scale(y, lag):
    total, count = 0.0, 0
    for t in range(lag, len(y)):
        total += abs(y[t] - y[t - lag])
        count += 1
    return total / count


@given(counts)
def test_errors_against_a_loop(pair):
    y, f = pair
    assert metrics.mae(y, f) == pytest.approx(naive_mae(y, f), rel=1e-12)
    assert metrics.rmse(y, f) == pytest.approx(naive_rmse(y, f), rel=1e-12)
    assert metrics.smape(y, f) == pytest.approx(naive_smape(y, f), rel=1e-12)


@given(counts)
def test_ratios_against_a_loop(pair):
    y, f = pair
    assert metrics.mase(y, f, 7.5) == pytest.approx(naive_mae(y, f) / 7.5, rel=1e-12)
    total = sum(abs(v) for v in y)
    expected = sum(abs(a - b) for a, b in zip(y, f, strict=True)) / total if total else math.nan
    assert metrics.wape(y, f) == pytest.approx(expected, rel=1e-9, nan_ok=True)


@given(counts, st.floats(0.1, 1e5))
def test_pinball_against_a_loop(pair, width):
    y, f = pair
    levels = (0.05, 0.5, 0.8)
    quantiles = np.array([f - width, f, f + width / 2])
    expected = naive_pinball(y, quantiles, levels)
    assert metrics.pinball(y, quantiles, levels) == pytest.approx(expected, rel=1e-9)


@given(st.lists(passengers, min_size=2, max_size=60), st.integers(1, 14))
def test_scale_against_a_loop(values, season_length):
    y = np.array(values)
    lag = season_length if len(y) > season_length else 1
    assert metrics.scale(y, season_length) == pytest.approx(naive_scale(y, lag), rel=1e-12)


def test_known_values():
    y, f = np.array([100.0, 200.0, 0.0]), np.array([110.0, 180.0, 0.0])
    assert metrics.mae(y, f) == 10.0
    assert metrics.rmse(y, f) == pytest.approx((500 / 3) ** 0.5)
    assert metrics.wape(y, f) == 0.1
    assert metrics.smape(y, f) == pytest.approx((20 / 210 + 40 / 380) / 3)
    assert metrics.mase(y, f, 5.0) == 2.0


def test_scale_of_short_series_takes_lag_one():
    assert metrics.scale(np.array([1.0, 4.0, 2.0]), 12) == 2.5
    assert metrics.scale(np.arange(12.0), 12) == 1.0
    assert metrics.scale(np.arange(13.0), 12) == 12.0
    assert math.isnan(metrics.scale(np.array([5.0]), 12))


def test_score_has_every_loss():
    y = np.array([90.0, 110.0])
    found = metrics.score(y, np.array([100.0, 100.0]), np.array([10.0, 10.0]), 20.0)
    assert tuple(found) == LOSSES
    assert found["mase"] == 0.5
    assert found["mae"] == 10.0
    assert 0.0 < found["pinball"] < 10.0


def test_pinball_of_score_is_censored_at_zero():
    y = np.zeros(3)
    sure = metrics.score(y, np.zeros(3), np.zeros(3), 1.0)["pinball"]
    wide = metrics.score(y, np.zeros(3), np.full(3, 10.0), 1.0)["pinball"]
    upper_half_only = sum(
        (1 - q) * 10 * z for q, z in zip(metrics.QUANTILES, metrics._Z, strict=True) if z > 0
    )
    assert sure == 0.0
    assert wide == pytest.approx(upper_half_only / 9)


@pytest.mark.parametrize("undefined", [0.0, math.nan])
def test_undefined_is_nan_and_never_infinite(undefined):
    y, f = np.zeros(4), np.ones(4)
    found = metrics.score(y, f, np.ones(4), undefined)
    assert math.isnan(found["mase"])
    assert math.isnan(found["wape"])
    assert found["mae"] == 1.0
    assert not any(math.isinf(v) for v in found.values())


def test_nan_propagates():
    y = np.array([1.0, math.nan])
    f = np.array([1.0, 2.0])
    assert all(math.isnan(v) for v in metrics.score(y, f, np.ones(2), 1.0).values())


def test_nothing_to_measure_is_nan():
    empty = np.array([])
    assert math.isnan(metrics.mae(empty, empty))
    assert math.isnan(metrics.wape(empty, empty))


def test_mean_scores_leave_out_undefined_folds():
    folds = [
        {"mase": 1.0, "wape": math.nan},
        {"mase": 3.0, "wape": math.nan},
        {"mase": math.nan, "wape": math.nan},
    ]
    found = metrics.mean_scores(folds)
    assert found["mase"] == 2.0
    assert math.isnan(found["wape"])
