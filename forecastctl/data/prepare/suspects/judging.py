"""Which suspects stand before the fleet, and which of them a job leaves out.

A fall that many others share is a shock, and no suspect. What is left out by default
(``suspects = "recent"``) are those of the last two seasons, because they decide what is forecast.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from forecastctl.data.prepare.suspects.suspects import MONTH_NAMES, window

if TYPE_CHECKING:
    from collections.abc import Sequence

    from forecastctl.data.prepare.rules import Context, Grid
    from forecastctl.data.prepare.suspects.examined import Examined
    from forecastctl.data.prepare.suspects.fleet import Fleet
    from forecastctl.data.prepare.suspects.suspects import Suspects

_SEVERAL = 3  # airports
_TOGETHER = 0.1  # of the fleet
_SHARE = 0.5  # of those whose months can be compared
_YEARS = 2
_CLEAR = 2.5  # times everything seen before
_OWN = 0.5  # log10 from the power of ten of the others
ZEROS = 3
"""From so many on at its end an airport has probably closed."""

_CERTAIN = -3  # powers of ten
_OTHER = 3.0  # times a value that is no low season


@dataclass(frozen=True, slots=True)
class Judge:
    """Asks the fleet about one airport after the other.

    Attributes:
        context: What is known of the panel.
        fleet: Its airports.
        shared: Calendar months that are on another scale in most of them.
        ends: Periods from which on many of them hold zeros.
    """

    context: Context
    fleet: Fleet
    shared: frozenset[int] = field(default_factory=frozenset)
    ends: frozenset[int] = field(default_factory=frozenset)

    def confirmed(self, suspects: Suspects, grid: Grid, airport: int) -> Suspects:
        """The suspects of an airport that are no shock, and what only the fleet can tell.

        Args:
            suspects: What the airport alone looks like.
            grid: The airport.
            airport: Its position in the fleet.
        """
        found = self._against(suspects, grid, airport) if suspects else suspects
        power = self._unit_of_all(grid, airport, found)
        if power:
            found = replace(found, unit=(*found.unit, (len(grid.y) - 1, power)))
        return found

    def _against(self, suspects: Suspects, grid: Grid, airport: int) -> Suspects:
        out: set[int] = set()
        powers = dict(suspects.unit)
        for first, run in _runs(suspects.of("unit")):
            if self._shared(grid.start + first, airport, powers[first]):
                out.update(run)
        for kind in ("zero", "unpublished"):
            for first, run in _runs(suspects.of(kind)):
                if self.fleet.fell(grid.start + first, airport):
                    out.update(run)
        return suspects.without(out) if out else suspects

    def _shared(self, period: int, airport: int, power: int) -> bool:
        """Whether many others moved as this airport did, other than by a new unit."""
        if power < 0:
            return self.fleet.fell(period, airport)
        return self.fleet.rose(period, airport, power)

    def _unit_of_all(self, grid: Grid, airport: int, found: Suspects) -> int:
        """Power of ten of the panel's last period, where this airport has it as well."""
        at = len(grid.y) - 1
        period = grid.start + at
        if period != self.context.last or at in found.positions:
            return 0
        before = grid.y[:at][grid.y[:at] > 0]
        if not len(before) or not grid.y[at] > _CLEAR * before.max():
            return 0  # most airports end here, and ask nothing of the others
        power, usual = self.fleet.unit(period), float(self.fleet.usual(period)[airport])
        own = usual > 0 and abs(np.log10(grid.y[at] / usual) - power) <= _OWN
        return power if own else 0

    def left_out(self, suspects: Suspects, grid: Grid) -> tuple[int, ...]:
        """Positions that are not used by default.

        A month that is on another scale in every year is left out in all of them, and only where
        most airports have it so: in one alone it may be the season. A first value far below the
        others is probably a month in part, and a fall to a tenth or a hundredth may be the season
        where no other year says otherwise. Three zeros or more at the end are kept, as the airport
        has probably closed, unless many began to hold zeros together, less than a season ago.
        """
        context, n = self.context, len(grid.y)
        oldest = n - window(context.freq, context.season_length)
        units = [
            p
            for p, power in suspects.unit
            if power > 0 or (p > 0 and (power <= _CERTAIN or _other_year(grid, p, context)))
        ]
        ends = suspects.unpublished if self._unpublished(suspects, grid) else ()
        recent = {p for p in (*units, *suspects.zero, *ends) if p >= oldest}
        months = {month for month, _ in suspects.label}
        if months and months <= self.shared:
            recent |= set(suspects.label_positions)
        return tuple(sorted(recent))

    def _unpublished(self, suspects: Suspects, grid: Grid) -> bool:
        n = len(suspects.unpublished)
        if n < ZEROS:
            return suspects.sudden
        together = n > 0 and grid.start + suspects.unpublished[0] in self.ends
        long = n > max(self.context.season_length, ZEROS)
        return suspects.sudden and together and not long and self.context.freq[0] != "D"


