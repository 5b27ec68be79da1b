"""How large an error usually is at each lead, from the errors of a backtest. Pure.

A backtest has few origins, four by default, so that the errors of one lead alone say little. Errors
grow with the lead about as a power of it, the square root for a random walk. So the errors of all
leads are brought to the lead in question along such a power, whose exponent the errors themselves
tell as far as they can, and those of the lead and its neighbours count the more the more there are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

USUAL_GROWTH = 0.2
"""Exponent of the lead that root mean squared errors typically grow with."""

GROWTH_FOLDS = 8.0
"""Folds that the typical exponent is worth beside that of the errors."""

MOST_GROWTH = 1.0
"""Largest exponent: that of errors which grow by the same amount each period."""

NEIGHBOURS = 1
"""Leads on either side that count like the lead itself."""

ENOUGH_FOLDS = 8.0
"""Folds from which on errors of other leads count less than half of those near."""


def usual_error(errors: Sequence[Sequence[float]], lead: int) -> float:
    """Usual size of an error at one lead, see `usual_errors`.

    Args:
        errors: Errors by fold and lead (ragged), passengers.
        lead: Periods ahead, from 1.
    """
    return float(usual_errors(errors, [lead])[0])


def usual_errors(errors: Sequence[Sequence[float]], leads: Sequence[int]) -> NDArray[np.float64]:
    """Root mean squared error by lead, smoothed over leads.

    Args:
        errors: Errors by fold and lead (ragged), passengers; NaN where there is none.
        leads: Periods ahead, from 1; they may lie beyond those of the backtest.

    Returns:
        One for each of ``leads``, passengers; zero where there are no errors at all.
    """
    error, lead = _flat(errors)
    asked = np.asarray(leads, dtype=np.float64)
    largest = float(np.abs(error).max()) if len(error) else 0.0
    if not largest > 0:
        return np.zeros(len(asked))
    error = error / largest  # so that no square overflows
    growth = _growth(error, lead)
    at_one = (error / lead**growth) ** 2
    near = np.abs(lead[None, :] - asked[:, None]) <= NEIGHBOURS
    weight = np.where(near, 1.0, ENOUGH_FOLDS / (ENOUGH_FOLDS + len(errors)))
    mean = (weight * at_one).sum(axis=1) / weight.sum(axis=1)
    return np.asarray(largest * np.sqrt(mean) * asked**growth)


def _flat(errors: Sequence[Sequence[float]]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """All errors in one row, and the lead of each."""
    error = np.array([e for fold in errors for e in fold], dtype=np.float64)
    lead = np.array([k for fold in errors for k in range(1, len(fold) + 1)], dtype=np.float64)
    known = ~np.isnan(error)
    return error[known], lead[known]


def _growth(error: NDArray[np.float64], lead: NDArray[np.float64]) -> float:
    """Exponent of the lead that the errors grow with.

    Slope of the logarithm of the root mean squared error on that of the lead, drawn towards
    `USUAL_GROWTH`: the fewer folds there are, the more.
    """
    at, index = np.unique(lead, return_inverse=True)
    count = np.bincount(index)
    square = np.bincount(index, weights=error**2) / count
    at, count, square = at[square > 0], count[square > 0], square[square > 0]
    x, y = np.log(at), 0.5 * np.log(square)
    weight = count / len(at)
    x, y = x - np.average(x, weights=weight), y - np.average(y, weights=weight)
    across, along = float((weight * x * y).sum()), float((weight * x * x).sum())
    typical = GROWTH_FOLDS * float(np.mean(x * x))
    if along + typical == 0:
        return USUAL_GROWTH
    return float(np.clip((across + typical * USUAL_GROWTH) / (along + typical), 0.0, MOST_GROWTH))
