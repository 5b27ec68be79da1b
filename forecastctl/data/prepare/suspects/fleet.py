"""What the airports of a panel did in one period, all together.

One airport alone cannot tell a fault from a shock: what most of the others did as well happened.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from forecastctl.data.prepare.rules import Grid

_BEFORE = 3  # periods
_SIZE = 20.0  # passengers
_FELL = 0.6  # of the periods before, and of a season before
_ROSE = 3.0
_SHARE = 0.3  # of the others, from which on a period is a shock
_SAME_UNIT = 0.5  # of the others
_NEAR = 0.3  # log10
_LARGE = 3  # powers of ten

_MANY = 3  # airports from which on there is a fleet
_MOST = 0.8
_LOWER = 0.75


@dataclass(frozen=True, slots=True)
class Step:
    """Every airport in one period, NaN where it has no value, shape ``(k,)`` each.

    Attributes:
        now: Passengers of the period.
        before: Median of up to three periods before.
        ago: The same period of the season before.
    """

    now: NDArray[np.float64]
    before: NDArray[np.float64]
    ago: NDArray[np.float64]

    def judged(self, besides: int | None = None) -> NDArray[np.bool_]:
        """Airports of some size with a value, without one of them."""
        seen = ~np.isnan(self.now) & (self.before >= _SIZE)
        if besides is not None:
            seen[besides] = False
        return seen

    def below(self, share: float) -> NDArray[np.bool_]:
        """Whether a value is less than so much of those before, and of a season before."""
        fell = self.now < share * self.before
        return np.asarray(fell & ~(self.now >= share * self.ago))


@dataclass(slots=True)
class Fleet:
    """The airports of a panel, looked at only when one of them asks.

    Attributes:
        grids: Returns every airport period by period, ``None`` where its rows allow no grid.
        season_length: Periods per season.
    """

    grids: Callable[[], Sequence[Grid | None]]
    season_length: int
    _steps: dict[int, Step] = field(default_factory=dict)
    _units: dict[int, int] = field(default_factory=dict)

    def step(self, period: int) -> Step:
        """Every airport in one period."""
        if period not in self._steps:
            rows = [_row(grid, period, self.season_length) for grid in self.grids()]
            columns = np.array(rows, dtype=np.float64).reshape(-1, 3).T
            self._steps[period] = Step(*columns)
        return self._steps[period]

    def fell(self, period: int, airport: int) -> bool:
        """Whether a fall in this period is a shock: many of the others fell that still fly.

        Where nobody has a passenger any more, nothing is published: even when whole countries
        were grounded, some airports kept a few.

        Args:
            period: First period of the fall.
            airport: Position of the airport that asks.
        """
        step = self.step(period)
        alive = step.judged(airport) & (step.now > 0)
        return bool(alive.any() and np.mean(step.below(_FELL)[alive]) >= _SHARE)

    def rose(self, period: int, airport: int, power: int) -> bool:
        """Whether a rise in this period is an event: many others rose, and not by a new unit."""
        step = self.step(period)
        seen = step.judged(airport)
        if not seen.any():
            return False
        up = (step.now > _ROSE * step.before) & ~(step.now <= _ROSE * step.ago)
        if np.mean(up[seen]) < _SHARE:
            return False
        with np.errstate(divide="ignore", invalid="ignore"):
            off = np.abs(np.log10(step.now / step.before) - power)
        return bool(np.mean(off[seen] <= _NEAR) < _SAME_UNIT)

    def unit(self, period: int) -> int:
        """Power of ten by which the values of most airports are too large in a period, or 0.

        Up to a hundredfold they must also leave the season before behind: a fleet that flies again
        has grown as much within a month.
        """
        if period not in self._units:
            self._units[period] = self._unit(period)
        return self._units[period]

    def _unit(self, period: int) -> int:
        step = self.step(period)
        seen = step.judged() & (step.now > 0)
        if seen.sum() < _MANY:
            return 0
        off = np.log10(step.now[seen] / self.usual(period)[seen])
        power = round(float(np.median(off)))
        same = power > 0 and np.mean(np.abs(off - power) <= _NEAR) >= _SAME_UNIT
        known = power >= _LARGE or np.mean(step.ago[seen] > 0) >= _SAME_UNIT
        return power if same and known else 0

    def usual(self, period: int) -> NDArray[np.float64]:
        """The larger of a season before and the periods before, for each airport."""
        step = self.step(period)
        return np.fmax(step.ago, step.before)

    def low(self, period: int) -> tuple[int, int] | None:
        """How many of how many airports are a quarter or more below what they were, if most are.

        Those without a passenger do not count: they are looked at one by one.
        """
        step = self.step(period)
        seen = step.judged() & (step.now > 0)
        lower = int((seen & step.below(_LOWER)).sum())
        n = int(seen.sum())
        return (lower, n) if n >= _MANY and lower >= _MOST * n else None


def _row(grid: Grid | None, period: int, season_length: int) -> tuple[float, float, float]:
    """One airport in one period: its value, the median before, and that of a season before."""
    nothing = float("nan")
    at = -1 if grid is None else period - grid.start
    if grid is None or not 0 <= at < len(grid.y):
        return nothing, nothing, nothing
    recent = sorted(v for v in grid.y[max(at - _BEFORE, 0) : at].tolist() if v == v)  # noqa: PLR0124
    n = len(recent)
    middle = (recent[(n - 1) // 2] + recent[n // 2]) / 2 if n else nothing
    ago = float(grid.y[at - season_length]) if at >= season_length else nothing
    return float(grid.y[at]), middle, ago
