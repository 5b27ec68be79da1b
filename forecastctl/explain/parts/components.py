"""Level, trend and season of a forecast path, whatever model or combination made it. Pure.

The components are read off the path that a model forecasts, so that they exist for every family
and for weighted combinations, and always add up to the forecast itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Components:
    """Parts of a forecast path, passengers; ``level + slope * lead + seasonal`` is the forecast.

    Attributes:
        level: Level without season at the cutoff.
        slope: Change of the level per period.
        seasonal: What is left at each lead, shape ``(h,)``.
    """

    level: float
    slope: float
    seasonal: NDArray[np.float64]

    def at(self, lead: int) -> tuple[float, float, float]:
        """Level at the cutoff, trend up to the lead, season at the lead; ``lead`` from 1."""
        return self.level, self.slope * lead, float(self.seasonal[lead - 1])


def path_length(lead: int, season_length: int) -> int:
    """Periods that a path needs to be taken apart at a lead: two whole seasons at least."""
    return max(lead, 2 * season_length)


def decompose(mean: NDArray[np.float64], season_length: int) -> Components:
    """Take a path apart.

    The slope is the difference between the means of the second and the first season over the
    length of a season; the level is the first season's mean led back along the slope to the
    cutoff; the season is what remains.

    Args:
        mean: Forecast path from the cutoff on, passengers, at least two seasons long.
        season_length: Observations per season.
    """
    m = season_length
    first, second = float(np.mean(mean[:m])), float(np.mean(mean[m : 2 * m]))
    slope = (second - first) / m
    level = first - slope * (m + 1) / 2.0
    leads = np.arange(1, len(mean) + 1)
    return Components(level, slope, mean - level - slope * leads)
