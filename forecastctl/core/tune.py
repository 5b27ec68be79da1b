"""Search of one airport's specification with Hyperopt's TPE.

Bergstra, Bardenet, Bengio and Kegl (2011), Algorithms for hyper-parameter optimization.
"""

from __future__ import annotations

import hashlib
import logging
import math
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

import numpy as np

from forecastctl.core.backtest import Path, fold_errors, fold_paths, fold_scores, scored
from forecastctl.core.combine import choose, combined, spread
from forecastctl.core.families import Choice, Uniform, family, working_engine
from forecastctl.core.halving import Halving
from forecastctl.core.metrics import mean_scores
from forecastctl.core.points import ROOT, Point, decode, encode, labels, make_model
from forecastctl.core.splits import Split, validation_splits
from forecastctl.errors import ForecastctlError, ModelError
from forecastctl.records import Fold, Member, Model, Specification, Trial, TuneResult, no_clock

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from forecastctl.core.families import Dimension, Space
    from forecastctl.records import Clock, SearchSpec, Series

BASELINE = "seasonal_naive"

PRUNED = "pruned"
"""Status of a trial that was stopped after its first folds."""

MOST_STARTS = 12
"""Starting points at most, so that the search has evaluations left."""

_STARTUP = 5
"""Evaluations after which TPE takes over from random proposals."""

STAND_IN = "the seasonal naive stands in"


def airport_seed(seed: int, airport: str) -> int:
    """Seed of one airport's search: the same in any order and under any number of workers.

    Args:
        seed: Seed of the job.
        airport: Identifier as spelt in the input.

    Returns:
        First eight bytes of the SHA-256 of both, as a number.
    """
    digest = hashlib.sha256(f"{seed}\n{airport}".encode()).digest()
    return int.from_bytes(digest[:8], "big")


def tune(series: Series, search: SearchSpec, clock: Clock = no_clock) -> TuneResult:
    """Search for the specification that forecasts best from rolling origins.

    Trial 0 is the seasonal naive. Then come the families' own starting points, taken in turn,
    and from there on Hyperopt proposes. A model that comes up again is not fitted again. A trial
    whose first folds are hopeless is stopped, see `forecastctl.core.halving`.

    Args:
        series: Training data.
        search: What to search, and for how long. ``timeout`` is measured with ``clock``.
        clock: Time and CPU time, for the trials' records and the timeout.

    Returns:
        The chosen specification with its backtest, and every trial. A series too short to be
        validated gets the baseline and says so in ``reason``.

    Raises:
        ModelError: Every trial failed, the baseline's included, and nothing may stand in.
        UsageError: There is no such engine.
    """
    working_engine(search.engine)  # refused here, it does not look like a failure of every trial
    splits = validation_splits(
        series.n, search.horizon, search.folds, search.step, series.season_length
    )
    if not splits:
        return _too_short(series)
    run = _Run(series, search, clock, splits)
    run.evaluate(make_model(BASELINE, {"drift": False}))
    _search(run)
    return _result(run)


@dataclass
class _Run:
    """Trials of one search as they accumulate, with the forecasts of their folds."""

    series: Series
    search: SearchSpec
    clock: Clock
    splits: tuple[Split, ...]
    trials: list[Trial] = field(default_factory=list)
    paths: dict[int, tuple[Path, ...]] = field(default_factory=dict)
    seen: dict[str, int] = field(default_factory=dict)
    halving: Halving = field(default_factory=Halving)
    start_ms: int = field(init=False)

    def __post_init__(self) -> None:
        self.start_ms = self.clock()[0]

    def evaluate(self, model: Model) -> Trial:
        """Trial of a model: a new one, or the scores of the same model repeated."""
        start_ms, start_cpu = self.clock()
        number = len(self.trials)
        earlier = self.seen.get(model.key)
        if earlier is None:
            self.seen[model.key] = number
            trial = self._fit(model, number)
        else:
            trial = replace(self.trials[earlier], number=number, duplicate_of=earlier)
        end_ms, end_cpu = self.clock()
        trial = replace(
            trial, start_ms=start_ms, end_ms=end_ms, cpu_seconds=max(end_cpu - start_cpu, 0.0)
        )
        self.trials.append(trial)
        return trial

    def _fit(self, model: Model, number: int) -> Trial:
        try:
            return self._backtest(model, number)
        except ForecastctlError as error:
            return Trial(number, model, "failed", reason=error.message)
        except Exception as error:  # noqa: BLE001 - one bad trial must not end the search
            return Trial(number, model, "failed", reason=f"{type(error).__name__}: {error}")

    def _backtest(self, model: Model, number: int) -> Trial:
        paths: tuple[Path, ...] = ()
        folds: tuple[Fold, ...] = ()
        losses: list[float] = []
        loss = self.search.loss
        for path in fold_paths(self.series, model, self.splits, self.search.engine):
            split = self.splits[-1 - len(paths)]  # the newest comes first
            paths, folds = (path, *paths), (scored(self.series, split, path), *folds)
            losses.append(folds[0].metrics[loss])
            if len(paths) < len(self.splits) and self.halving.hopeless(losses):
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
        return None


