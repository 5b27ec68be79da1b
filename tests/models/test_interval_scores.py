"""What intervals say of an error, whatever distribution they come from."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from forecastctl.models.interval_scores import (
    HALF_NORMAL,
    lengths,
    normal_scores,
    stated_errors,
    stated_sizes,
    width,
)


def bands_of(quantile, n=1, levels=(80, 95)):
    """Intervals of a symmetric distribution around zero."""
    half = {level: np.full(n, float(quantile(0.5 + level / 200))) for level in levels}
    return {level: (value, value) for level, value in half.items()}


def test_scores_of_a_normal_forecast_are_standard_deviations():
    error = np.linspace(-40, 40, 81)
    found = normal_scores(error, bands_of(stats.norm(0, 10).ppf, len(error)))
    np.testing.assert_allclose(found, error / 10, atol=1e-12)


@pytest.mark.parametrize("shape", [stats.t(4), stats.laplace(), stats.norm(), stats.uniform(-1, 2)])
def test_calibrated_errors_of_any_shape_have_normal_coverage(shape):
    error = shape.rvs(40_000, random_state=1)
    z = normal_scores(error, bands_of(shape.ppf, len(error)))
    for level in (80, 95):
        assert np.mean(np.abs(z) <= width(level)) == pytest.approx(level / 100, abs=0.01)
    assert np.mean(np.abs(np.clip(z, -5, 5))) == pytest.approx(HALF_NORMAL, rel=0.12)


@pytest.mark.parametrize("shape", [stats.t(4), stats.laplace(), stats.norm()])
def test_the_stated_size_is_that_of_the_errors(shape):
    error = shape.rvs(200_000, random_state=2)
    found = stated_sizes(bands_of(shape.ppf))
    assert found[0] == pytest.approx(np.abs(error).mean(), rel=0.12)
    assert stated_errors(bands_of(shape.ppf))[0] == pytest.approx(found[0] / HALF_NORMAL)


def test_a_cut_lower_end_is_no_short_one():
    mean, lo, hi = np.array([10.0, 10.0]), np.array([0.0, 4.0]), np.array([30.0, 30.0])
    below, above = lengths(mean, lo, hi)
    assert below.tolist() == [20.0, 6.0]
    assert above.tolist() == [20.0, 20.0]
    below, _ = lengths(np.array([10.0]), np.array([0.0]), np.array([12.0]))
    assert below.tolist() == [10.0]  # zero itself is inside


def test_each_side_has_its_own_width():
    bands = {80: (np.full(2, 5.0), np.full(2, 20.0))}
    z = normal_scores(np.array([5.0, -5.0]), bands)
    assert z[0] == pytest.approx(width(80))
    assert z[1] == pytest.approx(-width(80) / 4)


def test_no_width_and_no_error():
    none = np.zeros(3)
    z = normal_scores(np.array([0.0, 2.0, -2.0]), {80: (none, none), 95: (none, none)})
    assert z.tolist() == [0.0, np.inf, -np.inf]
    assert stated_sizes({80: (none, none)}).tolist() == [0.0, 0.0, 0.0]


def test_ends_that_were_cut_at_a_ceiling_keep_their_levels():
    same = np.full(2, 10.0)
    z = normal_scores(np.array([-10.0, -10.1]), {80: (same, same), 95: (same, same)})
    assert abs(z[0]) == pytest.approx(width(80))
    assert abs(z[1]) > width(95)


@given(
    st.lists(st.integers(0, 10**12), min_size=1, max_size=3),
    st.integers(-(10**13), 10**13),
    st.integers(-20, 20).map(lambda power: 2.0**power),  # so that nothing is rounded
)
def test_scores_are_monotone_and_know_no_unit(ends, size, unit):
    error, half = float(size), np.cumsum(np.array(ends, dtype=float))
    levels = (50, 80, 95)[: len(ends)]
    bands = {k: (np.array([h, h]), np.array([h, h])) for k, h in zip(levels, half, strict=True)}
    scaled = {level: (unit * a, unit * b) for level, (a, b) in bands.items()}
    both = normal_scores(np.array([error, 1.1 * error]), bands)
    assert np.sign(both[0]) == np.sign(error)
    assert abs(both[1]) >= abs(both[0])
    assert not np.isnan(both).any()
    again = normal_scores(unit * np.array([error, 1.1 * error]), scaled)
    np.testing.assert_allclose(again, both)
