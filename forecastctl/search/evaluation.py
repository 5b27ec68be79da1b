"""One evaluation of a search: a model on the folds of one airport. Pure but for the clock.

A search says what is to be evaluated and is told what came of it, as a generator: where that is
done is up to whoever drives it. So the same search runs within one worker (`carried_out`) or spread
over many (`forecastctl.jobs.spread`), and finds the same.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Generator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from forecastctl.models.metrics import mean_scores
from forecastctl.records import Fold, Trial, described
from forecastctl.search.backtest import fold_paths, scored
from forecastctl.search.folds import search_splits
from forecastctl.search.halving import Halving

if TYPE_CHECKING:
    from forecastctl.models.combination.path import Path
    from forecastctl.records import Clock, Model, SearchSpec, Series

T = TypeVar("T")

PRUNED = "pruned"
"""Status of a trial that was stopped after its first folds."""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What is to be evaluated.

    Attributes:
        number: Position among the evaluations of its search, from 0.
        model: What is tried.
        origin: Where it comes from, one of `forecastctl.records.learning.ORIGINS`.
        known: Losses by fold of the complete trials that it is compared with, to be stopped where
            it is hopeless; ``None`` where it never is.
        until_ms: It is not begun after this time, milliseconds since the epoch, or ``None``.
    """

    number: int
    model: Model
    origin: str
    known: tuple[tuple[float, ...], ...] | None = None
    until_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Evaluated:
    """What came of an evaluation.

    Attributes:
        trial: The trial; ``None`` where it was not begun, because its time was over.
        paths: Forecasts by fold, from the oldest to the newest; empty unless all were made.
        losses: Losses of the folds, the newest first; empty unless it is complete.
    """

    trial: Trial | None
    paths: tuple[Path, ...] = ()
    losses: tuple[float, ...] = ()

    def measured(self, origin: str, start_ms: int, end_ms: int, cpu_seconds: float) -> Evaluated:
        """The same, with where the model comes from, and with the time and CPU time it took."""
        trial = self.trial and replace(
            self.trial, start=origin, start_ms=start_ms, end_ms=end_ms, cpu_seconds=cpu_seconds
        )
        return replace(self, trial=trial)


Steps: TypeAlias = Generator[tuple[Evaluation, ...], Evaluated, T]
"""A search: it yields what may be evaluated next, all of it at the same time, and is sent what came
of the first evaluation that it was not told of yet, by number. What was done before its turn waits.
So what a search finds depends on no duration."""


def carried_out(steps: Steps[T], do: Callable[[Evaluation], Evaluated]) -> T:
    """Carry a search out, one evaluation after the other.

    Args:
        steps: The search.
        do: Does one evaluation.
    """
    waiting: deque[Evaluation] = deque()
    try:
        waiting.extend(next(steps))
        while True:
            waiting.extend(steps.send(do(waiting.popleft())))
    except StopIteration as over:
        found: T = over.value
        return found


def evaluate(series: Series, search: SearchSpec, evaluation: Evaluation, clock: Clock) -> Evaluated:
    """Do one evaluation. Whatever is wrong with its model is the trial's failure.

    Args:
        series: Training data of the search.
        search: How it is searched.
        evaluation: What is to be evaluated.
        clock: Time and CPU time, for the trial's record.
    """
    start_ms, start_cpu = clock()
    if evaluation.until_ms is not None and start_ms >= evaluation.until_ms:
        return Evaluated(None)
    try:
        found = _backtested(series, search, evaluation)
    except Exception as error:  # noqa: BLE001 - one bad trial must not end the search
        found = nothing(evaluation, described(error))
    end_ms, end_cpu = clock()
    spent = max(end_cpu - start_cpu, 0.0)
    return found.measured(evaluation.origin, start_ms, end_ms, spent)


def nothing(evaluation: Evaluation, reason: str) -> Evaluated:
    """An evaluation that came to nothing.

    Args:
        evaluation: What was to be evaluated.
        reason: Why, in one sentence.
    """
    return Evaluated(Trial(evaluation.number, evaluation.model, "failed", reason=reason))


def _backtested(series: Series, search: SearchSpec, evaluation: Evaluation) -> Evaluated:
    number, model, loss = evaluation.number, evaluation.model, search.loss
    splits = search_splits(series.n, search, series.season_length)
    halving = None if evaluation.known is None else Halving(list(evaluation.known))
    paths: tuple[Path, ...] = ()
    folds: tuple[Fold, ...] = ()
    losses: list[float] = []
    for path in fold_paths(series, model, splits, search.engine):
        split = splits[-1 - len(paths)]  # the newest comes first
        paths, folds = (path, *paths), (scored(series, split, path, loss), *folds)
        losses.append(folds[0].metrics[loss])
        if halving is not None and len(paths) < len(splits) and halving.hopeless(losses):
            metrics = mean_scores([dict(fold.metrics) for fold in folds])
            done = f"{len(paths)} of {len(splits)} folds"
            reason = f"stopped after {done}: {loss} {metrics[loss]:.4g} is hopeless"
            return Evaluated(Trial(number, model, PRUNED, None, metrics, folds, reason))
    metrics = mean_scores([dict(fold.metrics) for fold in folds])
    if math.isnan(metrics[loss]):
        reason = f"{loss} is not defined on the validation data of this series"
        trial = Trial(number, model, "failed", None, metrics, folds, reason)
        return Evaluated(trial)
    trial = Trial(number, model, "ok", metrics[loss], metrics, folds)
    return Evaluated(trial, paths, tuple(losses))
