"""The airports on record, and what to say of one that is not among them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from forecastctl.errors import NothingRecordedError
from forecastctl.hints import did_you_mean
from forecastctl.recording import decoding
from forecastctl.recording.context import airport_key
from forecastctl.recording.read import read_as
from forecastctl.records import FINISHED, Query
from forecastctl.records.marks import JOBS, SET, airport_mark
from forecastctl.records.schema import File

if TYPE_CHECKING:
    from forecastctl.store.port import Tracker


def is_recorded(tracker: Tracker, airport: str) -> bool:
    """Whether anything is recorded about an airport."""
    mark = {airport_mark(airport_key(airport)): SET}
    return bool(tracker.find(Query(tags=mark, limit=1)))


def not_recorded(tracker: Tracker, airport: str) -> NothingRecordedError:
    """The error about an airport of which nothing is recorded, with the name that may be meant."""
    hint = did_you_mean(airport, airports_of_newest_job(tracker))
    return NothingRecordedError(
        f"Nothing is recorded about airport '{airport}' in this experiment.",
        hint or "'forecastctl history airports' lists those that are recorded.",
    )


def airports_of_newest_job(tracker: Tracker) -> list[str]:
    """Names of the airports of the newest job; none where its results cannot be read."""
    jobs = tracker.find(Query(tags={JOBS: SET}, status=FINISHED, limit=1))
    if not jobs:
        return []
    try:
        summary = read_as(tracker, jobs[0], File.RESULTS, decoding.summary)
    except NothingRecordedError:  # it would only help with a suggestion
        return []
    return [line["airport"] for line in summary["results"]]
