"""Are the errors of an airport's forecasts still those that its backtest led to expect? Pure.

An error is standardised by the 80 % interval of its forecast, which the search calibrated on the
backtest errors: by the standard deviation that a normal distribution with this interval has. One
error per period is tested, of the shortest lead that there is. What such errors look like while a
forecast is as good as its backtest said is simulated, not assumed to be normal: they have heavy
tails; the scale comes from a few correlated backtest errors and is itself uncertain; and errors of
forecasts from one cutoff belong together. The three constants are set on real series by
``benchmarks/monitoring.py``.

Several tests look at the same errors. The smallest of their p-values is compared with the smallest
p-values of the simulated airports, which holds the rate of false alarms of all tests together
without the loss of Bonferroni's bound: Westfall and Young (1993), Resampling-based multiple
testing, algorithm 2.5.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

TAILS = 6.0
"""Degrees of freedom of the standardised errors."""

SCALE = 0.2
"""How uncertain the scale of an airport's errors is: standard deviation of its logarithm."""

SHARED = 0.5
"""Share of the variance of an error that forecasts over the same periods have in common."""

LARGEST = 5.0
"""An error counts as at most so many standard deviations: one month alone degrades no airport."""

SLACK = 0.5
"""Bias, in standard deviations, that the cumulative sum does not add up."""

TESTS = ("size", "bias", "drift", "coverage95", "coverage80")
"""Mean size; mean; cumulative sum up to now; numbers outside the 95 and 80 % intervals."""

DRAWS = 20_000
MOST_DRAWS = 200_000
PER_ALARM = 50
"""Least number of simulated airports beyond the threshold, so that it is known well enough."""

SEED = 20_010_911
WIDTHS = {level: NormalDist().inv_cdf(0.5 + level / 200) for level in (80, 95)}
"""Half the width of an interval in standard deviations by its level."""


@dataclass(frozen=True, slots=True)
class JudgedErrors:
    """What the tests say about the errors of one airport.

    Attributes:
        p: Probability that an airport whose forecasts are as good as its backtest said looks at
            least as bad in any test.
        statistics: Statistic of each test of `TESTS`.
        ps: Probability of at least this value in each test alone.
    """

    p: float
    statistics: dict[str, float]
    ps: dict[str, float]


@dataclass(frozen=True, slots=True)
class Reference:
    """Simulated airports without fault: sorted values by test, and sorted smallest p-values."""

    values: dict[str, NDArray[np.float64]]
    smallest: NDArray[np.float64]
    usual: float
    """Mean size of a standardised error."""


def judge(
    z: NDArray[np.float64],
    origins: Sequence[int],
    targets: Sequence[int],
    false_alarm: float = 0.01,
    wide: float = WIDTHS[95],
) -> JudgedErrors:
    """Test one airport's errors, one per period, oldest first.

    Args:
        z: Standardised errors, forecast minus actual, shape ``(n,)``; infinite where the interval
            has no width and the error is not zero.
        origins: Period of each forecast's cutoff, as a number.
        targets: Period that each forecast is of, ascending.
        false_alarm: Threshold that `JudgedErrors.p` will be held against.
        wide: Half the width of the 95 % interval in the same unit; more than 1.96 where the
            forecast's distribution has fatter tails than a normal one.
    """
    first = min(origins)
    pattern = tuple((o - first, t - first) for o, t in zip(origins, targets, strict=True))
    wide = round(wide, 2)
    simulated = reference(pattern, draws(false_alarm), wide)
    observed = statistics(np.asarray(z, dtype=np.float64)[None, :], wide)
    values = {name: float(observed[name][0]) for name in TESTS}
    ps = {name: float(_tail(simulated.values[name], observed[name])[0]) for name in TESTS}
    rank = np.searchsorted(simulated.smallest, min(ps.values()) * (1 + 1e-9), side="right")
    return JudgedErrors(float((1 + rank) / (1 + len(simulated.smallest))), values, ps)


def draws(false_alarm: float) -> int:
    """Airports to simulate for a threshold."""
    return min(max(DRAWS, math.ceil(PER_ALARM / false_alarm)), MOST_DRAWS)


