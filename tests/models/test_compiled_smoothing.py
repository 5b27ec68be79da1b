"""The smoothing kernels against statsmodels at the same parameters and states."""

import itertools

import numpy as np
import pytest
from statsmodels.tsa.exponential_smoothing.ets import ETSModel
from statsmodels.tsa.holtwinters import ExponentialSmoothing

from forecastctl.models import family
from forecastctl.models.base import fit_prefixes
from forecastctl.models.kernels import engine
from forecastctl.models.kernels.slopes import ROWS, smoothing_slopes
from forecastctl.models.parts import smoothing_fit as sf
from tests.series import make_series, seasonal_data

M, N = 6, 50
FORMS = list(itertools.product(("none", "add", "damped"), ("none", "add", "mul")))
SEEDS = range(6)


def random_point(form, rng):
    """Parameters in the admissible region and plausible states, and the model's own arrays."""
    spec, start, _, _ = sf._problem(form)
    x = start.copy()
    x[:3] = rng.uniform(0.05, 0.95, 3)
    x[1] *= form.trend != "none"
    x[2] *= form.seasonal != "none"
    x[3] = rng.uniform(0.8, 0.98) if form.trend == "damped" else 1.0
    x[4] = rng.uniform(900, 1100)
    x[5] = rng.normal(0, 5) if form.trend != "none" else 0.0
    if form.seasonal == "add":
        x[6:] = rng.normal(0, 100, M)
    if form.seasonal == "mul":
        x[6:] = rng.uniform(0.7, 1.3, M)
    return spec, x


def none(value):
    return None if value == "none" else value


def arguments(form, x):
    trend, seasonal = form.trend != "none", form.seasonal != "none"
    return {
        "trend": "add" if trend else None,
        "damped_trend": form.trend == "damped",
        "seasonal": none(form.seasonal),
        "seasonal_periods": M if seasonal else None,
        "initialization_method": "known",
        "initial_level": x[4],
        "initial_trend": x[5] if trend else None,
        "initial_seasonal": x[6:] if seasonal else None,
    }


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(("trend", "seasonal"), FORMS)
@pytest.mark.parametrize("error", ["add", "mul"])
def test_ets_is_that_of_statsmodels(error, trend, seasonal, seed):
    rng, y = np.random.default_rng(seed), seasonal_data(N, M, seed=seed)
    form = sf.Form(trend, seasonal, M, estimated=True, ets=True, relative=error == "mul")
    spec, x = random_point(form, rng)
    row = engine.smoothing_outcome(y, y, x, spec, np.nan)
    model = ETSModel(y, error=error, **arguments(form, x))
    given = [x[0]]
    given += [x[0] * x[1]] if trend != "none" else []
    given += [(1 - x[0]) * x[2]] if seasonal != "none" else []
    given += [x[3]] if trend == "damped" else []
    fitted, states = model.smooth(given, return_raw=True)
    llf = -N / 2 * (np.log(2 * np.pi * row[engine.CRITERION] / N) + 1)
    assert llf == pytest.approx(model.loglike(np.array(given)), rel=1e-8)
    assert row[engine.RAW] == pytest.approx(np.sum((y - fitted) ** 2), rel=1e-8)
    relative = np.sum((y / fitted - 1) ** 2)
    assert row[engine.RELATIVE_ERRORS] == pytest.approx(relative, rel=1e-8)
    found = sf.SmoothingOptimum(row, x, N, form)
    assert found.states["level"] == pytest.approx(states[-1, 0], rel=1e-8)
    if trend != "none":
        assert found.states["trend"] == pytest.approx(states[-1, 1], rel=1e-8)
    if seasonal != "none":
        np.testing.assert_allclose(found.states["seasonal"], states[-M:, -1], rtol=1e-8)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(("trend", "seasonal"), FORMS)
