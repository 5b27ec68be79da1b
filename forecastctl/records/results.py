"""What searches, fits and jobs return."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Generic, Literal, TypeAlias, TypeVar

from forecastctl.records.learning import ORIGINS

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from forecastctl.records.failures import Failure
    from forecastctl.records.learning import Learned
    from forecastctl.records.models import FittedModel, Model, Specification, Widths
    from forecastctl.records.series import Series, Status

LOSSES = ("mase", "rmse", "mae", "smape", "wape", "pinball")

Clock: TypeAlias = Callable[[], tuple[int, float]]
"""Returns (milliseconds since the epoch, CPU seconds of this process)."""


def no_clock() -> tuple[int, float]:
    """A clock that always says zero, so that equal calls give equal results."""
    return 0, 0.0


@dataclass(frozen=True, slots=True)
class SearchSpec:
    """How to search for an airport's specification.

    Attributes:
        families: Names of the families to search.
        loss: One of `LOSSES`.
        max_evals: Evaluations at most, the seasonal-naive baseline included.
        horizon: Periods ahead, both of the forecast and of the validation.
        folds: Rolling origins at most.
        step: Periods between origins; ``None`` for half of the horizon, at least one.
        combine: Number of distinct trials that are averaged, those of the pool first; 1 takes the
            best trial alone.
        shocks: ``replace`` stretches that a shock distorted before models are fitted, unless the
            backtest is worse for it, or ``keep`` them.
        timeout: Seconds for one airport's search, or ``None``.
        early_stop: Stop after this many evaluations without improvement, or ``None``.
        seed: Seed of the job; each airport's own is derived from it.
        fallback: Whether a simpler model may stand in, recorded, when the chosen one fails.
        engine: What fits: ``compiled``, or ``statsmodels``, the reference.
    """

    families: tuple[str, ...] = (
        "holt_winters",
        "ets",
        "sarimax",
        "ces",
        "theta",
        "annual",
        "seasonal_naive",
    )
    loss: str = "mase"
    max_evals: int = 20
    horizon: int = 12
    folds: int = 4
    step: int | None = None
    combine: int = 15
    shocks: str = "replace"
    timeout: float | None = None
    early_stop: int | None = None
    seed: int = 0
    fallback: bool = True
    engine: str = "compiled"


@dataclass(frozen=True, slots=True)
class Fold:
    """One rolling origin of a trial: where it was cut and how it scored."""

    cutoff: str
    h: int
    metrics: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Trial:
    """One evaluation of the search.

    Attributes:
        number: Position in the search, from 0.
        model: What was evaluated.
        status: ``ok``, ``failed``, or ``pruned`` where it was stopped after its first folds.
        loss: Mean of the chosen loss over the folds; ``None`` when not ``ok``.
        metrics: Mean over the folds of every metric in `LOSSES`.
        folds: The folds with their values.
        reason: Why it failed or was pruned, in one sentence.
        duplicate_of: Number of an earlier trial with the same model, whose scores it repeats.
        start: Where it comes from, one of `forecastctl.records.learning.ORIGINS`; ``None`` in a
            record of an earlier version, for the baseline, for trials that judged shocks, for
            repetitions, and for what Hyperopt proposed.
        start_ms: Start, milliseconds since the epoch.
        end_ms: End, milliseconds since the epoch.
        cpu_seconds: CPU time of the objective.
    """

    number: int
    model: Model
    status: str
    loss: float | None = None
    metrics: Mapping[str, float] = field(default_factory=dict)
    folds: tuple[Fold, ...] = ()
    reason: str | None = None
    duplicate_of: int | None = None
    start_ms: int = 0
    end_ms: int = 0
    cpu_seconds: float = 0.0
    start: str | None = None


TOO_SHORT = "too short"
"""Why there was no search: too few observations for a backtest that says something."""

TOO_FEW = "observations are too few to validate a model"
"""What is said of it, after their number."""


@dataclass(frozen=True, slots=True)
class TuneResult:
    """The result of a search.

    Attributes:
        specification: The models that it chose, with their weights.
        loss: Backtest loss of the specification itself (of the combination, not of a member).
        metrics: Backtest metrics of the specification, every one in `LOSSES`.
        trials: Every trial, in order.
        backtest_errors: The specification's forecast minus actual by fold and lead, passengers.
        spread: Factor on the models' standard deviations, from the same errors and ``widths``.
        baseline_loss: Loss of the seasonal naive on the same folds.
        reason: Why the specification is a fallback, or ``None``.
        stopped: Why the search ended: ``max_evals``, ``timeout``, ``deadline`` (of the job),
            ``early_stop``, ``unlikely`` (to improve) or ``too short``.
        widths: How wide the fleet's backtests led intervals to be, see `Widths`; empty in a record
            of an earlier version.
        sizes: Backtest errors without their sign, in standard deviations of the models, by fold and
            lead; what ``widths`` are made of, not recorded.
    """

    specification: Specification
    loss: float | None
    metrics: Mapping[str, float]
    trials: tuple[Trial, ...]
    backtest_errors: tuple[tuple[float, ...], ...]
    spread: float = 1.0
    baseline_loss: float | None = None
    reason: str | None = None
    stopped: str = "max_evals"
    widths: Widths = ()
    sizes: tuple[tuple[float, ...], ...] = ()

    @property
    def by_origin(self) -> dict[str, int]:
        """Number of trials by where they come from, in the order of `ORIGINS`."""
        origins = [trial.start for trial in self.trials]
        return {origin: origins.count(origin) for origin in ORIGINS if origin in origins}


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
    engine: str | None = None
    """The engine that fitted: another than was asked for, where that one is not installed."""
    suspects: tuple[str, ...] = ()
    """What of its data looks wrong and is left out, as in `Series`."""
    retries: int = 0
    """How often it was begun again because a worker had died."""
