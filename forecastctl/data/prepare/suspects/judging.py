"""Which suspects are still suspect next to the other airports, and which of them are left out.

A fall that many other airports share is a shock, and no suspect. By default
(``suspects = "recent"``) those of the last two seasons are left out, because they decide what is
forecast.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from forecastctl.data.prepare.suspects.suspects import MONTH_NAMES, window

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from forecastctl.data.prepare.rules import Context, Grid
    from forecastctl.data.prepare.suspects.examined import Examined
    from forecastctl.data.prepare.suspects.fleet import Peers
    from forecastctl.data.prepare.suspects.suspects import Suspects

_LEAST_AIRPORTS = 3  # that share a fault
_END_SHARE = 0.1  # of the fleet, that hold zeros from the same period on
_MONTH_SHARE = 0.5  # of the airports whose months can be compared
_YEARS = 2
_TIMES_ALL_BEFORE = 2.5  # for a value in the unit that the panel changed to, at least
_NEAR_FLEETS_POWER = 0.5  # log10 from the power of ten of the others
CLOSED = 3
"""Zeros at the end of a series, from which on the airport has probably closed."""

_CERTAIN_FALL = -3  # power of ten, from which on a fall needs no other year to compare with
_NO_LOW_SEASON = 3.0  # times the value: the same period of another year was that much larger


@dataclass(frozen=True, slots=True)
class Judge:
    """Compares one airport after the other with the fleet.

    Attributes:
        context: What is known of the panel.
        fleet: Its airports.
        shared_months: Calendar months that are on another scale in most of them.
        shared_ends: Periods from which on many of them hold zeros.
    """

    context: Context
    fleet: Peers
    shared_months: frozenset[int] = field(default_factory=frozenset)
    shared_ends: frozenset[int] = field(default_factory=frozenset)

    def confirmed(self, suspects: Suspects, grid: Grid, airport: int) -> Suspects:
        """The suspects of an airport that are no shock, and a new unit that only the fleet shows.

        Args:
            suspects: Those found in the airport alone.
            grid: The airport.
            airport: Its position in the fleet.
        """
        confirmed = self._without_shocks(suspects, grid, airport) if suspects else suspects
        power = self._unit_of_panel(grid, airport, confirmed)
        if power:
            confirmed = replace(confirmed, unit=(*confirmed.unit, (len(grid.y) - 1, power)))
        return confirmed

    def _without_shocks(self, suspects: Suspects, grid: Grid, airport: int) -> Suspects:
        """Those that the other airports do not share."""
        shocks: set[int] = set()
        powers = dict(suspects.unit)
        for first, run in _runs(suspects.of("unit")):
            period, power = grid.start + first, powers[first]
            if (
                self.fleet.fell(period, airport)
                if power < 0
                else self.fleet.rose(period, airport, power)
            ):
                shocks.update(run)
        for kind in ("zero", "unpublished"):
            for first, run in _runs(suspects.of(kind)):
                if self.fleet.fell(grid.start + first, airport):
                    shocks.update(run)
        return suspects.without(shocks) if shocks else suspects

    def _unit_of_panel(self, grid: Grid, airport: int, suspects: Suspects) -> int:
        """Power of ten by which the panel's last period is off, where it is so here, or 0."""
        last = len(grid.y) - 1
        period = grid.start + last
        if last in suspects.positions or not ends_far_above(grid, self.context):
            return 0
        power, usual = self.fleet.unit(period), self.fleet.usual(period, airport)
        here = usual > 0 and abs(np.log10(grid.y[last] / usual) - power) <= _NEAR_FLEETS_POWER
        return power if here else 0

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
            if power > 0
            or (p > 0 and (power <= _CERTAIN_FALL or _larger_in_another_year(grid, p, context)))
        ]
        ends = suspects.unpublished if self._probably_unpublished(suspects, grid) else ()
        recent = {p for p in (*units, *suspects.zero, *ends) if p >= oldest}
        months = {month for month, _ in suspects.label}
        if months and months <= self.shared_months:
            recent |= set(suspects.label_positions)
        return tuple(sorted(recent))

    def _probably_unpublished(self, suspects: Suspects, grid: Grid) -> bool:
        """Whether zeros at the end are left out, rather than taken for a closed airport."""
        n = len(suspects.unpublished)
        if n < CLOSED:
            return suspects.sudden
        together = n > 0 and grid.start + suspects.unpublished[0] in self.shared_ends
        long = n > max(self.context.season_length, CLOSED)
        return suspects.sudden and together and not long and self.context.freq[0] != "D"


def ends_far_above(grid: Grid, context: Context) -> bool:
    """Whether an airport's value in the panel's last period lies far above all before.

    So it is for few airports, for which alone the others need to be read.
    """
    last = len(grid.y) - 1
    before = grid.y[:last][grid.y[:last] > 0]
    if grid.start + last != context.last or not len(before):
        return False
    return bool(grid.y[last] > _TIMES_ALL_BEFORE * before.max())


