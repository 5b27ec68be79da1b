"""Stops a trial whose first folds are hopeless.

After Jamieson and Talwalkar (2016), Non-stochastic best arm identification and hyperparameter
optimization: a candidate that is clearly worse than the others on a part of the budget does not get
all of it. Here the budget is the folds, of which the newest come first, and the others are the
earlier trials of the same search.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

FEWEST = 4
"""Complete trials before any is stopped."""

STOPPED_FROM = 2.0
"""A trial is stopped if its partial loss is more than this multiple of the best one's, and worse
than three quarters of the complete trials. (Members of a combination have at most 1.5 times the
best loss.)"""


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
        """Whether a trial with these losses of its first folds is stopped.

        Args:
            losses: Losses so far, the newest fold first; with a NaN no trial is stopped.
        """
        count = len(losses)
        others = sorted(math.fsum(row[:count]) for row in self.complete)
        loss = math.fsum(losses)
        if len(others) < FEWEST or not math.isfinite(loss) or not math.isfinite(math.fsum(others)):
            return False
        return loss > STOPPED_FROM * others[0] and loss > others[(3 * len(others)) // 4]
