"""The network that comes with the package: what it says is what was trained, and always the same."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from forecastctl.errors import ModelError
from forecastctl.models import network
from forecastctl.models.combination.advance import advance
from forecastctl.models.combination.fit_and_predict import fit, predict
from forecastctl.models.make import make_model
from forecastctl.models.network import AHEAD, SHORTEST, WINDOW, quantiles
from forecastctl.models.pretrained import APART, PRETRAINED, Pretrained
from forecastctl.records import FittedModel, Member, Specification
from forecastctl.testing.family import FamilyContract
from tests.series import make_series, seasonal_data

M = 12
MODEL = Pretrained()
FILES = sorted((Path(network.__file__).parent / "networks").glob("*.npz"))


class TestPretrained(FamilyContract):
    @pytest.fixture
    def family(self):
        return Pretrained()


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_it_says_what_it_said_when_it_was_trained(file):
    """The file has what PyTorch made of a few windows, in single precision."""
    with np.load(file) as stored:
        windows, seen, expected = (stored[name] for name in ("windows", "seen", "quantiles"))
        assert json.loads(str(stored["made"]))["steps"] > 1000
    assert len(windows) == 16
    assert min(seen) < 24
    assert max(seen) == WINDOW
    for window, months, told in zip(windows, seen, expected, strict=True):
        found = quantiles(window[-months:].astype(float), int(file.stem))
        assert found == pytest.approx(told, rel=1e-5, abs=1e-5 * float(np.abs(told).max()))


def test_the_newest_network_is_there():
    assert str(network.NEWEST) in {file.stem for file in FILES}


def test_threads_change_no_bit():
    y, found = seasonal_data(WINDOW), set()
    for threads in (1, 2):
        with threadpool_limits(limits=threads):
            found.add(quantiles(y).tobytes())
    assert len(found) == 1


def test_large_and_small_airports_are_the_same_to_it():
    y = seasonal_data(90, M, seed=3, noise=0.1)
    for factor in (1e-6, 1e3, 1e9):
        assert quantiles(factor * y) == pytest.approx(factor * quantiles(y), rel=1e-9)


def test_only_the_last_twelve_years_count():
    y = seasonal_data(200)
    long, last = (MODEL.fit(part, M, PRETRAINED) for part in (y, y[-WINDOW:]))
    assert long == last
    assert MODEL.fit(y[-100:], M, PRETRAINED).states["last"] == y[-100:].tolist()


def test_its_quantiles_are_in_order_and_give_the_spread():
    fitted = MODEL.fit(seasonal_data(70, noise=0.2), M, PRETRAINED)
    lower, middle, upper = quantiles(np.array(fitted.states["last"]))
    assert np.all((lower < middle) & (middle < upper))
    mean, sd = MODEL.forecast(fitted, M, PRETRAINED, AHEAD)
    assert mean.tobytes() == middle.tobytes()
    assert sd == pytest.approx((upper - lower) / APART)
    assert fitted.sigma == sd[0]


def test_it_goes_on_from_its_own_forecast_beyond_two_years():
    y = seasonal_data(100)
    mean, sd = MODEL.forecast(MODEL.fit(y, M, PRETRAINED), M, PRETRAINED, 60)
    onward = MODEL.forecast(MODEL.fit(np.append(y, mean[:AHEAD]), M, PRETRAINED), M, PRETRAINED, 36)
    assert mean[AHEAD:] == pytest.approx(onward[0])
    assert np.all(sd[AHEAD:] >= sd[AHEAD - 1])
    assert sd[AHEAD] == pytest.approx(np.hypot(sd[AHEAD - 1], onward[1][0]))


def test_it_has_learned_what_a_season_and_growth_are():
    """On series that it was not trained on it errs less than last year's, with growth or without."""
    errors = []
    for seed in range(40):
        y = seasonal_data(96, M, seed=seed, noise=0.1)
        past, actual = y[:72], y[72:]
        mean, _ = MODEL.forecast(MODEL.fit(past, M, PRETRAINED), M, PRETRAINED, 24)
        growth = past[-12:].mean() - past[-24:-12].mean()
        naive = np.tile(past[-12:], 2)
        drift = naive + np.repeat([1.0, 2.0], 12) * growth
        errors.append([np.abs(actual - each).mean() for each in (mean, naive, drift)])
    ours, naive, drift = np.mean(errors, axis=0)
    assert ours < 0.8 * min(naive, drift)


def test_of_nothing_comes_nothing():
    mean, sd = MODEL.forecast(MODEL.fit(np.zeros(40), M, PRETRAINED), M, PRETRAINED, 30)
    assert mean.tolist() == sd.tolist() == [0.0] * 30


def test_a_year_without_flights_after_many_is_a_number():
    y = np.concatenate([seasonal_data(60), np.zeros(14)])
    mean, sd = MODEL.forecast(MODEL.fit(y, M, PRETRAINED), M, PRETRAINED, 12)
    assert np.all(np.isfinite(mean))
    assert np.all(np.abs(mean) < y.max())
    assert np.all(sd > 0)


def test_it_is_for_months_that_are_not_negative():
    y = seasonal_data(60)
    assert MODEL.space(y, M, SHORTEST) == PRETRAINED
    assert MODEL.space(y, M, SHORTEST - 1) is None
    assert MODEL.space(y, 4, 40) is None
    assert MODEL.space(y - y.max(), M, 40) is None
    for trouble, match in (
        (y[: SHORTEST - 1], "needs 13 months"),
        (y - y.max(), "missing or negative"),
        (np.where(np.arange(60) == 50, np.nan, y), "missing or negative"),
    ):
        with pytest.raises(ModelError, match=match):
            MODEL.fit(trouble, M, PRETRAINED)
    with pytest.raises(ModelError, match="needs 13 months"):
        MODEL.fit(y, 4, PRETRAINED)


def test_a_network_that_this_version_has_not_is_said():
    with pytest.raises(ModelError, match="this version has no network 99"):
        MODEL.fit(seasonal_data(60), M, {"network": 99})


def fitted(series):
    return fit(series, Specification((Member(make_model("pretrained", PRETRAINED)),)))[0]


@pytest.mark.parametrize("n", [60, 200])
def test_running_on_is_fitting_again(n):
    series = make_series(seasonal_data(n), M)
    early = replace(series, ds=series.ds[:-7], y=series.y[:-7])
    later = advance(fitted(early), series, lambda member: member)
    assert later.cutoff == series.cutoff
    assert later.members[0].states == fitted(series).members[0].states
    assert predict(later, 12).mean.tobytes() == predict(fitted(series), 12).mean.tobytes()
    assert predict(later, 12).mean.tobytes() != predict(fitted(early), 12).mean.tobytes()


def test_a_row_gives_the_same_bits():
    model = fitted(make_series(seasonal_data(150, noise=0.3), M))
    again = FittedModel.from_row(model.to_row())
    assert predict(again, 30).mean.tobytes() == predict(model, 30).mean.tobytes()
    assert predict(again, 30).sd.tobytes() == predict(model, 30).sd.tobytes()
