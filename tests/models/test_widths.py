"""How wide intervals are, from the backtests of a fleet."""

import itertools
import json
import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forecastctl.jobs.pilot import AIRPORTS, choose_pilot, fleet_widths
from forecastctl.models.combination.fit_and_predict import fit, predict
from forecastctl.models.combination.weights import own_factor
from forecastctl.models.combination.widths import (
    LEVELS,
    MOST,
    PRIOR,
    Z95,
    calibrated,
    half_width,
    pool_widths,
    wide_note,
)
from forecastctl.models.make import make_model
from forecastctl.records import (
    AirportTask,
    FittedModel,
    Forecast,
    Member,
    Plan,
    SearchSpec,
    Specification,
    TuneResult,
)
from tests.series import make_series, seasonal_data

NAIVE = Specification((Member(make_model("seasonal_naive", {"drift": False})),))


def sizes(rng, airports=400, folds=4, leads=12, tail=None):
    """Backtest errors of a fleet whose models know their standard deviation."""
    draw = rng.standard_normal if tail is None else lambda shape: rng.standard_t(tail, shape)
    return [
        tuple(tuple(np.abs(draw(leads)).tolist()) for _ in range(folds)) for _ in range(airports)
    ]


def coverage(fleet, widths, level):
    """Share of the errors of other draws that lie inside."""
    at = dict(widths)[level]
    inside = [e <= at * own_factor(a) for a in fleet for fold in a for e in fold]
    return float(np.mean(inside))


@pytest.mark.parametrize("tail", [None, 5.0])
@pytest.mark.parametrize("level", [50, 80, 95])
def test_so_many_percent_hold_so_many_whatever_the_tails(tail, level):
    rng = np.random.default_rng(3)
    widths = pool_widths(sizes(rng, tail=tail))
    assert coverage(sizes(rng, tail=tail), widths, level) == pytest.approx(level / 100, abs=0.015)


def test_the_newest_origin_counts_most():
    calm, wild = tuple([1.0] * 12), tuple([1.5] * 12)
    newest_wild = pool_widths([(calm, wild)] * 50)
    newest_calm = pool_widths([(wild, calm)] * 50)
    assert dict(newest_wild)[80] > dict(newest_calm)[80]


def test_an_origin_that_struck_everybody_widens_by_a_bounded_factor():
    usual = [(tuple([1.2] * 12),) * 4] * 200
    struck = [(*fleet[:3], tuple([90.0] * 12)) for fleet in usual]
    before, after = dict(pool_widths(usual)), dict(pool_widths(struck))
    assert 1.0 < after[95] / before[95] <= MOST**2
    assert after[95] <= dict(PRIOR)[95] * MOST


def test_few_airports_lean_on_the_prior():
    errors = (tuple([0.01] * 12),) * 4
    one, many = dict(pool_widths([errors])), dict(pool_widths([errors] * 300))
    prior = dict(PRIOR)
    assert prior[80] / MOST < many[80] < one[80] < prior[80]
    assert pool_widths([]) == pool_widths([()]) == pool_widths([((),)]) == PRIOR


def test_kept_specifications_are_leaned_on():
    narrow = tuple((level, width / 1.2) for level, width in PRIOR)
    kept = [TuneResult(NAIVE, None, {}, (), (), widths=narrow)] * 50
    assert dict(fleet_widths([], kept)) == pytest.approx(dict(narrow))
    assert fleet_widths([], [None, TuneResult(NAIVE, None, {}, (), ())]) == PRIOR


@given(fleet=st.lists(st.lists(st.lists(st.floats(0, 100), max_size=6), max_size=5), max_size=8))
@settings(max_examples=200, deadline=None)
def test_widths_are_finite_positive_and_ordered_by_level(fleet):
    widths = pool_widths(fleet)
    assert [level for level, _ in widths] == list(LEVELS)
    values = [width for _, width in widths]
    assert all(math.isfinite(v) and v > 0 for v in values)
    assert values == sorted(values)
    for (level, found), (_, usual) in zip(widths, PRIOR, strict=True):
        assert usual / MOST <= found * (1 + 1e-9), level
        assert found <= usual * MOST * (1 + 1e-9), level
    wide = [half_width(level, widths) for level in range(1, 100)]
    assert all(a <= b for a, b in itertools.pairwise(wide))


def test_the_95_percent_interval_is_1_96_standard_deviations_wide():
    assert half_width(95, PRIOR) == pytest.approx(Z95)
    assert half_width(80, PRIOR) == pytest.approx(Z95 * 1.79 / 2.96)
    assert half_width(85, PRIOR) == pytest.approx(1.37, abs=0.02)  # between 80 and 90
    assert half_width(25, PRIOR) < half_width(50, PRIOR) / 2
    assert half_width(99, PRIOR) == pytest.approx(Z95 * 4.18 / 2.96)


def test_calibrating_gives_the_interval_of_the_fleet():
    series = make_series(seasonal_data())
    errors = ((1.0, 2.0, 3.0), (2.0, 2.0, 2.0))
    tuned = calibrated(TuneResult(NAIVE, None, {}, (), (), sizes=errors), PRIOR)
    assert tuned.spread == pytest.approx(own_factor(errors) * 2.96 / Z95)
    again = calibrated(tuned, PRIOR)
    assert again == tuned
    model, _ = fit(series, NAIVE, spread=tuned.spread, widths=tuned.widths)
    plain, _ = fit(series, NAIVE)
    found, alone = predict(model, 3, (80, 95)), predict(plain, 3, (80, 95))
    own = alone.sd * own_factor(errors)
    np.testing.assert_allclose(found.intervals[80][1] - found.mean, 1.79 * own)
    np.testing.assert_allclose(found.intervals[95][1] - found.mean, 2.96 * own)
    assert FittedModel.from_row(json.loads(json.dumps(model.to_row()))) == model


def task(airport, **plan):
    series = replace(make_series(seasonal_data(48)), airport=airport)
    stages = {"tune": True, "train": True, "forecast": True} | plan
    return AirportTask(Plan(**stages, search=SearchSpec(), levels=(80,), charts=False), series)


def test_the_pilot_is_the_same_sample_whatever_else_is_there():
    names = [f"A{n:03d}" for n in range(150)]
    chosen = {t.series.airport for t in choose_pilot([task(name) for name in names])}
    assert len(chosen) == AIRPORTS
    fewer = {t.series.airport for t in choose_pilot([task(name) for name in names[:140]])}
    assert chosen - set(names[140:]) <= fewer
    assert choose_pilot([task("A", tune=False), task("B")], groups=("B",)) == []


def test_an_interval_that_says_nothing_is_said():
    y = np.linspace(100.0, 200.0, 40)
    ds = np.arange("2022-01", "2022-05", dtype="datetime64[M]").astype("datetime64[D]")
    mean = np.full(4, 150.0)

    def forecast(width):
        band = (np.maximum(mean - width, 0.0), mean + width)
        return Forecast("2021-12-01", ds, mean, np.full(4, width), {80: band})

    assert wide_note(forecast(50.0), y) is None
    note = wide_note(forecast(500.0), y)
    assert note == (
        "the 80 % interval says nothing: in 2022-01 it reaches from 0 to 650, more than twice the "
        "range of all that was seen"
    )
    assert wide_note(replace(forecast(500.0), intervals={}), y) is None