def test_holt_winters_is_that_of_statsmodels(trend, seasonal, seed):
    rng, y = np.random.default_rng(seed), seasonal_data(N, M, seed=seed)
    form = sf.Form(trend, seasonal, M, estimated=True)
    spec, x = random_point(form, rng)
    row = engine.smoothing_outcome(y, y, x, spec, np.nan)
    result = ExponentialSmoothing(y, **arguments(form, x)).fit(
        smoothing_level=x[0],
        smoothing_trend=x[0] * x[1] if trend != "none" else None,
        smoothing_seasonal=(1 - x[0]) * x[2] if seasonal != "none" else None,
        damping_trend=x[3] if trend == "damped" else None,
        optimized=False,
    )
    assert row[engine.CRITERION] == pytest.approx(result.sse, rel=1e-8)
    states = sf.SmoothingOptimum(row, x, N, form).states
    assert states["level"] == pytest.approx(result.level[-1], rel=1e-8)
    if trend != "none":
        assert states["trend"] == pytest.approx(result.trend[-1], rel=1e-8)
    if seasonal != "none":
        np.testing.assert_allclose(states["seasonal"], result.season[-M:], rtol=1e-8)


@pytest.mark.parametrize("lam", [0.0, 0.3])
def test_errors_in_passengers_come_from_the_way_back(lam):
    from forecastctl.models.parts.transforms import back, forward

    y = seasonal_data(N, M)
    z = forward(y, lam)
    form = sf.Form("none", "none", M, estimated=True)
    spec, x = random_point(form, np.random.default_rng(0))
    x[4] = z[0]
    row = engine.smoothing_outcome(z, y, x, spec, lam)
    level, squares = x[4], 0.0
    for value, passengers in zip(z, y, strict=True):
        squares += (passengers - back(np.array([level]), np.zeros(1), lam)[0][0]) ** 2
        level += x[0] * (value - level)
    assert row[engine.BACK] == pytest.approx(squares, rel=1e-8)


@pytest.mark.parametrize("ets", [False, True], ids=["HW", "ETS"])
@pytest.mark.parametrize("relative", [False, True], ids=["additive", "relative"])
@pytest.mark.parametrize(("trend", "seasonal"), FORMS)
def test_slopes_are_those_of_differences(trend, seasonal, relative, ets):
    y = seasonal_data(N, M, seed=1)
    form = sf.Form(trend, seasonal, M, estimated=True, ets=ets, relative=relative)
    spec, x = random_point(form, np.random.default_rng(2))
    active = sf._problem(form)[2]
    k = len(active)
    gradient, hessian = np.zeros(k), np.zeros((k, k))
    season, work = np.zeros(spec[0]), np.zeros((ROWS + spec[0], k))
    total = smoothing_slopes(y, x, spec, active, season, work, gradient, hessian)

    def criterion(point):
        return engine.smoothing_outcome(y, y, point, spec, np.nan)[0]

    assert total == pytest.approx(criterion(x), rel=1e-12)
    for i, index in enumerate(active):
        step = 1e-6 * max(abs(x[index]), 0.1)
        up, down = x.copy(), x.copy()
        up[index] += step
        down[index] -= step
        # Half of the derivative of a sum of squares is J'r.
        expected = (criterion(up) - criterion(down)) / (4 * step)
        largest = np.sqrt(hessian[i, i] * total)
        assert gradient[i] == pytest.approx(expected, rel=1e-5, abs=1e-6 * largest)


HEURISTIC = [(t, s) for t, s in FORMS if s != "none"] + [("add", "none")]


@pytest.mark.parametrize("n", [24, 31, 62, 90])
@pytest.mark.parametrize("m", [7, 12])
@pytest.mark.parametrize(("trend", "seasonal"), HEURISTIC)
def test_initial_states_are_those_of_statsmodels(trend, seasonal, m, n):
    y = seasonal_data(n, m, seed=n)
    form = sf.Form(trend, seasonal, m, estimated=False)
    spec, start, _, _ = sf._problem(form)
    starts = start[None].copy()
    engine.smoothing_starts(y, spec, starts, np.empty(0, dtype=np.int64))
    model = ETSModel(
        y,
        trend=None if trend == "none" else "add",
        seasonal=none(seasonal),
        seasonal_periods=m if seasonal != "none" else None,
        initialization_method="heuristic" if n >= sf.heuristic_length(m) else "estimated",
    )
    assert starts[0, 4] == pytest.approx(model.initial_level, rel=1e-10)
    if trend != "none":
        assert starts[0, 5] == pytest.approx(model.initial_trend, rel=1e-8)
    if seasonal != "none":
        np.testing.assert_allclose(starts[0, 6:], model.initial_seasonal, rtol=1e-8)


