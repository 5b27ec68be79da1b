"""What the fleet comes to: sums of its forecasts, the periods that most airports share. Pure."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from forecastctl.report.page.glance import Grid

if TYPE_CHECKING:
    from collections.abc import Iterable

    from forecastctl.report.values import Report

T = TypeVar("T", str, tuple[str, ...])


@dataclass(frozen=True, slots=True)
class Usual:
    """The periods that most airports share.

    Attributes:
        last: First day of their last period that came true; ``None`` where nothing did.
        ahead: First day of each period that is forecast; empty without forecasts.
    """

    last: str | None
    ahead: tuple[str, ...]

    @property
    def following(self) -> str | None:
        """First day of the first period that is forecast."""
        return self.ahead[0] if self.ahead else None


@dataclass(frozen=True, slots=True)
class Total:
    """A sum over airports, against the season before.

    Attributes:
        first: First day of the first period.
        last: First day of the last period.
        periods: How many periods.
        passengers: What is forecast of them, of all airports that are forecast for each of them.
        airports: How many airports that is.
        change: Against the same periods a season before, percent, of those airports of which all
            of them are known; ``None`` where there is none.
        compared: How many airports that is.
    """

    first: str
    last: str
    periods: int
    passengers: float
    airports: int
    change: float | None
    compared: int


def usual_periods(report: Report) -> Usual:
    """The last and the first period of most airports."""
    last = _most(a.history.ds[-1] for a in report.airports if a.history.ds)
    return Usual(last, _most(a.fan.ds for a in report.airports if a.fan) or ())


def _most(found: Iterable[T]) -> T | None:
    """The most frequent one, of equally frequent ones the latest."""
    counts = Counter(found)
    return max(counts, key=lambda one: (counts[one], one), default=None)


def totals(report: Report, ahead: tuple[str, ...]) -> tuple[Total, ...]:
    """Sums over the next period and over the next season, or as much of it as is forecast.

    Args:
        report: All that is known.
        ahead: First days of the periods that most airports are forecast for.
    """
    grid = Grid(report.job.freq, report.job.season_length)
    season = ahead[: report.job.season_length]
    spans = dict.fromkeys(span for span in (season[:1], season) if span)
    return tuple(_total(report, span, grid) for span in spans)


def _total(report: Report, span: tuple[str, ...], grid: Grid) -> Total:
    passengers = now = before = 0.0
    airports = compared = 0
    for facts in report.airports:
        if facts.fan is None:
            continue
        ahead = dict(zip(facts.fan.ds, facts.fan.mean, strict=True))
        if any(day not in ahead for day in span):
            continue
        own = sum(ahead[day] for day in span)
        passengers, airports = passengers + own, airports + 1
        known = grid.numbered(facts.history)
        earlier = [known.get(n - grid.season_length) for n in grid.numbers(span)]
        values = [y for y in earlier if y is not None]
        if len(values) == len(earlier):
            now, before, compared = now + own, before + sum(values), compared + 1
    change = 100.0 * (now / before - 1.0) if before > 0 else None
    return Total(
        first=span[0],
        last=span[-1],
        periods=len(span),
        passengers=passengers,
        airports=airports,
        change=change,
        compared=compared,
    )
