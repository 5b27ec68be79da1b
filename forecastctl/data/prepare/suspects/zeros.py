"""Zeros, and values next to nothing, where an airport that is not small had its usual traffic.

At the end of a series they are probably not published yet; between months of the usual size they
are probably missing. The end of a season, a slow decline, and zeros of an airport that often has
none are events.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_RUN = 3  # zeros at the end that are judged as a run; fewer are compared more strictly
_EARLIER_SHARE = 0.05  # of the periods, that held a zero earlier, at most
_LEVEL_PERIODS = 12  # the last ones with passengers, that the level is taken from
_LEAST_LEVEL_RUN = 20.0  # passengers a period, before three zeros or more

_LEAST_LEVEL_FEW = 100.0  # before one or two zeros
_LEAST_LEVEL_NEARLY = 1000.0  # before next to nothing
_LEAST_LEVEL_AMID = 1000.0  # around zeros that are not at the end
_SMALL_LEVEL = 1000.0  # below it, every period must have been steady
_NEXT_TO_NOTHING = 1 / 50  # of the level
_STEADY = 0.7  # of the level, or of the usual growth, just before a fall that is no slow decline
_GROWTH_PERIODS = 3  # that the usual growth is taken from
_USUAL_GROWTH = 2.0  # factor on the year, up or down, beyond which the year before was a shock
_STEADY_SMALL = 0.6  # of the level, in each period of a season, where it is small
_LEAST_BEFORE = 4  # periods with passengers
_LOW_SEASON = 0.25  # of the level
_LONGEST_AMID = 2  # periods
_SIDES_APART = 2.0  # factor between the periods on either side, at most


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
        level = np.median(y[other][-_LEVEL_PERIODS:])
        if not _rare_before(y, y[other], zeros) or level < _LEAST_LEVEL_RUN:
            return (), False
        return tuple(range(first, len(y))), _from_usual(y, first, season_length, _LEAST_LEVEL_RUN)
    if freq not in ("M", "Q"):
        return (), False
    if zeros:
        sudden = _rare_before(y, y[other], zeros) and _from_usual(
            y, first, season_length, _LEAST_LEVEL_FEW
        )
        return (tuple(range(first, len(y))), True) if sudden else ((), False)
    return _next_to_nothing(y, season_length)


def _rare_before(y: NDArray[np.float64], others: NDArray[np.float64], zeros: int) -> bool:
    """Whether there were hardly any zeros before the last ones.

    Args:
        y: Passengers.
        others: Those that are not zero.
        zeros: Number of zeros at the end.
    """
    earlier = int((y == 0).sum()) - zeros
    return earlier <= _EARLIER_SHARE * (len(others) + earlier)


def _from_usual(y: NDArray[np.float64], first: int, season_length: int, least: float) -> bool:
    """Whether the period before a run was as usual, and the run is no low season.

    Args:
        y: Passengers.
        first: First position of the run.
        season_length: Periods per season.
        least: Passengers that the level must reach.
    """
    before = y[max(first - season_length, 0) : first]
    before = before[before > 0]
    if len(before) < _LEAST_BEFORE:
        return False
    level = float(np.median(before))
    if level < least or not _as_before(y, first - 1, season_length, level):
        return False
    if level < _SMALL_LEVEL and least > _LEAST_LEVEL_RUN:
        # A few hundred passengers a month may well come down to none.
        smallest = before.min() if len(before) >= season_length else 0.0
        return bool(smallest >= _STEADY_SMALL * level)
    return not _low_season(y, first, season_length, level, float(before.min()))


def _low_season(
    y: NDArray[np.float64], first: int, season_length: int, level: float, smallest: float
) -> bool:
    """Whether a run begins in a season in which there is little traffic anyway.

    Where few passengers were left a season before, as in a crash, the season before that is asked
    as well: it may have been ordinary. An airport without any may have become a seasonal one.

    Args:
        y: Passengers.
        first: First position of the run.
        season_length: Periods per season.
        level: That of the season before the run.
        smallest: What stands in where no season before is known.
    """
    season_ago, two_ago = first - season_length, first - 2 * season_length
    if season_ago < 0 or np.isnan(y[season_ago]):
        return smallest < _LOW_SEASON * level
    if y[season_ago] >= _LOW_SEASON * level:
        return False
    if two_ago < _LEAST_BEFORE or y[season_ago] == 0:
        return True
    before = y[max(two_ago - season_length, 0) : two_ago]
    usual = before[before > 0]
    return len(usual) < _LEAST_BEFORE or not y[two_ago] >= _LOW_SEASON * float(np.median(usual))


def _as_before(y: NDArray[np.float64], last: int, season_length: int, level: float) -> bool:
    """Whether a period has grown since a season before as the periods before it have.

    Where that cannot be told, or the growth is that of a recovery from a crash a season before:
    whether it is near the level, or near that of the periods just before it.
    """
    at = np.arange(max(last - _GROWTH_PERIODS, season_length), last + 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        growth = y[at] / y[at - season_length]
    usual = growth[:-1][np.isfinite(growth[:-1])]
    if last >= season_length and np.isfinite(growth[-1]) and len(usual):
        if growth[-1] >= _STEADY * float(np.median(usual)):
            return True
        if usual.max() <= _USUAL_GROWTH:
            return False
        level = float(np.median(y[at[:-1]]))
    return bool(y[last] >= _STEADY * level)


def _next_to_nothing(y: NDArray[np.float64], season_length: int) -> tuple[tuple[int, ...], bool]:
    """The last one or two periods where they hold next to nothing."""
    for length in (1, 2):
        first = len(y) - length
        before = y[max(first - season_length, 0) : max(first, 0)]
        before = before[before > 0]
        if len(before) < _LEAST_BEFORE:
            return (), False
        limit = _NEXT_TO_NOTHING * float(np.median(before))
        rare = np.mean(y[:first] <= limit) <= _EARLIER_SHARE
        nothing = np.all(y[first:] <= limit) and rare
        if nothing and _from_usual(y, first, season_length, _LEAST_LEVEL_NEARLY):
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
    if freq not in ("M", "Q") or not len(zero) or len(zero) > _EARLIER_SHARE * len(y):
        return ()
    positions: list[int] = []
    for run in np.split(zero, np.flatnonzero(np.diff(zero) > 1) + 1):
        first, after = int(run[0]), int(run[-1]) + 1
        if len(run) > _LONGEST_AMID or first == 0 or after >= len(y):
            continue
        sides = y[[first - 1, after]]
        alike = sides.min() > 0 and sides.max() <= _SIDES_APART * sides.min()
        if alike and _from_usual(y, first, season_length, _LEAST_LEVEL_AMID):
            positions += run.tolist()
    return tuple(positions)
