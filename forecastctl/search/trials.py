"""Trials of one search as they accumulate. Everything that a search does with them is in `tune`."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from forecastctl.models.pretrained import Pretrained
from forecastctl.models.shocks import KEPT, without_shocks
from forecastctl.records import Learned, Model, Trial
from forecastctl.search.evaluation import Evaluated, Evaluation
from forecastctl.search.halving import Halving
from forecastctl.search.pool import (
    COUNTS,
    asks_for_counts,
    network_members,
    pool,
    pool_keys,
    pool_of_counts,
)
from forecastctl.search.pool_of_fleet import POOLED, pooled_members
from forecastctl.search.stopping import REPEATS, UNLIKELY, chance

if TYPE_CHECKING:
    from collections.abc import Sequence

    from forecastctl.models.combination.path import Path
    from forecastctl.records import Clock, Options, SearchSpec, Series
    from forecastctl.search.evaluation import Steps
    from forecastctl.search.folds import Split


@dataclass
class Search:
    """Trials of one search as they accumulate, with the forecasts of their folds.

    An evaluation is begun (`begin`), and becomes a trial once it is known what came of it. With a
    parallelism of 1 the one is known before the next is begun. Otherwise an evaluation that a
    proposal decides knows all before it but for the last ``parallelism - 1``, and what is tried in
    any case is begun at once.

    Attributes:
        trials: What is known, in the order in which it was begun.
        fresh: Evaluations that are begun and not handed out yet.
        results: Trial by the number of its evaluation, ``None`` where that was not begun in time.
        required: Number of trials that are made before the search may stop because the next one is
            unlikely to improve; ``None`` where it never stops for that.
        ended: Why nothing more is begun, or ``None``.
        repeats: How often a model came up that had been tried before.
        repeats_in_a_row: The same since the last new one.
        without_effects: Whether effects of terms are taken out, before the pool is fitted.
    """

    series: Series
    search: SearchSpec
    clock: Clock
    splits: tuple[Split, ...]
    learned: Learned = field(default_factory=Learned)
    trials: list[Trial] = field(default_factory=list)
    fresh: list[Evaluation] = field(default_factory=list)
    results: dict[int, Trial | None] = field(default_factory=dict)
    paths: dict[int, tuple[Path, ...]] = field(default_factory=dict)
    seen: dict[str, int] = field(default_factory=dict)
    halving: Halving = field(default_factory=Halving)
    required: int | None = None
    ended: str | None = None
    repeats: int = 0
    repeats_in_a_row: int = 0
    without_effects: bool = False
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
        self.intermittent = COUNTS in self.search.families and asks_for_counts(
            clean, m, self.search.loss
        )
        counts = pool_of_counts(clean, m, self.search.loss) if self.intermittent else None
        pooled = () if counts else pooled_members(self.series, self.splits)
        network = () if counts else network_members(self.series, self.splits)
        members = (*(counts or pool(clean, m)), *pooled, *network)
        self.enter([(n, o) for n, o in members if n in self.search.families])

    def enter(self, members: Sequence[tuple[str, Options]]) -> None:
        """Make these the pool."""
        self.pool, self.keys = tuple(members), pool_keys(members)

    @property
    def seats(self) -> int:
        """Members of the combination at most.

        With many zeros they are those of the pool: models of a smooth level that look good on a
        few origins there forecast a little of everything, which hardly ever comes. Models that were
        not estimated from this airport alone take no seat from the others.
        """
        most = self.search.combine
        if self.intermittent:
            return min(len(self.pool), most)
        more = sum(name in (POOLED, Pretrained.name) for name, _ in self.pool)
        return most + more if len(self.pool) - more <= most else most

    @property
    def young(self) -> bool:
        """Whether some models see no month of the year twice."""
        return self.splits[0].end < 2 * self.series.season_length

    @property
    def eligible(self) -> list[Trial]:
        """Trials of which the specification is chosen: without effects where none are taken."""
        if self.without_effects:
            return self.trials
        return [trial for trial in self.trials if "terms" not in trial.model.options]

    @property
    def averages_pool(self) -> bool:
        """Whether there is room for the whole pool in the combination."""
        return len(self.pool) <= self.seats

    @property
    def begun(self) -> int:
        """Number of evaluations that were begun."""
        return len(self.seen)

    def begin(self, model: Model, origin: str) -> int:
        """Number of the evaluation of a model: a new one, or the earlier one of the same model.

        Args:
            model: What is tried.
            origin: Where it comes from, one of `forecastctl.records.learning.ORIGINS`.
        """
        if model.key in self.seen:
            self.repeats += 1
            self.repeats_in_a_row += 1
            return self.seen[model.key]
        self.repeats_in_a_row = 0
        number = self.begun
        self.seen[model.key] = number
        known = None if model.key in self.keys else tuple(self.halving.complete)
        limit = self.search.timeout if number and self.search.parallelism > 1 else None
        until_ms = None if limit is None else self.start_ms + int(limit * 1000)
        self.fresh.append(Evaluation(number, model, origin, known, until_ms))
        return number

    def ready(self) -> Steps[bool]:
        """Whether one more may be begun of what is tried in any case."""
        if self.search.parallelism == 1:
            yield from self.until(0)
        return not self.is_over()

    def ready_to_propose(self) -> Steps[bool]:
        """Whether a proposal may be made, with what it has to know."""
        yield from self.until(self.search.parallelism - 1)
        return not self.is_over()

    def until(self, most: int) -> Steps[None]:
        """Wait until at most so many evaluations are under way."""
        while self.begun - len(self.results) > most:
            batch, self.fresh = tuple(self.fresh), []
            self._learn((yield batch))

    def _learn(self, evaluated: Evaluated) -> None:
        """Enter what came of the first evaluation that was not known yet."""
        trial = evaluated.trial and replace(evaluated.trial, number=len(self.trials))
        self.results[len(self.results)] = trial
        if trial is None:
            self.ended = "timeout"
            return
        self.trials.append(trial)
        if evaluated.losses:
            self.halving.add(evaluated.losses)
            self.paths[trial.number] = evaluated.paths

    def loss_of(self, number: int) -> float:
        """Loss of an evaluation that is known; infinite where it has none."""
        trial = self.results[number]
        return math.inf if trial is None or trial.loss is None else trial.loss

    def is_over(self) -> bool:
        """Whether nothing more is begun; once it is so, it stays so."""
        self.ended = self.ended or self.stopped
        return self.ended is not None

    @property
    def stopped(self) -> str | None:
        """Why the search would be over by what is known, or ``None``."""
        limit, patience = self.search.timeout, self.search.early_stop
        if self.begun >= self.search.max_evals:
            return "max_evals"
        if limit is not None and self.clock()[0] - self.start_ms >= limit * 1000.0:
            return "timeout"
        if patience is not None and self.trials:
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
