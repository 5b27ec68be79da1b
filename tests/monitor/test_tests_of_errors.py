"""The tests hold their false-alarm rate, and find what is really there."""

import numpy as np
import pytest

from forecastctl.monitor import tests_of_errors as monitor
from forecastctl.monitor.tests_of_errors import (
    FIRST_LOOK,
    TESTS,
    judge,
    reference,
    running,
    simulate,
    statistics,
)

YEAR = 12
MONTHLY = [(i, i + 1) for i in range(YEAR)]
ONCE = [(0, i + 1) for i in range(YEAR)]
QUARTERLY = [(i // 3 * 3, i + 1) for i in range(YEAR)]


def ps(z, pattern, false_alarm=0.01):
    origins, targets = zip(*pattern, strict=True)
    return np.array([judge(row, origins, targets, false_alarm).p for row in z])


def looks(row, pattern, false_alarm):
    """Whether each monthly look at a year has an alarm."""
    origins, targets = zip(*pattern, strict=True)
    ends = range(min(FIRST_LOOK, len(pattern)), len(pattern) + 1)
    return [judge(row[:n], origins[:n], targets[:n], false_alarm).p <= false_alarm for n in ends]


@pytest.mark.slow
@pytest.mark.parametrize("pattern", [MONTHLY, MONTHLY[:3], QUARTERLY, ONCE])
def test_of_six_hundred_good_airports_few_have_an_alarm_in_any_look_of_a_year(pattern):
    z = simulate(np.random.default_rng(7), pattern, 600)
    year = np.array([looks(row, pattern, 0.1) for row in z]).any(axis=1).mean()
    assert 0.02 < year < 0.13  # nor is it blind
    assert np.array([looks(row, pattern, 0.01) for row in z]).any(axis=1).mean() < 0.02


def test_the_chance_of_one_look_is_what_such_airports_show():
    z = simulate(np.random.default_rng(17), MONTHLY, 1500)
    origins, targets = zip(*MONTHLY, strict=True)
    judged = [judge(row, origins, targets, 0.1) for row in z]
    assert len({j.chance for j in judged}) == 1
    assert np.mean([j.p <= 0.1 for j in judged]) == pytest.approx(judged[0].chance, abs=0.015)
    assert judged[0].chance < 0.1


def test_good_airports_with_independent_errors_of_known_scale_raise_fewer():
    z = np.random.default_rng(8).standard_normal((1000, YEAR))
    assert (ps(z, MONTHLY) <= 0.01).mean() <= 0.002


@pytest.mark.parametrize(
    ("change", "least"),
    [(lambda z: z + 2.5, 0.95), (lambda z: z - 2, 0.8), (lambda z: 4 * z, 0.85)],
)
def test_a_fault_of_a_year_is_found(change, least):
    z = change(simulate(np.random.default_rng(9), MONTHLY, 300))
    assert (ps(z, MONTHLY) <= 0.01).mean() >= least


def test_a_shift_in_the_newest_months_is_found_by_the_drift_test():
    z = simulate(np.random.default_rng(10), MONTHLY, 300)
    z[:, -4:] += 3
    origins, targets = zip(*MONTHLY, strict=True)
    found = [judge(row, origins, targets) for row in z]
    assert np.mean([f.p <= 0.01 for f in found]) > 0.5
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
    assert ps(z, ONCE)[0] > 1.5 * ps(z, QUARTERLY)[0] > 2 * ps(z, MONTHLY)[0]


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
            up = max(0.0, up + value - 1.0)
            down = max(0.0, down - value - 1.0)
        assert found["size"][i] == pytest.approx(sum(map(abs, held)) / 9)
        assert found["bias"][i] == pytest.approx(abs(sum(held)) / 9)
        assert found["drift"][i] == pytest.approx(max(up, down))
        assert found["coverage95"][i] == sum(abs(v) > 1.959964 for v in row)
        assert found["coverage80"][i] == sum(abs(v) > 1.281552 for v in row)


def test_simulated_errors_have_the_moments_that_their_docstring_names():
    z = simulate(np.random.default_rng(14), [(0, 1), (0, 4), (3, 4)], 200_000)
    assert np.mean(z**2, axis=0) == pytest.approx(np.ones(3), abs=0.03)
    correlation = np.corrcoef(z.T)
    bias = monitor.BIAS
    shared = bias + (1 - bias) * monitor.SHARED / 2  # one shock of four
    assert correlation[0, 1] == pytest.approx(shared, abs=0.02)
    assert correlation[1, 2] == pytest.approx(shared, abs=0.02)
    assert correlation[0, 2] == pytest.approx(bias, abs=0.02)


def test_a_small_false_alarm_rate_gets_more_draws():
    assert monitor.draws(0.01) == monitor.DRAWS
    assert monitor.draws(1e-3) == 50_000
    assert monitor.draws(1e-9) == monitor.MOST_DRAWS


def test_errors_of_a_third_mean_intervals_far_too_wide():
    z = simulate(np.random.default_rng(15), MONTHLY, 300)
    origins, targets = zip(*MONTHLY, strict=True)

    def share(z, n=YEAR):
        judged = [judge(row[:n], origins[:n], targets[:n]) for row in z]
        assert not any(j.p <= 0.01 for j in judged if j.too_wide(0.01, n))
        return np.mean([j.too_wide(0.01, n) for j in judged])

    assert share(z) <= 0.02
    assert share(z / 3) >= 0.7
    assert share(z / 4) >= 0.9
    assert share(z / 3, 5) == 0  # too few to say so
    assert share(z / 1.5) <= 0.15


def test_running_statistics_are_those_of_every_look():
    z = np.random.default_rng(16).normal(0, 2, (20, 9))
    whole = running(z)
    for n in range(1, 10):
        for name, values in statistics(z[:, :n]).items():
            np.testing.assert_allclose(whole[name][:, n - 1], values)
