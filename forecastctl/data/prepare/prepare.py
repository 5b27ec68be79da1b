"""From the rows of each airport to a regular series without gaps, or a reason why not.

Only rows up to the as-of date count. The steps are in `forecastctl.data.prepare.suspects.examine`,
which `forecastctl.data.check.check` uses as well, so that both say the same.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from forecastctl.data.panel.build import frequency
from forecastctl.data.panel.frequency import MAX_STALE
from forecastctl.data.panel.panel import DEFAULT_MIN_LENGTH
from forecastctl.data.panel.rows import cut, cut_rows
from forecastctl.data.prepare.rules import Context
from forecastctl.data.prepare.suspects.examine import (
    examine_all,
    examine_alone,
    grid_of,
    suspects_in,
    with_left_out,
    with_outcome,
)
from forecastctl.data.prepare.suspects.fleet import Fleet
from forecastctl.data.prepare.suspects.judging import CLOSED, Judge, with_shared_faults
from forecastctl.data.prepare.traps import names_alike, traps
from forecastctl.records import Rejection, Series
from forecastctl.records.calendar import days_of, first_days, ordinals, period_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from forecastctl.data.panel.panel import DataSpec, Panel
    from forecastctl.data.panel.rows import AirportRows, Cut, Grouped
    from forecastctl.data.prepare.rules import Grid
    from forecastctl.data.prepare.suspects.examined import Examined


@dataclass(frozen=True, slots=True)
class Prepared:
    """A panel ready for modelling.

    Attributes:
        entries: One for each airport of the file, in order of first appearance.
        warnings: What a user should know of the whole panel, one sentence each.
    """

    entries: list[Series | Rejection]
    warnings: tuple[str, ...]


def prepare(
    panel: Panel, spec: DataSpec, *, as_of: str | None, today: date
) -> list[Series | Rejection]:
    """The entries of `prepare_panel`."""
    return _prepared(panel, spec, as_of, today, warn=False).entries


def prepare_panel(panel: Panel, spec: DataSpec, *, as_of: str | None, today: date) -> Prepared:
    """Prepare each airport of the file.

    Only rows of periods that start on or before ``as_of`` have any influence on a series, its
    notes and its digest; rows whose date cannot be read count as such.

    Args:
        panel: What was read.
        spec: Policies.
        as_of: ``YYYY-MM-DD`` or ``YYYY-MM`` (the whole month); ``None`` for all rows.
        today: Later periods are in the future.

    Raises:
        UsageError: The as-of date cannot be understood.
    """
    return _prepared(panel, spec, as_of, today, warn=True)


def _prepared(
    panel: Panel, spec: DataSpec, as_of: str | None, today: date, *, warn: bool
) -> Prepared:
    """As `prepare_panel`, with sentences about the whole panel or without."""
    view = cut(panel, spec, as_of)
    context = make_context(view, panel, spec, as_of, today)
    examined, warnings = examine_all(view, context, warn=warn)
    if warn:
        names = [rows.airport for rows in view.airports]
        found = (*names_alike(names), *traps(view, examined, context, today))
        warnings = (*panel.understood.notes, *found, *warnings)
    marks = panel.understood.airports
    entries = [
        with_marks(entry.outcome, marks.get(entry.outcome.airport, ())) for entry in examined
    ]
    return Prepared(entries, warnings)


def with_marks(entry: Series | Rejection, marks: tuple[str, ...]) -> Series | Rejection:
    """An airport with what stood beside its numbers among its notes."""
    if not marks or isinstance(entry, Rejection):
        return entry
    return replace(entry, notes=entry.notes + marks)


def prepare_rows(
    rows: Grouped, spec: DataSpec, source: str, *, as_of: str | None
) -> list[Series | Rejection]:
    """As `prepare`, of rows that were recorded: their unit is not known, none is in the future.

    Args:
        rows: What was read.
        spec: Policies.
        source: Label of the source.
        as_of: As in `prepare`.

    Raises:
        DataError: No row has a date, or the frequency cannot be told.
        UsageError: The as-of date cannot be understood.
    """
    view = cut_rows(rows, frequency(rows, spec, source), spec, as_of)
    context = context_of(view, "line", spec, as_of, date.max)
    examined, _ = examine_all(view, context, warn=False)
    return [entry.outcome for entry in examined]


def prepare_one(
    rows: Grouped,
    airport: str,
    spec: DataSpec,
    source: str,
    *,
    as_of: str | None,
    left_out: tuple[str, ...] | None = None,
    insist: str | None = None,
) -> Series | Rejection | None:
    """One airport of rows that were recorded.

    The others are prepared only where the suspects of this one must be compared with them.

    Args:
        rows: What was read, of all airports.
        airport: The airport.
        spec: Policies.
        source: Label of the source.
        as_of: As in `prepare`.
        left_out: First days of the periods that a job left out, where that is recorded: they are
            left out again, whatever would be suspected now.
        insist: First day of a period that is kept in any case.

    Returns:
        ``None`` where the rows have no such airport.

    Raises:
        DataError: As `prepare_rows`.
        UsageError: As `prepare_rows`.
    """
    airport_rows = rows.of(airport)
    if not airport_rows.names:
        return None
    view = cut_rows(airport_rows, frequency(airport_rows, spec, source), spec, as_of)
    context = context_of(view, "line", spec, as_of, date.max)
    entry = examine_alone(view.airports[0], context)
    grid = entry.grid
    if grid is None:
        return entry.outcome
    if left_out is not None:
        days = first_days(grid.start + np.arange(len(grid.y)), context.freq).astype(str)
        positions = tuple(np.flatnonzero(np.isin(days, left_out)).tolist())
        entry = replace(entry, left_out=positions)
    else:
        entry = _judged(entry, grid, rows, airport, context, insist)
    return with_outcome(view.airports[0], entry, context).outcome


def _judged(
    entry: Examined,
    grid: Grid,
    rows: Grouped,
    airport: str,
    context: Context,
    insist: str | None,
) -> Examined:
    """One airport after its suspects were compared with those of the others, where there are any.

    Args:
        entry: The airport, examined alone.
        grid: It period by period.
        rows: Those of all airports.
        airport: Its name.
        context: What the rules know.
        insist: As in `prepare_one`.
    """

    @cache
    def all_grids() -> list[Grid | None]:
        spec = replace(context.spec, freq=context.freq[0])
        everyone = cut_rows(rows, context.freq, spec, context.as_of, digests=False)
        return [grid_of(each, context) for each in everyone.airports]

    judge = Judge(context, Fleet(all_grids, context.season_length))
    suspects = judge.confirmed(entry.suspects, grid, rows.names.index(airport))
    shareable = suspects.label or len(suspects.unpublished) >= CLOSED
    if context.spec.suspects == "recent" and shareable:
        grids = all_grids()
        judge = with_shared_faults(judge, [suspects_in(each, context) for each in grids], grids)
    kept = None if insist is None else period_of(insist, context.freq)
    return with_left_out(replace(entry, suspects=suspects), judge, kept)


def make_context(
    view: Cut, panel: Panel, spec: DataSpec, as_of: str | None, today: date
) -> Context:
    """What the rules need to know of the panel as it was on the as-of date."""
    return context_of(view, panel.unit, spec, as_of, today)


def context_of(view: Cut, unit: str, spec: DataSpec, as_of: str | None, today: date) -> Context:
    """As `make_context`, of rows counted in lines of a file or rows of a table."""
    latest = ((rows.airport, latest_of(rows, today)) for rows in view.airports)
    return context_with(view.freq, view.season_length, latest, unit, spec, as_of, today)


def latest_of(rows: AirportRows, today: date) -> int | None:
    """Day of an airport's last usable value, ``None`` where it has none or one in the future."""
    usable = np.isfinite(rows.y) & (rows.problem == None)  # noqa: E711 - elementwise
    if not usable.any() or rows.days[~np.isnan(rows.y)].max() > days_of(today):
        return None
    return int(rows.days[usable].max())


def context_with(
    freq: str,
    season_length: int,
    latest: Iterable[tuple[str, int | None]],
    unit: str,
    spec: DataSpec,
    as_of: str | None,
    today: date,
) -> Context:
    """As `context_of`, with the day that `latest_of` finds for each airport, in their order."""
    last_day, last_airport = None, ""
    for airport, day in latest:
        if day is not None and (last_day is None or day > last_day):
            last_day, last_airport = day, airport
    kind = freq[0]
    return Context(
        freq=freq,
        season_length=season_length,
        spec=spec,
        unit=unit,
        as_of=as_of,
        today=int(ordinals(np.array([days_of(today)]), freq)[0]),
        last=None if last_day is None else int(ordinals(np.array([last_day]), freq)[0]),
        last_airport=last_airport,
        min_length=DEFAULT_MIN_LENGTH if spec.min_length is None else spec.min_length,
        max_stale=MAX_STALE[kind] if spec.max_stale is None else spec.max_stale,
    )
