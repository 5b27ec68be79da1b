"""Search of one airport's specification.

What it tries first is decided here; what it tries next by Hyperopt (`forecastctl.search.hyperopt`).
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from itertools import zip_longest
from typing import TYPE_CHECKING

from forecastctl.models import Choice, family, working_engine
from forecastctl.models.baseline import baseline
from forecastctl.models.combination.weights import combined, error_sizes
from forecastctl.models.combination.widths import calibrated, pool_widths
from forecastctl.models.make import make_model
from forecastctl.models.pretrained import PRETRAINED, Pretrained
from forecastctl.models.shocks import REPLACED
from forecastctl.records import (
    Learned,
    TuneResult,
    no_clock,
    weighed,
)
from forecastctl.records.learning import BASELINE as NAIVE
from forecastctl.records.learning import FAMILY, OWN, POOL, RANDOM, SHOCKS, SUGGESTED, TPE
from forecastctl.search.backtest import fold_errors, fold_scores
from forecastctl.search.choose import CLEARLY_WORSE
from forecastctl.search.chosen import chosen
from forecastctl.search.evaluation import carried_out, evaluate
from forecastctl.search.folds import search_splits
from forecastctl.search.hyperopt import Candidate, let_hyperopt_search
from forecastctl.search.pool_of_fleet import POOLED
from forecastctl.search.space import encode, placed
from forecastctl.search.stand_in import none_succeeded, too_short
from forecastctl.search.terms import DIMENSION, decide_on_terms
from forecastctl.search.trials import Search

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from forecastctl.models import Space
    from forecastctl.records import Clock, SearchSpec, Series, Widths
    from forecastctl.search.evaluation import Steps

MOST_STARTS = 12
"""Most starting points besides learned ones and the pool, so that Hyperopt has evaluations left."""

COMPARED = 3
"""Models of the pool that are backtested with and without the shocks, to decide whether shocks are
replaced at all."""

BOTH_WHILE_ON = 7
"""Models of the pool that are fitted both with and without the shocks while the last goes on."""

BOTH_WHEN_OVER = 2
"""The same once the last shock is over."""

_SHOCKS = {"data": Choice((REPLACED, {}))}
"""A dimension of every space, where there are shocks."""


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


def tune(
    series: Series,
    search: SearchSpec,
    clock: Clock = no_clock,
    learned: Learned | None = None,
    widths: Widths = (),
) -> TuneResult:
    """Search for the specification that forecasts best from rolling origins.

    Trial 0 is the seasonal naive. Then come what earlier searches suggest, the models of the pool
    (`forecastctl.search.pool`) and the families' own starting points. The evaluations that are left
    try what Hyperopt proposes; the starting points leave it the share that it is to have at least.
    Each trial says which of these it is (`forecastctl.records.learning.ORIGINS`). A model that
    comes up again is not tried again, and uses up no evaluation. A trial whose first folds are
    hopeless is stopped, see `forecastctl.search.halving`; one of the pool never is.

    Args:
        series: Training data.
        search: What to search, and for how long. ``timeout`` is measured with ``clock``.
        clock: Time and CPU time, for the trials' records and the timeout.
        learned: What earlier searches suggest. With such starts the search also stops as soon as
            the next trial is unlikely to improve (`forecastctl.search.stopping.chance`).
        widths: How wide the backtests of the fleet led intervals to be; where it is empty, the
            airport's own say it, leaning on what is usual. Of a series that is too short:
            `forecastctl.search.short.widths_of_short`.

    Returns:
        The chosen specification with its backtest, and every trial. A series too short to be
        validated (`forecastctl.search.folds.search_splits`) gets what stands in
        (`forecastctl.search.short.stand_in`) and says so in ``reason``.

    Raises:
        ModelError: Every trial failed, the baseline's included, and nothing may stand in.
        UsageError: There is no such engine.
    """
    return carried_out(
        steps(series, search, clock, learned, widths),
        lambda evaluation: evaluate(series, search, evaluation, clock),
    )


def steps(
    series: Series,
    search: SearchSpec,
    clock: Clock = no_clock,
    learned: Learned | None = None,
    widths: Widths = (),
) -> Steps[TuneResult]:
    """The same search, whose evaluations whoever drives it has done wherever it likes.

    Args:
        series: Training data.
        search: What to search; ``parallelism`` says how many evaluations a proposal does not wait
            for.
        clock: Time, for the timeout.
        learned: What earlier searches suggest.
        widths: See `tune`.
    """
    working_engine(search.engine)  # refused here, it does not look like a failure of every trial
    splits = search_splits(series.n, search, series.season_length)
    if not splits:
        return too_short(series, search, widths)
    run = Search(series, search, clock, splits, learned or Learned())
    run.begin(baseline(series.n, series.season_length), NAIVE)
    if run.shocked:
        yield from _decide_on_shocks(run)
    yield from decide_on_terms(run)
    spaces = _spaces(run)
    yield from _search(run, spaces)
    yield from run.until(0)
    result = replace(_result(run), space=_searched(run, spaces), repeats=run.repeats)
    return calibrated(result, widths or pool_widths([result.sizes]))


def _decide_on_shocks(run: Search) -> Steps[None]:
    """Let the backtest decide whether the pool's models are fitted to data without the shocks.

    If it does not speak against it, they are: without the shocks the season is estimated
    undisturbed. Some models are fitted to all data as well: while a shock goes on, so that half of
    the combination follows the recovery; later a few, from which it is seen how wide intervals
    must be.
    """
    pairs = [((name, o), (name, {**o, **REPLACED})) for name, o in run.pool]
    begun: tuple[list[int], list[int]] = ([], [])
    for pair in pairs[:COMPARED]:
        for numbers, (name, options) in zip(begun, pair, strict=True):
            if not (yield from run.ready()):
                return
            numbers.append(run.begin(make_model(name, options), SHOCKS))
    yield from run.until(0)
    losses = [sum(map(run.loss_of, numbers)) for numbers in begun]
    if losses[1] <= CLEARLY_WORSE * losses[0]:
        if run.settled:
            run.enter([*(out for _, out in pairs), *run.pool[:BOTH_WHEN_OVER]])
        else:
            run.enter([member for pair in pairs[:BOTH_WHILE_ON] for member in pair])


def _search(run: Search, spaces: Mapping[str, Space]) -> Steps[None]:
    """Try the starting points, then what Hyperopt proposes, until the search is over."""
    remaining = run.search.max_evals - run.begun
    if not spaces or remaining <= 0:
        return
    if run.young and (Pretrained.name, PRETRAINED) in run.pool:  # a few months choose no other
        run.begin(make_model(Pretrained.name, PRETRAINED), POOL)
        run.ended = "exhausted"
        return
    learned = _learned_starts(run, spaces)
    points = [*learned, *_other_starts(run, spaces, learned)]
    first = (*SUGGESTED, *((POOL,) if run.averages_pool else ()))
    required = sum(point.origin in first for point in points)
    points = points[: min(max(remaining - _reserved(run.search), required), remaining)]
    if learned:
        run.required = run.begun + min(required, len(points))
    seed = airport_seed(run.search.seed, run.series.airport)
    yield from let_hyperopt_search(run, spaces, points, seed)


def _reserved(search: SearchSpec) -> int:
    """Evaluations that starting points leave to Hyperopt."""
    return round(search.tpe_share * search.max_evals)


def _searched(run: Search, spaces: Mapping[str, Space]) -> tuple[str, ...]:
    """Families that were searched: those that were tried, and all that Hyperopt chose from."""
    proposed = run.exhausted or any(trial.start in (RANDOM, TPE) for trial in run.trials)
    tried = {trial.model.family for trial in run.trials if trial.start != NAIVE}
    found = tried | set(spaces) if proposed else tried
    return tuple(name for name in run.search.families if name in found)


def _spaces(run: Search) -> dict[str, Space]:
    shortest = run.splits[0].end
    found: dict[str, Space] = {}
    learned = {options["seasons"] for name, options in run.pool if name == POOLED}
    for name in run.search.families:
        space = family(name).space(run.series.y, run.series.season_length, shortest)
        if space is not None and name == POOLED:  # no other window was learned from the fleet
            space = {**space, "seasons": learned.pop()} if learned else None
        if space is not None:
            found[name] = {
                **space,
                **(_SHOCKS if run.shocked else {}),
                **(DIMENSION if run.without_effects else {}),
            }
    return found


def _learned_starts(run: Search, spaces: Mapping[str, Space]) -> list[Candidate]:
    """What earlier searches suggest, within the spaces, as many as leave room for the pool."""
    pool = run.keys if run.averages_pool else frozenset()
    room = run.search.max_evals - run.begun - len(pool - run.seen.keys())
    found: dict[str, Candidate] = {}
    for start in run.learned.starts:
        place = placed(spaces, start.model)
        if place is None or place[1].key in {*run.seen, *found}:
            continue
        point, model = place
        if model.key not in pool:
            if room <= 0:
                continue
            room -= 1
        found[model.key] = Candidate(model, point, start.origin)
    return list(found.values())


def _other_starts(
    run: Search, spaces: Mapping[str, Space], learned: Sequence[Candidate]
) -> list[Candidate]:
    """The pool's models, then the families' own starting points, those within the spaces.

    Where starts come from the airport's own last search, what that search has tried already is left
    out: the starting points of families that won by now, and the pool unless it is averaged.
    """
    again = any(point.origin == OWN for point in learned)
    fresh = [name for name in spaces if not (again and name in run.learned.families)]
    columns = [[(name, options) for options in family(name).starts] for name in fresh]
    members = run.pool if run.averages_pool or not again else ()
    turns = [start for row in zip_longest(*columns) for start in row if start is not None]
    most = len(run.pool) + MOST_STARTS
    points: list[Candidate] = []
    known = {*run.seen, *(point.model.key for point in learned)}
    for name, options in (*members, *turns):
        model = make_model(name, options)
        point = encode(spaces, name, options) if model.key not in known else None
        if point is None or len(points) >= most:
            continue
        known.add(model.key)
        points.append(Candidate(model, point, POOL if model.key in run.keys else FAMILY))
    return points


def _result(run: Search) -> TuneResult:
    if not run.paths:
        return none_succeeded(run)
    specification, trials = chosen(run)
    members = [run.paths[m.trial] for m in specification.members if m.trial is not None]
    weights = [m.weight for m in specification.members]
    paths = tuple(combined(fold, weights) for fold in zip(*members, strict=True))
    _, metrics = fold_scores(run.series, run.splits, paths, run.search.loss)
    errors = fold_errors(run.series, run.splits, paths)
    return TuneResult(
        specification,
        metrics[run.search.loss],
        metrics,
        weighed(trials, specification),
        errors,
        baseline_loss=run.trials[0].loss,
        stopped=run.ended or run.stopped or "max_evals",
        sizes=error_sizes(errors, paths),
    )
