from __future__ import annotations

import numpy as np
import pytest

from forecastctl.data.prepare.outliers import find_outliers
from forecastctl.data.prepare.suspects.suspects import find_suspects
from forecastctl.data.prepare.suspects.zeros import trailing_zeros
from tests.data.conftest import wave

START = 12 * 42  # January 2012


def suspects(y, freq="M", season=12):
    return find_suspects(np.asarray(y, dtype=float), START, freq, season)


def noisy(n, seed=0, level=50_000.0):
    rng = np.random.default_rng(seed)
    return wave(n, level) * np.exp(rng.normal(0, 0.04, n))


def resort(n, seed=0):
    """A beach: winters at a fiftieth of the summer, with steep shoulders."""
    profile = [0.02, 0.02, 0.05, 0.15, 0.5, 0.8, 1.0, 1.0, 0.8, 0.4, 0.05, 0.02]
    rng = np.random.default_rng(seed)
    return 100_000 * np.array(profile)[np.arange(n) % 12] * np.exp(rng.normal(0, 0.1, n))


def crash(y, at):
    """As in 2020: the month itself halved, then a twentieth, then a slow recovery."""
    path = np.array([0.5, 0.04, 0.06, 0.1, 0.15, 0.2, 0.25, 0.28, 0.3, 0.35])
    y = y.copy()
    y[at:] *= 0.4
    part = y[at : at + 10]
    y[at : at + 10] = part / 0.4 * path[: len(part)]
    return y


@pytest.mark.parametrize("seed", range(5))
def test_nothing_is_suspect_about_seasons_and_crashes(seed):
    for y in (noisy(120, seed), resort(120, seed), crash(noisy(120, seed), 80)):
        assert not suspects(y)
    whole = crash(noisy(60, seed), 40)
    for n in range(30, 61):
        assert not suspects(whole[:n])


@pytest.mark.parametrize("months", [8, 10, 12, 13, 14, 15, 16, 20, 30])
def test_a_last_zero_is_suspect_however_long_after_a_crash(months):
    """A year after it the growth on the year is that of the recovery."""
    found = []
    for seed in range(20):
        y = crash(noisy(120, seed), 80)[: 80 + months + 1]
        y[-1] = 0
        found.append(bool(suspects(y).unpublished))
    assert np.mean(found) >= 0.9


@pytest.mark.parametrize("seed", range(5))
def test_zeros_of_an_airport_that_became_seasonal_are_no_fault(seed):
    y = noisy(96, seed)
    y[[72, 73, 84, 85]] = 0  # two Januaries and Februaries, the last ones at the end
    assert not suspects(y[:85]).unpublished
    assert not suspects(y[:86]).unpublished


def test_passengers_in_random_months_are_no_other_scale():
    """Charter flights: with so many zeros, some month of the year looks small by chance."""
    told = []
    for seed in range(200):
        rng = np.random.default_rng(seed)
        y = rng.poisson(400, 84) * (rng.random(84) < rng.uniform(0.15, 0.6))
        y[[0, -1]] = 400
        told.append(bool(suspects(y).label))
    assert np.mean(told) <= 0.03


@pytest.mark.parametrize("month", range(12))
@pytest.mark.parametrize("factor", [0.005, 0.05, 100.0])
def test_a_month_on_another_scale_in_every_year(month, factor):
    for y in (noisy(60), resort(60) + 20_000):
        y[month::12] *= factor
        found = suspects(y)
        assert [m for m, _ in found.label] == [month + 1]
        assert found.label_positions == tuple(range(month, 60, 12))
        assert np.log10(found.label[0][1]) == pytest.approx(np.log10(factor), abs=0.7)
        assert not found.unit


def test_a_label_error_is_named():
    y = noisy(48)
    y[11::12] /= 120
    assert "every December is about 1/" in suspects(y).described(START, "M")[0]


@pytest.mark.parametrize("factor", [10.0, 1000.0, 0.1, 0.001])
@pytest.mark.parametrize("length", [1, 2, 3])
def test_a_few_periods_off_by_a_power_of_ten(factor, length):
    y = noisy(60, level=500_000)
    y[30 : 30 + length] *= factor
    power = round(np.log10(factor))
    assert suspects(y).unit == tuple((30 + i, power) for i in range(length))


def test_the_last_month_in_other_units():
    y = noisy(60, level=500_000)
    y[-1] *= 1000
    assert suspects(y).unit == ((59, 3),)
    y[-1] /= 1e6
    assert suspects(y).unit == ((59, -3),)
    y[-1] *= 100  # a tenth of the level: a crash looks the same
    assert not suspects(y)


def test_other_factors_and_many_periods_are_no_unit_error():
    for factor in (3.0, 4.0, 30.0, 0.3):
        y = noisy(60)
        y[30] *= factor
        assert not suspects(y)
    y = noisy(60)
    y[30:] *= 10
    assert not suspects(y)
    y = noisy(60)
    y[10:50:4] *= 10
    assert not suspects(y)


def test_a_closed_day_is_an_event():
    y = 1000 + 100 * np.sin(np.arange(200))
    y[100] /= 10
    assert not suspects(y, "D", 7)
    y[100] *= 1000
    assert suspects(y, "D", 7).unit == ((100, 2),)


def test_zeros_at_the_end():
    y = noisy(60)
    y[-4:] = 0
    found = suspects(y)
    assert found.unpublished == (56, 57, 58, 59)
    assert found.described(START, "M") == [
        "zeros in the last 4 months, since 2016-09: maybe not published"
    ]
    assert trailing_zeros(y) == 4
    y[:30:3] = 0  # zeros are usual here
    assert not suspects(y).unpublished
    assert suspects(np.append(noisy(30), [0, 0])).unpublished == (30, 31)
    assert not suspects([0.0] * 20)


def test_outliers_are_few_and_found():
    flagged = [len(find_outliers(noisy(120, seed), 12)) for seed in range(40)]
    assert sum(flagged) <= 3
    y = noisy(120)
    y[60] *= 0.5
    assert find_outliers(y, 12) == (60,)
    assert find_outliers(y, 12, skip=(60,)) == ()
    y[61] = np.nan
    assert find_outliers(y, 12) == (60,)
    assert find_outliers(np.ones(5), 12) == ()


def test_many_months_on_another_scale_are_how_the_airport_is():
    y = noisy(60)
    for month in (1, 5, 9):
        y[month::12] /= 100
    assert not suspects(y).label
