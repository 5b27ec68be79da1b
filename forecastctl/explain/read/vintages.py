"""What changed the number from one vintage of a forecast to another."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from forecastctl.errors import NothingRecordedError
from forecastctl.explain.read.series import series_of, stored_source
from forecastctl.explain.read.terms import terms_of
from forecastctl.recording.read import read_model
from forecastctl.recording.run_of import RunOf
from forecastctl.records.schema import Tag

if TYPE_CHECKING:
    from collections.abc import Sequence

    from forecastctl.explain.parts.between_vintages import VintageInput
    from forecastctl.explain.values import Vintage, VintageChange
    from forecastctl.store.port import Tracker


def previous(chosen: Vintage, vintages: Sequence[Vintage]) -> Vintage | None:
    """The newest vintage of the same origin from an earlier cutoff, of the same period."""
    earlier = (v for v in vintages if v.cutoff < chosen.cutoff and v.origin == chosen.origin)
    return next(earlier, None)


def vintage_change(tracker: Tracker, airport: str, older: Vintage, newer: Vintage) -> VintageChange:
    """Split the difference between two stored forecasts of one period.

    Raises:
        NothingRecordedError: A model or a panel behind one of them is not stored.
    """
    from forecastctl.explain.parts.between_vintages import split_change

    first, last = sorted((older, newer), key=lambda v: (v.cutoff, v.made))
    inputs = [_input(tracker, airport, vintage) for vintage in (first, last)]
    return split_change(inputs[0], inputs[1], dt.date.fromisoformat(newer.date))


def _input(tracker: Tracker, airport: str, vintage: Vintage) -> VintageInput:
    from forecastctl.explain.parts.between_vintages import VintageInput

    run = tracker.get(vintage.run_id)
    owner = tracker.get(run.tags[Tag.TRAINED_BY]) if Tag.TRAINED_BY in run.tags else run
    model = read_model(tracker, owner)
    source = stored_source(tracker, run)
    series = series_of(source, airport, model.cutoff, run=owner)
    if series is None:
        raise NothingRecordedError(
            f"The series behind the forecast from {vintage.cutoff} cannot be prepared again."
        )
    series = series.with_terms(terms_of(tracker, owner, model, series, vintage.date))
    tags = run.tags
    return VintageInput(
        mean=vintage.mean,
        model=model,
        series=series,
        lead=vintage.lead,
        horizon=RunOf(run).horizon(vintage.lead),
        versions=tags.get(Tag.VERSIONS, ""),
        code=tags.get(Tag.GIT_COMMIT, ""),
        environment=tags.get(Tag.ENVIRONMENT, ""),
        engine=RunOf(owner).engine("compiled"),
    )
