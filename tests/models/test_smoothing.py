"""Holt-Winters and ETS against statsmodels and against the formulas of Hyndman et al. (2008)."""

import itertools

import numpy as np
import pytest
from scipy.special import boxcox
from statsmodels.tsa.exponential_smoothing.ets import ETSModel
from statsmodels.tsa.holtwinters import ExponentialSmoothing

from forecastctl.models import Fit, family
from forecastctl.models.ets import form_of as ets_form
from forecastctl.models.holt_winters import form_of as hw_form
from forecastctl.models.parts.smoothing import Smoother, damping_sums, smooth_forecast
from forecastctl.models.parts.smoothing_fit import estimate
from forecastctl.models.parts.transforms import back, forward
from tests.series import seasonal_data

H = 30
ETS = family("ets")
HW = family("holt_winters")


def none(value):
    return None if value == "none" else value


def statsmodels_ets(y, options, season_length):
    """Results of statsmodels at our parameters and initial states."""
    form = ets_form(season_length, options)
    fit, point = ETS.fit(y, season_length, options), estimate(y, y, form, None).point
    trend, seasonal = options["trend"], options["seasonal"]
    model = ETSModel(
        y,
        error=options["error"],
        trend=None if trend == "none" else "add",
        damped_trend=trend == "damped",
        seasonal=none(seasonal),
        seasonal_periods=season_length if seasonal != "none" else None,
        initialization_method="known",
        initial_level=point[4],
        initial_trend=point[5] if trend != "none" else None,
        initial_seasonal=point[6:] if seasonal != "none" else None,
    )
    names = ("alpha", "beta", "gamma", "phi")
    given = [fit.params[n] for n in names if n in fit.params and (n != "phi" or trend == "damped")]
    return model.smooth(given)


ETS_OPTIONS = [
    {"error": e, "trend": t, "seasonal": s, "initial": "heuristic"}
    for e, t, s in itertools.product(
        ("add", "mul"), ("none", "add", "damped"), ("none", "add", "mul")
    )
]
ETS_ESTIMATED = [{**o, "initial": "estimated"} for o in ETS_OPTIONS]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("options", ETS_OPTIONS + ETS_ESTIMATED, ids=ETS.label)
def test_ets_forecast_is_that_of_statsmodels(options):
    season_length = 12 if options["initial"] == "heuristic" else 7
    y = seasonal_data(60, season_length, seed=season_length)
    expected = np.asarray(statsmodels_ets(y, options, season_length).forecast(H))
    mean, sd = ETS.forecast(ETS.fit(y, season_length, options), season_length, options, H)
    np.testing.assert_allclose(mean, expected, rtol=1e-8)
    assert np.all(sd > 0)


@pytest.mark.parametrize("options", ETS_OPTIONS, ids=ETS.label)
def test_ets_variance_is_the_linearised_one(options):
    """The effect of each error is measured on statsmodels' own simulated paths."""
    y = seasonal_data(60, 12, seed=5)
    result = statsmodels_ets(y, options, 12)
    fit = ETS.fit(y, 12, options)
    mean, sd = ETS.forecast(fit, 12, options, 15)
    sigma = fit.params["sigma"]
    tiny = 1e-6 * (1.0 if options["error"] == "mul" else float(np.mean(y)))
    variance = np.zeros(15)
    for j in range(15):
        errors = np.zeros((15, 1))
        errors[j] = tiny
        moved = np.asarray(result.simulate(15, anchor="end", random_errors=errors)).ravel()
        variance += (sigma * (moved - mean) / tiny) ** 2
    np.testing.assert_allclose(sd, np.sqrt(variance), rtol=1e-3)


def class_one_variance(smoother, h, sigma):
    """Hyndman et al. (2008), table 6.1, ETS(A,Ad,A); others by phi = 1 (limit), beta or gamma 0."""
    a, b, g, phi, m = (
        smoother.alpha,
        smoother.beta,
        smoother.gamma,
        smoother.phi,
        len(smoother.seasonal),
    )
    total = 1.0
    for j in range(1, h):
        c = a + b * sum(phi**i for i in range(1, j + 1)) + (g if j % m == 0 else 0.0)
        total += c * c
    return sigma**2 * total


