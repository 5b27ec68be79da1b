"""Models that are estimated over all airports: what they learn, and that they know no future."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forecastctl.errors import ModelError
from forecastctl.models import Fit
from forecastctl.models.base import fit_until
from forecastctl.models.combination.advance import advance
from forecastctl.models.combination.fit_and_predict import fit, predict
from forecastctl.models.make import make_model
from forecastctl.models.pooled import Pooled, held_lines
from forecastctl.models.pooling import AIRPORTS, UNUSUAL, learned, longest_window, own_windows
from forecastctl.records import FittedModel, Line, Member, Specification
from forecastctl.testing.family import FamilyContract
from tests.series import make_series, seasonal_data

M = 12
MODEL = Pooled()
PLAIN = {"seasons": 1, "transform": "none"}
ROOT = {"seasons": 1, "transform": "boxcox", "lambda": 0.5}
TWO = {"seasons": 2, "transform": "none"}
DAYS = [f"{year}-{month:02}-01" for year in (2006, 2008) for month in (3, 9)]


def fleet(count=6, n=108, noise=0.05):
    return [
        make_series(seasonal_data(n, M, seed=k, noise=noise), airport=f"A{k}") for k in range(count)
    ]


def lines(series, days=DAYS, models=(PLAIN, ROOT)):
    return learned(series, days, models, MODEL.label)


class TestPooled(FamilyContract):
    @pytest.fixture
    def family(self):
        return Pooled()


def test_the_weights_of_the_process_are_found():
    """All airports follow one autoregression, each at a level of its own."""
    rng, given_weights = np.random.default_rng(1), (0.5, 0.0, 0.3, 0.2)
    found = []
    for k in range(40):
        y = [100.0] * 5
        for _ in range(300):
            y.append(math.fsum(w * v for w, v in zip(given_weights, y[-4:], strict=True)))
            y[-1] *= 1.0 + 0.2 * rng.normal()
        found.append(make_series(np.array(y) * 10.0**k, 3, airport=f"A{k}"))
    day = str(found[0].ds[-1])
    line = lines(found, [day], [PLAIN]).line(day, MODEL.label(PLAIN))
    assert line.airports == 40
    assert line.windows <= 40 * (305 - 4)
    assert line.weights == pytest.approx(given_weights, abs=0.03)
    assert line.sd == pytest.approx(0.2, rel=0.1)


@settings(max_examples=25, deadline=None)
@given(
    airport=st.integers(0, 5),
    since=st.integers(1, 40),
    factor=st.sampled_from([0.0, 0.3, 3.0, 1e6]),
)
def test_what_comes_after_a_day_changes_no_line_of_it(airport, since, factor):
    """At no airport, whatever comes: to the last bit."""
    series = fleet()
    y = series[airport].y.copy()
    y[-since:] *= factor
    changed = [*series]
    changed[airport] = replace(series[airport], y=y)
    first = str(series[airport].ds[-since])
    before, after = lines(series), lines(changed)
    untouched = [day for day in DAYS if day < first]
    assert untouched
    for day in untouched:
        for model in (PLAIN, ROOT):
            label = MODEL.label(model)
            assert before.line(day, label) == after.line(day, label) != None  # noqa: E711


def test_which_days_are_asked_for_changes_no_bit():
    series = fleet()
    together = lines(series)
    for day in DAYS:
        assert lines(series, [day]).by_day[day] == together.by_day[day]


def test_a_window_with_a_shock_teaches_nothing():
    quiet, shaken = seasonal_data(120, M), seasonal_data(120, M)
    shaken[60] *= 2 * UNUSUAL
    rows = own_windows(quiet, M, TWO)
    assert len(rows) == 120 - 25
    left = own_windows(shaken, M, TWO)
    assert len(left) == len(rows) - 26  # those that hold it, and the one that it follows
    assert np.all(left[:, :-1] < UNUSUAL)


def test_few_airports_or_windows_teach_nothing():
    assert lines(fleet(AIRPORTS - 1)).by_day == {}
    known = lines(fleet(AIRPORTS, n=108))
    early = lines(fleet(AIRPORTS, n=108), ["2005-08-01"])
    assert early.by_day == {}  # three airports have 43 windows each, for 13 weights
    assert known.line(DAYS[-1], MODEL.label(PLAIN)).airports == AIRPORTS


@pytest.mark.parametrize(
    ("season_length", "shortest", "seasons"),
    [
        (12, 0, 0),
        (12, 12, 0),
        (12, 13, 1),
        (12, 36, 2),
        (12, 37, 3),
        (12, 400, 3),
        (52, 400, 2),
        (365, 4000, 0),
        (1, 400, 0),
    ],
)
def test_the_longest_window_that_fits_is_tried(season_length, shortest, seasons):
    assert longest_window(season_length, shortest) == seasons


@pytest.mark.parametrize("options", [PLAIN, ROOT])
def test_a_forecast_is_the_line_period_by_period(options):
    weights = tuple(np.linspace(0.0, 0.15, 13))
    y = seasonal_data(60, M)
    found = MODEL.fit_from(y, M, options, Line(weights, 0.1))
    mean, sd = MODEL.forecast(found, M, options, 30)
    root = options is ROOT
    u = np.sqrt(y[-13:]) if root else y[-13:]
    level, seen = u.mean(), list(u / u.mean())
    for _ in range(30):
        seen.append(float(np.dot(weights, seen[-13:])))
    expected = np.array(seen[13:]) * level
    assert mean == pytest.approx(expected**2 if root else expected)
    shift = np.eye(13, k=1)
    shift[-1] = weights
    effect, total = np.eye(13)[-1], 0.0
    for k in range(30):
        total += effect[-1] ** 2
        one = found.params["sd"] * level * math.sqrt(total)
        assert sd[k] == pytest.approx(one * 2 * expected[k] if root else one)
        effect = shift @ effect
    assert found.sigma == sd[0]


def test_the_spread_leans_on_the_fleets_where_there_are_few_windows():
    line = Line((1.0 / 13,) * 13, 0.5)
    few, many = (seasonal_data(n, M, noise=0.0, trend=0.0) for n in (14, 600))
    assert MODEL.fit_from(few, M, PLAIN, line).params["sd"] == pytest.approx(0.48, abs=0.02)
    own = own_windows(many, M, PLAIN)
    apart = math.sqrt(float(np.mean((own[:, -1] - 1.0) ** 2)))
    assert MODEL.fit_from(many, M, PLAIN, line).params["sd"] == pytest.approx(apart, rel=0.1)


def test_a_series_takes_the_line_of_its_last_period():
    series = fleet()
    known = lines(series)
    one = series[0].with_fleet(known)
    for day in DAYS:
        end = int(np.flatnonzero(one.ds == np.datetime64(day))[0]) + 1
        found = fit_until(MODEL, one, end, PLAIN)
        assert tuple(found.params["weights"]) == known.line(day, MODEL.label(PLAIN)).weights
    with pytest.raises(ModelError, match="nothing was learned from the fleet as of 2005-01-01"):
        fit_until(MODEL, one, 49, PLAIN)


def fitted(series, options=PLAIN):
    model = make_model("pooled", options)
    return fit(series, Specification((Member(model),)))[0]


def whole(series):
    """An airport that knows its fleet as of its last period."""
    return series[0].with_fleet(lines(series, [str(series[0].ds[-1])]))


def test_running_on_is_fitting_again_with_the_line_held():
    series = fleet()
    early = [replace(s, ds=s.ds[:100], y=s.y[:100]) for s in series]
    model = fitted(whole(early))
    later = advance(model, series[0], lambda member: member)
    assert later.cutoff == series[0].cutoff
    again = fitted(series[0].with_fleet(held_lines(model)))
    assert predict(later, 12).mean.tobytes() == predict(again, 12).mean.tobytes()
    assert predict(later, 12).mean.tobytes() != predict(model, 12).mean.tobytes()


def test_a_row_gives_the_same_bits():
    for options in (PLAIN, ROOT):
        model = fitted(whole(fleet()), options)
        again = FittedModel.from_row(model.to_row())
        assert predict(again, 12).mean.tobytes() == predict(model, 12).mean.tobytes()
        assert predict(again, 12).sd.tobytes() == predict(model, 12).sd.tobytes()


def test_an_airport_of_which_nothing_is_left_stays_empty():
    found = MODEL.fit_from(np.zeros(40), M, ROOT, Line((1.0 / 13,) * 13, 0.1))
    mean, sd = MODEL.forecast(found, M, ROOT, 5)
    assert mean.tolist() == sd.tolist() == [0.0] * 5
    assert isinstance(found, Fit)
