"""Holes in a regular series: which stretch to use, and how to fill what is short."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_SEASONS = 2  # observed, from which on the season is taken out before holes are filled


def holes(observed: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Runs of missing periods between observed ones, as (start, stop)."""
    positions = np.flatnonzero(observed)
    before = np.flatnonzero(np.diff(positions) > 1)
    return [(int(positions[i]) + 1, int(positions[i + 1])) for i in before]


def stretches(observed: NDArray[np.bool_], max_gap: int) -> list[tuple[int, int]]:
    """Parts between holes longer than ``max_gap`` periods, oldest first, as (start, stop).

    Args:
        observed: Whether each period has a value, shape ``(n,)``; some have.
        max_gap: Longest hole that a stretch may contain.
    """
    positions = np.flatnonzero(observed)
    long = [(a, b) for a, b in holes(observed) if b - a > max_gap]
    starts = [int(positions[0]), *(b for _, b in long)]
    stops = [*(a for a, _ in long), int(positions[-1]) + 1]
    return list(zip(starts, stops, strict=True))


def seasonal_offsets(z: NDArray[np.float64], season_length: int) -> NDArray[np.float64]:
    """Typical deviation of each phase of the season from a moving median.

    Args:
        z: Values on the scale where seasons add, NaN where missing, shape ``(n,)``.
        season_length: Periods per season.

    Returns:
        Offsets by ``position % season_length``, shape ``(season_length,)``; a phase never
        observed lies on the line between its neighbours in the cycle.
    """
    positions = np.arange(len(z))
    observed = np.flatnonzero(~np.isnan(z))
    filled = np.interp(positions, observed, z[observed])
    deviation = z - moving_median(filled, season_length + 1 - season_length % 2)
    phase = positions[observed] % season_length
    offsets = np.full(season_length, np.nan)
    for p in np.unique(phase):
        offsets[p] = np.median(deviation[observed[phase == p]])
    known = np.flatnonzero(~np.isnan(offsets))
    line = np.interp(np.arange(season_length), known, offsets[known], period=season_length)
    return np.asarray(line, dtype=np.float64)


def moving_median(z: NDArray[np.float64], width: int) -> NDArray[np.float64]:
    """Centred moving median of odd ``width``; the ends repeat the first and last values."""
    padded = np.pad(z, width // 2, mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, width)
    return np.asarray(np.median(windows, axis=1), dtype=np.float64)


def interpolate(y: NDArray[np.float64], season_length: int) -> NDArray[np.float64]:
    """Fill missing periods on straight lines between their neighbours.

    With two observed seasons or more, the lines are drawn after taking the season out (of the
    logarithms where every value is positive), and the season is put back; otherwise through the
    values themselves. Results are never negative.

    Args:
        y: Passengers, NaN where missing, first and last observed, shape ``(n,)``.
        season_length: Periods per season.
    """
    missing = np.isnan(y)
    if not missing.any():
        return y
    observed, positions = np.flatnonzero(~missing), np.arange(len(y))
    logs = bool(np.all(y[observed] > 0))
    offsets = np.zeros(len(y))
    z = y
    if season_length > 1 and len(observed) >= _SEASONS * season_length:
        z = np.log(y) if logs else y
        offsets = seasonal_offsets(z, season_length)[positions % season_length]
    else:
        logs = False
    line = np.interp(positions, observed, (z - offsets)[observed]) + offsets
    filled = np.where(missing, np.exp(line) if logs else line, y)
    return np.maximum(filled, 0.0)
