"""Are the errors of an airport's forecasts still those that its intervals led to expect? Pure.

An error is given as a normal score (`forecastctl.models.interval_scores`): standard normal as long
as the recorded intervals hold what they say, whatever distribution they come from. One error per
period is tested, of the shortest lead that there is. Three things are simulated rather than assumed
away: how wide intervals should be is estimated from a few correlated errors, so that the scale of
an airport is itself uncertain; a model that lags behind has a small bias for long; and errors of
forecasts over the same periods belong together. The three constants are derived on real and
simulated series by ``python benchmarks/monitoring.py --derive``.

Several tests look at the same errors, and a monitor that runs every month looks at them again and
again. The smallest p-value of all tests is compared with the smallest p-values of the simulated
airports in any of these looks, which holds the rate of false alarms of all tests and of all looks
of a year together, without the loss of Bonferroni's bound: Westfall and Young (1993),
Resampling-based multiple testing, algorithm 2.5.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from forecastctl.models.interval_scores import HALF_NORMAL, width

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

SCALE = 0.25
"""How uncertain the scale of an airport's errors is: standard deviation of its logarithm."""

SHARED = 0.85
"""Share of the variance of an error that forecasts over the same periods have in common."""

BIAS = 0.1
"""Share of the variance of an error that is a bias of its airport, which lasts for a year."""

LARGEST = 5.0
"""An error counts as at most so many standard deviations: one month alone degrades no airport."""

SLACK = 1.0
"""Bias, in standard deviations, that the cumulative sum does not add up."""

TESTS = ("size", "bias", "drift", "coverage95", "coverage80")
"""Mean size; mean; cumulative sum up to now; numbers outside the 95 and 80 % intervals."""

FIRST_LOOK = 3
"""Scored periods after which the first of the looks of a year is counted."""

LAST_LOOK = 12
"""Scored periods after which the last of them is counted."""

TOO_WIDE = 0.5
"""Mean size of the errors, as a share of the usual one, up to which intervals are far too wide."""

FEWEST_TOO_WIDE = 6
"""Scored periods that it takes to say so."""

DRAWS = 20_000
MOST_DRAWS = 200_000
PER_ALARM = 50
"""Least number of simulated airports beyond the threshold, so that it is known well enough."""

SEED = 20_010_911
ROUNDING = 1e-9
"""Difference of two numbers, or of a number from one, that is rounding."""

USUAL_SIZE = HALF_NORMAL
"""Mean size of a normal score while the intervals hold what they say."""


@dataclass(frozen=True, slots=True)
class JudgedErrors:
    """What the tests say about the errors of one airport.

    Attributes:
        p: Probability that an airport whose intervals hold looks at least as bad in any test, in
            any of the monthly looks at these periods.
        statistics: Statistic of each test of `TESTS`.
        ps: Probability of at least this value in each test alone, in this look alone.
        p_small: Probability of errors that are as small on average, in this look alone.
        chance: Probability that such an airport has an alarm in this look.
    """

    p: float
    statistics: dict[str, float]
    ps: dict[str, float]
    p_small: float
    chance: float

    def too_wide(self, false_alarm: float, n: int) -> bool:
        """Whether the intervals are far too wide: the errors are half as large or less.

        Args:
            false_alarm: Threshold of `p_small`.
            n: Scored periods.
        """
        small = self.statistics["size"] <= TOO_WIDE * USUAL_SIZE
        return n >= FEWEST_TOO_WIDE and small and self.p_small <= false_alarm


@dataclass(frozen=True, slots=True)
class Reference:
    """Simulated airports without fault.

    Attributes:
        values: Sorted statistics of the newest look, by test.
        smallest: Sorted smallest p-values in any look of a year.
        smallest_now: Sorted smallest p-values in the newest look.
    """

    values: dict[str, NDArray[np.float64]]
    smallest: NDArray[np.float64]
    smallest_now: NDArray[np.float64]


def judge(
    z: NDArray[np.float64],
    origins: Sequence[int],
    targets: Sequence[int],
    false_alarm: float = 0.01,
) -> JudgedErrors:
    """Test one airport's errors, one per period, oldest first.

    Args:
        z: Normal scores of the errors, forecast minus actual, shape ``(n,)``; infinite where the
            interval has no width and the error is not zero.
        origins: Period of each forecast's cutoff, as a number.
        targets: Period that each forecast is of, ascending.
        false_alarm: Threshold that `JudgedErrors.p` will be held against.
    """
    first = min(origins)
    pattern = tuple((o - first, t - first) for o, t in zip(origins, targets, strict=True))
    simulated = reference(pattern, draws(false_alarm))
    observed = statistics(np.asarray(z, dtype=np.float64)[None, :])
    values = {name: float(observed[name][0]) for name in TESTS}
    ps = {name: float(_tail(simulated.values[name], observed[name])[0]) for name in TESTS}
    sizes = simulated.values["size"]
    as_small = int(np.searchsorted(sizes, values["size"] + ROUNDING, side="right"))
    limit = np.quantile(simulated.smallest, false_alarm)
    return JudgedErrors(
        p=_rank(simulated.smallest, min(ps.values())),
        statistics=values,
        ps=ps,
        p_small=(1 + as_small) / (1 + len(sizes)),
        chance=_rank(simulated.smallest_now, float(limit)),
    )


