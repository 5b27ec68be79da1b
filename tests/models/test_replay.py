"""A stored forecast against the same one made again."""

import json
from dataclasses import replace

import numpy as np
import pytest

from forecastctl.models.combination.fit_and_predict import fit, predict
from forecastctl.models.combination.replay import (
    DIFFERS,
    IDENTICAL,
    NOT_STORED,
    ROUNDED,
    compare_forecasts,
    relative_differences,
    replay,
    worst,
)
from forecastctl.models.make import make_model
from forecastctl.records import FittedModel, Forecast, Member, Specification
from tests.series import make_series, seasonal_data

HW = {"trend": "add", "seasonal": "add", "transform": "none", "initial": "estimated"}
MODELS = [
    ("seasonal_naive", {"drift": True}),
    ("holt_winters", {**HW, "smoothing": "estimated"}),
    ("holt_winters", {**HW, "transform": "boxcox", "lambda": 0.3, "smoothing": "estimated"}),
    ("ets", {"error": "mul", "trend": "damped", "seasonal": "mul", "initial": "heuristic"}),
    ("sarimax", {"p": 1, "d": 1, "q": 1, "P": 0, "D": 1, "Q": 1, "drift": False}),
]


def combination():
    members = [Member(make_model(f, o), 1 / len(MODELS)) for f, o in MODELS]
    return Specification(tuple(members))


@pytest.fixture(scope="module")
def model():
    return fit(make_series(seasonal_data()), combination(), horizon=6)[0]


@pytest.fixture
def stored(model):
    return predict(model, 6, (80, 95))


def with_mean(forecast, at, value):
    mean = forecast.mean.copy()
    mean[at] = value
    return replace(forecast, mean=mean)


def test_a_model_read_back_from_json_gives_the_same_bits(model, stored):
    again = FittedModel.from_row(json.loads(json.dumps(model.to_row())))
    found = replay(again, stored)
    assert found.to_dict() == {"result": IDENTICAL, "largest_difference": 0.0, "where": []}


def test_horizon_and_levels_are_those_that_are_stored(model):
    assert replay(model, predict(model, 3, (50,))).result == IDENTICAL
    assert replay(model, predict(model, 40, (10, 99, 80))).result == IDENTICAL


def test_the_last_bit_is_equal_after_rounding(stored):
    found = compare_forecasts(stored, with_mean(stored, 2, np.nextafter(stored.mean[2], np.inf)))
    assert found.result == ROUNDED
    assert 0 < found.largest_difference < 1e-15
    assert len(found.where) == 1
    assert found.where[0].startswith(f"mean {stored.ds[2]}: ")


@pytest.mark.parametrize(("factor", "result"), [(1 + 5e-10, ROUNDED), (1 + 5e-9, DIFFERS)])
def test_tolerance(stored, factor, result):
    assert compare_forecasts(stored, with_mean(stored, 0, stored.mean[0] * factor)).result == result


def test_where_names_quantity_date_and_both_values_largest_first(stored):
    lo, hi = stored.intervals[95]
    other = replace(
        with_mean(stored, 1, stored.mean[1] * 1.5),
        intervals={**stored.intervals, 95: (lo, hi * 1.01)},
    )
    found = compare_forecasts(stored, other)
    assert found.result == DIFFERS
    assert found.largest_difference == pytest.approx(1 / 3)
    assert len(found.where) == 5
    first = f"mean {stored.ds[1]}: {stored.mean[1]:,.6g} stored, {1.5 * stored.mean[1]:,.6g} now"
    assert found.where[0] == first
    assert all(text.startswith("hi-95 2009-") for text in found.where[1:])


def test_a_stored_level_that_the_other_lacks(stored):
    found = compare_forecasts(stored, replace(stored, intervals={80: stored.intervals[80]}))
    assert found.result == DIFFERS
    assert found.largest_difference == 0.0
    assert found.where == ("levels: 80, 95 stored, 80 now",)


def test_another_length_compares_what_both_have(model, stored):
    shorter = predict(model, 4, (80, 95))
    found = compare_forecasts(stored, shorter)
    assert found.result == DIFFERS
    assert found.largest_difference == 0.0
    assert found.where == ("periods: 6 stored, 4 now",)


def test_another_cutoff(model, stored):
    later = predict(replace(model, cutoff="2009-01-01"), 6, (80, 95))
    found = compare_forecasts(stored, later)
    assert found.result == DIFFERS
    assert found.where[0] == "cutoff: 2008-12-01 stored, 2009-01-01 now"
    assert found.where[1] == "first period: 2009-01-01 stored, 2009-02-01 now"


def test_a_forecast_cut_short_in_one_quantity_only(model, stored):
    found = replay(model, replace(stored, sd=stored.sd[:4]))
    assert found.result == DIFFERS
    assert found.where == ("lengths: 6 periods stored, but sd (4)",)


def test_missing_values(stored):
    gone = with_mean(stored, 3, np.nan)
    assert compare_forecasts(gone, gone).result == IDENTICAL
    found = compare_forecasts(stored, gone)
    assert found.result == DIFFERS
    assert found.largest_difference is None
    assert found.where[0].endswith("stored, nan now")
    assert compare_forecasts(gone, stored).result == DIFFERS


def test_a_bound_at_zero_is_measured_by_the_size_of_the_forecast(stored):
    lo, hi = stored.intervals[95]
    zero, almost = np.zeros(6), np.full(6, 1e-12)
    a = replace(stored, intervals={95: (zero, hi)})
    b = replace(stored, intervals={95: (almost, hi)})
    assert compare_forecasts(a, b).result == ROUNDED
    assert compare_forecasts(a, replace(stored, intervals={95: (lo, hi)})).result == DIFFERS


def test_nothing_in_common_and_nothing_stored(model, stored):
    none = Forecast(stored.cutoff, stored.ds[:0], stored.mean[:0], stored.sd[:0], {})
    assert replay(model, none).to_dict() == {
        "result": DIFFERS,
        "largest_difference": None,
        "where": ["the stored forecast holds no period"],
    }
    assert compare_forecasts(stored, none).largest_difference is None


def test_a_broken_model_differs_and_says_why(model, stored):
    member = model.members[1]
    params = {k: v for k, v in member.params.items() if k != "alpha"}
    broken = replace(model, members=(replace(member, params=params),))
    found = replay(broken, stored)
    assert found.result == DIFFERS
    assert found.where == ("the stored model gives no forecast: KeyError: 'alpha'",)


def test_a_changed_parameter_is_found(model, stored):
    member = model.members[0]
    last = [v * (1 + 1e-6) for v in member.states["last"]]
    touched = replace(model, members=(replace(member, states={"last": last}), *model.members[1:]))
    found = replay(touched, stored)
    assert found.result == DIFFERS
    assert 1e-9 < found.largest_difference < 1e-6


def test_relative_differences():
    a = np.array([1.0, 0.0, np.nan, np.inf, np.inf, 2.0, 0.0])
    b = np.array([1.0, 0.0, np.nan, np.inf, 1.0, np.nan, 1e-30])
    found = relative_differences(a, b).tolist()
    assert found == [0.0, 0.0, 0.0, 0.0, np.inf, np.inf, 1.0]
    assert relative_differences(a, b, np.full(7, 1e6))[-1] == pytest.approx(1e-36)


def test_worst():
    assert worst([IDENTICAL, ROUNDED, NOT_STORED]) == ROUNDED
    assert worst([DIFFERS, IDENTICAL]) == DIFFERS
    assert worst([NOT_STORED]) == worst([]) == NOT_STORED
