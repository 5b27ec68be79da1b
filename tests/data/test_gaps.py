from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forecastctl.data.prepare.gaps import (
    holes,
    interpolate,
    moving_median,
    stretches,
)

NAN = np.nan


def test_holes_and_stretches():
    observed = np.array([1, 1, 0, 1, 0, 0, 0, 0, 1, 1, 1, 0, 0, 1], dtype=bool)
    assert holes(observed) == [(2, 3), (4, 8), (11, 13)]
    assert stretches(observed, 3) == [(0, 4), (8, 14)]
    assert stretches(observed, 1) == [(0, 4), (8, 11), (13, 14)]
    assert stretches(observed, 0) == [(0, 2), (3, 4), (8, 11), (13, 14)]
    assert stretches(observed, 9) == [(0, 14)]


@given(st.lists(st.booleans(), min_size=1).filter(any), st.integers(0, 5))
def test_stretches_hold_every_observation_once(observed, max_gap):
    observed = np.array(observed)
    found = stretches(observed, max_gap)
    assert sum(observed[a:b].sum() for a, b in found) == observed.sum()
    for a, b in found:
        assert observed[a]
        assert observed[b - 1]
        assert all(h[1] - h[0] <= max_gap for h in holes(observed[a:b]))


def test_short_series_are_filled_on_a_straight_line():
    assert interpolate(np.array([10.0, NAN, NAN, 40.0]), 12).tolist() == [10, 20, 30, 40]


@pytest.mark.parametrize("zeros", [False, True])
def test_the_season_is_kept(zeros):
    t = np.arange(60)
    season = np.where(t % 12 == 7, 3.0, 1.0)
    y = 1000 * season * 1.01**t if not zeros else 1000 * season + 10 * t
    if zeros:
        y[3] = 0
    hidden = y.copy()
    hidden[[31, 32]] = NAN  # an August and the month after
    filled = interpolate(hidden, 12)
    assert filled[[31, 32]] == pytest.approx(y[[31, 32]], rel=0.05)
    assert np.array_equal(np.delete(filled, [31, 32]), np.delete(y, [31, 32]))


def test_a_phase_that_is_never_observed_is_filled_between_its_neighbours():
    y = 1000.0 * 1.01 ** np.arange(48)
    hidden = y.copy()
    hidden[11::12] = NAN
    hidden = np.append(hidden, y[-1] * 1.01)
    assert interpolate(hidden, 12)[11] == pytest.approx(y[11], rel=0.02)


@given(
    st.lists(st.one_of(st.none(), st.floats(0, 1e12)), min_size=3, max_size=80),
    st.sampled_from([1, 4, 7, 12]),
)
def test_filled_values_are_finite_and_never_negative(values, season):
    y = np.array([5.0, *(NAN if v is None else v for v in values), 7.0])
    filled = interpolate(y, season)
    assert np.isfinite(filled).all()
    assert (filled >= 0).all()
    assert np.array_equal(filled[~np.isnan(y)], y[~np.isnan(y)])


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=30), st.sampled_from([1, 3, 7]))
def test_moving_median_against_a_loop(values, width):
    half, n = width // 2, len(values)
    at = [[values[min(max(i + k, 0), n - 1)] for k in range(-half, half + 1)] for i in range(n)]
    assert moving_median(np.array(values), width).tolist() == [float(np.median(w)) for w in at]


def test_a_trough_beside_zeros_does_not_fall_below_zero():
    y = np.tile([100.0, 100, 100, 0, 5, 100, 100, 100, 100, 100, 100, 100], 4)
    y[26:29] = [4, NAN, 4]  # a bad year, and no value in the month that is always zero
    assert interpolate(y, 12)[27] == 0.0
