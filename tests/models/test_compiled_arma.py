"""The ARMA kernel against the Kalman filter of statsmodels at the same parameters."""

import numpy as np
import pytest
from statsmodels.tsa.statespace.sarimax import SARIMAX
from statsmodels.tsa.statespace.tools import constrain_stationary_univariate

from forecastctl.models.kernels import engine
from forecastctl.models.parts import sarimax_fit as fit
from tests.series import seasonal_data

ORDERS = [
    (1, 0, 0, 0),
    (0, 1, 0, 0),
    (2, 1, 0, 0),
    (0, 2, 0, 1),
    (1, 1, 1, 0),
    (2, 2, 1, 1),
    (0, 0, 1, 1),
    (0, 0, 0, 0),
    (2, 0, 2, 2),
]


def statsmodels_of(w, orders, m, drift):
    p, q, sp, sq = orders
    model = SARIMAX(
        w,
        order=(p, 0, q),
        seasonal_order=(sp, 0, sq, m) if sp or sq else (0, 0, 0, 0),
        trend="c" if drift else "n",
        concentrate_scale=True,
    )
    model.tolerance = 0.0  # never take the covariance as settled
    return model


def data(seed, n=70):
    rng = np.random.default_rng(seed)
    return np.convolve(rng.normal(2.0, 10.0, n + 3), [1.0, 0.5, -0.3, 0.2], mode="valid")


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("m", [4, 12])
@pytest.mark.parametrize("orders", ORDERS, ids=str)
def test_likelihood_state_and_scale_are_those_of_statsmodels(orders, m, seed):
    rng, w = np.random.default_rng(seed), data(seed)
    drift = bool(seed % 2)
    point = np.append(rng.uniform(-0.9, 0.9, sum(orders)), 3.0 if drift else 0.0)
    spec = np.array([m, *orders, 1])
    row = engine.arma_outcome(w, w, w, point, spec, np.nan)
    arma = fit._arma(point, row, orders, m, len(w))
    values = [arma.intercept] if drift else []
    values += arma.ar + arma.ma + arma.seasonal_ar + arma.seasonal_ma
    expected = statsmodels_of(w, orders, m, drift).filter(np.array(values), cov_type="none")
    n = len(w)
    assert -n / 2 * (np.log(2 * np.pi * row[0] / n) + 1) == pytest.approx(expected.llf, rel=1e-8)
    assert arma.scale == pytest.approx(expected.scale, rel=1e-8)
    largest = np.max(np.abs(w))
    np.testing.assert_allclose(
        arma.state, expected.predicted_state[:, -1], rtol=1e-8, atol=1e-8 * largest
    )
    assert arma.squares == pytest.approx(np.sum(expected.resid**2), rel=1e-8)


@pytest.mark.parametrize("order", [1, 2, 3])
def test_coefficients_are_those_of_statsmodels(order):
    free = np.random.default_rng(order).normal(0, 1, order)
    partial = -free / np.sqrt(1 + free**2)  # statsmodels counts them with the other sign
    expected = constrain_stationary_univariate(free)
    np.testing.assert_allclose(fit.coefficients(partial), expected, rtol=1e-12)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("orders", [(1, 1, 0, 1), (2, 0, 0, 1), (0, 1, 1, 1), (1, 0, 1, 0)])
@pytest.mark.parametrize("drift", [False, True])
def test_the_optimum_is_no_worse(orders, drift):
    y = seasonal_data(96, 12, seed=sum(orders), level=900.0)
    w = np.log(y[12:]) - np.log(y[:-12])
    found = fit.estimate(w, w, w, orders, 12, None, drift=drift)
    values = [found.intercept] if drift else []
    values += found.ar + found.ma + found.seasonal_ar + found.seasonal_ma
    model = statsmodels_of(w, orders, 12, drift)
    ours = model.filter(np.array(values), cov_type="none").llf
    assert ours >= model.fit(disp=0).llf - 0.05


def test_the_optimum_is_stationary_and_invertible():
    rng = np.random.default_rng(1)
    for w in (np.cumsum(rng.normal(0, 1, 80)), np.diff(rng.normal(0, 1, 81))):
        found = fit.estimate(w, w, w, (2, 2, 0, 0), 12, None, drift=False)
        for polynomial in ([1.0, *(-v for v in found.ar)], [1.0, *found.ma]):
            assert np.all(np.abs(np.roots(polynomial)) < 1.0)
