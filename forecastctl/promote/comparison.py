"""Is a challenger better than the champion, and how sure is that? Pure.

Both have an absolute error for the same airports and periods, divided by the scale of the airport
(the mean absolute error of the seasonal naive in sample: Hyndman and Koehler, 2006, Another look at
measures of forecast accuracy), so that large airports count no more than small ones. Compared is
the ratio of their means: 0.95 says that the challenger's errors are 5 % smaller.

An airport's errors over periods belong together, so that airports are clusters; where there are
enough periods, periods are clusters as well, because a month that is odd everywhere favours one of
two models everywhere: Cameron, Gelbach and Miller (2011), Robust inference with multiway
clustering. The variance of the ratio is that of the jackknife, which leaves out one cluster at a
time (MacKinnon, Nielsen and Webb, 2023, Fast and reliable jackknife and bootstrap methods for
cluster-robust inference), bounds are those of its logarithm, and quantiles those of Student's t
with one degree of freedom less than the fewest clusters (Cameron and Miller, 2015, A practitioner's
guide to cluster-robust inference). Linear bounds found equal models different in up to 10 % of
simulated fleets of five airports instead of 5 %.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

Verdict: TypeAlias = Literal["better", "worse", "cannot be told"]

FEWEST_AIRPORTS = 2
"""Airports without which nothing can be told: the spread of one cannot be seen."""

FEWEST_PERIODS = 4
"""Periods from which on what all airports share in a period counts as well; of fewer, its spread
cannot be estimated, and the confidence is about airports in these periods."""


@dataclass(frozen=True, slots=True)
class Paired:
    """Errors of both models for the same airports and periods, one cell each.

    Attributes:
        airport: Number of the airport, shape ``(n,)``.
        period: Number of the period, shape ``(n,)``.
        challenger: Absolute error over the airport's scale, shape ``(n,)``.
        champion: The same of the champion.
    """

    airport: NDArray[np.int64]
    period: NDArray[np.int64]
    challenger: NDArray[np.float64]
    champion: NDArray[np.float64]

    def of(self, mask: NDArray[np.bool_]) -> Paired:
        """Some of the cells."""
        return Paired(
            self.airport[mask], self.period[mask], self.challenger[mask], self.champion[mask]
        )


@dataclass(frozen=True, slots=True)
class Compared:
    """How the challenger compares with the champion.

    Attributes:
        airports: Number of airports.
        periods: Number of periods.
        challenger: Mean scaled error, each airport with the same weight; ``None`` without cells.
        champion: The same of the champion.
        ratio: Of the two; ``None`` where the champion has no error.
        lower: Lower bound of the ratio: it is above it with the stated confidence.
        upper: Upper bound: it is below it with the stated confidence. ``None`` where there are too
            few airports.
        clusters: What the confidence is about: ``airports`` or ``airports and periods``.
        verdict: ``better`` where the upper bound is below ``1 + margin``, ``worse`` where the lower
            bound is above it.
    """

    airports: int
    periods: int
    challenger: float | None = None
    champion: float | None = None
    ratio: float | None = None
    lower: float | None = None
    upper: float | None = None
    clusters: str = "airports"
    verdict: Verdict = "cannot be told"


def compare(paired: Paired, confidence: float, margin: float = 0.0) -> Compared:
    """Compare two models over the same airports and periods.

    Args:
        paired: Their errors.
        confidence: Of each of the two one-sided bounds, between 0.5 and 1.
        margin: How much larger the challenger's errors may be, as a share: 0 asks that it be
            better, 0.02 that it be at most 2 % worse.
    """
    airports, periods = len(np.unique(paired.airport)), len(np.unique(paired.period))
    if not len(paired.airport):
        return Compared(airports, periods)
    by_airport = _codes(paired.airport)
    weight = 1 / np.bincount(by_airport)[by_airport] / airports
    cells = weight * paired.challenger, weight * paired.champion
    challenger, champion = (float(errors.sum()) for errors in cells)
    ratio = challenger / champion if champion else None
    compared = Compared(airports, periods, challenger, champion, ratio)
    if ratio is None or airports < FEWEST_AIRPORTS:
        return compared
    variance, fewest, clusters = _variance(cells, by_airport, _codes(paired.period))
    if not math.isfinite(variance):
        return compared
    reach = math.exp(_quantile(confidence, fewest - 1) * math.sqrt(variance))
    lower, upper = ratio / reach, ratio * reach
    verdict = _verdict(lower, upper, 1 + margin)
    return replace(compared, lower=lower, upper=upper, clusters=clusters, verdict=verdict)


def _verdict(lower: float, upper: float, limit: float) -> Verdict:
    if upper < limit:
        return "better"
    return "worse" if lower > limit else "cannot be told"


def _codes(values: NDArray[np.int64]) -> NDArray[np.int64]:
    """Numbers from 0 without gaps."""
    return np.unique(values, return_inverse=True)[1].astype(np.int64)


Cells: TypeAlias = "tuple[NDArray[np.float64], NDArray[np.float64]]"


def _variance(
    cells: Cells, airport: NDArray[np.int64], period: NDArray[np.int64]
) -> tuple[float, int, str]:
    """Variance of the logarithm of the ratio, the fewest clusters, and what they are.

    Over two ways of clustering: that of airports and that of periods, less that of single cells,
    which both count; never less than that of airports alone.
    """
    airports, periods = int(airport.max()) + 1, int(period.max()) + 1
    of_airports = _jackknife(_sums(cells, airport, airports))
    if periods < FEWEST_PERIODS:
        return of_airports, airports, "airports"
    both = of_airports + _jackknife(_sums(cells, period, periods)) - _jackknife(cells)
    return max(of_airports, both), min(airports, periods), "airports and periods"


def _sums(cells: Cells, code: NDArray[np.int64], count: int) -> Cells:
    """Sums of the cells of each cluster."""
    sums = [np.bincount(code, errors, count).astype(np.float64) for errors in cells]
    return sums[0], sums[1]


def _jackknife(clusters: Cells) -> float:
    """Variance of the logarithm of a ratio of sums, from leaving each cluster out.

    Infinite where all of the champion's errors are in one cluster.
    """
    challenger, champion = clusters
    total, of_champion = challenger.sum(), champion.sum()
    if total == 0:
        return 0.0
    rest = of_champion - champion
    if not (rest > 0).all():
        return math.inf
    ratio = total / of_champion
    relative = (total - challenger) / rest / ratio - 1
    return float((len(rest) - 1) / len(rest) * (relative**2).sum())


def _quantile(confidence: float, freedom: int) -> float:
    """Quantile of Student's t."""
    from scipy.stats import t

    return float(t.ppf(confidence, freedom))
