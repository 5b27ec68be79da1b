"""When a series broke, and whether it has recovered since. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from forecastctl.explain.values import BreakFacts
from forecastctl.explain.verdict.changepoints import changepoints

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from forecastctl.records import Series

PENALTY = 3.0
"""Of a changepoint: this many noise variances times the logarithm of the length (BIC-like)."""

LARGE = 0.2
"""Log change beyond which a month before the changepoint belongs to the break in any case."""

SHORTEST = 8
"""Changes over a season that a search needs."""

RECOVERED = 0.35
"""Share of a break that may be left when the series counts as recovered."""

RECOVERED_AT_MOST = 0.12
"""Log gap that may be left at most, however large the break was."""

SEASONS = 3
"""Seasons before a break that say what was usual: one that a shock or a step had moved does not."""

STEPPED = 0.5
"""Share of a change against the season before that the level must have broken by, to be a break."""

JUST_BEFORE = 3
"""Periods before a break that say where the level stood."""

SMALLEST = 0.05
"""Log change of the level below which a break is not worth its name."""


@dataclass(frozen=True, slots=True)
class Break:
    """A lasting change around the period explained.

    Attributes:
        began: First day of the first period after the change.
        before_cutoff: Periods between the change and the cutoff, the cutoff's included; zero or
            less where it came after.
        change: Log change of the level against the season before; where that season was displaced
            itself, what the level changed by when it broke.
        length: Periods that the changed stretch had lasted at the period explained.
        recovered_on: First period after the one explained from which on the series was back.
    """

    began: str
    before_cutoff: int
    change: float
    length: int
    recovered_on: str | None

    @property
    def percent(self) -> float:
        """Change of the level in percent."""
        return 100.0 * math.expm1(self.change)

    def facts(self) -> BreakFacts:
        """The break as a part of the answer."""
        return BreakFacts(
            began=self.began,
            before_cutoff=self.before_cutoff,
            percent=self.percent,
            length=self.length,
            recovered=self.recovered_on is not None,
            recovered_on=self.recovered_on,
        )


def season_changes(y: NDArray[np.float64], m: int) -> NDArray[np.float64]:
    """Log changes against a season earlier, ``(n - m,)``; NaN where a value is not positive.

    A level shift lifts or lowers them for one season, whatever the season's shape and growth.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.where(y > 0, np.log(y), np.nan)
    return np.asarray(logs[m:] - logs[:-m])


def find_break(series: Series, date: np.datetime64, cutoff: np.datetime64) -> Break | None:
    """The break that the period explained stands in, if any.

    Changepoints of the changes against one season earlier are searched under a squared-error cost
    (`forecastctl.explain.verdict.changepoints`); the noise is estimated from the median absolute
    difference of neighbours, which breaks do not disturb.

    Args:
        series: Everything known, later periods included.
        date: First day of the period explained.
        cutoff: First day of the last period that the model saw.
    """
    m = series.season_length
    position = int(np.searchsorted(series.ds, date))
    changes = _filled(season_changes(series.y, m))
    at = position - m
    if position >= series.n or len(changes) < SHORTEST or at < 1:
        return None
    bounds = [0, *_changepoints(changes)]
    levelled = _without_steps(changes, bounds, np.log(np.maximum(series.y, 1e-9)), at, m)
    if levelled is not changes:
        changes, bounds = levelled, [0, *_changepoints(levelled)]
    segment = max(i for i, b in enumerate(bounds) if b <= at)
    start = bounds[segment]
    if start == 0:
        return None
    end = bounds[segment + 1] if segment + 1 < len(bounds) else len(changes)
    level = float(np.mean(changes[start:end]))
    start, before = _merged(changes, bounds[: segment + 1], level, m)
    change = level - before
    if abs(change) < SMALLEST:
        return None
    if start >= (SEASONS - 1) * m + JUST_BEFORE:
        stands = slice(bounds[segment] + m, min(end, bounds[segment] + m) + m)
        step = _step(series, start + m, stands, before)
        if step * math.copysign(1.0, change) < max(STEPPED * abs(change), SMALLEST):
            return None  # it was a season earlier that the level stood elsewhere
        if abs(step - change) > LARGE:
            change = step  # of fewer months, but not against a season that was displaced
    known = int(np.searchsorted(series.ds, cutoff))
    return Break(
        str(series.ds[start + m]),
        known - (start + m) + 1,
        change,
        at - start + 1,
        _recovery(series, start + m, position, before, change),
    )


