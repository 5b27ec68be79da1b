"""Unusual periods, and the scale on which they are judged."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from forecastctl.data.prepare.gaps import moving_median, seasonal_offsets

if TYPE_CHECKING:
    from numpy.typing import NDArray

_SIGMAS = 8.0  # robust standard deviations
_LEAST_STEP = np.log10(1.25)
_WINDOW = 7  # periods
_LEAST_VALUES = 12
_MAD = 1.4826


def deseasonalised(
    y: NDArray[np.float64], season_length: int, seasons: int = 2
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Positions of positive values, and their log10 without the season.

    Args:
        y: Passengers, NaN where missing, shape ``(n,)``.
        season_length: Periods per season.
        seasons: Observed seasons below which the season is left in.
    """
    with np.errstate(invalid="ignore"):
        z = np.log10(np.where(y > 0, y, np.nan))
    observed = np.flatnonzero(~np.isnan(z))
    if season_length > 1 and len(observed) >= seasons * season_length:
        z = z - seasonal_offsets(z, season_length)[np.arange(len(z)) % season_length]
    return observed, z[observed]


def find_outliers(
    y: NDArray[np.float64], season_length: int, skip: tuple[int, ...] = ()
) -> tuple[int, ...]:
    """Positions far from their surroundings after taking the season out (Hampel's rule).

    Flagged is what lies more than eight robust standard deviations, and a factor of 1.25, from the
    moving median of seven periods.

    Args:
        y: Passengers, NaN where missing, shape ``(n,)``.
        season_length: Periods per season.
        skip: Positions to leave out.
    """
    rest = y.copy()
    rest[list(skip)] = np.nan
    observed, e = deseasonalised(rest, season_length)
    if len(e) < _LEAST_VALUES:
        return ()
    deviation = e - moving_median(e, _WINDOW)
    sigma = _MAD * float(np.median(np.abs(deviation)))
    far = np.abs(deviation) > max(_SIGMAS * sigma, _LEAST_STEP)
    return tuple(int(p) for p in observed[far])
