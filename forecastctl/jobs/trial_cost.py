"""How long a trial takes, as recorded or else tried out, and what was decided by it before."""

from __future__ import annotations

from statistics import fmean
from typing import TYPE_CHECKING

from forecastctl.jobs.spread import Piece, do
from forecastctl.models.make import make_model
from forecastctl.models.shocks import without_shocks
from forecastctl.records import FINISHED, Query
from forecastctl.records.learning import POOL
from forecastctl.records.marks import AIRPORTS, JOBS, SET
from forecastctl.records.schema import LIVE, TRUE, MetricKey, Param, Tag
from forecastctl.search.evaluation import Evaluation
from forecastctl.search.folds import search_splits
from forecastctl.search.pool import pool

if TYPE_CHECKING:
    from collections.abc import Sequence

    from forecastctl.execute.port import Executor
    from forecastctl.records import SearchSpec, Series
    from forecastctl.store.port import Tracker

READ = 50
"""The newest searches that are looked at."""
TRIED = 3
"""Models that are tried out at most."""


def decided_before(tracker: Tracker, command: str, asked: str) -> tuple[str, str] | None:
    """What the last job did at the same time, and why, where the same decided.

    So that its record holds good for the next one, whatever is measured now.

    Args:
        tracker: The store.
        command: Of the job.
        asked: What decides, in words.
    """
    tags: dict[str, str] = {JOBS: SET, Tag.COMMAND: command, Tag.PARALLEL_ASKED: asked}
    found = tracker.find(Query(tags=tags, limit=1))
    if not found or Tag.PARALLEL not in found[0].tags:
        return None
    return found[0].tags[Tag.PARALLEL], found[0].tags.get(Tag.PARALLEL_REASON, "")


def recorded_seconds(tracker: Tracker, search: SearchSpec) -> float | None:
    """CPU seconds of a trial in the newest recorded searches that were made like this one.

    Args:
        tracker: The store.
        search: How it is to be searched.
    """
    alike = {
        Param.ENGINE: search.engine,
        Param.FAMILIES: ",".join(search.families),
        Param.FOLDS: str(search.folds),
    }
    tags: dict[str, str] = {AIRPORTS: SET, Tag.TUNED: TRUE, Tag.ORIGIN: LIVE}
    runs = tracker.find(Query(tags=tags, status=FINISHED, limit=READ))
    numbers = [run.metrics for run in runs if alike.items() <= run.params.items()]
    trials = sum(of.get(MetricKey.TRIALS_TOTAL, 0.0) for of in numbers)
    if not trials:
        return None
    return sum(of.get(MetricKey.OBJECTIVE_SECONDS, 0.0) for of in numbers) / trials


def tried_out_seconds(
    series: Sequence[Series], search: SearchSpec, executor: Executor
) -> float | None:
    """CPU seconds of a trial of the longest series, by a few models of the pool.

    Args:
        series: What is to be searched.
        search: How.
        executor: Where it is tried out.
    """
    fit = [s for s in series if search_splits(s.n, search, s.season_length)]
    if not fit:
        return None
    longest = max(fit, key=lambda s: s.n)
    clean, _ = without_shocks(longest.y, longest.season_length)
    members = [m for m in pool(clean, longest.season_length) if m[0] in search.families]
    models = [make_model(name, options) for name, options in members[:TRIED]]
    pieces = [Piece(longest, search, Evaluation(n, m, POOL)) for n, m in enumerate(models)]
    taken = [o.cpu_seconds for o in executor.map(do, pieces) if o.failure is None]
    return fmean(taken) if taken else None
