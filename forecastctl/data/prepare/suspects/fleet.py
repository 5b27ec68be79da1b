"""What the airports of a panel did in one period, all together.

One airport alone cannot tell a fault from a shock. What most of the other airports did as well was
a real event.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from forecastctl.data.prepare.rules import Grid

_PERIODS_BEFORE = 3
_LEAST_PASSENGERS = 20.0  # passengers in the periods before, of an airport that counts
_FELL = 0.6  # of the periods before, and of a season before
_ROSE = 3.0  # times the same
_SHOCK_SHARE = 0.3  # of the other airports, from which on a move is a shock
_UNIT_SHARE = 0.5  # of the other airports, from which on a power of ten is the panel's
_NEAR_POWER = 0.3  # log10
_CERTAIN_POWER = 3  # of ten, from which on a new unit is certain

_LEAST_AIRPORTS = 3  # from which on there is a fleet
_LOWER = 0.75  # of the periods before, and of a season before
_LOWER_SHARE = 0.8  # of the airports, from which on that is worth a warning


@dataclass(frozen=True, slots=True)
class PeriodValues:
    """Every airport in one period, NaN where it has no value, shape ``(k,)`` each.

    Attributes:
        value: Passengers of the period.
        before: Median of up to three periods before.
        season_ago: The same period of the season before.
    """

    value: NDArray[np.float64]
    before: NDArray[np.float64]
    season_ago: NDArray[np.float64]

    def comparable(self, besides: int | None = None) -> NDArray[np.bool_]:
        """Which airports of some size have a value, but for one of them."""
        with_value = ~np.isnan(self.value) & (self.before >= _LEAST_PASSENGERS)
        if besides is not None:
            with_value[besides] = False
        return with_value

    def below(self, share: float) -> NDArray[np.bool_]:
        """Whether a value is less than this share of those before, and of a season before."""
        fell = self.value < share * self.before
        return np.asarray(fell & ~(self.value >= share * self.season_ago))


@dataclass(slots=True)
class Fleet:
    """The airports of a panel, read only when a question about one of them needs the others.

    Attributes:
        grids: Returns every airport period by period, ``None`` where its rows allow no grid.
        season_length: Periods per season.
    """

    grids: Callable[[], Sequence[Grid | None]]
    season_length: int
    _values: dict[int, PeriodValues] = field(default_factory=dict)
    _units: dict[int, int] = field(default_factory=dict)

    def at(self, period: int) -> PeriodValues:
        """Every airport in one period."""
        if period not in self._values:
            rows = [_row(grid, period, self.season_length) for grid in self.grids()]
            columns = np.array(rows, dtype=np.float64).reshape(-1, 3).T
            self._values[period] = PeriodValues(*columns)
        return self._values[period]

    def fell(self, period: int, airport: int) -> bool:
        """Whether a fall in this period is a shock: many other airports with passengers fell, too.

        Airports without a passenger do not count. Where nobody has a passenger any more, the period
        is not published: even when whole countries were grounded, some airports kept a few.

        Args:
            period: First period of the fall.
            airport: Position of the airport that the question is about.
        """
        values = self.at(period)
        others = values.comparable(airport) & (values.value > 0)
        return bool(others.any() and np.mean(values.below(_FELL)[others]) >= _SHOCK_SHARE)

    def rose(self, period: int, airport: int, power: int) -> bool:
        """Whether a rise in this period is an event: many others rose, most not by a new unit.

        Args:
            period: First period of the rise.
            airport: Position of the airport that the question is about.
            power: Power of ten by which it rose.
        """
        values = self.at(period)
        others = values.comparable(airport)
        if not others.any():
            return False
        rose = (values.value > _ROSE * values.before) & ~(values.value <= _ROSE * values.season_ago)
        if np.mean(rose[others]) < _SHOCK_SHARE:
            return False
        with np.errstate(divide="ignore", invalid="ignore"):
            off = np.abs(np.log10(values.value / values.before) - power)
        return bool(np.mean(off[others & rose] <= _NEAR_POWER) < _UNIT_SHARE)

    def unit(self, period: int) -> int:
        """Power of ten by which the values of most airports are too large in a period, or 0.

        A factor of ten or a hundred must be so against the season before as well: a fleet that
        flies again has grown as much within a month.
        """
        if period not in self._units:
            self._units[period] = self._unit(period)
        return self._units[period]

    def _unit(self, period: int) -> int:
        values = self.at(period)
        counted = values.comparable() & (values.value > 0)
        if counted.sum() < _LEAST_AIRPORTS:
            return 0
        off = np.log10(values.value[counted] / self.usual(period)[counted])
        power = round(float(np.median(off)))
        same = power > 0 and np.mean(np.abs(off - power) <= _NEAR_POWER) >= _UNIT_SHARE
        certain = power >= _CERTAIN_POWER or np.mean(values.season_ago[counted] > 0) >= _UNIT_SHARE
        return power if same and certain else 0

    def usual(self, period: int) -> NDArray[np.float64]:
        """The larger of a season before and the periods before, for each airport."""
        values = self.at(period)
        return np.fmax(values.season_ago, values.before)

    def lower(self, period: int) -> tuple[int, int] | None:
        """How many of how many airports are a quarter or more below what they were, if most are.

        Airports without a passenger do not count: each is judged by itself.
        """
        values = self.at(period)
        counted = values.comparable() & (values.value > 0)
        lower = int((counted & values.below(_LOWER)).sum())
        n = int(counted.sum())
        return (lower, n) if n >= _LEAST_AIRPORTS and lower >= _LOWER_SHARE * n else None


def _row(grid: Grid | None, period: int, season_length: int) -> tuple[float, float, float]:
    """One airport in one period: its value, the median before, and that of a season before."""
    nan = float("nan")
    at = -1 if grid is None else period - grid.start
    if grid is None or not 0 <= at < len(grid.y):
        return nan, nan, nan
    recent = sorted(v for v in grid.y[max(at - _PERIODS_BEFORE, 0) : at].tolist() if v == v)  # noqa: PLR0124
    n = len(recent)
    median = (recent[(n - 1) // 2] + recent[n // 2]) / 2 if n else nan
    season_ago = float(grid.y[at - season_length]) if at >= season_length else nan
    return float(grid.y[at]), median, season_ago