CASES = [
    ("none", "mul", "add", True),
    ("add", "add", "add", True),
    ("damped", "mul", "mul", True),
    ("damped", "add", "mul", False),
    ("add", "none", "add", False),
]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("trend", "seasonal", "error", "estimated"), CASES)
def test_the_optimum_of_ets_is_no_worse(trend, seasonal, error, estimated):
    initial = "estimated" if estimated else "heuristic"
    for seed in range(3):
        y = seasonal_data(60, M, seed=seed)
        form = sf.Form(trend, seasonal, M, estimated=estimated, ets=True, relative=error == "mul")
        found = sf.estimate(y, y, form, None)
        llf = -30 * (np.log(2 * np.pi * found.row[0] / 60) + 1)
        known = arguments(form, found.point) | {"initialization_method": initial}
        known = {k: v for k, v in known.items() if not k.startswith("initial_")}
        theirs = ETSModel(y, error=error, **known).fit(disp=0, maxiter=50)
        assert llf >= theirs.llf - 0.01


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("trend", "seasonal"), FORMS)
def test_the_optimum_of_holt_winters_is_no_worse(trend, seasonal):
    y = seasonal_data(60, M, seed=4)
    form = sf.Form(trend, seasonal, M, estimated=True)
    found = sf.estimate(y, y, form, None)
    known = arguments(form, found.point) | {"initialization_method": "estimated"}
    known = {k: v for k, v in known.items() if not k.startswith("initial_")}
    theirs = ExponentialSmoothing(y, **known).fit()
    assert found.row[0] <= theirs.sse * 1.001


@pytest.mark.parametrize("ets", [False, True], ids=["HW", "ETS"])
def test_the_optimum_lies_in_the_region_of_statsmodels(ets):
    rng = np.random.default_rng(7)
    series = [seasonal_data(60, M, seed=s, noise=s / 10) for s in range(5)]
    series += [1000 + np.cumsum(rng.normal(0, 30, 60)), rng.uniform(500, 900, 60)]
    for y in series:
        for trend, seasonal in FORMS:
            form = sf.Form(trend, seasonal, M, estimated=True, ets=ets)
            alpha, share, season, phi = sf.estimate(y, y, form, None).point[:4]
            assert 0 < alpha < 1
            assert 0 <= share <= 1
            assert 0 <= season <= 1
            assert phi == 1.0 if trend != "damped" else 0.8 <= phi <= (0.98 if ets else 0.995)


@pytest.mark.parametrize("name", ["holt_winters", "ets", "sarimax"])
def test_fits_of_prefixes_are_as_good_as_single_ones(name):
    y = seasonal_data(96, 12, seed=3)
    for options in family(name).starts:
        ends = (96, 90, 84)
        together = list(fit_prefixes(family(name), make_series(y), ends, options))
        for end, fit in zip(ends, together, strict=True):
            alone = family(name).fit(y[:end], 12, options)
            assert fit.params["sigma"] == pytest.approx(alone.params["sigma"], rel=0.01)


def test_the_same_bits_twice():
    y = seasonal_data(96, 12, seed=3)
    for name in ("holt_winters", "ets", "sarimax"):
        for options in family(name).starts:
            assert family(name).fit(y, 12, options) == family(name).fit(y.copy(), 12, options)


def test_data_that_cannot_be_written_to_are_fitted():
    y = seasonal_data(96, 12, seed=3)
    y.flags.writeable = False
    for name in ("holt_winters", "ets", "sarimax"):
        assert family(name).fit(y, 12, family(name).starts[0]).sigma > 0
