"""How earlier forecasts came out, as plain values. Pure.

Dates are first days of periods in ISO format, numbers are passengers unless they say otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Earlier:
    """An earlier forecast of one period.

    Attributes:
        cutoff: First day of the last period that the model had seen.
        lead: Periods from there to the one forecast.
        mean: Point forecast.
        inside: Whether the actual lies inside the 95 % interval; ``None`` without one.
    """

    cutoff: str
    lead: int
    mean: float
    inside: bool | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """A period that came true, with the forecasts of it.

    Attributes:
        ds: The period.
        y: What came true.
        forecasts: The earlier forecasts of it, shortest lead first.
    """

    ds: str
    y: float
    forecasts: tuple[Earlier, ...]


@dataclass(frozen=True, slots=True)
class PastVerdict:
    """What a report said of one airport and period.

    Attributes:
        ds: The period.
        label: The verdict in words.
        confidence: How sure it is, from 0 to 1.
        miss_percent: Forecast minus actual in percent of the actual; ``None`` where that is 0.
        sentence: The answer in one sentence.
    """

    ds: str
    label: str
    confidence: float | None
    miss_percent: float | None
    sentence: str


@dataclass(frozen=True, slots=True)
class LeadScore:
    """How forecasts of one lead did.

    Attributes:
        lead: Periods ahead.
        n: Forecasts that came true.
        mae: Mean absolute error.
        ratio: That over the size that the intervals led to expect; ``None`` without intervals.
        bias_percent: Mean error in percent of the mean actual; above zero is too high.
        coverage80: Share of actuals in the 80 % intervals.
        coverage95: Share of actuals in the 95 % intervals.
    """

    lead: int
    n: int
    mae: float
    ratio: float | None
    bias_percent: float | None
    coverage80: float | None
    coverage95: float | None


@dataclass(frozen=True, slots=True)
class GroupScore:
    """How the forecasts of a group of airports did, at the shortest lead that there is.

    Attributes:
        column: Column of the groups.
        group: Its value.
        airports: Airports of the group with such forecasts.
        n: Forecasts that came true.
        mae: Mean absolute error of an airport.
        ratio: As in `LeadScore`.
        bias_percent: As there.
        coverage80: As there.
        coverage95: As there.
    """

    column: str
    group: str
    airports: int
    n: int
    mae: float
    ratio: float | None
    bias_percent: float | None
    coverage80: float | None
    coverage95: float | None
