"""A fitted model run on over later observations, against the compiled recursions and exact filters."""

from dataclasses import replace

import numpy as np
import pytest

from forecastctl.errors import ModelError
from forecastctl.models import ces, family_names
from forecastctl.models.ces import KINDS
from forecastctl.models.combination.advance import (
    _state_space,
    _stationary,
    advance,
    advances,
)
from forecastctl.models.combination.fit_and_predict import fit, predict
from forecastctl.models.kernels import ces as kernels_ces
from tests.explain.test_vintages import ETS, GIVEN, LOG, NAIVE, SARIMA, cut, spec
from tests.series import make_series, seasonal_data


def run_over(model, series):
    def refit(member):
        raise AssertionError(f"{member.member.model.label} is not run on")

    return advance(model, series, refit)


@pytest.fixture(scope="module")
def data():
    return make_series(seasonal_data(96))


@pytest.mark.parametrize(
    "options",
    [
        {"trend": "none", "seasonal": "none", "transform": "none"},
        {"trend": "add", "seasonal": "add", "transform": "log"},
        {"trend": "damped", "seasonal": "mul", "transform": "none"},
        {"trend": "damped", "seasonal": "add", "transform": "boxcox", "lambda": 0.4},
    ],
)
def test_given_parameters_run_on_to_what_a_fit_of_all_the_data_ends_in(data, options):
    specification = spec(("holt_winters", {**options, **GIVEN}))
    whole, _ = fit(data, specification)
    run_on = run_over(fit(cut(data, 70), specification)[0], data)
    assert (run_on.cutoff, run_on.n) == (whole.cutoff, whole.n)
    assert run_on.members[0].states.keys() == whole.members[0].states.keys()
    np.testing.assert_allclose(predict(run_on, 24).mean, predict(whole, 24).mean, rtol=1e-12)


def run_on_by_the_kernel(model, series):
    """Final states of the compiled recursion over all data, from a model's estimated point."""
    from forecastctl.models.ets import form_of
    from forecastctl.models.parts import smoothing_fit

    options = model.members[0].member.model.options
    form = form_of(12, options)
    found = smoothing_fit.estimate(series.y[:70].copy(), series.y[:70], form, None)
    spec_, *_ = smoothing_fit._problem(form)
    from forecastctl.models.kernels import engine

    row = engine.smoothing_outcome(series.y, series.y, found.point, spec_, np.nan)
    return smoothing_fit.SmoothingOptimum(row, found.point, series.n, form).states


@pytest.mark.parametrize("error", ["add", "mul"])
@pytest.mark.parametrize("seasonal", ["none", "add", "mul"])
def test_ets_runs_on_as_the_compiled_recursion_does(data, error, seasonal):
    options = {"error": error, "trend": "damped", "seasonal": seasonal, "initial": "heuristic"}
    model, _ = fit(cut(data, 70), spec(("ets", options)))
    states, wanted = run_over(model, data).members[0].states, run_on_by_the_kernel(model, data)
    assert states.keys() == wanted.keys()
    for name, value in wanted.items():
        np.testing.assert_allclose(states[name], value, rtol=1e-10)


AR = ("sarimax", {"p": 2, "d": 1, "q": 1, "P": 1, "D": 1, "Q": 0})


@pytest.mark.parametrize("choice", [SARIMA, LOG, AR])
def test_sarima_runs_on_as_the_exact_filter_of_all_the_data_does(data, choice):
    from statsmodels.tsa.statespace.sarimax import SARIMAX

    model, _ = fit(cut(data, 70), spec(choice))
    options, params = model.members[0].member.model.options, model.members[0].params
    p, d, q, sp, sd, sq = (int(options.get(k) or 0) for k in ("p", "d", "q", "P", "D", "Q"))
    z = np.log(data.y) if options.get("transform") == "log" else data.y
    exact = SARIMAX(
        z,
        order=(p, d, q),
        seasonal_order=(sp, sd, sq, 12),
        trend="c" if options.get("drift") else "n",
        simple_differencing=True,
        concentrate_scale=True,
    )
    point = [params["intercept"]] if options.get("drift") else []
    point += [*params["ar"], *params["ma"], *params["seasonal_ar"], *params["seasonal_ma"]]
    wanted = exact.filter(point, cov_type="none").predicted_state[:, -1]
    states = run_over(model, data).members[0].states
    np.testing.assert_allclose(states["arma"], wanted, rtol=1e-6, atol=1e-6 * np.ptp(wanted))
    assert states["last"] == list(z[-len(states["last"]) :])


