"""Reads from the store what a challenger and a champion are compared by."""

from __future__ import annotations

from typing import TYPE_CHECKING

from forecastctl.errors import NothingRecordedError
from forecastctl.promote.evidence import UnpairedError
from forecastctl.recording.read import read_trials, searched_by
from forecastctl.recording.run_of import RunOf
from forecastctl.records import ALL_RUNS, Query
from forecastctl.records.marks import SET, job_mark
from forecastctl.records.schema import TRUE, Tag

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from forecastctl.promote.evidence import Folds
    from forecastctl.records import FittedModel, StoredRun, Trial
    from forecastctl.store.port import Tracker


def folds_of(
    tracker: Tracker, job: StoredRun, models: Mapping[str, FittedModel]
) -> Callable[[str], Folds]:
    """Reads the backtests behind the models of a job.

    A model holds the errors of its backtest; where its origins were cut is recorded with the trials
    of the search that chose it, which may be an earlier job's.

    Args:
        tracker: The store.
        job: The job's run.
        models: Its models.

    Returns:
        A function that takes an airport and raises `UnpairedError` where there is no backtest.
    """
    runs = _runs(tracker, job)

    def read(airport: str) -> Folds:
        errors, run = models[airport].backtest_errors, runs.get(airport)
        if not errors or run is None:
            raise UnpairedError("it was never backtested")
        try:
            trials = read_trials(tracker, searched_by(run))
        except NothingRecordedError as error:
            raise UnpairedError(f"its search cannot be read: {error.message}") from None
        cutoffs = _cutoffs(trials, len(errors))
        if cutoffs is None:
            raise UnpairedError("its search does not say where the backtest was cut")
        return tuple(zip(cutoffs, errors, strict=True))

    return read


def _runs(tracker: Tracker, job: StoredRun) -> dict[str, StoredRun]:
    """The newest run of each airport in a job that holds its model."""
    tags = {job_mark(RunOf(job).job_id): SET, Tag.TRAINED: TRUE}
    found = tracker.find(Query(tags=tags, limit=ALL_RUNS))
    series = [run for run in found if RunOf(run).is_series and not RunOf(run).superseded]
    return {RunOf(run).airport: run for run in reversed(series)}


def _cutoffs(trials: list[Trial], count: int) -> tuple[str, ...] | None:
    """Cutoffs of the origins, from a trial that was scored at all of them."""
    for trial in trials:
        if len(trial.folds) == count:
            return tuple(fold.cutoff for fold in trial.folds)
    return None