def closed_form_undamped(smoother, h, sigma):
    """Hyndman et al. (2008), table 6.1, ETS(A,A,A), summed up."""
    a, b, g, m = smoother.alpha, smoother.beta, smoother.gamma, len(smoother.seasonal)
    k = (h - 1) // m
    return sigma**2 * (
        1
        + (h - 1) * (a**2 + a * b * h + b**2 * h * (2 * h - 1) / 6)
        + g * k * (2 * a + g + b * m * (k + 1))
    )


@pytest.mark.parametrize("seed", range(5))
def test_additive_variance_is_the_class_one_formula(seed):
    rng = np.random.default_rng(seed)
    alpha, beta, gamma = rng.uniform(0.05, 0.5, 3)
    season = list(rng.normal(0, 10, 4))
    for phi in (1.0, 0.9):
        smoother = Smoother(alpha, beta, gamma, phi, 100.0, 1.0, season, multiplicative=False)
        _, sd = smooth_forecast(smoother, 14, 2.0, relative=False)
        for h in range(1, 15):
            assert sd[h - 1] ** 2 == pytest.approx(class_one_variance(smoother, h, 2.0), rel=1e-12)
            if phi == 1.0:
                closed = closed_form_undamped(smoother, h, 2.0)
                assert sd[h - 1] ** 2 == pytest.approx(closed, rel=1e-12)


def test_damping_sums():
    np.testing.assert_allclose(damping_sums(0.5, 3), [0.5, 0.75, 0.875])
    np.testing.assert_array_equal(damping_sums(1.0, 3), [1.0, 2.0, 3.0])


def test_a_zero_season_does_not_divide_by_zero():
    smoother = Smoother(0.2, 0.0, 0.1, 1.0, 0.0, 0.0, [0.0, 1.0], multiplicative=True)
    with np.errstate(all="raise"):
        mean, sd = smooth_forecast(smoother, 5, 1.0, relative=False)
    assert np.all(np.isfinite(mean))
    assert np.all(np.isfinite(sd))


HW_OPTIONS = [
    {"trend": t, "seasonal": s, "transform": x, "initial": i, "smoothing": "estimated"} | more
    for t, (s, x, more), i in itertools.product(
        ("none", "add", "damped"),
        (
            ("none", "none", {}),
            ("add", "none", {}),
            ("mul", "none", {}),
            ("add", "log", {}),
            ("add", "boxcox", {"lambda": 0.4}),
        ),
        ("estimated", "heuristic"),
    )
]
GIVEN = {"smoothing": "given", "alpha": 0.3, "beta": 0.1, "gamma": 0.2, "phi": 0.9}


def statsmodels_hw(y, options, season_length):
    """Results of statsmodels at our parameters and initial states, on the transformed scale."""
    lam = {"none": None, "log": 0.0, "boxcox": options.get("lambda")}[options["transform"]]
    z = forward(y, lam)
    params = HW.fit(y, season_length, options).params
    point = estimate(z, y, hw_form(len(y), season_length, options), lam).point
    seasonal, trend = none(options["seasonal"]), options["trend"]
    model = ExponentialSmoothing(
        z,
        trend=None if trend == "none" else "add",
        damped_trend=trend == "damped",
        seasonal=seasonal,
        seasonal_periods=season_length if seasonal else None,
        initialization_method="known",
        initial_level=point[4],
        initial_trend=point[5] if trend != "none" else None,
        initial_seasonal=point[6:] if seasonal else None,
    )
    return model.fit(
        smoothing_level=params["alpha"],
        smoothing_trend=params.get("beta"),
        smoothing_seasonal=params.get("gamma"),
        damping_trend=params["phi"] if trend == "damped" else None,
        optimized=False,
    )


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("given", [False, True], ids=["estimated", "given"])
@pytest.mark.parametrize("options", HW_OPTIONS, ids=HW.label)
def test_holt_winters_forecast_is_that_of_statsmodels(options, given):
    if given:
        options = {**options, **GIVEN}
    y = seasonal_data(62, 12, seed=3)
    result = statsmodels_hw(y, options, 12)
    mean, sd = HW.forecast(HW.fit(y, 12, options), 12, options, H)
    leads = np.arange(1, H + 1)
    # statsmodels up to 0.15.0 takes the season's estimate before last at these leads (issue 9538)
    sound = (leads % 12 != 0) | (options["seasonal"] == "none")
    lam = {"none": None, "log": 0.0, "boxcox": options.get("lambda")}[options["transform"]]
    expected, _ = back(np.asarray(result.forecast(H)), np.zeros(H), lam)
    np.testing.assert_allclose(mean[sound], expected[sound], rtol=1e-8)
    assert np.all(sd > 0)


