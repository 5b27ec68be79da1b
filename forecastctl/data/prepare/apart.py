"""Preparing a panel by parts, of which nobody holds all: the same steps, the same series.

Each airport is examined alone; what others have to say is counted in each part, and the counts add
up (`Tally`); then those that had asked are judged. Most airports ask nothing, and are done at once.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from forecastctl.data.prepare.rules import Grid
from forecastctl.data.prepare.suspects.examine import (
    examine_alone,
    grid_of,
    with_left_out,
    with_outcome,
)
from forecastctl.data.prepare.suspects.fleet import CountedFleet, values_of
from forecastctl.data.prepare.suspects.judging import (
    Judge,
    ends_far_above,
    questions_of,
    tells_months,
    with_shared_faults,
)
from forecastctl.data.prepare.suspects.tally import (
    PeriodValues,
    Tally,
    power_of_all,
    tally_of,
)
from forecastctl.data.prepare.traps import days_of_rows, step_of, twice_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from forecastctl.data.panel.rows import Cut
    from forecastctl.data.prepare.rules import Context
    from forecastctl.data.prepare.suspects.examined import Examined


@dataclass(frozen=True, slots=True)
class Alone:
    """What came of an airport before others were asked.

    Attributes:
        entry: What preparing it gave; its grid without values. Where it asks others it is pending.
        asked: Periods in which it asks what others did, each with the power of a rise, or 0.
        far_above: Whether it asks if the panel has changed its unit.
        tells: Whether it is long enough to tell whether a calendar month is on another scale.
        step: As `forecastctl.data.prepare.traps.step_of`.
        twice: As `forecastctl.data.prepare.traps.twice_of`.
    """

    entry: Examined
    asked: frozenset[tuple[int, int]]
    far_above: bool
    tells: bool
    step: tuple[int, int] | None
    twice: str | None

    @property
    def waits(self) -> bool:
        """Whether its outcome depends on others."""
        return bool(self.entry.suspects) or self.far_above


def examine_part(view: Cut, context: Context) -> tuple[list[Alone], NDArray[np.int64]]:
    """Each airport of a part alone, and every day on which one of them has a value."""
    found = []
    for rows in view.airports:
        entry = examine_alone(rows, context)
        grid = entry.grid
        asked = frozenset() if grid is None else questions_of(entry.suspects, grid)
        far_above = grid is not None and ends_far_above(grid, context)
        alone = Alone(
            entry,
            asked,
            far_above,
            tells_months(grid),
            step_of(entry),
            twice_of(rows, entry, context),
        )
        if grid is not None and not alone.waits:
            alone = replace(alone, entry=with_outcome(rows, entry, context))
        found.append(replace(alone, entry=_lean(alone.entry)))
    return found, days_of_rows(view)


def _lean(entry: Examined) -> Examined:
    """The same without the values of the grid."""
    return entry if entry.grid is None else replace(entry, grid=Grid(entry.grid.start, np.empty(0)))


def count_part(
    view: Cut, context: Context, asked: Mapping[int, Sequence[int]], last: int | None
) -> tuple[dict[int, Tally], PeriodValues | None]:
    """What the airports of a part did in the periods that are asked about.

    Args:
        view: The part.
        context: What the rules know of the panel.
        asked: Powers of ten of rises, by period.
        last: The panel's last period, where its unit is asked for.

    Returns:
        The tallies, and the values in the last period where they are needed.
    """
    grids = [grid_of(rows, context) for rows in view.airports]
    values = {period: values_of(grids, period, context.season_length) for period in asked}
    tallies = {period: tally_of(values[period], powers) for period, powers in asked.items()}
    return tallies, None if last is None else values_of(grids, last, context.season_length)


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of the whole panel.

    Attributes:
        tallies: What its airports did, by period.
        power: Power of ten by which its last period is off, or 0.
        months: As of `forecastctl.data.prepare.suspects.judging.Judge`.
        ends: The same.
    """

    tallies: Mapping[int, Tally]
    power: int = 0
    months: frozenset[int] = frozenset()
    ends: frozenset[int] = frozenset()

    def judge(self, context: Context, own: Grid | None = None) -> Judge:
        """What compares an airport with the others."""
        fleet = CountedFleet(self.tallies, self.power, context.season_length, own)
        return Judge(context, fleet, self.months, self.ends)

    def with_shared(self, context: Context, judged: Iterable[Examined], tell: int) -> Known:
        """The same, with the faults that many airports share.

        Args:
            context: What the rules know of the panel.
            judged: Those that have asked.
            tell: How many airports are long enough to tell a month on another scale.
        """
        entries = list(judged)
        suspects, grids = [e.suspects for e in entries], [e.grid for e in entries]
        judge = with_shared_faults(self.judge(context), suspects, grids, lambda: tell)
        return replace(self, months=judge.shared_months, ends=judge.shared_ends)


def know(parts: Iterable[tuple[dict[int, Tally], PeriodValues | None]]) -> Known:
    """What is known of a panel once all of its parts are counted."""
    tallies: dict[int, Tally] = {}
    last: list[PeriodValues] = []
    for counted, values in parts:
        for period, tally in counted.items():
            tallies[period] = tallies.get(period, Tally()) + tally
        last += [values] if values is not None else []
    if not last:
        return Known(tallies)
    names = ("value", "before", "season_ago")
    columns = [np.concatenate([getattr(values, name) for values in last]) for name in names]
    return Known(tallies, power_of_all(PeriodValues(*columns)))


def judge_part(view: Cut, context: Context, known: Known) -> list[Examined]:
    """The airports of a part that have asked, with their outcomes; their grids have no values."""
    judged = []
    for rows in view.airports:
        entry = examine_alone(rows, context)
        assert entry.grid is not None  # noqa: S101 - without a grid it has nothing to ask
        judge = known.judge(context, entry.grid)
        confirmed = replace(entry, suspects=judge.confirmed(entry.suspects, entry.grid, 0))
        judged.append(_lean(with_outcome(rows, with_left_out(confirmed, judge), context)))
    return judged


def questions(alone: Iterable[Alone], context: Context) -> dict[int, tuple[int, ...]]:
    """Powers of ten of rises by period, for all that is asked, and for the panel's last period."""
    powers: dict[int, set[int]] = {} if context.last is None else {context.last: set()}
    for each in alone:
        for period, power in each.asked:
            powers.setdefault(period, set()).update([power] if power > 0 else [])
    return {period: tuple(sorted(found)) for period, found in powers.items()}


def tellers(alone: Iterable[Alone]) -> int:
    """How many airports are long enough to tell a month on another scale."""
    return Counter(each.tells for each in alone)[True]
