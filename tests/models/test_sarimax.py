"""SARIMA against statsmodels, whose differencing inside the state space we do not use."""

import numpy as np
import pytest
from statsmodels.tsa.statespace.sarimax import SARIMAX

from forecastctl.errors import ModelError
from forecastctl.models import family
from tests.series import seasonal_data

SARIMA = family("sarimax")
NAMES = ("p", "d", "q", "P", "D", "Q")
H = 30

CASES = [
    ((0, 1, 1, 0, 1, 1), False, "log"),
    ((1, 0, 1, 0, 1, 1), True, "log"),
    ((1, 0, 0, 1, 1, 0), True, "none"),
    ((2, 1, 2, 0, 1, 1), False, "none"),
    ((1, 1, 1, 1, 1, 1), False, "log"),
    ((0, 0, 2, 1, 1, 0), False, "none"),
    ((2, 1, 1, 0, 0, 0), False, "none"),
    ((1, 0, 0, 0, 0, 0), True, "log"),
    ((0, 1, 0, 0, 1, 0), False, "none"),
    ((0, 0, 0, 0, 1, 0), True, "none"),
]


def options_of(orders, drift, transform):
    return {**dict(zip(NAMES, orders, strict=True)), "drift": drift, "transform": transform}


def values_of(fit, drift):
    p = fit.params
    inner = [*p["ar"], *p["ma"], *p["seasonal_ar"], *p["seasonal_ma"]]
    return np.array(([p["intercept"]] if drift else []) + inner)


def statsmodels_model(z, orders, drift, **how):
    p, d, q, sp, sd, sq = orders
    return SARIMAX(
        z,
        order=(p, d, q),
        seasonal_order=(sp, sd, sq, 12) if sp or sd or sq else (0, 0, 0, 0),
        trend="c" if drift else "n",
        concentrate_scale=True,
        **how,
    )


@pytest.mark.parametrize(("orders", "drift", "transform"), CASES)
def test_forecast_is_that_of_statsmodels(orders, drift, transform):
    """Ours differences the data and undoes it; theirs, here, has the differences in the state."""
    options = options_of(orders, drift, transform)
    y = seasonal_data(90, 12, seed=sum(orders))
    fit = SARIMA.fit(y, 12, options)
    mean, _ = SARIMA.forecast(fit, 12, options, H)
    z = np.log(y) if transform == "log" else y
    model = statsmodels_model(z, orders, drift, use_exact_diffuse=True)
    expected = np.asarray(model.filter(values_of(fit, drift), cov_type="none").forecast(H))
    expected = np.exp(expected) if transform == "log" else expected
    np.testing.assert_allclose(mean, expected, rtol=1e-8)


@pytest.mark.parametrize(("orders", "drift", "transform"), CASES)
def test_sd_comes_from_the_impulse_responses(orders, drift, transform):
    options = options_of(orders, drift, transform)
    y = seasonal_data(90, 12, seed=sum(orders))
    fit = SARIMA.fit(y, 12, options)
    mean, sd = SARIMA.forecast(fit, 12, options, H)
    z = np.log(y) if transform == "log" else y
    model = statsmodels_model(z, orders, drift)
    values = values_of(fit, drift)
    psi = np.asarray(model.impulse_responses(values, steps=H - 1)).ravel()[:H]
    expected = fit.params["sigma"] * np.sqrt(np.cumsum(psi**2))
    expected = expected * mean if transform == "log" else expected
    np.testing.assert_allclose(sd, expected, rtol=1e-8)


def test_sigma_is_the_scale_of_statsmodels():
    orders, drift = (1, 0, 1, 0, 1, 1), True
    options = options_of(orders, drift, "none")
    y = seasonal_data(90, 12, seed=4)
    fit = SARIMA.fit(y, 12, options)
    result = statsmodels_model(y, orders, drift, simple_differencing=True).filter(
        values_of(fit, drift), cov_type="none"
    )
    assert fit.params["sigma"] ** 2 == pytest.approx(result.scale, rel=1e-10)
    assert fit.sigma == pytest.approx(fit.params["sigma"], rel=0.2)


def test_states_are_short():
    options = options_of((1, 1, 1, 1, 1, 1), False, "none")
    fit = SARIMA.fit(seasonal_data(90), 12, options)
    assert len(fit.states["last"]) == 13
    assert len(fit.states["arma"]) == 14


def test_too_short_is_an_error():
    options = options_of((1, 1, 1, 1, 1, 1), False, "none")
    with pytest.raises(ModelError, match="more than 28 observations, not 28"):
        SARIMA.fit(seasonal_data(28), 12, options)


@pytest.mark.parametrize("y", [np.zeros(60), np.full(60, 5.0), np.tile(np.arange(12.0), 5)])
def test_nothing_left_after_differencing_is_an_error(y):
    with pytest.raises(ModelError, match="does not vary"):
        SARIMA.fit(y, 12, options_of((1, 0, 1, 0, 1, 1), True, "none"))


def test_not_offered_where_it_would_be_slow_or_starved():
    y = seasonal_data(400)
    assert SARIMA.space(y, 52, 400) is None
    assert SARIMA.space(y, 12, 35) is None
    assert SARIMA.space(y, 7, 35) is not None
    assert SARIMA.space(y, 1, 35)["P"].values == (0,)


def test_label():
    assert SARIMA.label(options_of((0, 1, 1, 0, 1, 1), False, "log")) == "SARIMA(0,1,1)(0,1,1) log"
    assert (
        SARIMA.label(options_of((1, 0, 0, 1, 1, 0), True, "none")) == "SARIMA(1,0,0)(1,1,0) drift"
    )
