"""What the intervals of a forecast say of an error, whatever distribution they come from. Pure.

An interval of 80 % has its ends where a standard normal variable has 1.28, one of 95 % where it has
1.96. Between the ends that are recorded lengths are proportional, and beyond the last they go on as
they did. So an error of any forecast becomes a number that is standard normal as long as the
intervals hold what they say: its normal score.
"""

from __future__ import annotations

import math
from functools import cache
from statistics import NormalDist
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

Bands: TypeAlias = "Mapping[int, tuple[NDArray[np.float64], NDArray[np.float64]]]"
"""By level in percent, lengths from the forecast down and up to the ends of its interval."""

HALF_NORMAL = math.sqrt(2 / math.pi)
"""Mean absolute value of a standard normal variable."""


@cache
def width(level: int) -> float:
    """Half the width of an interval of a standard normal variable.

    Args:
        level: Coverage in percent, between 0 and 100.
    """
    return NormalDist().inv_cdf(0.5 + level / 200)


def lengths(
    mean: NDArray[np.float64], lo: NDArray[np.float64], hi: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Lengths from forecasts down and up to the ends of their intervals, shape ``(n,)`` each.

    A lower end at zero was cut there. How far down it would have been is not known; as far as the
    upper one is up stands in, or as far as zero, whichever is farther.

    Args:
        mean: Point forecasts, shape ``(n,)``.
        lo: Lower ends.
        hi: Upper ends.
    """
    above = np.maximum(hi - mean, 0.0)
    below = np.maximum(mean - lo, 0.0)
    return np.where(lo > 0, below, np.maximum(above, below)), above


def normal_scores(error: NDArray[np.float64], bands: Bands) -> NDArray[np.float64]:
    """Errors in standard deviations of a normal distribution with the same intervals.

    Args:
        error: Forecast minus actual, shape ``(n,)``.
        bands: See `lengths`; at least one level.

    Returns:
        With the sign of the error, shape ``(n,)``; zero for no error, infinite for one where the
        intervals have no width.
    """
    size = np.abs(error)
    at, ends = _knots(bands, error > 0)
    score = np.full(len(size), np.nan)
    for low, high, q_low, q_high in zip(ends[:-1], ends[1:], at[:-1], at[1:], strict=True):
        inside = np.isnan(score) & (size <= high)
        share = np.divide(size - low, high - low, out=np.ones_like(size), where=high > low)
        score = np.where(inside, q_low + share * (q_high - q_low), score)
    beyond = np.isnan(score)
    slope = _slope_beyond(at, ends)
    more = np.divide(size - ends[-1], slope, out=np.full_like(size, np.inf), where=slope > 0)
    score = np.where(beyond, at[-1] + more, score)
    return np.where(size == 0, 0.0, np.sign(error) * score)


def stated_sizes(bands: Bands) -> NDArray[np.float64]:
    """Mean absolute error that the intervals lead to expect, shape ``(n,)``.

    Args:
        bands: See `lengths`; at least one level.
    """
    return (_stated(bands, down=True) + _stated(bands, down=False)) / 2


def stated_errors(bands: Bands) -> NDArray[np.float64]:
    """Standard deviation of normal errors of the size of `stated_sizes`, shape ``(n,)``."""
    return stated_sizes(bands) / HALF_NORMAL


def _knots(
    bands: Bands, down: NDArray[np.bool_] | bool
) -> tuple[list[float], list[NDArray[np.float64]]]:
    """Normal scores of the recorded ends, and the lengths to them on the side in question.

    Args:
        bands: See `lengths`.
        down: Where the lower ends count: an actual below the forecast.
    """
    at, ends = [0.0], [np.zeros(len(next(iter(bands.values()))[0]))]
    for level in sorted(bands):
        below, above = bands[level]
        at.append(width(level))
        ends.append(np.maximum(np.where(down, below, above), ends[-1]))
    return at, ends


def _slope_beyond(at: list[float], ends: list[NDArray[np.float64]]) -> NDArray[np.float64]:
    """Length of one standard deviation beyond the last end.

    That of the last stretch, or of the whole, whichever is longer: an end may have been cut.
    """
    last = (ends[-1] - ends[-2]) / (at[-1] - at[-2])
    return np.asarray(np.maximum(last, ends[-1] / at[-1]))


def _stated(bands: Bands, *, down: bool) -> NDArray[np.float64]:
    """Mean length of an error to one side: each stretch times how much of a normal one lies in it.

    ``E (|z| - a)+ = 2 (phi(a) - a (1 - Phi(a)))`` is what lies beyond ``a``.
    """
    at, ends = _knots(bands, down)
    beyond = [2 * (NormalDist().pdf(a) - a * (1 - NormalDist().cdf(a))) for a in at]
    total = _slope_beyond(at, ends) * beyond[-1]
    for i in range(1, len(at)):
        slope = (ends[i] - ends[i - 1]) / (at[i] - at[i - 1])
        total = total + slope * (beyond[i - 1] - beyond[i])
    return np.asarray(total)
