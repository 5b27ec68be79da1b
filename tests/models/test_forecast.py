import json
import math
import subprocess
import sys
from dataclasses import replace
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forecastctl.errors import ModelError
from forecastctl.models.combination import fit_and_predict as forecast
from forecastctl.models.combination.weights import quantile
from forecastctl.models.combination.widths import PRIOR
from forecastctl.models.make import make_model
from forecastctl.models.metrics import scale
from forecastctl.records import FittedModel, Member, SearchSpec, Specification
from tests.series import make_series, seasonal_data

MODELS = (
    make_model("holt_winters", {"trend": "damped", "seasonal": "mul", "transform": "none"}),
    make_model(
        "holt_winters", {"trend": "add", "seasonal": "add", "transform": "boxcox", "lambda": 0.3}
    ),
    make_model("ets", {"error": "mul", "trend": "add", "seasonal": "mul", "initial": "heuristic"}),
    make_model("sarimax", {"d": 1, "q": 1, "D": 1, "Q": 1, "transform": "log"}),
    make_model("seasonal_naive", {"drift": True}),
)


def mean_of(*models):
    return Specification(tuple(Member(m, 1 / len(models), k) for k, m in enumerate(models)))


def broken(bias="raise"):
    return make_model("fake", {"bias": bias})


ROWS = tuple(
    forecast.fit(make_series(y), mean_of(*models))[0]
    for y, models in (
        (seasonal_data(), MODELS[:2]),
        (np.maximum(seasonal_data(60, level=60.0, trend=-1.0), 0.5), MODELS[1:2]),
    )
)
"""Fitted models: of a growing series, and of one that falls towards zero."""


@pytest.fixture
def fitted(series):
    model, reason = forecast.fit(
        series, mean_of(*MODELS), spread=1.2, backtest_errors=((1.0, -2.0), (0.5,))
    )
    assert reason is None
    return model


def test_a_model_knows_where_it_comes_from(series, fitted):
    assert fitted.specification == mean_of(*MODELS)
    assert fitted.cutoff == series.cutoff == "2008-12-01"
    assert (fitted.n, fitted.freq, fitted.season_length) == (96, "M", 12)
    assert fitted.data_digest == series.digest
    assert fitted.scale == scale(series.y, 12)
    assert fitted.spread == 1.2
    assert fitted.backtest_errors == ((1.0, -2.0), (0.5,))


def test_a_stored_model_forecasts_the_same_bits(fitted):
    row = json.loads(json.dumps(fitted.to_row()))
    again = FittedModel.from_row(row)
    assert again == fitted
    fresh, replayed = forecast.predict(fitted, 24, (50, 95)), forecast.predict(again, 24, (50, 95))
    assert fresh.mean.tobytes() == replayed.mean.tobytes()
    assert fresh.sd.tobytes() == replayed.sd.tobytes()
    for level in (50, 95):
        for ours, theirs in zip(fresh.intervals[level], replayed.intervals[level], strict=True):
            assert ours.tobytes() == theirs.tobytes()


def test_a_stored_model_is_small(fitted):
    assert len(json.dumps(fitted.to_row())) < 6000


def test_the_forecast_is_the_weighted_mean(series):
    alone = [forecast.predict(forecast.fit(series, mean_of(m))[0], 12) for m in MODELS[:2]]
    weighted = Specification((Member(MODELS[0], 0.25, 0), Member(MODELS[1], 0.75, 1)))
    model, _ = forecast.fit(series, weighted, spread=2.0)
    both = forecast.predict(model, 12)
    np.testing.assert_allclose(both.mean, 0.25 * alone[0].mean + 0.75 * alone[1].mean)
    np.testing.assert_allclose(both.sd, 2.0 * (0.25 * alone[0].sd + 0.75 * alone[1].sd))


def test_dates_go_on_from_the_cutoff(fitted):
    assert [str(d) for d in forecast.predict(fitted, 3).ds] == [
        "2009-01-01",
        "2009-02-01",
        "2009-03-01",
    ]


