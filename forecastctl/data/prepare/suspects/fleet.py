"""What the airports of a panel did in one period, all together.

One airport alone cannot tell a fault from a shock. What most of the other airports did as well was
a real event.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import numpy as np

from forecastctl.data.prepare.suspects.tally import PeriodValues, Tally, power_of_all, tally_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from forecastctl.data.prepare.rules import Grid

_PERIODS_BEFORE = 3


class Peers(Protocol):
    """The other airports of a panel, as far as a question about one of them needs them."""

    def fell(self, period: int, airport: int) -> bool:
        """Whether a fall in this period is a shock: many other airports with passengers fell, too.

        Airports without a passenger do not count. Where nobody has a passenger any more, the period
        is not published: even when whole countries were grounded, some airports kept a few.

        Args:
            period: First period of the fall.
            airport: Position of the airport that the question is about.
        """

    def rose(self, period: int, airport: int, power: int) -> bool:
        """Whether a rise in this period is an event: many others rose, most not by a new unit.

        Args:
            period: First period of the rise.
            airport: Position of the airport that the question is about.
            power: Power of ten by which it rose.
        """

    def unit(self, period: int) -> int:
        """As `power_of_all`, of a period."""

    def usual(self, period: int, airport: int) -> float:
        """The larger of a season before and the periods before, of one airport."""

    def comparable(self, period: int) -> int:
        """How many airports of some size have a value in a period."""

    def lower(self, period: int) -> tuple[int, int] | None:
        """How many of how many airports are a quarter or more below what they were, if most are.

        Airports without a passenger do not count: each is judged by itself.
        """


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
    _tallies: dict[tuple[int, int], Tally] = field(default_factory=dict)

    def at(self, period: int) -> PeriodValues:
        """Every airport in one period."""
        if period not in self._values:
            self._values[period] = values_of(self.grids(), period, self.season_length)
        return self._values[period]

    def fell(self, period: int, airport: int) -> bool:
        """As in `Peers`."""
        return self._others(period, airport).is_shock()

    def rose(self, period: int, airport: int, power: int) -> bool:
        """As in `Peers`."""
        return self._others(period, airport, power).is_event(power)

    def unit(self, period: int) -> int:
        """As in `Peers`."""
        if period not in self._units:
            self._units[period] = power_of_all(self.at(period))
        return self._units[period]

    def usual(self, period: int, airport: int) -> float:
        """As in `Peers`."""
        return float(self.at(period).of(airport).usual()[0])

    def comparable(self, period: int) -> int:
        """As in `Peers`."""
        return self._all(period).comparable

    def lower(self, period: int) -> tuple[int, int] | None:
        """As in `Peers`."""
        return self._all(period).are_lower()

    def _all(self, period: int, power: int = 0) -> Tally:
        if (period, power) not in self._tallies:
            self._tallies[period, power] = tally_of(self.at(period), (power,))
        return self._tallies[period, power]

    def _others(self, period: int, airport: int, power: int = 0) -> Tally:
        own = tally_of(self.at(period).of(airport), (power,))
        return self._all(period, power) - own


@dataclass(frozen=True, slots=True)
class CountedFleet:
    """The same of a fleet that is only known by what was counted of it, asked by one airport.

    Attributes:
        tallies: Of all airports, by period.
        power: As `power_of_all`, of the panel's last period.
        season_length: Periods per season.
        own: The airport that asks; whatever its position is said to be.
    """

    tallies: Mapping[int, Tally]
    power: int
    season_length: int
    own: Grid | None = None

    def fell(self, period: int, airport: int) -> bool:  # noqa: ARG002 - as in Peers
        """As in `Peers`."""
        return (self.tallies[period] - tally_of(self._mine(period))).is_shock()

    def rose(self, period: int, airport: int, power: int) -> bool:  # noqa: ARG002 - as in Peers
        """As in `Peers`."""
        return (self.tallies[period] - tally_of(self._mine(period), (power,))).is_event(power)

    def unit(self, period: int) -> int:  # noqa: ARG002 - as in Peers
        """As in `Peers`."""
        return self.power

    def usual(self, period: int, airport: int) -> float:  # noqa: ARG002 - as in Peers
        """As in `Peers`."""
        return float(self._mine(period).usual()[0])

    def comparable(self, period: int) -> int:
        """As in `Peers`."""
        return self.tallies[period].comparable

    def lower(self, period: int) -> tuple[int, int] | None:
        """As in `Peers`."""
        return self.tallies[period].are_lower()

    def _mine(self, period: int) -> PeriodValues:
        return values_of([self.own], period, self.season_length)


def values_of(grids: Sequence[Grid | None], period: int, season_length: int) -> PeriodValues:
    """Airports in one period, NaN where the rows of one allow no grid."""
    rows = [_row(grid, period, season_length) for grid in grids]
    return PeriodValues(*np.array(rows, dtype=np.float64).reshape(-1, 3).T)


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
