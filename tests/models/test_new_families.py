"""Complex exponential smoothing, theta and annual: against plain loops, and against sense."""

import math

import numpy as np
import pytest

from forecastctl.errors import ModelError
from forecastctl.models import ces, family, theta
from forecastctl.models.kernels import engine
from forecastctl.models.parts.season import shows_season
from forecastctl.search.pool import PLAIN, SEASONAL, pool, pool_keys
from tests.models import simplex
from tests.series import seasonal_data

M = 12
POINTS = {
    "none": (1.2, 1.01, 0.0, 0.0),
    "simple": (1.5, 1.03, 0.0, 0.0),
    "partial": (1.3, 0.99, 0.2, 0.0),
    "full": (1.1, 1.0, 1.3, 0.97),
}


@pytest.mark.parametrize("kind", ces.KINDS)
@pytest.mark.parametrize("n", [25, 96])
def test_ces_runs_as_a_plain_loop_does(kind, n):
    y = seasonal_data(n, seed=n)
    errors, states = simplex.ces_run(y.tolist(), kind, M, POINTS[kind])
    spec = np.array([M, ces.KINDS.index(kind), 0, 0, 0, 2], dtype=np.int64)
    out = np.empty(n)
    row = engine.outcome(y, y, np.array(POINTS[kind]), spec, math.nan, out)
    np.testing.assert_allclose(out, errors, rtol=1e-9, atol=1e-7)
    np.testing.assert_allclose(row[2:], states, rtol=1e-9, atol=1e-7)
    assert row[0] == pytest.approx(math.fsum(e * e for e in errors))
    assert row[1] == pytest.approx(row[0])


@pytest.mark.parametrize("x", [(1.3, 1.0), (0.2, 0.9), (1.9, 1.9), (0.5, 1.5), (1.0, 0.05)])
def test_only_stable_points_count(x):
    spec = np.array([M, 0, 0, 0, 0, 2], dtype=np.int64)
    y, point = seasonal_data(60), np.array([*x, 0.0, 0.0])
    row = engine.outcome(y, y, point, spec, math.nan, np.empty(60))
    assert math.isfinite(row[0]) == simplex.stable("none", (*x, 0.0, 0.0))


@pytest.mark.parametrize("kind", ces.KINDS)
def test_ces_goes_on_as_it_ran(kind):
    """The forecast is what the recursion says next, errors being zero from then on."""
    y = seasonal_data(70, seed=3)
    options = {"seasonal": kind, "transform": "none"}
    fit = family("ces").fit(y, M, options)
    mean, sd = family("ces").forecast(fit, M, options, 30)
    x = tuple(fit.params.get(name, 0.0) for name in ("a0", "a1", "b0", "b1"))
    _, states = simplex.ces_run(y.tolist(), kind, M, x)
    level, season = complex(*states[:2]), [
        complex(*pair) for pair in zip(states[2 : 2 + M], states[2 + M :], strict=True)
    ]  # fmt: skip
    second = x[2:] if kind == "full" else x[:2]
    path = []
    for t in range(70, 100):
        path.append(level.real + season[t % M].real)
        if kind != "simple":
            level = simplex.complex_step(level, x[:2], 0.0)
        if kind in ("simple", "full"):
            season[t % M] = simplex.complex_step(season[t % M], second, 0.0)
    np.testing.assert_allclose(mean, path, rtol=1e-9)
    assert np.all(np.diff(sd) >= 0)
    assert sd[0] == fit.params["sigma"]


def test_an_error_does_to_the_variance_what_it_does_to_the_forecast():
    options = {"seasonal": "full", "transform": "none"}
    fit = family("ces").fit(seasonal_data(70), M, options)
    pairs = ces._pairs(fit.params, fit.states, "full")
    moved = [(a, b, list(v), list(c)) for a, b, v, c in pairs]
    for a, b, v, c in moved:  # a unit error in the last period, of the last season
        v[-1] += a - b
        c[-1] += a + b
    before, after = ces._run(pairs, 26, 0.0), ces._run(moved, 26, 0.0)
    fresh = [(a, b, [0.0] * len(v), [0.0] * len(v)) for a, b, v, _ in pairs]
    effects = np.array(ces._run(fresh, 26, 1.0))
    # the states after the error differ from those without by its effect, one step later
    np.testing.assert_allclose(effects[0], after[0] - before[0], atol=1e-6)


@pytest.mark.parametrize("optimised", [False, True])
def test_theta_runs_as_a_plain_loop_does(optimised):
    y = seasonal_data(50, 1, seed=2)
    x = (0.35, 0.7 if optimised else 0.5, float(y[0]) / 2)
    errors, states = simplex.theta_run(y.tolist(), x)
    out = np.empty(50)
    spec = np.array([1, 0, 0, 0, 0, 3], dtype=np.int64)
    row = engine.outcome(y, y, np.array(x), spec, math.nan, out)
    np.testing.assert_allclose(out, errors, rtol=1e-9, atol=1e-8)
    np.testing.assert_allclose(row[2:], states, rtol=1e-9)


def test_standard_theta_is_smoothing_with_half_of_the_trend():
    """Hyndman and Billah (2003): its forecasts rise by half the slope of the line a period."""
    y = 100.0 + 2.0 * np.arange(80.0) + np.random.default_rng(0).standard_normal(80)
    options = {"theta": "standard", "seasonal": "none", "transform": "none"}
    mean, _ = family("theta").forecast(family("theta").fit(y, 1, options), 1, options, 6)
    slope = np.polyfit(np.arange(80), y, 1)[0]
    np.testing.assert_allclose(np.diff(mean), slope / 2, rtol=1e-9)


