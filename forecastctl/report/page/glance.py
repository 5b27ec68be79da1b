"""What the table of the fleet says of an airport: a few numbers and a small line. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from forecastctl.records.calendar import period_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from forecastctl.report.values import AirportFacts, Line

SPARK_SEASONS, SPARK_MOST = 4, 60
"""Seasons of history in the small line, and periods at most."""

SPARK_TOP: Final = 99
"""Height of the small line: whole numbers from 0 to here are enough for its pixels.

Its foot is zero, or, where the values keep to their upper half, as far below them as they reach.
"""


@dataclass(frozen=True, slots=True)
class Glance:
    """An airport at a glance.

    Attributes:
        last: First day of the last period that came true, and its value.
        following: First day of the first period forecast, and the forecast.
        interval: Both ends of the widest interval of that.
        change: The forecasts of the next season, or of as much of it as is forecast, against the
            same periods of the season before, in percent.
        spark: Height of the small line period by period, ``None`` where nothing is known.
        ahead: The same for the forecast.
        begins: Place in ``spark`` at which ``ahead`` begins.
    """

    last: tuple[str, float] | None = None
    following: tuple[str, float] | None = None
    interval: tuple[float, float] | None = None
    change: float | None = None
    spark: tuple[int | None, ...] = ()
    ahead: tuple[int | None, ...] = ()
    begins: int = 0


class Grid:
    """Numbers the periods of a job: each date once for all airports.

    Args:
        freq: pandas period alias.
        season_length: Periods per season.
    """

    def __init__(self, freq: str, season_length: int) -> None:
        self.season_length = season_length
        self._freq = freq
        self._numbers: dict[str, int] = {}

    def numbers(self, days: Sequence[str]) -> list[int]:
        """Numbers of the periods of dates."""
        for day in days:
            if day not in self._numbers:
                self._numbers[day] = period_of(np.datetime64(day), self._freq)
        return [self._numbers[day] for day in days]

    def numbered(self, line: Line) -> dict[int, float]:
        """Values of a line by the number of their period."""
        return dict(zip(self.numbers(line.ds), line.y, strict=True))


def glance(facts: AirportFacts, grid: Grid) -> Glance:
    """What the table says of an airport.

    Args:
        facts: All that is known of it.
        grid: The periods of the job.
    """
    known = grid.numbered(facts.history)
    fan = facts.fan
    ahead = grid.numbered(fan.line) if fan else {}
    last = (facts.history.ds[-1], facts.history.y[-1]) if known else None
    if not known and not ahead:
        return Glance()
    begins = min(ahead, default=max(known, default=0) + 1)
    start = begins - min(SPARK_SEASONS * grid.season_length, SPARK_MOST)
    shown = {n: y for n, y in known.items() if n >= start}
    reach = _reach([*shown.values(), *ahead.values()])
    return Glance(
        last=last,
        following=(fan.ds[0], fan.mean[0]) if fan else None,
        interval=_first_interval(facts),
        change=_change(known, ahead, grid.season_length),
        spark=_heights(shown, start, reach),
        ahead=_heights(ahead, begins, reach),
        begins=begins - start,
    )


def _first_interval(facts: AirportFacts) -> tuple[float, float] | None:
    fan = facts.fan
    if fan is None or fan.widest is None:
        return None
    low, high = fan.bands[fan.widest]
    return low[0], high[0]


def _change(known: Mapping[int, float], ahead: Mapping[int, float], season: int) -> float | None:
    """The next season against the last one, percent; ``None`` where a value of that is missing."""
    numbers = sorted(ahead)[:season]
    if not numbers or any(n - season not in known for n in numbers):
        return None
    before = sum(known[n - season] for n in numbers)
    return 100.0 * (sum(ahead[n] for n in numbers) / before - 1.0) if before > 0 else None


def _reach(values: Sequence[float]) -> tuple[float, float]:
    """Foot and top of the small line."""
    finite = [y for y in values if math.isfinite(y)]
    low, high = min(finite, default=0.0), max(finite, default=0.0)
    return max(2.0 * low - high, 0.0), high


def _heights(
    values: Mapping[int, float], start: int, reach: tuple[float, float]
) -> tuple[int | None, ...]:
    """Values period by period as heights of the small line."""
    numbers = range(start, max(values, default=start - 1) + 1)
    return tuple(_height(values.get(n), reach) for n in numbers)


def _height(y: float | None, reach: tuple[float, float]) -> int | None:
    low, high = reach
    if y is None or not math.isfinite(y):
        return None
    share = (y - low) / (high - low) if high > low else 0.5
    return round(SPARK_TOP * min(max(share, 0.0), 1.0))