def test_intervals_hold_the_mean_and_each_other(fitted):
    found = forecast.predict(fitted, 24, (95, 50, 80))
    assert list(found.intervals) == [95, 50, 80]
    lo, hi = zip(*(found.intervals[level] for level in (50, 80, 95)), strict=True)
    for narrow, wide in ((0, 1), (1, 2)):
        assert np.all(lo[wide] <= lo[narrow])
        assert np.all(hi[narrow] <= hi[wide])
    assert np.all(lo[0] <= found.mean)
    assert np.all(found.mean <= hi[0])
    np.testing.assert_allclose(hi[2] - found.mean, 1.959963984540054 * found.sd)
    assert np.all(hi[1] - found.mean < 1.2 * found.sd)  # narrower than a normal one in the middle


def test_quantiles_are_those_of_students_t():
    from scipy.stats import t

    for level in (1, 50, 80, 90, 95, 99):
        ratio = t.ppf(0.5 + level / 200, 4) / t.ppf(0.975, 4)
        assert quantile(level, "t4") == pytest.approx(1.959963984540054 * ratio, rel=1e-9)
        assert quantile(level, "normal") == NormalDist().inv_cdf(0.5 + level / 200)


@given(
    levels=st.lists(st.integers(1, 99), min_size=2, max_size=6, unique=True),
    weights=st.lists(st.floats(0.01, 1.0), min_size=4, max_size=4),
    factor=st.floats(0.0, 20.0),
    h=st.integers(1, 40),
    shape=st.sampled_from(("widths", "t4", "normal")),
)
@settings(max_examples=60, deadline=None)
def test_intervals_are_never_negative_and_grow_with_the_level(levels, weights, factor, h, shape):
    widths = PRIOR if shape == "widths" else ()
    model = replace(ROWS[len(levels) % 2], spread=factor, shape=shape, widths=widths)
    total = sum(weights)
    members = [
        replace(f, member=replace(f.member, weight=w / total))
        for f, w in zip(model.members * 4, weights, strict=False)
    ]
    found = forecast.predict(replace(model, members=tuple(members)), h, levels)
    assert np.all(found.mean >= 0)
    previous = (found.mean, found.mean)
    for level in sorted(levels):
        lo, hi = found.intervals[level]
        assert np.all(lo >= 0)
        assert np.all(lo <= previous[0])
        assert np.all(hi >= previous[1])
        previous = (lo, hi)


OLD_ROW = {
    "members": [
        {
            "member": {
                "model": {
                    "family": "seasonal_naive",
                    "options": {"drift": True},
                    "label": "SNaive",
                },
                "weight": 1.0,
                "trial": 1,
            },
            "params": {"drift": 2.5, "sigma": 3.0, "seasons": 4.0},
            "states": {"last": [10.0, 20.5, 15.25, 12.0]},
            "sigma": 3.0,
        }
    ],
    "freq": "Q",
    "season_length": 4,
    "cutoff": "2018-10-01",
    "n": 20,
    "spread": 1.25,
    "data_digest": "ab",
    "backtest_errors": [[1.0, -2.0]],
    "scale": 2.0,
    "version": 1,
}
"""As version 1 wrote it, when every interval was a normal one."""


def test_a_row_of_version_1_forecasts_as_it_did():
    model = FittedModel.from_row(json.loads(json.dumps(OLD_ROW)))
    assert (model.shape, model.version) == ("normal", 1)
    found = forecast.predict(model, 2, (80,))
    sd = [1.25 * 3.0 * math.sqrt(1.25)] * 2
    assert list(found.mean) == [12.5, 23.0]
    assert list(found.sd) == sd
    width = NormalDist().inv_cdf(0.9)
    assert list(found.intervals[80][1]) == [
        m + width * s for m, s in zip([12.5, 23.0], sd, strict=True)
    ]
    assert {k: v for k, v in model.to_row().items() if k in OLD_ROW} == {
        **OLD_ROW, "backtest_errors": ((1.0, -2.0),), "members": tuple(OLD_ROW["members"])
    }  # fmt: skip


