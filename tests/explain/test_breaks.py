"""Breaks: where they began, how large they were, when they ended."""

from dataclasses import replace

import numpy as np
import pytest

from forecastctl.explain.verdict.breaks import find_break
from tests.explain.cases import monthly


def shifted(n, first, factor, last=None, seed=0):
    series = monthly(n, seed)
    y = series.y.copy()
    y[first:last] *= factor
    return replace(series, y=y)


@pytest.mark.parametrize("factor", [0.5, 0.7, 1.4])
@pytest.mark.parametrize("after", [0, 3, 9])
def test_a_level_shift_is_found_where_it_began(factor, after):
    series = shifted(100, 70, factor)
    found = find_break(series, series.ds[70 + after], series.ds[72])
    assert found.began == str(series.ds[70])
    assert found.before_cutoff == 3
    assert found.percent == pytest.approx(100 * (factor - 1), abs=8)
    assert found.recovered_on is None


def test_a_passing_shock_ends():
    series = shifted(100, 70, 0.4, last=76)
    found = find_break(series, series.ds[71], series.ds[69])
    assert found.began == str(series.ds[70])
    assert found.before_cutoff == 0
    assert found.recovered_on == str(series.ds[76])


@pytest.mark.parametrize("seed", range(20))
def test_quiet_series_have_no_break(seed):
    series = monthly(90, seed)
    assert find_break(series, series.ds[80], series.ds[78]) is None


def test_a_fall_in_steps_is_one_break():
    series = shifted(100, 70, 0.6)
    y = series.y.copy()
    y[71:] *= 0.2
    found = find_break(replace(series, y=y), series.ds[74], series.ds[69])
    assert found.began == str(series.ds[70])


def test_short_series_and_zeros_are_no_error():
    series = monthly(15)
    assert find_break(series, series.ds[14], series.ds[10]) is None
    zeros = replace(monthly(60), y=np.where(np.arange(60) % 7 == 0, 0.0, monthly(60).y))
    find_break(zeros, zeros.ds[50], zeros.ds[45])


def test_the_last_period_may_be_the_break():
    series = shifted(80, 79, 0.3)
    found = find_break(series, series.ds[79], series.ds[78])
    assert found.began == str(series.ds[79])
    assert found.facts().recovered is False
