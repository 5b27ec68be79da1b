"""What the airports of a panel did in one period, all together.

One airport alone cannot tell a fault from a shock. What most of the other airports did as well was
a real event.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

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

    def comparable(self) -> NDArray[np.bool_]:
        """Which airports of some size have a value."""
        return np.asarray(~np.isnan(self.value) & (self.before >= _LEAST_PASSENGERS))

    def below(self, share: float) -> NDArray[np.bool_]:
        """Whether a value is less than this share of those before, and of a season before."""
        fell = self.value < share * self.before
        return np.asarray(fell & ~(self.value >= share * self.season_ago))

    def usual(self) -> NDArray[np.float64]:
        """The larger of a season before and the periods before."""
        return np.fmax(self.season_ago, self.before)

    def of(self, airport: int) -> PeriodValues:
        """One airport alone."""
        own = slice(airport, airport + 1)
        return PeriodValues(self.value[own], self.before[own], self.season_ago[own])


@dataclass(frozen=True, slots=True)
class Tally:
    """What some airports did in one period, counted; tallies of other airports are added.

    Attributes:
        comparable: Airports of some size with a value.
        flying: Those of them that have passengers.
        fell: Of those that fly, how many fell far.
        lower: Of those that fly, how many are a quarter or more below what they were.
        rose: Of the comparable ones, how many rose far.
        near: Of those that rose, how many by about a power of ten, by this power.
    """

    comparable: int = 0
    flying: int = 0
    fell: int = 0
    lower: int = 0
    rose: int = 0
    near: Mapping[int, int] = field(default_factory=dict)

    def __add__(self, other: Tally) -> Tally:
        """Those of both."""
        return self._with(other, 1)

    def __sub__(self, other: Tally) -> Tally:
        """Without some of its airports."""
        return self._with(other, -1)

    def _with(self, other: Tally, sign: int) -> Tally:
        near = Counter(self.near)
        near.update({power: sign * n for power, n in other.near.items()})
        return Tally(
            self.comparable + sign * other.comparable,
            self.flying + sign * other.flying,
            self.fell + sign * other.fell,
            self.lower + sign * other.lower,
            self.rose + sign * other.rose,
            dict(near),
        )

    def is_shock(self) -> bool:
        """Whether many of the airports with passengers fell."""
        return self.flying > 0 and self.fell / self.flying >= _SHOCK_SHARE

    def is_event(self, power: int) -> bool:
        """Whether many airports rose, most of them not by this power of ten."""
        if not self.comparable or self.rose / self.comparable < _SHOCK_SHARE:
            return False
        return self.near[power] / self.rose < _UNIT_SHARE

    def are_lower(self) -> tuple[int, int] | None:
        """How many of how many airports with passengers are low, if most are."""
        low, n = self.lower, self.flying
        return (low, n) if n >= _LEAST_AIRPORTS and low >= _LOWER_SHARE * n else None


def tally_of(values: PeriodValues, powers: Iterable[int] = ()) -> Tally:
    """Count what airports did in a period.

    Args:
        values: Each of them.
        powers: Powers of ten by which a rise may be a new unit.
    """
    comparable = values.comparable()
    flying = comparable & (values.value > 0)
    rose = comparable & (values.value > _ROSE * values.before)
    rose &= ~(values.value <= _ROSE * values.season_ago)
    with np.errstate(divide="ignore", invalid="ignore"):
        times = np.log10(values.value / values.before)
    near = {p: int((rose & (np.abs(times - p) <= _NEAR_POWER)).sum()) for p in powers}
    return Tally(
        int(comparable.sum()),
        int(flying.sum()),
        int((flying & values.below(_FELL)).sum()),
        int((flying & values.below(_LOWER)).sum()),
        int(rose.sum()),
        near,
    )


def power_of_all(values: PeriodValues) -> int:
    """Power of ten by which the values of most airports are too large in a period, or 0.

    A factor of ten or a hundred must be so against the season before as well: a fleet that flies
    again has grown as much within a month.
    """
    counted = values.comparable() & (values.value > 0)
    if counted.sum() < _LEAST_AIRPORTS:
        return 0
    off = np.log10(values.value[counted] / values.usual()[counted])
    power = round(float(np.median(off)))
    same = power > 0 and np.mean(np.abs(off - power) <= _NEAR_POWER) >= _UNIT_SHARE
    certain = power >= _CERTAIN_POWER or np.mean(values.season_ago[counted] > 0) >= _UNIT_SHARE
    return power if same and certain else 0


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
