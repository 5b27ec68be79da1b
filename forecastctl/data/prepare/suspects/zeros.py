"""Zeros, and values next to nothing, where an airport of size had its usual traffic before.

At the end of a series they are probably not published yet; between months of the usual size they
are probably missing. A season that ends, a slide and an airport that is often empty are events.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_RUN = 3
_EARLIER = 0.05
_USUAL = 12  # values before, with passengers, that the level is taken from
_SIZE_RUN = 20.0  # passengers a period, of three zeros or more

_SIZE = 100.0  # of one or two zeros
_SIZE_NEARLY = 1000.0
_SIZE_AMID = 1000.0
_NOTHING = 1 / 50
_STEADY = 0.7  # of the level, or of the usual growth, just before a fall that is no slide
_RECENT = 3  # periods
_STEADY_SMALL = 0.6  # of the level, in each period of a season, where it is small
_LEAST_BEFORE = 4
_LOW = 0.25  # of the level: a low season
_AMID = 2  # periods
_ALIKE = 2.0  # factor


def trailing_zeros(y: NDArray[np.float64]) -> int:
    """Number of zeros at the end."""
    other = np.flatnonzero(np.nan_to_num(y, nan=0.0) != 0)
    tail = y[int(other[-1]) + 1 :] if len(other) else y
    return int((tail == 0).sum())


def find_unpublished(
    y: NDArray[np.float64], freq: str, season_length: int
) -> tuple[tuple[int, ...], bool]:
    """Positions at the end that hold nothing, or next to nothing, and hardly any earlier ones do.

    Three zeros are asked for where days or weeks are counted: those without flights are events.

    Args:
        y: Passengers, NaN where missing, first and last observed, shape ``(n,)``.
        freq: pandas period alias.
        season_length: Periods per season.

    Returns:
        The positions, and whether the fall came from the usual level at once.
    """
    other = np.flatnonzero(np.nan_to_num(y, nan=0.0) != 0)
    if not len(other):
        return (), False
    first = int(other[-1]) + 1
    zeros = int((y[first:] == 0).sum())
    if zeros >= _RUN:
        if not _rare(y, y[other], zeros) or np.median(y[other][-_USUAL:]) < _SIZE_RUN:
            return (), False
        return tuple(range(first, len(y))), _from_usual(y, first, season_length, _SIZE_RUN)
    if freq not in ("M", "Q"):
        return (), False
    if zeros:
        sure = _rare(y, y[other], zeros) and _from_usual(y, first, season_length, _SIZE)
        return (tuple(range(first, len(y))), True) if sure else ((), False)
    return _nearly(y, season_length)


def _rare(y: NDArray[np.float64], live: NDArray[np.float64], zeros: int) -> bool:
    """Whether there were hardly any zeros before the last ones."""
    earlier = int((y == 0).sum()) - zeros
    return earlier <= _EARLIER * (len(live) + earlier)


def _from_usual(y: NDArray[np.float64], first: int, season_length: int, size: float) -> bool:
    """Whether the period before a run was as usual, and the run is no low season.

    Args:
        y: Passengers.
        first: First position of the run.
        season_length: Periods per season.
        size: Passengers that the level must reach.
    """
    before = y[max(first - season_length, 0) : first]
    before = before[before > 0]
    if len(before) < _LEAST_BEFORE:
        return False
    level = float(np.median(before))
    if level < size or not _as_before(y, first - 1, season_length, level):
        return False
    if level < _SIZE_NEARLY and size > _SIZE_RUN:
        # A few hundred passengers a month may well come down to none.
        least = before.min() if len(before) >= season_length else 0.0
        return bool(least >= _STEADY_SMALL * level)
    ago = first - season_length
    expected = y[ago] if ago >= 0 and not np.isnan(y[ago]) else before.min()
    return bool(expected >= _LOW * level)


def _as_before(y: NDArray[np.float64], last: int, season_length: int, level: float) -> bool:
    """Whether a period stands to a season before as those before it do, or else at the level."""
    at = np.arange(max(last - _RECENT, season_length), last + 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        growth = y[at] / y[at - season_length]
    usual = growth[:-1][np.isfinite(growth[:-1])]
    if last >= season_length and np.isfinite(growth[-1]) and len(usual):
        return bool(growth[-1] >= _STEADY * float(np.median(usual)))
    return bool(y[last] >= _STEADY * level)


def _nearly(y: NDArray[np.float64], season_length: int) -> tuple[tuple[int, ...], bool]:
    """The last one or two periods where they hold next to nothing."""
    for length in (1, 2):
        first = len(y) - length
        before = y[max(first - season_length, 0) : max(first, 0)]
        before = before[before > 0]
        if len(before) < _LEAST_BEFORE:
            return (), False
        limit = _NOTHING * float(np.median(before))
        rare = np.mean(y[:first] <= limit) <= _EARLIER
        if (
            np.all(y[first:] <= limit)
            and rare
            and _from_usual(y, first, season_length, _SIZE_NEARLY)
        ):
            return tuple(range(first, len(y))), True
    return (), False


def find_amid(y: NDArray[np.float64], freq: str, season_length: int) -> tuple[int, ...]:
    """Positions of one or two zeros between months or quarters of the usual size.

    Args:
        y: Passengers, NaN where missing, shape ``(n,)``.
        freq: pandas period alias.
        season_length: Periods per season.
    """
    zero = np.flatnonzero(y == 0)
    if freq not in ("M", "Q") or not len(zero) or len(zero) > _EARLIER * len(y):
        return ()
    found: list[int] = []
    for run in np.split(zero, np.flatnonzero(np.diff(zero) > 1) + 1):
        first, after = int(run[0]), int(run[-1]) + 1
        if len(run) > _AMID or first == 0 or after >= len(y):
            continue
        sides = y[[first - 1, after]]
        alike = sides.min() > 0 and sides.max() <= _ALIKE * sides.min()
        if alike and _from_usual(y, first, season_length, _SIZE_AMID):
            found += run.tolist()
    return tuple(found)
