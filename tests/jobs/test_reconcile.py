"""Reconciled forecasts add up, whatever is missing, and change nothing that already adds up."""

import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forecastctl.errors import UsageError
from forecastctl.jobs.sums.reconcile import (
    BOTTOM_UP,
    METHODS,
    NEED_ERRORS,
    library_version,
    reconcile,
    shrunk_correlation,
)

pytest.importorskip("hierarchicalforecast")

RECONCILING = METHODS[1:]


def case(seed=0, k=5, h=3, n=40, scale=1.0):
    """A total, two groups and airports, with forecasts that do not add up."""
    rng = np.random.default_rng(seed)
    halves = np.zeros((2, k))
    halves[0, : k // 2], halves[1, k // 2 :] = 1.0, 1.0
    summing = np.vstack([np.ones(k), halves, np.eye(k)])
    size = rng.uniform(1.0, 1000.0, k) * scale
    bottom = size[:, None] * rng.uniform(0.5, 1.5, (k, h))
    spread = summing @ size
    mean = summing @ bottom + spread[:, None] * rng.normal(0, 0.1, (len(summing), h))
    sd = spread[:, None] * rng.uniform(0.05, 0.2, (len(summing), h))
    own = size[:, None] * rng.normal(0, 0.1, (k, n))
    errors = summing @ own + spread[:, None] * rng.normal(0, 0.02, (len(summing), n))
    return summing, np.maximum(mean, 0.0), sd, errors


def adds_up(summing, result):
    bottom = result.mean[-summing.shape[1] :]
    np.testing.assert_allclose(result.mean, summing @ bottom, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("method", RECONCILING)
@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    k=st.integers(2, 8),
    n=st.sampled_from([0, 2, 3, 12, 60]),
    scale=st.sampled_from([1e-3, 1.0, 1e4]),
    no_group=st.sets(st.integers(0, 2)),
    no_errors=st.sets(st.integers(0, 9)),
)
def test_sums_agree_whatever_is_missing(method, seed, k, n, scale, no_group, no_errors):
    summing, mean, sd, errors = case(seed, k, n=n, scale=scale)
    mean[list(no_group)], sd[list(no_group)] = np.nan, np.nan
    errors[[row for row in no_errors if row < len(errors)]] = np.nan
    result = reconcile(summing, mean, sd, errors, method)
    adds_up(summing, result)
    assert (result.mean >= 0).all()
    assert np.isfinite(result.sd).all()
    assert (result.sd >= 0).all()
    assert result.method in RECONCILING


@pytest.mark.parametrize("method", RECONCILING)
def test_what_adds_up_already_stays(method):
    summing, mean, sd, errors = case()
    coherent = summing @ mean[3:]
    result = reconcile(summing, coherent, sd, errors, method)
    np.testing.assert_allclose(result.mean, coherent, rtol=1e-9)
    assert result.method == method
    assert result.notes == ()


@pytest.mark.parametrize("method", RECONCILING)
def test_the_unit_of_the_data_does_not_matter(method):
    summing, mean, sd, errors = case()
    one = reconcile(summing, mean, sd, errors, method)
    other = reconcile(summing, 1e5 * mean, 1e5 * sd, 1e5 * errors, method)
    np.testing.assert_allclose(other.mean, 1e5 * one.mean, rtol=1e-6)
    np.testing.assert_allclose(other.sd, 1e5 * one.sd, rtol=1e-6)


def test_bottom_up_keeps_the_airports():
    summing, mean, sd, errors = case()
    result = reconcile(summing, mean, sd, errors, BOTTOM_UP)
    np.testing.assert_array_equal(result.mean[3:], mean[3:])
    np.testing.assert_allclose(result.sd[3:], sd[3:])


def test_mint_trusts_what_errs_least():
    summing, mean, sd, errors = case(seed=3)
    errors[0] *= 1e-3  # the total is nearly always right
    result = reconcile(summing, mean, sd, errors, "wls_var")
    assert (
        np.abs(result.mean[0] - mean[0]).max()
        < 0.01 * np.abs(summing[0] @ mean[3:] - mean[0]).max()
    )


def test_mint_is_the_projection_of_the_paper():
    """Equation 9 of Wickramasuriya et al. (2019), with the shrunk covariance."""
    summing, mean, sd, errors = case(seed=5)
    size = errors.std(axis=1, ddof=1)
    inverse = np.linalg.inv(shrunk_correlation(errors) * np.outer(size, size))
    projection = np.linalg.solve(summing.T @ inverse @ summing, summing.T @ inverse)
    result = reconcile(summing, mean, sd, errors, "mint_shrink")
    np.testing.assert_allclose(result.mean, summing @ projection @ mean, rtol=1e-6)


def test_an_airport_without_errors_keeps_its_forecast():
    summing, mean, sd, errors = case()
    errors[4] = np.nan
    result = reconcile(summing, mean, sd, errors, "mint_shrink")
    np.testing.assert_allclose(result.mean[4], mean[4])
    assert not np.allclose(result.mean[3], mean[3])
    adds_up(summing, result)


def test_an_airport_that_never_errs_does_not_stop_the_others():
    summing, mean, sd, errors = case()
    errors[4] = 0.0
    result = reconcile(summing, mean, sd, errors, "wls_var")
    assert result.method == "wls_var"
    np.testing.assert_allclose(result.mean[4], mean[4])


def test_a_group_without_a_forecast_is_the_sum_of_its_members():
    summing, mean, sd, errors = case()
    other = mean.copy()
    mean[1], other[1] = np.nan, 1e9
    one = reconcile(summing, mean, sd, errors, "ols")
    errors[1] = np.nan
    two = reconcile(summing, other, sd, errors, "mint_shrink")
    for result in (one, two):
        adds_up(summing, result)
        assert result.mean.max() < 1e6


def test_nothing_is_negative():
    summing, mean, sd, errors = case(k=4)
    mean[3] = 1.0
    mean[0], mean[1] = 0.0, 0.0
    result = reconcile(summing, mean, sd, errors, "ols")
    assert (result.mean >= 0).all()
    assert "less than nothing" in result.notes[0]
    adds_up(summing, result)


@pytest.mark.parametrize("method", NEED_ERRORS)
def test_without_errors_the_airports_decide_and_it_says_so(method):
    summing, mean, sd, errors = case()
    result = reconcile(summing, mean, sd, errors[:, :2], method)
    assert result.method == BOTTOM_UP
    assert method in result.notes[0]
    plain = reconcile(summing, mean, sd, errors, BOTTOM_UP)
    np.testing.assert_array_equal(result.mean, plain.mean)


def test_too_few_errors_for_a_covariance_are_shrunk():
    summing, mean, sd, errors = case()
    result = reconcile(summing, mean, sd, errors[:, :6], "mint_cov")
    assert result.method == "mint_shrink"
    assert "too few" in result.notes[0]


def test_correlated_errors_widen_the_sum():
    summing, mean, sd, _ = case()
    rng = np.random.default_rng(0)
    common = rng.normal(0, 1, 60)
    together = np.tile(common, (8, 1)) + rng.normal(0, 0.1, (8, 60))
    apart = rng.normal(0, 1, (8, 60))
    wide = reconcile(summing, mean, sd, together, BOTTOM_UP).sd[0]
    narrow = reconcile(summing, mean, sd, apart, BOTTOM_UP).sd[0]
    total = sd[3:].sum(axis=0)
    assert (narrow < wide).all()
    np.testing.assert_allclose(wide, total, rtol=0.02)
    unknown = reconcile(summing, mean, sd, apart[:, :0], BOTTOM_UP).sd[0]
    np.testing.assert_allclose(unknown, total)


def test_the_shrunk_correlation_is_the_library_s():
    from hierarchicalforecast.methods import MinTrace

    summing, mean, _, errors = case(seed=9, n=15)
    fitted = MinTrace("mint_shrink").fit(
        S=summing, y_hat=mean, y_insample=np.zeros_like(errors), y_hat_insample=errors
    )
    size = np.sqrt(np.diag(fitted.W))
    np.testing.assert_allclose(
        shrunk_correlation(errors), fitted.W / np.outer(size, size), atol=1e-6
    )


def test_a_missing_library_is_named_with_the_command(monkeypatch):
    monkeypatch.setitem(sys.modules, "hierarchicalforecast", None)
    with pytest.raises(UsageError, match="not installed") as raised:
        library_version()
    assert "pip install 'forecastctl[hierarchy]'" in raised.value.hint
    monkeypatch.setitem(sys.modules, "hierarchicalforecast.methods", None)
    with pytest.raises(UsageError, match="not installed"):
        reconcile(*case(), "ols")
