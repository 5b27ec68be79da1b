"""Values off by a power of ten: another unit, or digits too many or too few.

Between values of the old level on both sides, one to three periods are judged by the level next to
them. At the end of a series one side is unknown: a rise must then leave everything seen before
far behind, as no recovery does, and a fall must be a thousandfold, as a crash hardly ever is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from forecastctl.data.prepare.outliers import deseasonalised

if TYPE_CHECKING:
    from numpy.typing import NDArray

_RUN = 3
_SIDE = 4  # periods of one level where the other side is unknown
_NEAR = 0.12  # log10: a factor of 1.32
_SIDES = 0.2  # log10 between the levels before and after
_NOISE = 0.1  # log10, robust standard deviation of steps
_ALIKE = 2.0  # factor
_LOOSEST = 2.5
_SIZE = 1000.0
_MOST = 3
_MAD = 1.4826

_LEAST = 20.0  # passengers of a level that a rise at the end starts from
_CLEAR = 0.4  # log10 above everything seen before
_CLEAR_LARGE = 2.0  # the same, below the power

_SHORT_OTHERS = 2
_SHORT_ALIKE = 0.7  # log10 between the largest and the smallest other value
_LARGE = 3  # powers of ten that are certain in short and in seasonal series
_LARGE_NEAR = 0.3
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
    if len(e) <= _SHORT_OTHERS or y[observed].max() < _SIZE:
        return ()
    found = _short(y, observed) if len(e) < 2 * _SIDE else _between(y, observed, e, freq)
    large = {p: k for p, k in found.items() if _sizeable(y[p], k)}
    few = large if len(large) <= _MOST else {}
    few |= _long(y, observed, e, window) or _last(y, observed, season_length)
    return tuple(sorted(few.items()))


def _between(
    y: NDArray[np.float64], observed: NDArray[np.int64], e: NDArray[np.float64], freq: str
) -> dict[int, int]:
    """Runs of up to three periods that are off from the level next to them."""
    steps = np.diff(e)
    noise = _MAD * float(np.median(np.abs(steps - np.median(steps))))
    jumps = np.flatnonzero(np.abs(steps) >= 1 - _SIDES) + 1
    found: dict[int, int] = {}
    for length in range(1, _RUN + 1):
        for i in (
            {0, len(e) - length, *jumps[jumps <= len(e) - length].tolist()} if len(jumps) else ()
        ):
            power = _power(observed, e, i, i + length)
            run = observed[i : i + length]
            if noise > _NOISE * _certainty(power) or not _is_error(y, run, power, freq):
                continue
            if i + length < len(e) or _exceeds(y, observed, i, power):
                found |= {int(p): power for p in run}
    return found


def _exceeds(y: NDArray[np.float64], observed: NDArray[np.int64], i: int, power: int) -> bool:
    """Whether a rise at the end leaves all that was seen before far behind, a fall always does."""
    if power < 0 or i == 0:
        return True
    before, run = y[observed[:i]], y[observed[i:]]
    clear = max(_CLEAR, power - _CLEAR_LARGE)
    return bool(run.min() >= 10**clear * before.max() and run.min() >= _LEAST * 10.0**power)


def _is_error(y: NDArray[np.float64], run: NDArray[np.int64], power: int, freq: str) -> bool:
    """Whether a power of ten is an error rather than an event.

    A day or a week without flights is an event; so is a fall, unless the months on either side
    are alike even before the season is taken out.
    """
    if power >= 0 or freq not in "MQ":
        return power > 0
    sides = y[[p for p in (run[0] - 1, run[-1] + 1) if 0 <= p < len(y)]]
    alike = _ALIKE if power > -_RUN else 2 * _ALIKE
    return bool(sides.max() <= alike * sides.min())


def _certainty(power: int) -> float:
    """How much looser the limits may be for an error of this size."""
    return min(abs(power), _LOOSEST)


def _sizeable(value: float, power: int) -> bool:
    """Whether the larger of the value and what it should be is a thousand passengers."""
    return max(value, value / 10.0**power) >= _SIZE


def _power(observed: NDArray[np.int64], e: NDArray[np.float64], i: int, stop: int) -> int:
    """Power of ten by which the run ``i:stop`` is off from the level around it, or 0."""
    one_sided = i == 0 or stop == len(e)
    left = slice(max(i - (_SIDE if one_sided else 1), 0), i)
    right = slice(stop, stop + (_SIDE if one_sided else 1))
    level = np.concatenate([e[left], e[right]])
    if len(level) < (_SIDE if one_sided else 2):
        return 0
    together = observed[min(right.stop, len(e)) - 1] - observed[left.start]
    off = e[i:stop] - level.mean()
    power = round(float(np.median(off)))
    looser = _certainty(power)
    if (
        power == 0
        or together > len(level) + stop - i - 1
        or np.ptp(level) > _SIDES * looser
        or np.abs(off - power).max() > _NEAR * looser
    ):
        return 0
    # Where one side is unknown, a fall may be a crash, or a first month in part.
    return power if not one_sided or power > 0 or power <= -_RUN else 0


def _short(y: NDArray[np.float64], observed: NDArray[np.int64]) -> dict[int, int]:
    """One value of a short series that is a thousand times off from all the others, alike."""
    z = np.log10(y[observed])
    at = int(np.argmax(np.abs(z - np.median(z))))
    others = np.delete(z, at)
    off = float(z[at] - np.median(others))
    power = round(off)
    alike = np.ptp(others) <= _SHORT_ALIKE and abs(off - power) <= _LARGE_NEAR
    sized = 10.0 ** float(np.median(others)) >= (_LEAST if power > 0 else _SIZE)
    # A first month in part is no error.
    if abs(power) < _LARGE or not alike or not sized or (power < 0 and at == 0):
        return {}
    return {int(observed[at]): power}


def _long(
    y: NDArray[np.float64], observed: NDArray[np.int64], e: NDArray[np.float64], window: int
) -> dict[int, int]:
    """The last periods, however many, where all of them are a thousand times all before."""
    v = y[observed]
    least = np.minimum.accumulate(v[::-1])[::-1]
    most = np.maximum.accumulate(v)
    apart = np.flatnonzero(least[1:] >= 10**_STEP * most[:-1]) + 1
    for i in apart[apart >= 2 * _SIDE].tolist():
        before, after = e[:i], e[i:]
        off = float(np.median(after) - np.median(before[-_SIDE:]))
        power = round(off)
        inside = observed[i] >= len(y) - window
        near = abs(off - power) <= (_NEAR if len(after) > _RUN else _LARGE_NEAR)
        if power >= _LARGE and inside and near and np.median(v[:i]) >= _LEAST:
            return {int(p): power for p in observed[i:]}
    return {}


def _last(
    y: NDArray[np.float64], observed: NDArray[np.int64], season_length: int
) -> dict[int, int]:
    """The last period, a thousand times the same one of the season before and out of all range."""
    last, ago = int(observed[-1]), int(observed[-1]) - season_length
    before = y[observed[:-1]]
    if last < len(y) - 1 or season_length < 2 or ago < 0 or not y[ago] > 0:  # noqa: PLR2004
        return {}
    off = float(np.log10(y[last] / y[ago]))
    power = round(off)
    if abs(power) < _LARGE or abs(off - power) > _LARGE_NEAR:
        return {}
    if power > 0:
        certain = y[last] >= 10 * before.max() and y[ago] >= _LEAST
    else:
        certain = y[last] <= before.min() / 10 and np.median(before) >= _SIZE
    return {last: power} if certain else {}
