"""The tests hold their false-alarm rate, and find what is really there."""

import numpy as np
import pytest

from forecastctl.monitor import tests_of_errors as monitor
from forecastctl.monitor.tests_of_errors import (
    TESTS,
    judge,
    reference,
    simulate,
    standardised,
    statistics,
)

YEAR = 12
MONTHLY = [(i, i + 1) for i in range(YEAR)]
ONCE = [(0, i + 1) for i in range(YEAR)]
QUARTERLY = [(i // 3 * 3, i + 1) for i in range(YEAR)]


def ps(z, pattern, false_alarm=0.01):
    origins, targets = zip(*pattern, strict=True)
    return np.array([judge(row, origins, targets, false_alarm).p for row in z])


@pytest.mark.parametrize("pattern", [MONTHLY, MONTHLY[:3], QUARTERLY, ONCE])
def test_two_thousand_good_airports_raise_few_alarms(pattern):
    found = ps(simulate(np.random.default_rng(7), pattern, 2000), pattern)
    for level in (0.1, 0.05, 0.01):
        assert (found <= level).mean() < 1.5 * level
    assert (found <= 0.1).mean() > 0.05  # nor is it blind


def test_good_airports_with_normal_errors_raise_fewer():
    z = np.random.default_rng(8).standard_normal((2000, YEAR))
    assert (ps(z, MONTHLY) <= 0.01).mean() <= 0.01


@pytest.mark.parametrize(
    ("change", "least"),
    [(lambda z: z + 2, 0.99), (lambda z: z - 1.5, 0.9), (lambda z: 4 * z, 0.9)],
)
def test_a_fault_of_a_year_is_found(change, least):
    z = change(simulate(np.random.default_rng(9), MONTHLY, 300))
    assert (ps(z, MONTHLY) <= 0.01).mean() >= least


def test_a_shift_in_the_newest_months_is_found_by_the_drift_test():
    z = simulate(np.random.default_rng(10), MONTHLY, 300)
    z[:, -4:] += 3
    origins, targets = zip(*MONTHLY, strict=True)
    found = [judge(row, origins, targets) for row in z]
    assert np.mean([f.p <= 0.01 for f in found]) > 0.9
    loudest = [min(TESTS, key=lambda name: f.ps[name]) for f in found]
    assert loudest.count("drift") > len(z) / 2


def test_one_terrible_month_degrades_no_airport():
    z = np.zeros(YEAR)
    z[5] = 1000.0
    assert ps([z], MONTHLY)[0] > 0.01
    z[5] = np.inf
    assert ps([z], MONTHLY)[0] > 0.01


def test_errors_from_one_cutoff_count_less_than_as_many_independent_ones():
    z = np.full((1, YEAR), 1.2)
    assert ps(z, ONCE)[0] > 3 * ps(z, QUARTERLY)[0] > 3 * ps(z, MONTHLY)[0]


def test_high_and_low_are_alike():
    z = simulate(np.random.default_rng(11), MONTHLY, 20) + 0.5
    assert np.array_equal(ps(z, MONTHLY), ps(-z, MONTHLY))


def test_the_date_does_not_matter_and_the_result_is_the_same_again():
    z = simulate(np.random.default_rng(12), MONTHLY, 5)
    first = ps(z, MONTHLY)
    reference.cache_clear()
    assert np.array_equal(first, ps(z, [(o + 700, t + 700) for o, t in MONTHLY]))


def test_statistics_are_those_of_a_plain_loop():
    z = np.random.default_rng(13).normal(0, 3, (50, 9))
    found = statistics(z)
    for i, row in enumerate(z):
        held = [max(-5.0, min(5.0, v)) for v in row]
        up = down = 0.0
        for value in held:
            up = max(0.0, up + value - 0.5)
            down = max(0.0, down - value - 0.5)
        assert found["size"][i] == pytest.approx(sum(map(abs, held)) / 9)
        assert found["bias"][i] == pytest.approx(abs(sum(held)) / 9)
        assert found["drift"][i] == pytest.approx(max(up, down))
        assert found["coverage95"][i] == sum(abs(v) > 1.959964 for v in row)
        assert found["coverage80"][i] == sum(abs(v) > 1.281552 for v in row)


def test_simulated_errors_have_the_moments_that_their_docstring_names():
    z = simulate(np.random.default_rng(14), [(0, 1), (0, 4), (3, 4)], 200_000)
    assert np.mean(z**2, axis=0) == pytest.approx(np.ones(3), abs=0.03)
    correlation = np.corrcoef(z.T)
    assert correlation[0, 1] == pytest.approx(0.5 / 2, abs=0.02)  # one shock of four shared
    assert correlation[1, 2] == pytest.approx(0.5 / 2, abs=0.02)
    assert correlation[0, 2] == pytest.approx(0.0, abs=0.02)


def test_a_small_false_alarm_rate_gets_more_draws():
    assert monitor.draws(0.01) == monitor.DRAWS
    assert monitor.draws(1e-3) == 50_000
    assert monitor.draws(1e-9) == monitor.MOST_DRAWS


def test_standardised_errors_of_forecasts_without_any_spread():
    z = standardised(np.array([0.0, 2.0, -2.0, 3.0]), np.array([0.0, 0.0, 0.0, 2.0]))
    assert z.tolist() == [0.0, np.inf, -np.inf, 1.5]