@pytest.mark.parametrize("lam", [0.0, 0.25, 1.0])
def test_transform_is_that_of_scipy(lam):
    y = seasonal_data(40)
    np.testing.assert_allclose(forward(y, lam), boxcox(y, lam), rtol=1e-13)
    there_and_back, _ = back(forward(y, lam), np.ones(40), lam)
    np.testing.assert_allclose(there_and_back, y, rtol=1e-12)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("seasonal", ["add", "mul"])
def test_holt_winters_takes_the_last_season_at_whole_seasons_ahead(seasonal):
    y = seasonal_data(62, 12, seed=3)
    options = {"trend": "damped", "seasonal": seasonal, "transform": "none", "initial": "estimated"}
    options["smoothing"] = "estimated"
    result = statsmodels_hw(y, options, 12)
    phi = result.params["damping_trend"]
    for h in (12, 24):
        level = result.level[-1] + result.trend[-1] * sum(phi**k for k in range(1, h + 1))
        season = result.season[-1]
        expected = level * season if seasonal == "mul" else level + season
        mean, _ = HW.forecast(HW.fit(y, 12, options), 12, options, h)
        assert mean[h - 1] == pytest.approx(expected, rel=1e-8)


def test_holt_winters_variance_follows_its_own_recursion():
    """One more observation, off by e, moves the forecasts as the psi weights say."""
    y = seasonal_data(62, 12, seed=3)
    for seasonal, trend in itertools.product(("none", "add", "mul"), ("none", "add", "damped")):
        options = {**GIVEN, "trend": trend, "seasonal": seasonal, "transform": "none"}
        fit = HW.fit(y, 12, options)
        mean, sd = HW.forecast(fit, 12, options, 14)
        ahead = HW.fit(np.append(y, mean[0]), 12, options)
        moved = HW.fit(np.append(y, mean[0] + 1e-3), 12, options)
        psi = [
            (b - a) / 1e-3
            for a, b in zip(
                HW.forecast(ahead, 12, options, 1)[0],
                HW.forecast(moved, 12, options, 1)[0],
                strict=True,
            )
        ]
        sigma = fit.params["sigma"]
        assert sd[0] == pytest.approx(sigma)
        assert sd[1] ** 2 == pytest.approx(sigma**2 * (1 + psi[0] ** 2), rel=1e-4)


def test_sd_goes_back_by_the_delta_method():
    y = seasonal_data(62, 12, seed=3)
    plain = {"trend": "none", "seasonal": "add", "transform": "none", "initial": "estimated"}
    logged = HW.fit(y, 12, {**plain, "transform": "log"})
    on_logs = HW.forecast(logged, 12, plain, 6)
    mean, sd = HW.forecast(logged, 12, {**plain, "transform": "log"}, 6)
    np.testing.assert_allclose(mean, np.exp(on_logs[0]), rtol=1e-12)
    np.testing.assert_allclose(sd, on_logs[1] * mean, rtol=1e-12)


def test_box_cox_below_its_range_is_zero():
    options = {"trend": "add", "seasonal": "none", "transform": "boxcox", "lambda": 0.5}
    fit = Fit(
        {"alpha": 0.1, "beta": 0.1, "phi": 1.0, "sigma": 1.0}, {"level": 5.0, "trend": -4.0}, 1.0
    )
    mean, sd = HW.forecast(fit, 12, options, 3)
    assert mean[0] == pytest.approx((0.5 * 1.0 + 1) ** 2)
    assert mean[2] == 0.0
    assert sd[2] == 0.0


def test_the_label_says_what_was_fitted():
    assert HW.label({"trend": "damped", "seasonal": "mul"}) == "HW(A,Ad,M)"
    assert HW.label({"trend": "add", "seasonal": "add", "transform": "log"}) == "HW(A,A,A) log"
    assert HW.label({"transform": "boxcox", "lambda": 0.4}) == "HW(A,N,N) boxcox 0.40"
    assert ETS.label({"error": "mul", "trend": "add", "seasonal": "mul"}) == "ETS(M,A,M)"
