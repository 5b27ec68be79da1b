"""Trials of one search as they accumulate. Everything that a search does with them is in `tune`."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from forecastctl.models.metrics import mean_scores
from forecastctl.models.shocks import KEPT, without_shocks
from forecastctl.records import Fold, Learned, Model, Trial, described
from forecastctl.search.backtest import fold_paths, scored
from forecastctl.search.halving import Halving
from forecastctl.search.pool import COUNTS, is_intermittent, pool, pool_keys, pool_of_counts
from forecastctl.search.stopping import REPEATS, UNLIKELY, chance

if TYPE_CHECKING:
    from collections.abc import Sequence

    from forecastctl.models.combination.path import Path
    from forecastctl.records import Clock, Options, SearchSpec, Series
    from forecastctl.search.folds import Split

PRUNED = "pruned"
"""Status of a trial that was stopped after its first folds."""


@dataclass
class Search:
    """Trials of one search as they accumulate, with the forecasts of their folds.

    Attributes:
        required: Number of trials that are made before the search may stop because the next one is
            unlikely to improve; ``None`` where it never stops for that.
        repeats: How often a model came up that had been tried before.
        repeats_in_a_row: The same since the last new one.
    """

    series: Series
    search: SearchSpec
    clock: Clock
    splits: tuple[Split, ...]
    learned: Learned = field(default_factory=Learned)
    trials: list[Trial] = field(default_factory=list)
    paths: dict[int, tuple[Path, ...]] = field(default_factory=dict)
    seen: dict[str, int] = field(default_factory=dict)
    halving: Halving = field(default_factory=Halving)
    required: int | None = None
    repeats: int = 0
    repeats_in_a_row: int = 0
    start_ms: int = field(init=False)
    shocked: bool = field(init=False)
    settled: bool = field(init=False)
    intermittent: bool = field(init=False)
    pool: tuple[tuple[str, Options], ...] = field(init=False)
    keys: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        self.start_ms = self.clock()[0]
        m = self.series.season_length
        clean, shocks = without_shocks(self.series.y, m)
        self.shocked = bool(shocks) and self.search.shocks == "replace"
        self.settled = bool(shocks) and shocks[-1].end < self.series.n - KEPT
        self.intermittent = COUNTS in self.search.families and is_intermittent(clean)
        counts = pool_of_counts(clean, m, self.search.loss) if self.intermittent else None
        members = counts or pool(clean, m)
        self.enter([(n, o) for n, o in members if n in self.search.families])

    def enter(self, members: Sequence[tuple[str, Options]]) -> None:
        """Make these the pool."""
        self.pool, self.keys = tuple(members), pool_keys(members)

    @property
    def seats(self) -> int:
        """Members of the combination at most.

        With many zeros they are those of the pool: models of a smooth level that look good on a
        few origins there forecast a little of everything, which hardly ever comes.
        """
        if self.intermittent:
            return min(len(self.pool), self.search.combine)
        return self.search.combine

    @property
    def averages_pool(self) -> bool:
        """Whether there is room for the whole pool in the combination."""
        return len(self.pool) <= self.search.combine

    def evaluate(self, model: Model, origin: str) -> Trial:
        """Trial of a model: a new one, or the earlier one of the same model.

        Args:
            model: What is tried.
            origin: Where it comes from, one of `forecastctl.records.learning.ORIGINS`.
        """
        if model.key in self.seen:
            self.repeats += 1
            self.repeats_in_a_row += 1
            return self.trials[self.seen[model.key]]
        self.repeats_in_a_row = 0
        start_ms, start_cpu = self.clock()
        number = len(self.trials)
        self.seen[model.key] = number
        trial = self._fit(model, number)
        end_ms, end_cpu = self.clock()
        spent = max(end_cpu - start_cpu, 0.0)
        trial = replace(trial, start=origin, start_ms=start_ms, end_ms=end_ms, cpu_seconds=spent)
        self.trials.append(trial)
        return trial

    def _fit(self, model: Model, number: int) -> Trial:
        try:
            return self._backtest(model, number)
        except Exception as error:  # noqa: BLE001 - one bad trial must not end the search
            return Trial(number, model, "failed", reason=described(error))

    def _backtest(self, model: Model, number: int) -> Trial:
        paths: tuple[Path, ...] = ()
        folds: tuple[Fold, ...] = ()
        losses: list[float] = []
        loss = self.search.loss
        for path in fold_paths(self.series, model, self.splits, self.search.engine):
            split = self.splits[-1 - len(paths)]  # the newest comes first
            paths, folds = (path, *paths), (scored(self.series, split, path, loss), *folds)
            losses.append(folds[0].metrics[loss])
            searched = model.key not in self.keys
            if searched and len(paths) < len(self.splits) and self.halving.hopeless(losses):
                metrics = mean_scores([dict(fold.metrics) for fold in folds])
                done = f"{len(paths)} of {len(self.splits)} folds"
                reason = f"stopped after {done}: {loss} {metrics[loss]:.4g} is hopeless"
                return Trial(number, model, PRUNED, None, metrics, folds, reason)
        metrics = mean_scores([dict(fold.metrics) for fold in folds])
        if math.isnan(metrics[loss]):
            reason = f"{loss} is not defined on the validation data of this series"
            return Trial(number, model, "failed", metrics=metrics, folds=folds, reason=reason)
        self.halving.add(losses)
        self.paths[number] = paths
        return Trial(number, model, "ok", metrics[loss], metrics, folds)

    @property
    def stopped(self) -> str | None:
        """Why the search is over, or ``None`` while it is not."""
        limit, patience = self.search.timeout, self.search.early_stop
        if len(self.trials) >= self.search.max_evals:
            return "max_evals"
        if limit is not None and self.clock()[0] - self.start_ms >= limit * 1000.0:
            return "timeout"
        if patience is not None:
            losses = [math.inf if t.loss is None else t.loss for t in self.trials]
            if len(losses) - 1 - losses.index(min(losses)) >= patience:
                return "early_stop"
        if self.required is not None and len(self.trials) >= self.required:
            left = chance([t.loss for t in self.trials], self.required, self.learned.rate)
            if left <= UNLIKELY:
                return "unlikely"
        return "exhausted" if self.exhausted else None

    @property
    def exhausted(self) -> bool:
        """Whether nothing new comes up any more."""
        return self.repeats_in_a_row >= REPEATS
