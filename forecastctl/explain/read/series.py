"""Prepares an airport's series again: as a job saw it, and as it is known now."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from forecastctl.errors import DataError, NothingRecordedError, SettingsError
from forecastctl.recording.job import KEPT, job_of, job_settings
from forecastctl.recording.read import held_panel, panel_rows
from forecastctl.recording.run_of import RunOf
from forecastctl.records import Rejection, Series
from forecastctl.records.calendar import first_days, ordinals
from forecastctl.records.schema import Tag

if TYPE_CHECKING:
    from collections.abc import Mapping

    from forecastctl.data.panel.panel import DataSpec
    from forecastctl.data.panel.rows import Grouped
    from forecastctl.records import StoredRun
    from forecastctl.store.port import Tracker


log = logging.getLogger(__name__)

PREFIX = "data."


@dataclass(frozen=True, slots=True)
class Source:
    """Rows of a panel, with how they are to be read and where they are from."""

    rows: Grouped
    spec: DataSpec
    label: str


def data_spec(settings: Mapping[str, Any], freq: str, season_length: int) -> DataSpec:
    """The policies that a job prepared its data with.

    Args:
        settings: As recorded.
        freq: Frequency that the job found.
        season_length: Season that it worked with.
    """
    from dataclasses import fields

    from forecastctl.data.panel.panel import DataSpec

    known = {f.name for f in fields(DataSpec)}
    given = {
        name: value
        for key, value in settings.items()
        if key.startswith(PREFIX) and (name := key.removeprefix(PREFIX)) in known
    }
    given.setdefault("suspects", KEPT)
    given |= {"source": None, "query": None, "freq": freq[0], "season_length": season_length}
    try:
        return DataSpec(**given)
    except (SettingsError, TypeError):
        freq = given["freq"]
        return DataSpec(source=None, freq=freq, season_length=season_length, suspects=KEPT)


def stored_source(tracker: Tracker, run: StoredRun) -> Source:
    """Rows of the panel that a run saw, and how its job prepared them.

    Raises:
        NothingRecordedError: The panel is not stored.
    """
    of = RunOf(run)
    digest = of.panel_digest
    held = held_panel(tracker, digest)
    settings = job_settings(tracker, job_of(tracker, run))
    spec = data_spec(settings, of.freq, of.season_length)
    label = f"panel {digest[:12]} stored by job {RunOf(held).job_id}"
    return Source(panel_rows(tracker, held), spec, label)


def seen_source(tracker: Tracker, run: StoredRun, given: Source | None) -> Source:
    """What a run saw; where that panel is gone, the data that the user names, which is said.

    Raises:
        NothingRecordedError: The panel is not stored, and nothing else is named.
    """
    try:
        return stored_source(tracker, run)
    except NothingRecordedError as error:
        if given is None:
            hint = "With --data FILE the data of a file stand in for it."
            raise type(error)(error.message, hint) from error
        of = RunOf(run)
        settings = job_settings(tracker, job_of(tracker, run))
        spec = data_spec(settings, of.freq, of.season_length)
        log.warning(
            "%s stands in for what the forecast was made from: %s", given.label, error.message
        )
        return Source(given.rows, spec, given.label)


def series_of(
    source: Source,
    airport: str,
    as_of: str | None,
    *,
    run: StoredRun | None = None,
    insist: object = None,
) -> Series | None:
    """One airport prepared as a job would, up to a date; ``None`` where it is refused.

    Args:
        source: Rows of a panel.
        airport: The airport.
        as_of: Last date that counts, or ``None``.
        run: The run whose series it was: what this left out is left out again.
        insist: First day of a period that is kept, whatever it looks like.
    """
    from forecastctl.data.prepare.prepare import prepare_one

    left_out = None if run is None else _left_out(run, source.spec)
    kept = None if insist is None else str(insist)
    try:
        entry = prepare_one(
            source.rows,
            airport,
            source.spec,
            source.label,
            as_of=as_of,
            left_out=left_out,
            insist=kept,
        )
    except DataError:
        return None
    return None if entry is None or isinstance(entry, Rejection) else entry


def _left_out(run: StoredRun, spec: DataSpec) -> tuple[str, ...] | None:
    """First days of what a run left out; ``None`` where only its settings say that."""
    recorded = run.tags.get(Tag.LEFT_OUT)
    if recorded is None:
        return () if spec.suspects == "recent" else None
    return tuple(recorded.split(","))


def values_of(source: Source, airport: str, freq: str, season_length: int) -> Series | None:
    """One airport's values period by period, even where preparing would refuse them.

    Several rows of a period: the last one counts. Missing periods are interpolated.
    """
    from forecastctl.data.prepare.gaps import interpolate

    own = source.rows.of(airport)
    seen = own.observed
    if not seen.any():
        return None
    numbers = ordinals(own.days[seen], freq)
    periods = np.arange(numbers.min(), numbers.max() + 1)
    y = np.full(len(periods), np.nan)
    y[numbers - periods[0]] = own.y[seen]  # of several assignments the last one counts
    ds = first_days(periods, freq)
    return Series(
        airport=airport,
        freq=freq,
        season_length=season_length,
        ds=ds,
        y=interpolate(y, season_length),
        digest="",
    )


def with_value(series: Series, date: np.datetime64, value: float) -> Series:
    """The same series with one value as observed, where preparing had changed it."""
    y = series.y.copy()
    y[series.ds == date] = value
    return replace(series, y=y)