def _rank(ordered: NDArray[np.float64], p: float) -> float:
    """Share of smallest p-values that are as small, which is never zero."""
    below = int(np.searchsorted(ordered, p * (1 + ROUNDING), side="right"))
    return (1 + below) / (1 + len(ordered))


def draws(false_alarm: float) -> int:
    """Airports to simulate for a threshold."""
    return min(max(DRAWS, math.ceil(PER_ALARM / false_alarm)), MOST_DRAWS)


def statistics(z: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
    """Statistic of each test for each row, in the newest look.

    Args:
        z: Normal scores, oldest first, shape ``(m, n)``.

    Returns:
        Arrays of shape ``(m,)`` by test.
    """
    return {name: values[:, -1] for name, values in running(z).items()}


def running(z: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
    """Statistic of each test for each row, after each period.

    ``drift`` is the larger of the two one-sided cumulative sums of Page (1954), Continuous
    inspection schemes, at the last period: large after a recent stretch of errors of one sign.

    Args:
        z: Normal scores, oldest first, shape ``(m, n)``.

    Returns:
        Arrays of shape ``(m, n)`` by test.
    """
    clipped, size = np.clip(z, -LARGEST, LARGEST), np.abs(z)
    count = np.arange(1, z.shape[1] + 1)
    high, low, drift = np.zeros(len(z)), np.zeros(len(z)), np.empty(z.shape)
    for i, column in enumerate(clipped.T):
        high = np.maximum(0.0, high + column - SLACK)
        low = np.maximum(0.0, low - column - SLACK)
        drift[:, i] = np.maximum(high, low)
    return {
        "size": np.abs(clipped).cumsum(axis=1) / count,
        "bias": np.abs(clipped.cumsum(axis=1)) / count,
        "drift": drift,
        "coverage95": (size > width(95) + ROUNDING).cumsum(axis=1).astype(np.float64),
        "coverage80": (size > width(80) + ROUNDING).cumsum(axis=1).astype(np.float64),
    }


@lru_cache(maxsize=64)
def reference(pattern: tuple[tuple[int, int], ...], count: int) -> Reference:
    """Simulate airports whose intervals hold what they say.

    Args:
        pattern: Cutoff and period of each forecast, as numbers of periods from the first cutoff.
        count: Airports.
    """
    n = len(pattern)
    year = [*pattern, *_as_before(pattern[-1], LAST_LOOK - n)]
    by_test = running(simulate(np.random.default_rng(SEED), year, count))
    by_look = {
        look: np.min([_tail(np.sort(v[:, look]), v[:, look]) for v in by_test.values()], axis=0)
        for look in {n - 1, *range(len(year) - LAST_LOOK + FIRST_LOOK - 1, len(year))}
    }
    newest = {name: np.sort(values[:, n - 1]) for name, values in by_test.items()}
    smallest = np.min(list(by_look.values()), axis=0)
    return Reference(newest, np.sort(smallest), np.sort(by_look[n - 1]))


def _as_before(last: tuple[int, int], count: int) -> list[tuple[int, int]]:
    """Forecasts of the periods to come, with the lead of the last one."""
    origin, target = last
    return [(origin + i, target + i) for i in range(1, count + 1)]


def simulate(
    rng: np.random.Generator, pattern: Sequence[tuple[int, int]], count: int
) -> NDArray[np.float64]:
    """Normal scores of the errors of airports without fault, shape ``(count, len(pattern))``.

    ``z = s (sqrt(b) w + sqrt(1 - b) (sqrt(c) sum(u) / sqrt(lead) + sqrt(1 - c) v))``: u is a shock
    of each period between cutoff and target, which all forecasts over that period share, v the
    error's own, w the bias of the airport; all are standard normal; b is `BIAS`, c is `SHARED`; and
    log s is normal with `SCALE`, so that s squared has mean one.
    """
    origins = np.array([o for o, _ in pattern])
    targets = np.array([t for _, t in pattern])
    shocks = rng.standard_normal((count, int(targets.max())))
    sums = np.concatenate([np.zeros((count, 1)), np.cumsum(shocks, axis=1)], axis=1)
    common = (sums[:, targets] - sums[:, origins]) / np.sqrt(targets - origins)
    separate = rng.standard_normal((count, len(pattern)))
    scale = np.exp(SCALE * rng.standard_normal((count, 1)) - SCALE**2)
    bias = rng.standard_normal((count, 1))
    varying = math.sqrt(SHARED) * common + math.sqrt(1 - SHARED) * separate
    total = math.sqrt(BIAS) * bias + math.sqrt(1 - BIAS) * varying
    return np.asarray(scale * total, dtype=np.float64)


def _tail(ordered: NDArray[np.float64], values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Probability of at least these values, which is never zero."""
    below = np.searchsorted(ordered, values - ROUNDING, side="left")
    return np.asarray((1 + len(ordered) - below) / (1 + len(ordered)))
