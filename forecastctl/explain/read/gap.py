"""A period without a value although later ones have one: missing, not "not known yet"."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from forecastctl.errors import NothingRecordedError
from forecastctl.explain.case import index_of
from forecastctl.explain.read.series import series_of, stored_source
from forecastctl.explain.values import Gap
from forecastctl.recording.read import panel_runs
from forecastctl.recording.run_of import RunOf
from forecastctl.records.calendar import first_days, ordinals, period_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from forecastctl.explain.read.series import Source
    from forecastctl.records import StoredRun
    from forecastctl.store.port import Tracker


def find_gap(source: Source, airport: str, date: str, freq: str) -> Gap | None:
    """Whether a source lacks a period amid others; ``None`` where it ends before.

    Args:
        source: The newest rows that have the airport.
        airport: Its name.
        date: First day of the period, which has no value there.
        freq: pandas period alias.
    """
    own = source.rows.of(airport)
    periods = ordinals(own.days[own.observed], freq)
    if not len(periods) or int(periods.max()) <= period_of(date, freq):
        return None
    until = str(first_days(periods.max(keepdims=True), freq)[0])
    series = series_of(source, airport, None)
    at = None if series is None else index_of(series, np.datetime64(date, "D"))
    filled = None if series is None or at is None else float(series.y[at])
    return Gap(until, filled, source.label)


def recorded_gap(
    tracker: Tracker, airport: str, date: str, runs: Sequence[StoredRun]
) -> Gap | None:
    """The same in the newest stored panel that has the airport."""
    seen: set[str] = set()
    for run in panel_runs(tracker, runs):
        digest = RunOf(run).panel_digest
        if digest in seen:
            continue
        seen.add(digest)
        try:
            source = stored_source(tracker, run)
        except NothingRecordedError:
            continue
        if source.rows.of(airport).observed.any():
            return find_gap(source, airport, date, RunOf(run).freq)
    return None
