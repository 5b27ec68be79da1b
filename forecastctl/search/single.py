"""Which trial is chosen where one model is to forecast alone. Pure.

The best of many trials on a few folds is partly the luckiest: on series that no choice had seen it
forecast no better than the first model of its family (docs/explanation/combinations.md). So that
one, which was chosen on many series, is kept unless the folds speak clearly for another; and more
clearly for one that Hyperopt proposed, because it proposes what those folds like.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from forecastctl.models.pretrained import Pretrained
from forecastctl.records import Member, Specification
from forecastctl.records.learning import PROPOSED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from forecastctl.records import Trial

CLEARLY_BETTER = 2.0
"""Standard errors by which the loss of another model is lower, to be taken instead of the default.
"""

PROPOSED_BETTER = 6.0
"""The same for a model that was proposed during the search: one of dozens, of which four folds let
a few pass a lower bar by chance.

Both were chosen on half of the series of three panels, and inside the training data of these."""

USUAL = (Pretrained.name, "annual")
"""Families whose first model is the default where they are searched, the first of them before the
second: of those of the pool they err least by themselves, on the same series."""


def choose_one(trials: Sequence[Trial], pool: frozenset[str], loss: str) -> Specification:
    """The default, or the trial of the lowest loss where that is clearly better.

    It is clearly better where the mean difference over the folds is at least `CLEARLY_BETTER` times
    its own standard error, `PROPOSED_BETTER` times where Hyperopt proposed it. One fold has no
    standard error, and the default stays. So does the network, which no threshold improved on.

    Args:
        trials: Trials of one search; at least one succeeded.
        pool: Keys of the pool's models.
        loss: What the search minimises.

    Returns:
        One member of weight one.
    """
    succeeded = [t for t in trials if t.loss is not None and t.duplicate_of is None]
    usual = default_of(succeeded, pool)
    better = [t for t in succeeded if usual is None or _clearly_better(t, usual, loss)]
    chosen = min((*better, *([usual] if usual else [])), key=lambda t: (_loss(t), t.number))
    return Specification((Member(chosen.model, 1.0, chosen.number),))


def default_of(succeeded: Sequence[Trial], pool: frozenset[str]) -> Trial | None:
    """The model that forecasts unless another is clearly better; ``None`` beside the baseline.

    It is the pool's first of `USUAL`, else the pool's first; where none of the pool was tried, the
    first that was, such as the one that the airport's own last search chose.
    """
    tried = [trial for trial in succeeded if trial.number > 0]
    pooled = [trial for trial in tried if trial.model.key in pool]
    usual = [trial for name in USUAL for trial in pooled if trial.model.family == name]
    return next(iter((*usual, *pooled, *tried)), None)


def _clearly_better(trial: Trial, usual: Trial, loss: str) -> bool:
    if usual.model.family == Pretrained.name or trial is usual:
        return False
    pairs = zip(usual.folds, trial.folds, strict=True)
    gains = np.array([theirs.metrics[loss] - ours.metrics[loss] for theirs, ours in pairs])
    if len(gains) == 1:
        return False
    error = gains.std(ddof=1) / math.sqrt(len(gains))
    least = PROPOSED_BETTER if trial.start in PROPOSED else CLEARLY_BETTER
    return bool(gains.mean() >= least * error)


def with_reason(
    trials: Sequence[Trial], eligible: Sequence[Trial], specification: Specification
) -> tuple[Trial, ...]:
    """Trials, of which the chosen one says so where another one's loss was lower.

    Args:
        trials: All of the search.
        eligible: Those that `choose_one` chose from.
        specification: What it chose.
    """
    (member,) = specification.members
    best = min(eligible, key=lambda t: (_loss(t), t.number))
    if best.number == member.trial:
        return tuple(trials)
    why = f"the loss of trial {best.number} is lower, but not clearly lower than the default's"
    if member.model.family == Pretrained.name:
        why = (
            f"the network is kept: the loss of trial {best.number} is lower, which says too little"
        )
    return tuple(replace(t, reason=why) if t.number == member.trial else t for t in trials)


def _loss(trial: Trial) -> float:
    return math.inf if trial.loss is None else trial.loss
