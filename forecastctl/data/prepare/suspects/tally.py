"""What airports did in one period, and counts of it that add up. Pure."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray

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
