"""Values off by a power of ten: another unit, or digits too many or too few.

One to three periods between values of the old level are compared with the level on both sides. At
the end of a series one side is unknown: there a rise must reach far above everything before, which
no recovery does, and a fall must be to a thousandth, which a crash hardly ever is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from forecastctl.data.prepare.outliers import deseasonalised

if TYPE_CHECKING:
    from numpy.typing import NDArray

_LONGEST_RUN = 3  # periods
_SIDE = 4  # periods of one level where the other side is unknown
_POWER_NEAR = 0.12  # log10 from the power of ten: a factor of 1.32
_LEVELS_APART = 0.2  # log10 between the levels before and after, at most
_NOISE = 0.1  # log10, robust standard deviation of steps, at most
_MONTHS_APART = 2.0  # factor between the months on either side of a fall, at most
_LOOSEST = 2.5  # times as wide as for a factor of ten, limits are at most
_LEAST_VALUE = 1000.0  # passengers of the value, or of what it should be
_MOST_ERRORS = 3  # periods off; more are how the airport is
_MAD = 1.4826

_LEAST_LEVEL = 20.0  # passengers of a level that a rise at the end starts from
_ABOVE_ALL = 0.4  # log10 above everything before, at least
_ABOVE_ALL_LARGE = 2.0  # log10 that it may be less than the power of a large one

_SHORT_OTHERS = 2
_SHORT_APART = 0.7  # log10 between the largest and the smallest other value
_CERTAIN_POWER = 3  # of ten, that are certain in short and in seasonal series
_CERTAIN_POWER_NEAR = 0.3  # log10
_STEP = 2.0  # log10 that every value of a long run lies above all before


def find_units(
    y: NDArray[np.float64], freq: str, season_length: int, window: int
) -> tuple[tuple[int, int], ...]:
    """Positions off by a power of ten, with the power.

    Args:
        y: Passengers, NaN where missing, shape ``(n,)``.
        freq: pandas period alias.
        season_length: Periods per season.
        window: Periods at the end within which a run may be of any length.
    """
    observed, e = deseasonalised(y, season_length, seasons=3)
    if len(e) <= _SHORT_OTHERS or y[observed].max() < _LEAST_VALUE:
        return ()
    if len(e) < 2 * _SIDE:
        powers = _in_short_series(y, observed)
    else:
        powers = _next_to_level(y, observed, e, freq)
    # Of the value and what it should be, the larger must not be small.
    powers = {p: k for p, k in powers.items() if max(y[p], y[p] / 10.0**k) >= _LEAST_VALUE}
    if len(powers) > _MOST_ERRORS:
        powers = {}
    powers |= _since_a_step(y, observed, e, window) or _last(y, observed, season_length)
    return tuple(sorted(powers.items()))


def _next_to_level(
    y: NDArray[np.float64], observed: NDArray[np.int64], e: NDArray[np.float64], freq: str
) -> dict[int, int]:
    """Runs of up to three periods that are off from the level next to them."""
    steps = np.diff(e)
    noise = _MAD * float(np.median(np.abs(steps - np.median(steps))))
    jumps = np.flatnonzero(np.abs(steps) >= 1 - _LEVELS_APART) + 1
    powers: dict[int, int] = {}
    if not len(jumps):
        return powers
    for length in range(1, _LONGEST_RUN + 1):
        last_start = len(e) - length
        for i in {0, last_start, *jumps[jumps <= last_start].tolist()}:
            power = _power(observed, e, i, i + length)
            run = observed[i : i + length]
            if noise > _NOISE * _looser(power) or not _is_error(y, run, power, freq):
                continue
            if i < last_start or _far_above_all(y, observed, i, power):
                powers |= {int(p): power for p in run}
    return powers


def _far_above_all(y: NDArray[np.float64], observed: NDArray[np.int64], i: int, power: int) -> bool:
    """Whether a rise at the end reaches far above all before it; true of a fall."""
    if power < 0 or i == 0:
        return True
    before, run = y[observed[:i]], y[observed[i:]]
    above = max(_ABOVE_ALL, power - _ABOVE_ALL_LARGE)
    return bool(run.min() >= 10**above * before.max() and run.min() >= _LEAST_LEVEL * 10.0**power)


def _is_error(y: NDArray[np.float64], run: NDArray[np.int64], power: int, freq: str) -> bool:
    """Whether a power of ten is an error rather than an event.

    A day or a week without flights is an event; so is a fall, unless the months on either side
    are alike even before the season is taken out.
    """
    if power >= 0 or freq not in "MQ":
        return power > 0
    sides = y[[p for p in (run[0] - 1, run[-1] + 1) if 0 <= p < len(y)]]
    apart = _MONTHS_APART if power > -_CERTAIN_POWER else 2 * _MONTHS_APART
    return bool(sides.max() <= apart * sides.min())


def _looser(power: int) -> float:
    """How many times as wide the limits are for an error of this size."""
    return min(abs(power), _LOOSEST)


def _power(observed: NDArray[np.int64], e: NDArray[np.float64], i: int, stop: int) -> int:
    """Power of ten by which the run ``i:stop`` is off from the level around it, or 0."""
    one_sided = i == 0 or stop == len(e)
    left = slice(max(i - (_SIDE if one_sided else 1), 0), i)
    right = slice(stop, stop + (_SIDE if one_sided else 1))
    level = np.concatenate([e[left], e[right]])
    if len(level) < (_SIDE if one_sided else 2):
        return 0
    periods = observed[min(right.stop, len(e)) - 1] - observed[left.start]
    off = e[i:stop] - level.mean()
    power = round(float(np.median(off)))
    looser = _looser(power)
    has_holes = periods > len(level) + stop - i - 1
    if (
        power == 0
        or has_holes
        or np.ptp(level) > _LEVELS_APART * looser
        or np.abs(off - power).max() > _POWER_NEAR * looser
    ):
        return 0
    # Where one side is unknown, a fall may be a crash, or a first month in part.
    return power if not one_sided or power > 0 or power <= -_CERTAIN_POWER else 0


def _in_short_series(y: NDArray[np.float64], observed: NDArray[np.int64]) -> dict[int, int]:
    """One value of a short series, a thousand times off from all others, which are alike."""
    z = np.log10(y[observed])
    at = int(np.argmax(np.abs(z - np.median(z))))
    others = np.delete(z, at)
    off = float(z[at] - np.median(others))
    power = round(off)
    alike = np.ptp(others) <= _SHORT_APART and abs(off - power) <= _CERTAIN_POWER_NEAR
    least = _LEAST_LEVEL if power > 0 else _LEAST_VALUE
    large = 10.0 ** float(np.median(others)) >= least
    # A first month in part is no error.
    if abs(power) < _CERTAIN_POWER or not alike or not large or (power < 0 and at == 0):
        return {}
    return {int(observed[at]): power}


def _since_a_step(
    y: NDArray[np.float64], observed: NDArray[np.int64], e: NDArray[np.float64], window: int
) -> dict[int, int]:
    """The last periods, however many, where all of them are a thousand times all before."""
    values = y[observed]
    least_after = np.minimum.accumulate(values[::-1])[::-1]
    most_before = np.maximum.accumulate(values)
    steps = np.flatnonzero(least_after[1:] >= 10**_STEP * most_before[:-1]) + 1
    for i in steps[steps >= 2 * _SIDE].tolist():
        before, after = e[:i], e[i:]
        off = float(np.median(after) - np.median(before[-_SIDE:]))
        power = round(off)
        inside = observed[i] >= len(y) - window
        limit = _POWER_NEAR if len(after) > _LONGEST_RUN else _CERTAIN_POWER_NEAR
        near, large = abs(off - power) <= limit, np.median(values[:i]) >= _LEAST_LEVEL
        if power >= _CERTAIN_POWER and inside and near and large:
            return {int(p): power for p in observed[i:]}
    return {}


def _last(
    y: NDArray[np.float64], observed: NDArray[np.int64], season_length: int
) -> dict[int, int]:
    """The last period, a thousand times the same one of the season before and out of all range."""
    last = int(observed[-1])
    season_ago = last - season_length
    before = y[observed[:-1]]
    if last < len(y) - 1 or season_length <= 1 or season_ago < 0 or not y[season_ago] > 0:
        return {}
    off = float(np.log10(y[last] / y[season_ago]))
    power = round(off)
    if abs(power) < _CERTAIN_POWER or abs(off - power) > _CERTAIN_POWER_NEAR:
        return {}
    if power > 0:
        certain = y[last] >= 10 * before.max() and y[season_ago] >= _LEAST_LEVEL
    else:
        certain = y[last] <= before.min() / 10 and np.median(before) >= _LEAST_VALUE
    return {last: power} if certain else {}
