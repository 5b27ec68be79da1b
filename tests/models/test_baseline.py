"""What stands in: the last season where there is one, the last value, called so, where not."""

import json

import numpy as np
import pytest

from forecastctl.explain.verdict.alternatives import alternatives
from forecastctl.models.baseline import baseline, called
from forecastctl.models.combination.fit_and_predict import fit, predict
from forecastctl.models.combination.weights import quantile
from forecastctl.models.make import make_model
from forecastctl.models.metrics import scale
from forecastctl.records import FittedModel, Member, SearchSpec, Specification
from forecastctl.search.tune import tune
from tests.explain.cases import make_case
from tests.series import make_series, seasonal_data


@pytest.mark.parametrize(
    ("n", "m", "label", "words"),
    [
        (1, 12, "Naive", "the naive forecast (last value)"),
        (11, 12, "Naive", "the naive forecast (last value)"),
        (12, 12, "SNaive", "the seasonal naive"),
        (200, 12, "SNaive", "the seasonal naive"),
        (51, 52, "Naive", "the naive forecast (last value)"),
        (4, 4, "SNaive", "the seasonal naive"),
    ],
)
def test_the_baseline_is_what_it_is_called(n, m, label, words):
    model = baseline(n, m)
    assert model.label == label
    assert called(label) == words
    y = seasonal_data(n, m)
    fitted, _ = fit(make_series(y, m), Specification((Member(model),)), fallback=False)
    expected = y[-m:] if n >= m else np.full(m, y[-1])
    assert list(predict(fitted, m).mean) == list(expected)


@pytest.mark.parametrize(("n", "label"), [(11, "Naive"), (12, "SNaive")])
def test_what_stands_in_for_a_failure_is_called_what_it_is(fake, n, label):
    broken = Specification((Member(make_model("fake", {"bias": "raise"})),))
    model, reason = fit(make_series(seasonal_data(n)), broken)
    assert model.specification.label == label
    assert reason == f"{label} stood in for 1 that failed: Fake raise: no luck today"


def test_a_seasonal_naive_of_less_than_a_season_is_not_fitted_in_silence():
    seasonal = Specification((Member(baseline(12, 12)),))
    model, reason = fit(make_series(seasonal_data(8)), seasonal)
    assert model.specification.label == "Naive"
    assert reason == (
        "Naive stood in for 1 that failed: SNaive: there are 8 observations of a season of 12"
    )


def test_twelve_months_are_forecast_from_the_same_months_a_year_ago():
    """The last month of the year is the lowest by far; it had stood for all the next ones."""
    y = np.array([50.0, 52, 60, 66, 72, 85, 97, 95, 80, 70, 55, 30])
    series = make_series(y)
    found = tune(series, SearchSpec())
    model, reason = fit(series, found.specification)
    assert reason is None
    forecast = predict(model, 12)
    assert list(forecast.mean) == list(y)
    step = np.sqrt(np.mean(np.diff(y) ** 2))
    np.testing.assert_allclose(forecast.sd, step)
    truth = 1.05 * y
    wrong = np.abs(truth - y[-1]).sum() / truth.sum()
    assert np.abs(truth - forecast.mean).sum() / truth.sum() == pytest.approx(0.05 / 1.05)
    assert wrong > 0.5


def test_twelve_months_of_real_airports(shared_data):
    """The error was twice as large when the last month was repeated: 13 % instead of 6 %."""
    rows = [
        line.split(",") for line in (shared_data / "port_authority.csv").read_text().split()[1:]
    ]
    missed = repeated = passengers = 0.0
    for airport in ("EWR", "JFK", "LGA"):
        y = np.array([float(v) for name, _, v in sorted(rows) if name == airport])
        for start in range(0, len(y) - 24, 17):
            seen, truth = y[start : start + 12], y[start + 12 : start + 24]
            series = make_series(seen)
            model, _ = fit(series, tune(series, SearchSpec()).specification)
            missed += np.abs(predict(model, 12).mean - truth).sum()
            repeated += np.abs(seen[-1] - truth).sum()
            passengers += truth.sum()
    assert missed / passengers < 0.07
    assert repeated / passengers > 0.12


def test_the_scale_of_one_season_is_that_of_one_step():
    y = np.array([30.0, 10.0, 20.0, 50.0])
    assert scale(y, 4) == pytest.approx((20 + 10 + 30) / 3)
    assert scale(np.append(y, 33.0), 4) == 3.0


def test_an_alternative_below_one_season_is_called_naive():
    case = make_case(n=9, lead=2, model=baseline(9, 12))
    assert alternatives(case) == ()  # it is what was used
    plain = make_model("holt_winters", {"trend": "none", "seasonal": "none"})
    other = make_case(n=9, lead=2, model=plain)
    assert [(a.kind, a.label) for a in alternatives(other)] == [("baseline", "Naive")]


OLD_ROW = {
    "members": [
        {
            "member": {
                "model": {
                    "family": "seasonal_naive",
                    "options": {"drift": False},
                    "label": "SNaive",
                },
                "weight": 1.0,
                "trial": None,
            },
            "params": {"drift": 0.0, "sigma": 2.5, "seasons": 11.0},
            "states": {"last": [17.25]},
            "sigma": 2.5,
        }
    ],
    "freq": "M",
    "season_length": 12,
    "cutoff": "2019-06-01",
    "n": 12,
    "spread": 1.0,
    "data_digest": "ab",
    "backtest_errors": [],
    "scale": 2.0,
    "shape": "t4",
    "shocks": [],
    "version": 2,
}
"""As version 2 wrote it of twelve months, of which it repeated the last."""


def test_a_row_of_twelve_months_from_before_replays_as_it_was():
    model = FittedModel.from_row(json.loads(json.dumps(OLD_ROW)))
    found = predict(model, 14)
    assert list(found.mean) == [17.25] * 14
    sd = np.array([2.5 * np.sqrt(k) for k in range(1, 15)])
    assert list(found.sd) == list(sd)
    assert list(found.intervals[95][1]) == list(17.25 + quantile(95, "t4") * sd)