def questions_of(suspects: Suspects, grid: Grid) -> frozenset[tuple[int, int]]:
    """Periods in which others are asked what they did, each with the power of a rise, or 0.

    Args:
        suspects: Those found in an airport alone.
        grid: The airport.
    """
    powers = dict(suspects.unit)
    asked = {(grid.start + first, powers[first]) for first, _ in _runs(suspects.of("unit"))}
    for kind in ("zero", "unpublished"):
        asked |= {(grid.start + first, 0) for first, _ in _runs(suspects.of(kind))}
    return frozenset(asked)


def _larger_in_another_year(grid: Grid, position: int, context: Context) -> bool:
    """Whether the season before or after does not hold such a fall."""
    m, limit = context.season_length, _NO_LOW_SEASON * grid.y[position]
    others = [grid.y[p] for p in (position - m, position + m) if 0 <= p < len(grid.y)]
    return m > 1 and any(y > limit for y in others)


def _runs(positions: Sequence[int]) -> list[tuple[int, list[int]]]:
    """Stretches of neighbouring positions, each with its first."""
    runs: list[tuple[int, list[int]]] = []
    for p in positions:
        if runs and p == runs[-1][1][-1] + 1:
            runs[-1][1].append(p)
        else:
            runs.append((p, [p]))
    return runs


def with_shared_faults(
    judge: Judge,
    suspects: Sequence[Suspects],
    grids: Sequence[Grid | None],
    how_many_tell: Callable[[], int] | None = None,
) -> Judge:
    """The judge, knowing which months and ends many airports share.

    Args:
        judge: Without this knowledge.
        suspects: Of each airport, those without any left out as you like.
        grids: Each of these airports, ``None`` where there is none.
        how_many_tell: Counts the airports for which `tells_months` holds; by default the grids.
    """
    ends = Counter(
        grid.start + each.unpublished[0]
        for each, grid in zip(suspects, grids, strict=True)
        if grid is not None and len(each.unpublished) >= CLOSED
    )
    shared_ends = frozenset(
        period
        for period, n in ends.items()
        if n >= _LEAST_AIRPORTS and n >= _END_SHARE * judge.fleet.comparable(period)
    )
    months = _shared_months(suspects, how_many_tell or (lambda: sum(map(tells_months, grids))))
    return replace(judge, shared_months=months, shared_ends=shared_ends)


def tells_months(grid: Grid | None) -> bool:
    """Whether an airport is long enough to tell whether a calendar month is on another scale."""
    return grid is not None and int((grid.y > 0).sum()) >= _YEARS * len(MONTH_NAMES)


def _shared_months(
    suspects: Sequence[Suspects], how_many_tell: Callable[[], int]
) -> frozenset[int]:
    """Calendar months on another scale in most airports that are long enough to tell."""
    counts = Counter(month for each in suspects for month, _ in each.label)
    if not counts:
        return frozenset()
    long_enough = how_many_tell()
    return frozenset(
        m for m, n in counts.items() if n >= _LEAST_AIRPORTS and n >= _MONTH_SHARE * long_enough
    )


def warnings_of(
    examined: Sequence[Examined], names: Sequence[str], judge: Judge, *, lower: bool = True
) -> list[str]:
    """What a user should know of a panel though nothing is left out for it, one sentence each.

    Args:
        examined: Each airport.
        names: Their names.
        judge: What the fleet says.
        lower: Whether a last period in which most airports are low is still to be said.
    """
    warnings = _lower_last_period(judge) if lower else []
    if judge.context.spec.suspects == "recent":
        warnings += [*_kept_zeros(examined, names, judge.context), *_kept_labels(examined, names)]
    return warnings


def _lower_last_period(judge: Judge) -> list[str]:
    """Whether most airports are far below what they were in the panel's last period."""
    context = judge.context
    if context.last is None or context.freq not in ("M", "Q"):
        return []
    lower = judge.fleet.lower(context.last)
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
    for name, entry in zip(names, examined, strict=True):
        zeros, grid = entry.suspects.unpublished, entry.grid
        recent = CLOSED <= len(zeros) <= context.season_length and context.freq in ("M", "Q")
        if grid is not None and recent and entry.suspects.sudden and zeros[0] not in entry.left_out:
            since.setdefault(grid.start + zeros[0], []).append(name)
    return [
        f"{_have(airports)} zeros since {context.label(period)}: closed, or not published? Kept; "
        "--suspects missing leaves them out"
        for period, airports in sorted(since.items())
    ]


def _kept_labels(examined: Sequence[Examined], names: Sequence[str]) -> list[str]:
    """Calendar months that are on another scale in some airports, and kept."""
    months: dict[int, list[str]] = {}
    for name, entry in zip(names, examined, strict=True):
        if not set(entry.suspects.label_positions) <= set(entry.left_out):
            for month, _ in entry.suspects.label:
                months.setdefault(month, []).append(name)
    return [
        f"{_have(airports)} {MONTH_NAMES[month - 1]} on another scale than its neighbours in every "
        "year: another quantity, or the season? Kept; --suspects missing leaves it out"
        for month, airports in sorted(months.items())
    ]


def _have(names: Sequence[str]) -> str:
    """``'JFK' has``, ``'JFK' and 4 more have``."""
    more = len(names) - 1
    return f"{names[0]!r} and {more:,} more have" if more else f"{names[0]!r} has"