def statistics(z: NDArray[np.float64], wide: float = WIDTHS[95]) -> dict[str, NDArray[np.float64]]:
    """Statistic of each test for each row.

    ``drift`` is the larger of the two one-sided cumulative sums of Page (1954), Continuous
    inspection schemes, at the last period: large after a recent stretch of errors of one sign.

    Args:
        z: Standardised errors, oldest first, shape ``(m, n)``.
        wide: See `judge`.

    Returns:
        Arrays of shape ``(m,)`` by test.
    """
    clipped = np.clip(z, -LARGEST, LARGEST)
    high, low = np.zeros(len(z)), np.zeros(len(z))
    for column in clipped.T:
        high = np.maximum(0.0, high + column - SLACK)
        low = np.maximum(0.0, low - column - SLACK)
    size = np.abs(z)
    return {
        "size": np.abs(clipped).mean(axis=1),
        "bias": np.abs(clipped.mean(axis=1)),
        "drift": np.maximum(high, low),
        "coverage95": (size > wide).sum(axis=1).astype(np.float64),
        "coverage80": (size > WIDTHS[80]).sum(axis=1).astype(np.float64),
    }


@lru_cache(maxsize=64)
def reference(
    pattern: tuple[tuple[int, int], ...], count: int, wide: float = WIDTHS[95]
) -> Reference:
    """Simulate airports whose forecasts are as good as their backtest said.

    Args:
        pattern: Cutoff and period of each forecast, as numbers of periods from the first cutoff.
        count: Airports.
        wide: See `judge`.
    """
    rng = np.random.default_rng(SEED)
    z = simulate(rng, pattern, count)
    by_test = statistics(z, wide)
    values = {name: np.sort(by_test[name]) for name in TESTS}
    smallest = np.min([_tail(values[name], by_test[name]) for name in TESTS], axis=0)
    return Reference(values, np.sort(smallest), float(np.abs(z).mean()))


def simulate(
    rng: np.random.Generator, pattern: Sequence[tuple[int, int]], count: int
) -> NDArray[np.float64]:
    """Standardised errors of airports without fault, shape ``(count, len(pattern))``.

    ``z = s (sqrt(c) sum(u) / sqrt(lead) + sqrt(1 - c) v)``: u is a shock of each period between
    cutoff and target, which all forecasts over that period share, v the error's own; both have
    Student's distribution with `TAILS` degrees of freedom and variance one; c is `SHARED`; and
    log s is normal with `SCALE`, so that s squared has mean one.
    """
    origins = np.array([o for o, _ in pattern])
    targets = np.array([t for _, t in pattern])
    shocks = _student(rng, (count, int(targets.max())))
    sums = np.concatenate([np.zeros((count, 1)), np.cumsum(shocks, axis=1)], axis=1)
    common = (sums[:, targets] - sums[:, origins]) / np.sqrt(targets - origins)
    separate = _student(rng, (count, len(pattern)))
    scale = np.exp(SCALE * rng.standard_normal((count, 1)) - SCALE**2)
    total = math.sqrt(SHARED) * common + math.sqrt(1 - SHARED) * separate
    return np.asarray(scale * total, dtype=np.float64)


def usual_size() -> float:
    """Mean size of a standardised error while nothing is wrong: what ratios are relative to."""
    return reference(((0, 1),), DRAWS).usual


def standardised(error: NDArray[np.float64], sd: NDArray[np.float64]) -> NDArray[np.float64]:
    """Errors over standard deviations; zero for none, infinite where only the latter is zero."""
    with np.errstate(divide="ignore", invalid="ignore"):
        z = error / sd
    return np.where(error == 0, 0.0, z)


def _student(rng: np.random.Generator, shape: tuple[int, int]) -> NDArray[np.float64]:
    """Draws of Student's distribution with variance one."""
    return rng.standard_t(TAILS, shape) / math.sqrt(TAILS / (TAILS - 2))


def _tail(ordered: NDArray[np.float64], values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Probability of at least these values, which is never zero."""
    below = np.searchsorted(ordered, values - 1e-9, side="left")
    return np.asarray((1 + len(ordered) - below) / (1 + len(ordered)))
