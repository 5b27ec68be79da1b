"""Whether a series has a season at all."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_Z90 = 1.645
_SEASONS = 3


def shows_season(y: NDArray[np.float64], season_length: int) -> bool:
    """Whether the autocorrelation at the season is larger than chance makes it, at 90 %.

    The test of the theta method in the M3 competition: Assimakopoulos and Nikolopoulos (2000).
    Where there are less than three seasons it says nothing, and a season is taken to be there.

    Args:
        y: Observations, shape ``(n,)``.
        season_length: Observations per season.
    """
    if season_length == 1:
        return False
    centred = y - np.mean(y)
    total = float(np.sum(centred**2))
    if len(y) < _SEASONS * season_length or total <= 0.0:
        return True
    lags = range(1, season_length + 1)
    r = [float(np.sum(centred[k:] * centred[:-k])) / total for k in lags]
    limit = _Z90 * math.sqrt((1.0 + 2.0 * math.fsum(v * v for v in r[:-1])) / len(y))
    return abs(r[-1]) > limit
