"""How an airport's specification is searched, and what a search returns."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeAlias

from forecastctl.records.learning import ORIGINS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from forecastctl.records.models import Model, Specification, Widths

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
        tpe_share: Share of them that Hyperopt's proposals get at least, as far as the models that
            are averaged whatever their rank, and what earlier searches suggest, leave room.
        horizon: Periods ahead, both of the forecast and of the validation.
        folds: Rolling origins at most.
        step: Periods between origins; ``None`` for half of the horizon, at least one.
        combine: Number of distinct trials that are averaged, those of the pool first; 1 takes one
            model, see `forecastctl.search.single`. Where the whole pool is averaged, models that
            were estimated over all airports and the network come on top.
        shocks: ``replace`` stretches that a shock distorted before models are fitted, unless the
            backtest is worse for it, or ``keep`` them.
        timeout: Seconds for one airport's search, or ``None``.
        early_stop: Stop after this many evaluations without improvement, or ``None``.
        seed: Seed of the job; each airport's own is derived from it.
        fallback: Whether a simpler model may stand in, recorded, when the chosen one fails.
        engine: What fits: ``compiled``, or ``statsmodels``, the reference.
        parallelism: Evaluations of one airport that may be under way at once. A proposal is made
            from all before it but for the last ``parallelism - 1``; 1 is one after the other.
    """

    families: tuple[str, ...] = (
        "holt_winters",
        "ets",
        "sarimax",
        "ces",
        "theta",
        "annual",
        "pooled",
        "pretrained",
        "intermittent",
        "seasonal_naive",
    )
    loss: str = "mase"
    max_evals: int = 20
    tpe_share: float = 0.0
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
    parallelism: int = 1


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
        duplicate_of: Number of an earlier trial with the same model, whose scores it repeats; only
            in a record of an earlier version, where repetitions used up evaluations.
        start: Where it comes from, one of `forecastctl.records.learning.ORIGINS`; ``None`` in a
            record of an earlier version, for the baseline, for trials that judged shocks, for
            repetitions, and for what Hyperopt proposed.
        start_ms: Start, milliseconds since the epoch.
        end_ms: End, milliseconds since the epoch.
        cpu_seconds: CPU time of the objective.
        weight: Share in the specification that the search chose; ``None`` where it is no member.
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
    weight: float | None = None


TOO_SHORT = "too short"
"""Why there was no search: too few observations for a backtest that says something."""

TOO_FEW = "observations are too few to validate a model"
"""What is said of it, after their number."""


def weighed(trials: Iterable[Trial], specification: Specification) -> tuple[Trial, ...]:
    """Trials with their shares in a specification that was chosen from them."""
    weights = {member.trial: member.weight for member in specification.members}
    return tuple(replace(trial, weight=weights.get(trial.number)) for trial in trials)


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
            ``early_stop``, ``unlikely`` (to improve), ``exhausted`` (nothing new was proposed) or
            ``too short``.
        widths: How wide the fleet's backtests led intervals to be, see `Widths`; empty in a record
            of an earlier version.
        sizes: Backtest errors without their sign, in standard deviations of the models, by fold and
            lead; what ``widths`` are made of, not recorded.
        space: Families that were searched; ``None`` in a record of an earlier version.
        repeats: How often a model was proposed that had been tried before, and set aside; ``None``
            in a record of an earlier version.
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
    space: tuple[str, ...] | None = None
    repeats: int | None = None

    @property
    def distinct(self) -> int:
        """Number of models that were tried."""
        return sum(trial.duplicate_of is None for trial in self.trials)

    @property
    def by_origin(self) -> dict[str, int]:
        """Number of trials by where they come from, in the order of `ORIGINS`."""
        origins = [trial.start for trial in self.trials]
        return {origin: origins.count(origin) for origin in ORIGINS if origin in origins}
