"""Combination of models: which trials enter, with what weights, and how wide the intervals are.

Averaging a few good models forecasts better than the best of them: Bates and Granger (1969);
Claeskens, Magnus, Vasnev and Wang (2016), The forecast combination puzzle, say why equal weights
are hard to beat.
"""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

from forecastctl.core.backtest import Path
from forecastctl.records import Member, Specification

if TYPE_CHECKING:
    from collections.abc import Sequence

    from forecastctl.records import Trial

CLEARLY_WORSE = 1.5
"""A member's loss may be this multiple of the best one's."""

SHRINKAGE = 12.0
"""Backtest errors that the prior, intervals as wide as the models say, is worth."""


def choose(trials: Sequence[Trial], combine: int) -> Specification:
    """Equally weighted mean of the best distinct successful trials, of several families.

    The losses of a few origins say less than they seem to, and the more trials there are, the
    more the best of them owe to luck. So many are averaged, and each family that succeeded gets
    at most its share of the members, rounded up: what a family has in common, its errors as well,
    then counts once.

    Args:
        trials: Trials of one search; at least one succeeded.
        combine: Members at most. Those whose loss is more than `CLEARLY_WORSE` times the best
            one's are left out.
    """
    good = [t for t in trials if t.loss is not None and t.duplicate_of is None]
    ranked = sorted(good, key=lambda t: (_loss(t), t.number))
    share = math.ceil(combine / len({t.model.family for t in good}))
    chosen: list[Trial] = []
    taken: Counter[str] = Counter()
    for trial in ranked:
        if len(chosen) == combine or _loss(trial) > CLEARLY_WORSE * _loss(ranked[0]):
            break
        if taken[trial.model.family] < share:
            taken[trial.model.family] += 1
            chosen.append(trial)
    weight = 1.0 / len(chosen)
    return Specification(tuple(Member(t.model, weight, t.number) for t in chosen))


def combined(paths: Sequence[Path], weights: Sequence[float]) -> Path:
    """Weighted mean of means and of standard deviations.

    Adding standard deviations takes the members' errors as perfectly correlated, which is nearly
    so (all miss the same shocks) and errs on the side of wide intervals.

    Args:
        paths: One per member, of equal length.
        weights: One per member, summing to one.
    """
    mean, sd = np.zeros_like(paths[0].mean), np.zeros_like(paths[0].sd)
    for path, weight in zip(paths, weights, strict=True):
        mean += weight * path.mean
        sd += weight * path.sd
    return Path(mean, sd)


def spread(errors: Sequence[Sequence[float]], paths: Sequence[Path]) -> float:
    """Factor on the standard deviations that makes them fit the backtest errors.

    ``k**2 = (n0 + sum (e/sd)**2) / (n0 + n)``, the mean squared standardised error shrunk towards
    one with the weight of n0 = `SHRINKAGE` errors: the errors of one fold are strongly correlated
    and the folds few, so that by themselves they say little.

    Args:
        errors: Forecast minus actual by fold and lead.
        paths: The forecasts of the same folds.
    """
    total, count = SHRINKAGE, SHRINKAGE
    for fold, path in zip(errors, paths, strict=True):
        for error, sd in zip(fold, path.sd, strict=True):
            if sd > 0:
                total += (error / float(sd)) ** 2
                count += 1
    return math.sqrt(total / count)


def _loss(trial: Trial) -> float:
    return math.inf if trial.loss is None else trial.loss