def _without_steps(
    changes: NDArray[np.float64], bounds: list[int], logs: NDArray[np.float64], at: int, m: int
) -> NDArray[np.float64]:
    """Early changes without the season that a step of the level lifts or lowers, if it is over.

    What ends there is the step's season, not the step: the level stays where it is. It would look
    like a break the other way, from a base that nobody would call usual. Later ones are told by the
    seasons before them, see `_step`.

    Args:
        changes: Against one season earlier, finite.
        bounds: Starts of their segments.
        logs: Of all months, ``m`` more.
        at: The period explained, among the changes; a season that it stands in stays as it is.
        m: Periods of a season.

    Returns:
        The same array where there is none.
    """
    ends = [*bounds[1:], len(changes)]
    for first, end, later in zip(bounds, ends, ends[1:], strict=False):
        if abs(end - first - m) > 1 or end > min(at, (SEASONS - 1) * m + JUST_BEFORE):
            continue
        lifted = float(np.mean(changes[first:end]))
        step = lifted - (_usual(changes, first, m) if first else 0.0)
        back = float(np.mean(changes[end:later])) - lifted
        now = float(np.median(logs[end + m : end + m + JUST_BEFORE]))
        seen = now - float(np.median(logs[max(end + m - JUST_BEFORE, 0) : end + m]))
        side = math.copysign(1.0, back)
        if min(-side * step, side * back) >= LARGE and side * seen < STEPPED * abs(back):
            changes = changes.copy()
            changes[first:end] -= step
    return changes


def _merged(
    changes: NDArray[np.float64], bounds: list[int], level: float, m: int
) -> tuple[int, float]:
    """Start of a change in several steps, which is one break, and the usual change before it."""
    start = bounds[-1]
    before = _usual(changes, start, SEASONS * m)
    for earlier, later in zip(bounds[-2::-1], bounds[:0:-1], strict=True):
        if earlier == 0:
            break
        base = _usual(changes, earlier, SEASONS * m)
        step = float(np.mean(changes[earlier:later])) - base
        if step * (level - base) <= 0 or abs(step) < abs(level - base) / 2:
            break
        start, before = earlier, base
    bases = (before, _usual(changes, start, m))
    while start > 1 and all(_belongs(changes[start - 1] - b, level - b) for b in bases):
        start -= 1
    return start, before


def _belongs(change: float, break_: float) -> bool:
    """Whether the month before a changepoint is part of the break, by what both are off."""
    return change * break_ > 0 and abs(change) >= min(abs(break_) / 2, LARGE)


def _usual(changes: NDArray[np.float64], start: int, periods: int) -> float:
    """The median of the last changes before one."""
    return float(np.median(changes[max(0, start - periods) : start]))


def _step(series: Series, first: int, stands: slice, before: float) -> float:
    """What the level changed by when it broke, in logarithms.

    A change against the season before has an echo: where that season was displaced for a while,
    the month a season later changes back although its own level does nothing. So what stands after
    the break, and what stood just before it, are compared with what the last seasons before each
    and the usual growth lead to expect, in the median, which one displaced season does not move.

    Args:
        series: Everything known.
        first: Position of the break's first period, with `SEASONS` seasons before what stood just
            before it.
        stands: Positions of the segment that the period explained stands in, of a season at most.
        before: Usual log change over a season before the break.
    """
    m = series.season_length
    logs = np.log(np.maximum(series.y, 1e-9))

    def displaced(start: int, stop: int, last: int) -> float:
        seasons = range(last, last + SEASONS)
        expected = [logs[start - k * m : stop - k * m] + k * before for k in seasons]
        return float(np.median(logs[start:stop] - np.median(expected, axis=0)))

    last = (stands.start - first) // m + 1  # so many seasons earlier it had not broken yet
    now = displaced(stands.start, min(stands.stop, first + last * m), last)
    return now - displaced(first - JUST_BEFORE, first, 1)


def _changepoints(values: NDArray[np.float64]) -> list[int]:
    """Starts of the segments after the first, ascending."""
    noise = float(np.median(np.abs(np.diff(values)))) / (0.6745 * math.sqrt(2.0))
    noise = max(noise, 0.01)
    return changepoints(values, PENALTY * noise**2 * math.log(len(values)))


def _recovery(series: Series, first: int, at: int, before: float, change: float) -> str | None:
    """First later period that, with the next, is back near where the old growth would be.

    The base is the last season before the break; each later season is compared with it and the
    growth that was usual before.

    Args:
        series: Everything known.
        first: Position of the break's first period.
        at: Position of the period explained.
        before: Usual log change over a season before the break.
        change: Log change of the break.
    """
    m = series.season_length
    allowed = min(RECOVERED * abs(change), RECOVERED_AT_MOST)
    logs = np.log(np.maximum(series.y, 1e-9))
    recovered = []
    for position in range(at + 1, series.n):
        seasons = (position - first) // m + 1
        gap = logs[position] - (logs[position - seasons * m] + seasons * before)
        recovered.append(gap * math.copysign(1.0, change) <= allowed)
        if len(recovered) > 1 and recovered[-1] and recovered[-2]:
            return str(series.ds[position - 1])
    return None


def _filled(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Gaps filled with the median, so that a month of zero is no change of level."""
    known = values[np.isfinite(values)]
    return np.where(np.isfinite(values), values, np.median(known) if len(known) else 0.0)
