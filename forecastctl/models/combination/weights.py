"""Combination of models: which trials enter, with what weights, and how wide the intervals are.

Averaging a few good models forecasts better than the best of them: Bates and Granger (1969);
Claeskens, Magnus, Vasnev and Wang (2016), The forecast combination puzzle, say why equal weights
are hard to beat.
"""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np

from forecastctl.models.combination.path import Path

if TYPE_CHECKING:
    from collections.abc import Sequence

    from forecastctl.records import Member


SHRINKAGE = 96.0
"""Backtest errors that the prior of the intervals' width is worth."""

TYPICAL = 0.7
"""Mean absolute error of a typical fold, in standard deviations of the models."""

T4_WIDTH = 2.7764451051977987 / 1.959963984540054
"""The 95 % interval of Student's t with four degrees of freedom, whose mean absolute value is one,
over that of a standard normal variable."""

_SMALLEST, _LARGEST = 0.1, 100.0
"""What an error counts as, in standard deviations, at least (of a fold) and at most."""


def combined(
    paths: Sequence[Path], weights: Sequence[float], sd_weights: Sequence[float] | None = None
) -> Path:
    """Weighted mean of means and of standard deviations.

    Adding standard deviations takes the members' errors as perfectly correlated, which is nearly
    so (all miss the same shocks) and errs on the side of wide intervals.

    Args:
        paths: One per member, of equal length.
        weights: One per member, summing to one.
        sd_weights: The same for the standard deviations, where they differ, see `sd_weights`.
    """
    mean, sd = np.zeros_like(paths[0].mean), np.zeros_like(paths[0].sd)
    for path, weight, other in zip(paths, weights, sd_weights or weights, strict=True):
        mean += weight * path.mean
        sd += other * path.sd
    return Path(mean, sd)


def sd_weights(members: Sequence[Member]) -> list[float]:
    """Weights of the members' standard deviations in rows up to version 3, summing to one.

    A model that was fitted without a shock does not know how large shocks are. Where others were
    fitted with it, they alone say how wide an interval is.
    """
    weights = [0.0 if "shocks" in m.model.options else m.weight for m in members]
    total = math.fsum(weights)
    if total in (0.0, math.fsum(m.weight for m in members)):
        return [m.weight for m in members]
    return [w / total for w in weights]


def own_factor(sizes: Sequence[Sequence[float]]) -> float:
    """Factor on an airport's standard deviations that makes them fit its backtest errors.

    Each fold's mean absolute error, in standard deviations, is one observation of what the factor
    should be, and the geometric mean of them is taken: the typical origin counts, and a shock that
    one origin did not foresee does not widen all intervals to come. The prior is worth `SHRINKAGE`
    errors, because those of one fold are strongly correlated and say less than their number.

    Args:
        sizes: See `error_sizes`.
    """
    total, count = SHRINKAGE * math.log(TYPICAL), SHRINKAGE
    for fold in sizes:
        if fold:
            mean = max(math.fsum(fold) / len(fold), _SMALLEST)
            total += len(fold) * math.log(mean)
            count += len(fold)
    return math.exp(total / count)


def error_sizes(
    errors: Sequence[Sequence[float]], paths: Sequence[Path]
) -> tuple[tuple[float, ...], ...]:
    """Backtest errors without their sign, in standard deviations of the models.

    An error counts as a hundred standard deviations at most. A larger one says that the deviation
    is no deviation: of a fold that has seen nothing but zeros, rounding leaves 1e-32 of it, and the
    first passenger would be 1e31 of them and multiply the intervals of all periods to come. Where
    the deviation is zero there is no size.

    Args:
        errors: Forecast minus actual by fold and lead.
        paths: The forecasts of the same folds.
    """
    return tuple(
        tuple(
            min(abs(e) / sd, _LARGEST)
            for e, sd in zip(fold, path.sd.tolist(), strict=True)
            if sd > 0
        )
        for fold, path in zip(errors, paths, strict=True)
    )


def quantile(level: int, shape: str) -> float:
    """Half the width of an interval in rows up to version 3, in standard deviations.

    Errors of forecasts have fatter tails than a normal distribution: most are small and a few are
    large. The backtest errors of a fleet look like Student's t with four degrees of freedom, whose
    quantile has a closed form (Shaw, 2006, Sampling Student's T distribution, equation 36). It is
    scaled so that the 95 % interval of a standard deviation is as wide as a normal one.

    Args:
        level: Coverage in percent, between 0 and 100.
        shape: ``t4``, or ``normal``.
    """
    p = 0.5 + level / 200.0
    if shape == "normal":
        return NormalDist().inv_cdf(p)
    alpha = 4.0 * p * (1.0 - p)
    q = math.cos(math.acos(math.sqrt(alpha)) / 3.0) / math.sqrt(alpha)
    return 2.0 * math.sqrt(max(q - 1.0, 0.0)) / T4_WIDTH
