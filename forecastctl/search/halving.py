"""Stopping a trial whose first folds are hopeless.

After Jamieson and Talwalkar (2016), Non-stochastic best arm identification and hyperparameter
optimization: what is clearly worse than the rest on a part of the budget does not get all of it.
Here the parts are folds, the newest first, and the rest are the earlier trials of the same search.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

FEWEST = 4
"""Complete trials before any is stopped."""

HOPELESS = 2.0
"""A trial stopped has at least this multiple of the best partial loss (a member of a combination
has at most 1.5 times the best loss), and is worse than three quarters of the complete trials."""


@dataclass(slots=True)
class Halving:
    """Partial losses of the complete trials of one search.

    Attributes:
        complete: By trial, the losses of its folds, the newest first.
    """

    complete: list[tuple[float, ...]] = field(default_factory=list)

    def add(self, losses: Sequence[float]) -> None:
        """Remember a complete trial."""
        self.complete.append(tuple(losses))

    def hopeless(self, losses: Sequence[float]) -> bool:
        """Whether a trial with these losses of its first folds is not worth the others.

        Args:
            losses: Losses so far, the newest fold first; a NaN decides nothing.
        """
        count = len(losses)
        others = sorted(math.fsum(row[:count]) for row in self.complete)
        mine = math.fsum(losses)
        if len(others) < FEWEST or not math.isfinite(mine) or not math.isfinite(math.fsum(others)):
            return False
        return mine > HOPELESS * others[0] and mine > others[(3 * len(others)) // 4]
