"""What fits and jobs return."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Generic, Literal, TypeAlias, TypeVar

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

    from forecastctl.records.failures import Failure
    from forecastctl.records.learning import Learned
    from forecastctl.records.models import FittedModel, Widths
    from forecastctl.records.searches import SearchSpec, TuneResult
    from forecastctl.records.series import Series, Status


@dataclass(frozen=True, slots=True)
class Forecast:
    """Forecast of one airport from one cutoff.

    Attributes:
        cutoff: First day of the last period seen, ISO format.
        ds: First days of the periods, ``datetime64[D]``, shape ``(h,)``.
        mean: Point forecast, passengers, shape ``(h,)``, never negative.
        sd: Standard deviation, passengers, shape ``(h,)``.
        intervals: ``(lo, hi)`` of shape ``(h,)`` each by level in percent, lo never negative.
    """

    cutoff: str
    ds: NDArray[np.datetime64]
    mean: NDArray[np.float64]
    sd: NDArray[np.float64]
    intervals: Mapping[int, tuple[NDArray[np.float64], NDArray[np.float64]]]


LONGEST_HORIZON: Final = 1000
"""Periods ahead that may be forecast at most."""

HIGHEST_LEVEL: Final = 99
"""Level of an interval at most, percent."""

ReplayResult: TypeAlias = Literal["bit-identical", "equal after rounding", "differs", "not stored"]


@dataclass(frozen=True, slots=True)
class Replay:
    """How a stored forecast compares with the one made again.

    Attributes:
        result: ``bit-identical``; ``equal after rounding``, every value to within 1e-9 relative;
            ``differs``; ``not stored``, where there was nothing to compare.
        largest_difference: The largest relative difference of any value, 0 when all are equal;
            ``None`` where no value could be compared with another.
        where: The largest differences in words, behind what differs in shape.
    """

    result: ReplayResult
    largest_difference: float | None = None
    where: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON value."""
        return {
            "result": self.result,
            "largest_difference": self.largest_difference,
            "where": list(self.where),
        }


T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Outcome(Generic[T]):
    """The result or the failure of one task of an executor.

    Attributes:
        index: Position of the task in the input.
        value: Result, or ``None`` when failed.
        failure: Failure, or ``None``.
        start_ms: Start in the worker, milliseconds since the epoch.
        end_ms: End in the worker.
        cpu_seconds: CPU time of the worker for this task.
        retries: How often it was begun again because its worker had died.
    """

    index: int
    value: T | None = None
    failure: Failure | None = None
    start_ms: int = 0
    end_ms: int = 0
    cpu_seconds: float = 0.0
    retries: int = 0


@dataclass(frozen=True, slots=True)
class Plan:
    """What a job does with each airport.

    Attributes:
        tune: Whether it searches for a specification.
        train: Whether it fits the specification to all data.
        forecast: Whether it forecasts.
        search: How to search.
        levels: Interval levels in percent.
        charts: Whether to draw a chart.
    """

    tune: bool
    train: bool
    forecast: bool
    search: SearchSpec
    levels: tuple[int, ...] = (80, 95)
    charts: bool = True

    @property
    def stages(self) -> tuple[str, ...]:
        """Names of the stages, in order."""
        return tuple(s for s in ("tune", "train", "forecast") if getattr(self, s))


@dataclass(frozen=True, slots=True)
class AirportTask:
    """All that a worker needs for one airport."""

    plan: Plan
    series: Series
    tuned: TuneResult | None = None
    model: FittedModel | None = None
    sources: Mapping[str, str] = field(default_factory=dict)
    """Run ids of what an earlier job made: ``tuned_by``, ``trained_by``."""
    retuned: str | None = None
    """Why ``run`` tunes it: ``always``, or why its specification is not kept."""
    learned: Learned | None = None
    """What earlier searches suggest, where the search is to learn from them."""
    anew: str | None = None
    """Which record cannot be read any more, where that is why it is done again."""
    widths: Widths = ()
    """How wide the fleet's backtests led intervals to be, where that is known before the search."""
    until_ms: int | None = None
    """Its search ends then, with the best so far; after it, it is not begun. Milliseconds since the
    epoch."""


@dataclass(frozen=True, slots=True)
class AirportResult:
    """The result of a job for one airport; stages that were not reached are ``None``."""

    airport: str
    status: Status
    reason: str | None = None
    task: AirportTask | None = None
    tuned: TuneResult | None = None
    model: FittedModel | None = None
    forecast: Forecast | None = None
    chart: bytes | None = None
    failure: Failure | None = None
    digest: str = ""
    notes: tuple[str, ...] = ()
    start_ms: int = 0
    end_ms: int = 0
    cpu_seconds: float = 0.0
    objective_seconds: float = 0.0
    drawing_seconds: float = 0.0
    """CPU time of its chart, part of ``cpu_seconds``."""
    worked_seconds: float = 0.0
    """Wall time that a worker was at it: less than from start to end where that was two parts."""
    engine: str | None = None
    """The engine that fitted: another than was asked for, where that one is not installed."""
    suspects: tuple[str, ...] = ()
    """What of its data looks wrong and is left out, as in `Series`."""
    retries: int = 0
    """How often it was begun again because a worker had died."""
