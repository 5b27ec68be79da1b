"""Which trials form the airport's specification."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

from forecastctl.models.pretrained import Pretrained
from forecastctl.records import Member, Specification

if TYPE_CHECKING:
    from collections.abc import Sequence

    from forecastctl.records import Trial


CLEARLY_WORSE = 1.5
"""Without a pool, a member's loss may be this multiple of the best one's."""


NAIVE_SHARE = 0.5
"""Weight of the seasonal naive beside models that were fitted to less than two seasons."""


BESIDE_NETWORK = 1.0 / 3.0
"""The same where the network is among them, which has learned elsewhere what a season is."""


def network_share(n: int, season_length: int) -> float:
    """Weight of the network (`forecastctl.models.pretrained`) in a combination, at least.

    What it has learned elsewhere is worth more, the less there is to estimate other models from.
    """
    return 0.5 if n < FEW_SEASONS * season_length else 1.0 / 3.0


FEW_SEASONS = 7
"""Seasons below which the network has half of the forecast, and else a third."""


HOPELESS = 3.0
"""The loss of a model of the pool may be this multiple of the best one's."""


def choose(
    trials: Sequence[Trial],
    combine: int,
    pool: frozenset[str] = frozenset(),
    hopeless: float = HOPELESS,
    network: float = 0.0,
) -> Specification:
    """Mean of the pool's models and the best other trials, of several families.

    The losses of a few origins say less than they seem to, and the more trials there are, the
    more the best of them owe to luck. So the models of the pool are chosen whatever their rank,
    unless they are hopeless, as long as there is room for all of them. The seats left go to the
    best other trials that are no worse than the median of the pool. Each family gets at most its
    share of all seats, rounded up, so that errors that its models have in common count once.

    Args:
        trials: Trials of one search; at least one succeeded.
        combine: Members at most.
        pool: Keys of the pool's models.
        hopeless: A model of the pool whose loss is more than so many times the best one's is left
            out; without a pool, any whose loss is `CLEARLY_WORSE` times that.
        network: Weight of the network where it is chosen, at least.
    """
    succeeded = [t for t in trials if t.loss is not None and t.duplicate_of is None]
    ranked = sorted(succeeded, key=lambda t: (_loss(t), t.number))
    best = _loss(ranked[0])
    bearable = math.inf if math.isinf(hopeless) else hopeless * best
    chosen = [t for t in ranked if t.model.key in pool and _loss(t) <= bearable]
    if len(chosen) > combine:
        chosen = []
    limit = float(np.median([_loss(t) for t in chosen])) if chosen else CLEARLY_WORSE * best
    share = math.ceil(combine / len({t.model.family for t in succeeded}))
    seats = Counter(t.model.family for t in chosen)
    for trial in ranked:
        if len(chosen) == combine or _loss(trial) > limit:
            break
        if trial not in chosen and seats[trial.model.family] < share:
            seats[trial.model.family] += 1
            chosen.append(trial)
    return Specification(_weighted(chosen, network))


def _weighted(chosen: Sequence[Trial], network: float) -> tuple[Member, ...]:
    """Equal weights, but for the network what it is to have at least; the largest first.

    It errs in other ways than all the others, which were estimated from the same few data.
    """
    n, networks = len(chosen), sum(t.model.family == Pretrained.name for t in chosen)
    share = max(network, networks / n) if networks else 0.0
    each = share / networks if networks else 0.0
    other = (1.0 - share) / (n - networks) if networks < n else 0.0
    weights = (each if t.model.family == Pretrained.name else other for t in chosen)
    members = (Member(t.model, w, t.number) for t, w in zip(chosen, weights, strict=True))
    return tuple(sorted(members, key=lambda member: -member.weight))


def held_back(chosen: Specification, naive: Trial) -> Specification:
    """The chosen models with the seasonal naive for half of the forecast.

    Args:
        chosen: See `choose`.
        naive: The trial of the seasonal naive.
    """
    others = [member for member in chosen.members if member.trial != naive.number]
    if not others:
        return chosen
    network = any(member.model.family == Pretrained.name for member in others)
    share = BESIDE_NETWORK if network else NAIVE_SHARE
    scale = (1.0 - share) / math.fsum(member.weight for member in others)
    members = (Member(m.model, scale * m.weight, m.trial) for m in others)
    return Specification((Member(naive.model, share, naive.number), *members))


def _loss(trial: Trial) -> float:
    return math.inf if trial.loss is None else trial.loss
