"""What a miss is put down to: evidence, parts, the fleet, a break, other models and forecasts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

VerdictName: TypeAlias = Literal[
    "expected_noise",
    "data_problem",
    "level_shift_before_cutoff",
    "stale_model",
    "run_failure",
    "local_shock",
    "system_shock",
    "calendar",
    "weak_forecast",
    "cannot_tell",
]
AlternativeKind: TypeAlias = Literal["trial", "baseline", "champion", "refit"]
Side: TypeAlias = Literal["below", "above", "mixed"]
FleetSource: TypeAlias = Literal["recorded", "stand-in", "none"]


@dataclass(frozen=True, slots=True)
class Evidence:
    """One number that was looked at.

    Attributes:
        name: Short name.
        statement: What was found, a sentence.
        value: The number; ``None`` where it is none.
        threshold: What it is compared with; ``None`` where it is no number.
    """

    name: str
    statement: str
    value: float | None
    threshold: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One cause that the miss may have, judged beside all others.

    Attributes:
        verdict: The verdict that it would be.
        cause: Which cause, in a word or two.
        shown: Whether its sign is beyond its threshold; a cause that is not shown cannot decide.
        share: How much of the miss it accounts for, from 0 to 1.
        certainty: How sure it is that it was at work, from 0 to 1; below one half where it is not
            shown.
        statement: What happened, as the end of a sentence.
        evidence: The numbers that speak for it.
        next_time: What to record so that the next question can be answered.
    """

    verdict: VerdictName
    cause: str
    shown: bool
    share: float
    certainty: float
    statement: str
    evidence: tuple[Evidence, ...] = ()
    next_time: tuple[str, ...] = ()

    @property
    def weight(self) -> float:
        """How much of the miss it explains: share times certainty."""
        return self.share * self.certainty


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a miss.

    Attributes:
        name: Which part.
        value: Its size, passengers.
        evidence: The numbers behind it, a sentence.
    """

    name: str
    value: float
    evidence: str


@dataclass(frozen=True, slots=True)
class FleetAirport:
    """How far off another airport was.

    Attributes:
        airport: Its name.
        z: Forecast minus actual over the forecast's standard deviation.
        ratio: Actual over forecast; ``None`` where the forecast is zero.
    """

    airport: str
    z: float
    ratio: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetFacts:
    """One airport among its fleet in one period.

    Attributes:
        airports: Airports with a forecast and an actual of the period, this one included.
        share_outside: Share of the others outside their 95 % intervals; ``None`` where there are
            no others.
        share_same: Share of the others outside them on the same side as this airport.
        direction: Side of most of those outside: actuals ``below`` or ``above`` the forecasts, or
            ``mixed``; ``None`` where none is outside.
        median_z: Median of the others' misses in standard deviations.
        median_ratio: Median of the others' actual over forecast.
        stands_out: Robust distance of this airport's change since the cutoff from that of its
            peers; ``None`` where there are too few of them.
        source: ``recorded`` forecasts, a ``stand-in`` made now, or ``none``.
        worst: The others farthest off.
    """

    airports: int
    share_outside: float | None = None
    share_same: float | None = None
    direction: Side | None = None
    median_z: float | None = None
    median_ratio: float | None = None
    stands_out: float | None = None
    source: FleetSource = "none"
    worst: tuple[FleetAirport, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakFacts:
    """A lasting change of the level around the period.

    Attributes:
        began: First period after the change.
        before_cutoff: Periods between it and the cutoff; zero or less where it came after the
            cutoff.
        percent: Change of the level in percent.
        length: Periods that it had lasted in the period explained.
        recovered: Whether the series is back.
        recovered_on: Since when it is.
    """

    began: str
    before_cutoff: int
    percent: float
    length: int
    recovered: bool
    recovered_on: str | None


@dataclass(frozen=True, slots=True)
class Alternative:
    """Another model's forecast of the same period from the same cutoff.

    Attributes:
        kind: ``trial``, ``baseline``, ``champion`` (the airport's newest specification) or
            ``refit`` (the same specification on data that the model had not seen though they were
            there).
        label: The model in short.
        trial: Number of the trial, where it is one.
        value: What it would have said, passengers.
        miss: That minus the actual, passengers.
        loss: Its backtest loss, where it has one.
        start: Where the trial came from.
        run_id: Its run; in the flat layout that of a trial is the airport's run and the row of
            its table, as ``RUN#ROW``.
    """

    kind: AlternativeKind
    label: str
    trial: int | None
    value: float
    miss: float
    loss: float | None
    start: str | None = None
    run_id: str | None = None


@dataclass(frozen=True, slots=True)
class ChangePart:
    """One thing that changed a forecast.

    Attributes:
        name: Which one.
        value: Its share of the difference, passengers.
    """

    name: str
    value: float


@dataclass(frozen=True, slots=True)
class VintageChange:
    """What changed the number from one stored forecast to another.

    Attributes:
        from_: Cutoff of the older forecast.
        to: Cutoff of the newer forecast.
        difference: Newer minus older, passengers.
        order: The order in which things were swapped.
        parts: What each of them made of the difference; they sum to it.
        notes: What could not be told apart, in words.
    """

    from_: str
    to: str
    difference: float
    order: tuple[str, ...] = ()
    parts: tuple[ChangePart, ...] = ()
    notes: tuple[str, ...] = ()
