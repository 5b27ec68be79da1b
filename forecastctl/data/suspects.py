"""Periods that look wrong rather than unusual, judged on one airport alone.

Three kinds, each built to leave real events alone:

- *label*: a calendar month that lies far below (or above) both its neighbours in every year, as
  when another quantity is filed under it. A season's slope is gradual, so that its trough or peak
  is not far from both neighbours at once.
- *unit*: one to three periods off by close to a power of ten, with the old level on both sides. A
  crash such as that of 2020 does not jump back at once.
- *unpublished*: a series of sizeable numbers that ends in zeros.

Outliers (`forecastctl.data.outliers`) are unusual, not wrong, and only ever reported.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from forecastctl.data.outliers import deseasonalised
from forecastctl.data.periods import PERIOD_WORDS, labels

if TYPE_CHECKING:
    from numpy.typing import NDArray

MONTH_NAMES = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_MONTHS = 12
_LISTED = 6

_JUMP = 0.5  # log10

_LABEL_YEARS = 2
_LABEL_EACH = np.log10(4.0)  # in every year
_LABEL_USUAL = np.log10(8.0)  # in the median year
_LABEL_SHARE = 0.9  # of the years that can be judged
_LABEL_SMALLEST = 10.0  # passengers of the smaller neighbour
_LABEL_MOST = 2  # months of a year

_UNIT_RUN = 3
_UNIT_SIDE = 4  # periods of one level where the other side is unknown
_UNIT_NEAR = 0.12  # log10: a factor of 1.32
_UNIT_SIDES = 0.2  # log10 between the levels before and after
_UNIT_NOISE = 0.1  # log10, robust standard deviation of steps
_UNIT_ALIKE = 2.0  # factor
_UNIT_LOOSEST = 2.5
_UNIT_SIZE = 1000.0
_UNIT_MOST = 3

_ZEROS_RUN = 3
_ZEROS_EARLIER = 0.05
_ZEROS_SIZE = 20.0

_MAD = 1.4826


@dataclass(frozen=True, slots=True)
class Suspects:
    """Positions in a grid that look wrong.

    Attributes:
        unit: Positions with their power of ten.
        label: Calendar months (1 to 12) with the typical factor to their neighbours.
        label_positions: Every position of those months.
        unpublished: Positions of zeros at the end.
    """

    unit: tuple[tuple[int, int], ...] = ()
    label: tuple[tuple[int, float], ...] = ()
    label_positions: tuple[int, ...] = ()
    unpublished: tuple[int, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.unit or self.label or self.unpublished)

    @property
    def positions(self) -> tuple[int, ...]:
        """All of them, in order."""
        units = (p for p, _ in self.unit)
        return tuple(sorted({*units, *self.label_positions, *self.unpublished}))

    def only(self, kind: str) -> Suspects:
        """The suspects of one kind: ``unit``, ``label`` or ``unpublished``."""
        return Suspects(
            self.unit if kind == "unit" else (),
            self.label if kind == "label" else (),
            self.label_positions if kind == "label" else (),
            self.unpublished if kind == "unpublished" else (),
        )

    def described(self, start: int, freq: str) -> list[str]:
        """One sentence for each kind found.

        Args:
            start: First period of the grid.
            freq: pandas period alias.
        """
        texts = []
        for month, factor in self.label:
            texts.append(
                f"suspected label error: every {MONTH_NAMES[month - 1]} is about {_times(factor)} "
                "its neighbours"
            )
        for power in sorted({k for _, k in self.unit}):
            found = [start + p for p, k in self.unit if k == power]
            listed = ", ".join(labels(found, freq))
            texts.append(f"suspected unit error: {listed} about {_times(10.0**power)} the level")
        if self.unpublished:
            n, word = len(self.unpublished), PERIOD_WORDS[freq[0]]
            since = labels([start + self.unpublished[0]], freq)[0]
            texts.append(f"zeros in the last {n} {word}s, since {since}: maybe not published")
        return texts


NONE = Suspects()


def _times(factor: float) -> str:
    """``1/120 of`` or ``1,000 times``."""
    return f"1/{1 / factor:,.0f} of" if factor < 1 else f"{factor:,.0f} times"


def find_suspects(y: NDArray[np.float64], start: int, freq: str, season_length: int) -> Suspects:
    """Look for the three kinds.

    Args:
        y: Passengers, NaN where missing, first and last observed, shape ``(n,)``.
        start: First period.
        freq: pandas period alias.
        season_length: Periods per season.
    """
    unpublished = _trailing_zeros(y)
    live = y[: len(y) - len(unpublished)]
    if not _jumps(live):
        return Suspects(unpublished=unpublished)
    label, label_positions = _labels(live, start) if freq == "M" else ((), ())
    rest = live.copy()
    rest[list(label_positions)] = np.nan
    return Suspects(_units(rest, freq, season_length), label, label_positions, unpublished)


def _jumps(y: NDArray[np.float64]) -> bool:
    """Whether any step is as large as the other tests need; most series have none."""
    z = np.log10(y[~np.isnan(y)] + 1)
    return len(z) > 1 and bool(np.abs(np.diff(z)).max() >= _JUMP)


def trailing_zeros(y: NDArray[np.float64]) -> int:
    """Number of zeros at the end."""
    other = np.flatnonzero(np.nan_to_num(y, nan=0.0) != 0)
    tail = y[int(other[-1]) + 1 :] if len(other) else y
    return int((tail == 0).sum())


def _trailing_zeros(y: NDArray[np.float64]) -> tuple[int, ...]:
    """Positions of zeros at the end of a series that had hardly any before."""
    n = trailing_zeros(y)
    live = y[np.flatnonzero(np.nan_to_num(y, nan=0.0) != 0)]
    if n < _ZEROS_RUN or not len(live):
        return ()
    earlier = int((y == 0).sum()) - n
    if earlier > _ZEROS_EARLIER * (len(live) + earlier) or np.median(live[-_MONTHS:]) < _ZEROS_SIZE:
        return ()
    first = int(np.flatnonzero(np.nan_to_num(y, nan=0.0) != 0)[-1]) + 1
    return tuple(range(first, len(y)))


def _labels(
    y: NDArray[np.float64], start: int
) -> tuple[tuple[tuple[int, float], ...], tuple[int, ...]]:
    """Calendar months on another scale than both neighbours, and their positions."""
    n = len(y)
    if n < _LABEL_YEARS * _MONTHS:
        return (), ()
    before, here, after = y[:-2], y[1:-1], y[2:]
    with np.errstate(invalid="ignore"):
        fit = np.minimum(before, after) >= _LABEL_SMALLEST
    fit &= ~np.isnan(here)
    z = np.log10(y + 1)
    low = z[1:-1] - np.fmin(z[:-2], z[2:])
    high = z[1:-1] - np.fmax(z[:-2], z[2:])
    month = (start + 1 + np.arange(n - 2)) % _MONTHS
    found = []
    for m in range(_MONTHS):
        mine = fit & (month == m)
        for steps in (low[mine], -high[mine]):
            if _other_scale(steps):
                sign = 1 if steps is not None and np.median(low[mine]) < 0 else -1
                typical = np.median(low[mine] if sign > 0 else high[mine])
                found.append((m + 1, float(10.0**typical)))
                break
    if not 0 < len(found) <= _LABEL_MOST:
        return (), ()
    months = [m for m, _ in found]
    inside = np.isin((start + np.arange(n)) % _MONTHS + 1, months) & ~np.isnan(y)
    return tuple(found), tuple(int(p) for p in np.flatnonzero(inside))


def _other_scale(steps: NDArray[np.float64]) -> bool:
    """Whether the steps down (negative, log10) from the nearer neighbour are large every year."""
    if len(steps) < _LABEL_YEARS:
        return False
    each = np.mean(steps <= -_LABEL_EACH)
    return bool(each >= _LABEL_SHARE and np.median(steps) <= -_LABEL_USUAL)


def _units(y: NDArray[np.float64], freq: str, season_length: int) -> tuple[tuple[int, int], ...]:
    """Positions off by a power of ten, with the power."""
    observed, e = deseasonalised(y, season_length, seasons=3)
    if len(e) < 2 * _UNIT_SIDE or y[observed].max() < _UNIT_SIZE:
        return ()
    steps = np.diff(e)
    noise = _MAD * float(np.median(np.abs(steps - np.median(steps))))
    jumps = np.flatnonzero(np.abs(steps) >= 1 - _UNIT_SIDES) + 1
    found: dict[int, int] = {}
    for length in range(1, _UNIT_RUN + 1):
        for i in (
            {0, len(e) - length, *jumps[jumps <= len(e) - length].tolist()} if len(jumps) else ()
        ):
            power = _power(observed, e, i, i + length)
            run = observed[i : i + length]
            if noise <= _UNIT_NOISE * _certainty(power) and _is_error(y, run, power, freq):
                found |= {int(p): power for p in run}
    large = {p: k for p, k in found.items() if _sizeable(y[p], k)}
    return tuple(sorted(large.items())) if len(large) <= _UNIT_MOST else ()


def _is_error(y: NDArray[np.float64], run: NDArray[np.int64], power: int, freq: str) -> bool:
    """Whether a power of ten is an error rather than an event.

    A day or a week without flights is an event; so is a fall, unless the months on either side
    are alike even before the season is taken out.
    """
    if power >= 0 or freq not in "MQ":
        return power > 0
    sides = y[[p for p in (run[0] - 1, run[-1] + 1) if 0 <= p < len(y)]]
    alike = _UNIT_ALIKE if power > -_UNIT_RUN else 2 * _UNIT_ALIKE
    return bool(sides.max() <= alike * sides.min())


def _certainty(power: int) -> float:
    """How much looser the limits may be for an error of this size."""
    return min(abs(power), _UNIT_LOOSEST)


def _sizeable(value: float, power: int) -> bool:
    """Whether the larger of the value and what it should be is a thousand passengers."""
    return max(value, value / 10.0**power) >= _UNIT_SIZE


def _power(observed: NDArray[np.int64], e: NDArray[np.float64], i: int, stop: int) -> int:
    """Power of ten by which the run ``i:stop`` is off from the level around it, or 0."""
    one_sided = i == 0 or stop == len(e)
    left = slice(max(i - (_UNIT_SIDE if one_sided else 1), 0), i)
    right = slice(stop, stop + (_UNIT_SIDE if one_sided else 1))
    level = np.concatenate([e[left], e[right]])
    if len(level) < (_UNIT_SIDE if one_sided else 2):
        return 0
    together = observed[min(right.stop, len(e)) - 1] - observed[left.start]
    off = e[i:stop] - level.mean()
    power = round(float(np.median(off)))
    looser = _certainty(power)
    if (
        power == 0
        or together > len(level) + stop - i - 1
        or np.ptp(level) > _UNIT_SIDES * looser
        or np.abs(off - power).max() > _UNIT_NEAR * looser
    ):
        return 0
    # Where one side is unknown, a fall may be a crash, or a first month in part.
    return power if not one_sided or power > 0 or power <= -_UNIT_RUN else 0
