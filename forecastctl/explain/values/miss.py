"""The forecast, what came true, and how far apart they are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from forecastctl.explain.values.form import HIDDEN, LEFT_OUT


@dataclass(frozen=True, slots=True)
class Interval:
    """The ends of an interval, passengers.

    Attributes:
        lo: Lower end.
        hi: Upper end.
    """

    lo: float
    hi: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciled:
    """What a job made of the forecast so that airports, groups and the total add up.

    Attributes:
        mean: Point forecast that was written to ``--out``, passengers.
        change: By how much that is more than the forecast that is explained.
        method: How they were made to add up.
    """

    mean: float
    change: float
    method: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectFacts:
    """One effect that a forecast allowed for.

    Attributes:
        name: The feast, event or regressor.
        kind: `calendar`, `event` or `regressor`.
        value: Passengers that it adds to the forecast, beside what is usual in such a period.
        beta: Change of the logarithm of the passengers by one unit of the regressor.
        se: Standard error of that.
        statement: What it is, in a sentence.
    """

    name: str
    kind: str
    value: float
    beta: float
    se: float
    statement: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ForecastFacts:
    """The forecast that is explained.

    Attributes:
        mean: Point forecast, passengers.
        sd: Its standard deviation, passengers.
        intervals: ``lo`` and ``hi``, passengers, by level in percent.
        cutoff: First day of the last period seen.
        lead: Periods ahead, from 1.
        made: When, UTC.
        run_id: The airport's run.
        origin: ``live`` or ``backtest``.
        model: Label of the specification.
        reconciled: What was published in its place, where the job reconciles: what is explained is
            the forecast before that.
    """

    mean: float
    sd: float
    intervals: Mapping[str, Interval]
    cutoff: str
    lead: int
    made: str
    run_id: str
    origin: str
    model: str
    reconciled: Reconciled | None = field(default=None, metadata=LEFT_OUT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Vintage:
    """One stored forecast of the period.

    Attributes:
        origin: ``live`` or ``backtest``.
        made: When, UTC.
        cutoff: First day of the last period seen.
        lead: Periods ahead, from 1.
        mean: Point forecast, passengers.
        sd: Its standard deviation, passengers.
        intervals: ``lo`` and ``hi``, passengers, by level in percent.
        model: Label of the specification.
        status: Status of the airport in the job.
        command: Command that made it.
        job_id: The job.
        run_id: The airport's run.
        url: Address of the run's page, where the store is a server.
        date: First day of the period.
        miss: Forecast minus actual, passengers; ``None`` where the actual is not known.
    """

    origin: str
    made: str
    cutoff: str
    lead: int
    mean: float
    sd: float
    intervals: Mapping[str, Interval]
    model: str
    status: str
    command: str
    job_id: str
    run_id: str
    url: str | None
    date: str = field(metadata=HIDDEN)
    miss: float | None = None


@dataclass(frozen=True, slots=True)
class Gap:
    """A period without a value although later ones have one.

    Attributes:
        until: First day of the last period that has a value.
        filled: What models are given in its place, interpolated, passengers; ``None`` where the
            policy for gaps leaves it out.
        source: Where that was looked for.
    """

    until: str
    filled: float | None
    source: str


@dataclass(frozen=True, slots=True)
class Standing:
    """The miss among the errors that the backtest led to expect.

    Attributes:
        z: Miss over the forecast's standard deviation; ``None`` where that is zero.
        percentile: Share of backtest errors that are smaller in size, in percent; ``None`` where
            there are none.
        compared: Number of backtest errors compared with.
        same_lead: ``true`` where these are errors of the same lead alone; needs eight of them.
        expected_error: Their mean size, passengers; ``None`` where there are none.
        usual_error: What the rules measure the miss in, passengers.
        outside: Whether the actual lies outside the stated 95 % interval.
    """

    z: float | None
    percentile: float | None
    compared: int
    same_lead: bool
    expected_error: float | None
    usual_error: float = 0.0
    outside: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbour:
    """Another period on the same forecast path.

    Attributes:
        date: First day of the period.
        lead: Periods ahead, from 1.
        forecast: Point forecast, passengers.
        actual: What came true, passengers.
        miss: Forecast minus actual, passengers.
        z: The miss in usual errors; ``None`` where these are zero.
    """

    date: str
    lead: int
    forecast: float
    actual: float
    miss: float
    z: float | None
