"""Changepoints against ruptures, and against every partition there is."""

from itertools import combinations, pairwise

import numpy as np
import pytest
import ruptures

from forecastctl.explain.verdict.changepoints import changepoints


def cost(values, bounds, penalty):
    edges = [0, *bounds, len(values)]
    return sum(values[a:b].var() * (b - a) for a, b in pairwise(edges)) + penalty * len(bounds)


def sequence(kind, n, rng):
    noise = rng.normal(0, 1, n)
    return {
        "noise": noise,
        "steps": noise * 0.1 + (np.arange(n) > n // 2) - 2 * (np.arange(n) > 2 * n // 3),
        "walk": np.cumsum(noise),
        "repeated": np.repeat(noise, 4)[:n] * 0.2,
        "one value": np.full(n, 0.3),
    }[kind]


@pytest.mark.parametrize("kind", ["noise", "steps", "walk", "repeated", "one value"])
@pytest.mark.parametrize("seed", range(12))
def test_they_are_those_of_ruptures(kind, seed):
    rng = np.random.default_rng(seed)
    values = sequence(kind, int(rng.integers(1, 90)), rng)
    penalty = float(rng.choice([0.05, 0.5, 3.0])) * (float(values.var()) + 1e-4)
    search = ruptures.Pelt(model="l2", min_size=1, jump=1).fit(values)
    assert changepoints(values, penalty) == search.predict(pen=penalty)[:-1]


@pytest.mark.parametrize("seed", range(20))
def test_no_partition_is_cheaper_and_of_equal_ones_the_last_segment_is_longest(seed):
    rng = np.random.default_rng(seed)
    values, penalty = rng.integers(0, 3, 9).astype(float), 0.5
    every = [c for k in range(9) for c in combinations(range(1, 9), k)]
    least = min(cost(values, bounds, penalty) for bounds in every)
    best = [b for b in every if cost(values, b, penalty) <= least + 1e-9]
    assert tuple(changepoints(values, penalty)) == min(best, key=lambda b: b[::-1])


def test_long_quiet_sequences_have_none():
    values = np.random.default_rng(0).normal(0, 0.1, 3000)
    assert changepoints(values, 0.3) == []
    values[1700:] += 0.5
    assert changepoints(values, 0.3) == [1700]