def _search(run: _Run) -> None:
    """Let Hyperopt propose until the search is over."""
    spaces = _spaces(run)
    remaining = run.search.max_evals - len(run.trials)
    if not spaces or remaining <= 0:
        return
    import hyperopt

    logging.getLogger("hyperopt").setLevel(logging.WARNING)  # it reports every proposal

    def objective(sample: Mapping[str, Any]) -> dict[str, Any]:
        if run.stopped:
            return {"status": hyperopt.STATUS_FAIL}
        trial = run.evaluate(decode(sample))
        # What a pruned trial has so far tells the search to keep away from there.
        loss = trial.metrics[run.search.loss] if trial.status == PRUNED else trial.loss
        if loss is None:
            return {"status": hyperopt.STATUS_FAIL}
        return {"status": hyperopt.STATUS_OK, "loss": loss}

    points = _starting_points(run, spaces)[: min(remaining, MOST_STARTS)]
    with suppress(hyperopt.exceptions.AllTrialsFailed):  # `_result` judges that from our trials
        hyperopt.fmin(
            objective,
            _hyperopt_space(spaces),
            algo=partial(hyperopt.tpe.suggest, n_startup_jobs=min(len(points), _STARTUP)),
            max_evals=remaining + 1,  # fmin evaluates no points when they are all there is to do
            trials=_queued(points, labels(spaces)),
            rstate=np.random.default_rng(airport_seed(run.search.seed, run.series.airport)),
            early_stop_fn=lambda _trials, *_: (run.stopped is not None, []),
            return_argmin=False,
            verbose=False,
            show_progressbar=False,
        )


def _queued(points: Sequence[Point], known: Sequence[str]) -> Any:
    """Hyperopt trials that wait for evaluation.

    This is what ``points_to_evaluate`` makes, with the labels of the branches not taken, which
    TPE asks every trial for.
    """
    from hyperopt.fmin import generate_trials_to_calculate

    trials = generate_trials_to_calculate(points)
    trials.refresh()
    for trial in trials.trials:
        for label in known:
            trial["misc"]["idxs"].setdefault(label, [])
            trial["misc"]["vals"].setdefault(label, [])
    return trials


def _spaces(run: _Run) -> dict[str, Space]:
    shortest = run.splits[0].end
    found = {}
    for name in run.search.families:
        space = family(name).space(run.series.y, run.series.season_length, shortest)
        if space is not None:
            found[name] = space
    return found


def _starting_points(run: _Run, spaces: Mapping[str, Space]) -> list[Point]:
    """The families' own starting points that lie in their spaces, taken in turn."""
    columns = [
        [
            point
            for options in family(name).starts
            if make_model(name, options).key not in run.seen
            and (point := encode(spaces, name, options)) is not None
        ]
        for name in spaces
    ]
    return [point for row in zip_longest(*columns) for point in row if point is not None]


def _hyperopt_space(spaces: Mapping[str, Space]) -> Any:
    from hyperopt import hp

    families = [
        {"family": name, "options": _hyperopt_options(space, name)}
        for name, space in spaces.items()
    ]
    return hp.choice(ROOT, families)


def _hyperopt_options(space: Mapping[str, Any], path: str) -> dict[str, Any]:
    return {
        key: _hyperopt_dimension(value, f"{path}/{key}")
        if isinstance(value, Choice | Uniform)
        else value
        for key, value in space.items()
    }


def _hyperopt_dimension(dimension: Dimension, label: str) -> Any:
    from collections.abc import Mapping

    from hyperopt import hp

    if isinstance(dimension, Uniform):
        return hp.uniform(label, dimension.low, dimension.high)
    values = [
        _hyperopt_options(value, f"{label}/{index}") if isinstance(value, Mapping) else value
        for index, value in enumerate(dimension.values)
    ]
    if dimension.weights is None:
        return hp.choice(label, values)
    return hp.pchoice(label, list(zip(dimension.weights, values, strict=True)))


def _result(run: _Run) -> TuneResult:
    if not run.paths:
        return _none_succeeded(run)
    specification = choose(run.trials, run.search.combine)
    members = [run.paths[m.trial] for m in specification.members if m.trial is not None]
    weights = [m.weight for m in specification.members]
    paths = tuple(combined(fold, weights) for fold in zip(*members, strict=True))
    _, metrics = fold_scores(run.series, run.splits, paths)
    errors = fold_errors(run.series, run.splits, paths)
    return TuneResult(
        specification,
        metrics[run.search.loss],
        metrics,
        tuple(run.trials),
        errors,
        spread(errors, paths),
        run.trials[0].loss,
        stopped=run.stopped or "max_evals",
    )


def _none_succeeded(run: _Run) -> TuneResult:
    """The baseline unvalidated, where a fallback is allowed: a series of zeros, for example."""
    reasons = "; ".join(sorted({t.reason or "" for t in run.trials}))
    failed = f"all {len(run.trials)} trials failed: {reasons}"
    if not run.search.fallback:
        raise ModelError(
            f"{run.series.airport}: {failed}",
            "Look at the series with 'forecastctl check', or choose another --loss.",
        )
    return _baseline(f"{failed}; {STAND_IN}", tuple(run.trials), run.stopped or "max_evals")


def _too_short(series: Series) -> TuneResult:
    reason = f"{series.n} observations are too few to validate a model; {STAND_IN}"
    return _baseline(reason, (), "too short")


def _baseline(reason: str, trials: tuple[Trial, ...], stopped: str) -> TuneResult:
    specification = Specification((Member(make_model(BASELINE, {"drift": False})),))
    return TuneResult(specification, None, {}, trials, (), reason=reason, stopped=stopped)