def test_running_on_over_nothing_changes_nothing(data):
    model, _ = fit(data, spec(NAIVE, ETS))
    assert run_over(model, cut(data, 80)) is model


def test_running_on_refuses_what_a_transform_cannot_take(data):
    model, _ = fit(cut(data, 70), spec(LOG))
    y = data.y.copy()
    y[80] = 0.0
    with pytest.raises(ModelError, match="positive"):
        run_over(model, replace(data, y=y))


def test_every_family_of_the_search_can_run_on():
    assert {name for name in family_names() if not advances(name)} == {"annual", "intermittent"}


@pytest.mark.parametrize(
    ("seasonal", "transform"), [*((k, "none") for k in KINDS), ("full", "log")]
)
def test_ces_runs_on_as_the_compiled_recursion_does(data, seasonal, transform):
    model, _ = fit(cut(data, 70), spec(("ces", {"seasonal": seasonal, "transform": transform})))
    states, params = model.members[0].states, model.members[0].params
    z = np.log(data.y) if transform == "log" else data.y
    x = np.array([params.get(name, 0.0) for name in ("a0", "a1", "b0", "b1")])
    row = np.zeros(26)
    row[0], row[1] = states.get("level", 0.0), states.get("potential", 0.0)
    place = [(70 + j) % 12 for j in range(12)]
    row[[2 + j for j in place]] = states.get("seasonal", 0.0)
    row[[14 + j for j in place]] = states.get("seasonal_potential", 0.0)
    kind = KINDS.index(seasonal)
    for t in range(70, 96):
        j = t % 12
        error = z[t] - row[0] * (kind != 1) - row[2 + j] * (kind != 0)
        kernels_ces.ces_step(x, kind, 12, j, error, row)
    wanted = ces._states(row, seasonal, 96, 12)
    found = run_over(model, data).members[0].states
    assert found.keys() == wanted.keys()
    for name, value in wanted.items():
        np.testing.assert_allclose(found[name], value, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("seasonal", ["none", "add", "mul"])
def test_theta_runs_on_by_its_level(data, seasonal):
    options = {"theta": "optimised", "seasonal": seasonal, "transform": "none"}
    model, _ = fit(cut(data, 70), spec(("theta", options)))
    found = run_over(model, cut(data, 71)).members[0].states
    states, alpha = model.members[0].states, model.members[0].params["alpha"]
    s = states["seasonal"][0]
    adjusted = data.y[70] / s if seasonal == "mul" else data.y[70] - s
    assert found["level"] == pytest.approx(states["level"] + alpha * (adjusted - states["level"]))
    assert found["power"] == pytest.approx((1 - alpha) ** 71)
    assert found["seasonal"] == states["seasonal"][1:] + states["seasonal"][:1]
    assert (found["first"], found["slope"]) == (states["first"], states["slope"])
    twice = run_over(run_over(model, cut(data, 80)), data).members[0].states
    np.testing.assert_allclose(twice["level"], run_over(model, data).members[0].states["level"])


@pytest.mark.parametrize("root", [0.5, 0.9, 0.999])
@pytest.mark.parametrize("m", [4, 12])
def test_the_stationary_covariance_stays_as_it_is(root, m):
    from scipy.linalg import solve_discrete_lyapunov

    params = {"ar": [0.3], "ma": [0.2], "seasonal_ar": [root], "seasonal_ma": [-0.4]}
    transition, shock = _state_space(params, m, m + 2)
    noise = np.outer(shock, shock)
    found = _stationary(transition, noise)
    size = np.abs(found).max()
    moved = transition @ found @ transition.T + noise
    np.testing.assert_allclose(moved / size, found / size, rtol=0, atol=1e-12)
    known = solve_discrete_lyapunov(transition, noise)
    np.testing.assert_allclose(found / size, known / size, rtol=0, atol=1e-7)


@pytest.mark.parametrize("root", [1.0, -1.0, 1.1])
def test_without_a_stationary_distribution_there_is_no_covariance(root):
    with pytest.raises(ArithmeticError, match="no stationary"), np.errstate(all="ignore"):
        _stationary(np.array([[root]]), np.eye(1))
