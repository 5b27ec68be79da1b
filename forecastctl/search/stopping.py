"""When a search stops: whether another trial is likely to be better."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


CLEAR = 1e-3
"""A trial improves only if its loss is lower than the best one by more than this share."""


UNLIKELY = 0.02
"""A search stops when its next trial improves with at most this probability."""


REPEATS = 40
"""A search stops after so many proposals in a row that repeat models tried before: there is nothing
else in its space, or next to nothing."""


WEIGHT = 2.0
"""The rate of the earlier searches counts as much as so many trials: two in Laplace's rule of
succession."""


def chance(losses: Sequence[float | None], tried: int, rate: float) -> float:
    """Probability that the next trial clearly improves on all before it.

    After Laplace's rule of succession, with the rate of the earlier searches for the prior mean:
    after ``k`` trials in a row without improvement it is ``WEIGHT * rate / (WEIGHT + k)``.

    Args:
        losses: Losses of all trials, in order; ``None`` for a trial without one.
        tried: Number of first trials that are made in any case.
        rate: Share of proposals that improved, in the searches learned from.
    """
    best, since = math.inf, 0
    for number, loss in enumerate(losses):
        better = loss is not None and loss < best * (1.0 - CLEAR)
        if better and loss is not None:
            best = loss
        since = 0 if better or number < tried else since + 1
    return WEIGHT * rate / (WEIGHT + since)
