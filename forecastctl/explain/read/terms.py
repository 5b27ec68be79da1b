"""The regressors that a model was fitted with, for fitting its specification again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from forecastctl.errors import NothingRecordedError
from forecastctl.recording.job import job_of
from forecastctl.recording.read import recorded_terms
from forecastctl.records.calendar import period_of

if TYPE_CHECKING:
    from forecastctl.records import FittedModel, Series, StoredRun, Terms
    from forecastctl.store.port import Tracker


def terms_of(
    tracker: Tracker, run: StoredRun, model: FittedModel, series: Series, until: object
) -> Terms | None:
    """Regressors of a model that has effects, as its job recorded them.

    Args:
        tracker: The store.
        run: The run that trained the model.
        model: The model.
        series: What the airport's data are now, from their first period on.
        until: The last period that is asked about.

    Returns:
        ``None`` where it has no effects, or its job's regressors are not stored any more: then its
        specification is fitted without them.
    """
    job = job_of(tracker, run) if model.effects else None
    if job is None:
        return None
    try:
        recorded = recorded_terms(tracker, job)
    except NothingRecordedError:
        return None
    if recorded is None:
        return None
    first, last = (period_of(day, series.freq) for day in (series.ds[0], until))
    return recorded.of(
        series.airport, series.freq, first, last + series.season_length, needed=last
    )[0]
