"""Where a miss stands among the errors that the backtest led to expect. Pure."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from forecastctl.explain.values import Standing
from forecastctl.models.usual_error import usual_error

if TYPE_CHECKING:
    from collections.abc import Sequence

SAME_LEAD_AT_LEAST = 8


def standing(
    miss: float, sd: float, lead: int, errors: Sequence[Sequence[float]], *, outside: bool = False
) -> Standing:
    """Place a miss among backtest errors.

    Args:
        miss: Forecast minus actual, passengers.
        sd: Standard deviation of the forecast, passengers.
        lead: Periods ahead, from 1.
        errors: Backtest errors by fold and lead (ragged), passengers.
        outside: Whether the actual lies outside the stated 95 % interval.

    Returns:
        Compared with errors of the same lead where there are at least eight of them, else with
        all. Ties count half, so that a perfect forecast of a perfect backtest stands at 50.
    """
    same = [abs(fold[lead - 1]) for fold in errors if len(fold) >= lead]
    enough = len(same) >= SAME_LEAD_AT_LEAST
    pool = np.asarray(same if enough else [abs(e) for fold in errors for e in fold])
    z = miss / sd if sd > 0 else None
    usual = ordinary_error(sd, lead, errors)
    if not len(pool):
        return Standing(
            z=z,
            percentile=None,
            compared=0,
            same_lead=False,
            expected_error=None,
            usual_error=usual,
            outside=outside,
        )
    size = abs(miss)
    percentile = 100 * (np.mean(pool < size) + np.mean(pool == size) / 2)
    mean = float(np.mean(pool))
    return Standing(
        z=z,
        percentile=float(percentile),
        compared=len(pool),
        same_lead=enough,
        expected_error=mean,
        usual_error=usual,
        outside=outside,
    )


def ordinary_error(sd: float, lead: int, errors: Sequence[Sequence[float]]) -> float:
    """The larger of the stated standard deviation and the backtest's usual error at the lead.

    The latter is `forecastctl.models.usual_error`, by which the monitor judges as well.

    Args:
        sd: Standard deviation that the forecast stated, passengers.
        lead: Periods ahead, from 1.
        errors: Backtest errors by fold and lead (ragged), passengers.
    """
    return max(sd, _usual(tuple(map(tuple, errors)), lead))


@lru_cache(maxsize=64)
def _usual(errors: tuple[tuple[float, ...], ...], lead: int) -> float:
    """As `usual_error`; each cause of a miss asks for it anew."""
    return usual_error(errors, lead)