def _other_year(grid: Grid, position: int, context: Context) -> bool:
    """Whether the season before or after does not hold such a fall."""
    m, limit = context.season_length, _OTHER * grid.y[position]
    others = [grid.y[p] for p in (position - m, position + m) if 0 <= p < len(grid.y)]
    return m > 1 and any(y > limit for y in others)


def _runs(positions: Sequence[int]) -> list[tuple[int, list[int]]]:
    """Stretches of neighbouring positions, each with its first."""
    found: list[tuple[int, list[int]]] = []
    for p in positions:
        if found and p == found[-1][1][-1] + 1:
            found[-1][1].append(p)
        else:
            found.append((p, [p]))
    return found


def with_shared(judge: Judge, suspects: Sequence[Suspects], grids: Sequence[Grid | None]) -> Judge:
    """The judge, knowing what many airports have in common.

    Args:
        judge: Who asked about each of them.
        suspects: Of each airport.
        grids: Each airport, ``None`` where there is none.
    """
    ends = Counter(
        grid.start + one.unpublished[0]
        for one, grid in zip(suspects, grids, strict=True)
        if grid is not None and len(one.unpublished) >= ZEROS
    )
    many = {
        period
        for period, n in ends.items()
        if n >= _SEVERAL and n >= _TOGETHER * judge.fleet.step(period).judged().sum()
    }
    return replace(judge, shared=_shared_months(suspects, grids), ends=frozenset(many))


def _shared_months(suspects: Sequence[Suspects], grids: Sequence[Grid | None]) -> frozenset[int]:
    """Calendar months on another scale in most airports that are long enough to tell."""
    counts = Counter(month for one in suspects for month, _ in one.label)
    if not counts:
        return frozenset()
    able = sum(g is not None and int((g.y > 0).sum()) >= _YEARS * len(MONTH_NAMES) for g in grids)
    return frozenset(m for m, n in counts.items() if n >= _SEVERAL and n >= _SHARE * able)


def warnings_of(examined: Sequence[Examined], names: Sequence[str], judge: Judge) -> list[str]:
    """What a user should know of a panel though nothing is left out for it, one sentence each.

    Args:
        examined: Each airport.
        names: Their names.
        judge: What was asked about them.
    """
    found = _lower(judge)
    if judge.context.spec.suspects == "recent":
        found += [*_kept_zeros(examined, names, judge.context), *_kept_labels(examined, names)]
    return found


def _lower(judge: Judge) -> list[str]:
    context = judge.context
    if context.last is None or context.freq not in ("M", "Q"):
        return []
    lower = judge.fleet.low(context.last)
    if lower is None:
        return []
    text = (
        f"{lower[0]:,} of {lower[1]:,} airports are a quarter or more below all they were before "
        f"in {context.label(context.last)}, the last period: a shock, or published in part? Kept"
    )
    return [text]


def _kept_zeros(examined: Sequence[Examined], names: Sequence[str], context: Context) -> list[str]:
    """Airports that hold zeros since less than a season, after their usual level."""
    since: dict[int, list[str]] = {}
    for name, one in zip(names, examined, strict=True):
        ends = one.suspects.unpublished
        recent = ZEROS <= len(ends) <= context.season_length and context.freq in ("M", "Q")
        if one.grid is not None and recent and one.suspects.sudden and ends[0] not in one.left_out:
            since.setdefault(one.grid.start + ends[0], []).append(name)
    return [
        f"{_several(held)} zeros since {context.label(period)}: closed, or not published? Kept; "
        "--suspects missing leaves them out"
        for period, held in sorted(since.items())
    ]


def _kept_labels(examined: Sequence[Examined], names: Sequence[str]) -> list[str]:
    months: dict[int, list[str]] = {}
    for name, one in zip(names, examined, strict=True):
        if not set(one.suspects.label_positions) <= set(one.left_out):
            for month, _ in one.suspects.label:
                months.setdefault(month, []).append(name)
    return [
        f"{_several(held)} {MONTH_NAMES[month - 1]} on another scale than its neighbours in every "
        "year: another quantity, or the season? Kept; --suspects missing leaves it out"
        for month, held in sorted(months.items())
    ]


def _several(names: Sequence[str]) -> str:
    """``'JFK' has``, ``'JFK' and 4 more have``."""
    more = len(names) - 1
    return f"{names[0]!r} and {more:,} more have" if more else f"{names[0]!r} has"