CASES = [
    ("ces", {"seasonal": kind, "transform": transform, "lambda": 0.5})
    for kind, transform in (("none", "none"), ("simple", "log"), ("partial", "boxcox"))
] + [
    ("theta", {"theta": kind, "seasonal": season, "transform": "none"})
    for kind, season in (("standard", "add"), ("optimised", "mul"))
]


@pytest.mark.parametrize(("name", "options"), CASES)
def test_the_search_ends_no_higher_than_the_simplex(name, options, monkeypatch):
    y = seasonal_data(60, seed=5)
    ours = family(name).fit(y, M, options)
    monkeypatch.setattr(ces, "estimate", simplex.estimate_ces)
    monkeypatch.setattr(theta, "estimate", simplex.estimate_theta)
    theirs = family(name).fit(y, M, options)
    assert theirs != ours
    assert ours.params["sigma"] <= 1.001 * theirs.params["sigma"]
    (mean, _), (other, _) = (family(name).forecast(f, M, options, 12) for f in (ours, theirs))
    np.testing.assert_allclose(mean, other, rtol=0.1)


def test_folds_of_ces_start_from_each_other_and_end_alike():
    y, options = seasonal_data(96), {"seasonal": "partial", "transform": "none"}
    warm = list(family("ces").fit_prefixes(y, (96, 84, 72), M, options))
    cold = [family("ces").fit(y[:end], M, options) for end in (96, 84, 72)]
    for a, b in zip(warm, cold, strict=True):
        assert a.params["sigma"] <= 1.02 * b.params["sigma"]


ANNUAL = {"drift": 1.0, "gamma": 0.3, "recent": 0.0, "transform": "none"}


def test_annual_goes_on_with_whole_seasons():
    shape = np.array([0.5, 1.5, 1.2, 0.8])
    y = np.concatenate([level * shape for level in (100.0, 110.0, 120.0, 130.0)])
    fit = family("annual").fit(np.append([7.0], y), 4, ANNUAL)  # an incomplete season is left off
    mean, sd = family("annual").forecast(fit, 4, ANNUAL, 6)
    np.testing.assert_allclose(mean, [*(140.0 * shape), *(150.0 * shape[:2])])
    np.testing.assert_allclose(sd, 0.0, atol=1e-9)
    half = {**ANNUAL, "drift": 0.5}
    mean, _ = family("annual").forecast(family("annual").fit(y, 4, half), 4, half, 4)
    np.testing.assert_allclose(mean, 135.0 * shape)


def test_annual_follows_the_last_quarter_as_far_as_asked():
    y = np.tile([100.0, 100.0, 100.0, 100.0], 5)
    y[-1] = 140.0
    found = {}
    for recent in (0.0, 0.5, 1.0):
        options = {**ANNUAL, "drift": 0.0, "gamma": 0.0, "recent": recent}
        found[recent] = family("annual").forecast(
            family("annual").fit(y, 4, options), 4, options, 1
        )
    assert found[0.0][0][0] == pytest.approx(110.0)
    assert found[1.0][0][0] == pytest.approx(140.0)
    assert found[0.5][0][0] == pytest.approx(125.0)


def test_annual_needs_two_seasons():
    with pytest.raises(ModelError, match="2 seasons"):
        family("annual").fit(np.arange(1.0, 8.0), 4, ANNUAL)
    assert family("annual").space(np.arange(40.0) - 3.0, 4, 20) is None


def test_annual_survives_a_year_of_zeros():
    y = np.concatenate([seasonal_data(36), np.zeros(12), seasonal_data(12)])
    for transform in ({"transform": "none"}, {"transform": "boxcox", "lambda": 0.5}):
        options = {**ANNUAL, "recent": 0.5, **transform}
        mean, sd = family("annual").forecast(family("annual").fit(y, M, options), M, options, 24)
        assert np.all(np.isfinite(mean))
        assert np.all(sd >= 0)


def test_the_pool_depends_on_whether_a_season_shows():
    assert pool(seasonal_data(96), M) == SEASONAL
    walk = 1000.0 + np.cumsum(np.random.default_rng(4).standard_normal(96))
    assert not shows_season(walk, M)
    assert pool(walk, M) == PLAIN
    assert pool(seasonal_data(30), M) == SEASONAL  # too short to tell
    assert pool(seasonal_data(96), 1) == PLAIN
    assert not shows_season(seasonal_data(96), 1)


@pytest.mark.parametrize("which", [SEASONAL, PLAIN])
def test_the_pool_is_diverse_and_lies_in_the_spaces(which):
    from forecastctl.search.space import encode

    y = seasonal_data(96)
    spaces = {name: family(name).space(y, M, 60) for name, _ in which}
    for name, options in which:
        assert encode(spaces, name, options) is not None, (name, options)
    assert len({name for name, _ in which[:5]}) == 5
    assert len(pool_keys(which)) == len(which)


def test_season_of_theta_is_the_classical_one():
    y = seasonal_data(84, noise=0.0, trend=0.0)
    season = theta._season(y, M, "mul")
    np.testing.assert_allclose(season, y[:M] / np.mean(y[:M]), rtol=1e-6)
    assert np.all(theta._season(np.arange(84.0) ** 0.5, M, "add") == 0.0)