def test_a_newer_row_is_refused():
    with pytest.raises(ValueError, match="newer"):
        FittedModel.from_row({**OLD_ROW, "version": 99})


def test_nothing_is_negative():
    y = np.maximum(seasonal_data(60, level=60.0, trend=-1.0), 0.5)
    for model in (MODELS[0], make_model("holt_winters", {"trend": "add", "seasonal": "add"})):
        fitted, _ = forecast.fit(make_series(y), mean_of(model))
        found = forecast.predict(fitted, 36, (80, 99))
        assert np.min(found.mean) >= 0
        for lo, hi in found.intervals.values():
            assert np.min(lo) >= 0
            assert np.all(lo <= found.mean)
            assert np.all(found.mean <= hi)


def test_a_failing_member_is_dropped_and_said(fake, series):
    weights = Specification(
        (Member(MODELS[4], 0.5, 0), Member(broken(), 0.25, 1), Member(MODELS[2], 0.25, 2))
    )
    model, reason = forecast.fit(series, weights)
    assert [m.member.weight for m in model.members] == [2 / 3, 1 / 3]
    assert [m.member.trial for m in model.members] == [0, 2]
    assert reason == (
        "SNaive drift + ETS(M,A,M) stood in for 1 that failed: Fake raise: no luck today"
    )


def test_all_failing_leaves_the_seasonal_naive(fake, series):
    model, reason = forecast.fit(series, mean_of(broken(), broken("diverge")))
    assert model.specification.label == "SNaive"
    assert model.members[0].member.weight == 1.0
    assert reason.startswith(
        "SNaive stood in for 2 that failed: Fake raise: no luck today; Fake diverge: "
    )


def test_without_fallback_a_failure_is_an_error(fake, series):
    with pytest.raises(ModelError, match="no luck today"):
        forecast.fit(series, mean_of(MODELS[4], broken()), fallback=False)


def test_divergence_is_looked_for_over_the_horizon(series):
    growing = make_model("holt_winters", {"trend": "add", "seasonal": "none", "transform": "log"})
    y = np.exp(0.05 * np.arange(30)) * 100
    assert forecast.fit(make_series(y), mean_of(growing), horizon=6)[1] is None
    assert "stood in" in forecast.fit(make_series(y), mean_of(growing), horizon=60)[1]


def test_a_constant_airport_has_no_scale():
    model, reason = forecast.fit(make_series(np.full(40, 7.0)), mean_of(MODELS[4]))
    assert model.scale is None
    assert reason is None
    found = forecast.predict(model, 3)
    assert list(found.mean) == [7.0] * 3


def test_from_search_to_forecast(series):
    from forecastctl.search.tune import tune

    result = tune(series, SearchSpec(families=("ets", "seasonal_naive"), max_evals=6, horizon=6))
    model, _ = forecast.fit(
        series,
        result.specification,
        horizon=6,
        spread=result.spread,
        backtest_errors=result.backtest_errors,
    )
    found = forecast.predict(model, 6)
    expected = seasonal_data(102)[96:]
    assert np.mean(np.abs(found.mean / expected - 1)) < 0.15


def test_replay_needs_none_of_the_libraries_that_fitted(fitted, tmp_path):
    """A stored forecast is explained at once, without seconds of imports."""
    row = tmp_path / "row.json"
    row.write_text(json.dumps(fitted.to_row()))
    code = (
        "import json, sys\n"
        "from forecastctl.models.combination.fit_and_predict import predict\n"
        "from forecastctl.records import FittedModel\n"
        f"row = json.load(open({str(row)!r}))\n"
        "print(predict(FittedModel.from_row(row), 24).mean.tobytes().hex())\n"
        "print(sorted({'statsmodels', 'hyperopt', 'scipy'} & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    bits, loaded = done.stdout.split("\n")[:2]
    assert bits == forecast.predict(fitted, 24).mean.tobytes().hex()
    assert loaded == "[]"
