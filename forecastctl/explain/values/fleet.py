"""What explain answers about one period of the whole fleet."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from forecastctl.explain.values.causes import VerdictName
from forecastctl.explain.values.form import plain

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetLine:
    """One airport of the fleet.

    Attributes:
        airport: As spelt in the data.
        verdict: As of `Answer`; ``None`` where nothing of the airport is stored.
        label: The verdict in words.
        confidence: How sure the verdict is, from 0 to 1.
        forecast: Passengers forecast; ``None`` where there is no forecast.
        actual: What came true, passengers; ``None`` where it is not known.
        miss: Forecast minus actual, passengers.
        miss_percent: The miss in percent of the actual.
        outside: Whether the actual lies outside the stated 95 % interval.
        cutoff: First day of the last period that the model had seen.
        sentence: The answer in one sentence, or why there is none.
    """

    airport: str
    verdict: VerdictName | None = None
    label: str | None = None
    confidence: float | None = None
    forecast: float | None = None
    actual: float | None = None
    miss: float | None = None
    miss_percent: float | None = None
    outside: bool | None = None
    cutoff: str | None = None
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetAnswer:
    """Why the forecasts of one period were so far off, airport by airport.

    Attributes:
        schema: Version of this form.
        date: First day of the period.
        sentence: The answer in one sentence.
        counts: Airports by verdict, the most frequent first.
        without_forecast: Airports for which no forecast is stored.
        without_actual: Airports with a forecast whose actual is not known.
        forecast: Sum of the forecasts of airports that also have an actual, passengers.
        actual: Sum of their actuals, passengers.
        miss: Forecast minus actual of these, passengers.
        outside_high: Airports above their stated 95 % interval.
        outside_low: Airports below it.
        airports: One line for each, the largest miss in passengers first.
    """

    schema: Literal[1] = 1
    date: str
    sentence: str
    counts: Mapping[VerdictName, int]
    without_forecast: int
    without_actual: int
    forecast: float
    actual: float
    miss: float
    outside_high: int
    outside_low: int
    airports: tuple[FleetLine, ...]

    def worst(self, count: int | None) -> FleetAnswer:
        """The same with so many lines at most; counts and sums stay those of all airports."""
        return self if count is None else replace(self, airports=self.airports[:count])

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON value; docs/reference/explain.md describes it."""
        found: dict[str, Any] = plain(self)
        return found
