"""From the rows of each airport to a regular series without gaps, or a reason why not.

One decision follows the other, and each leaves a note: rows up to the as-of date alone; the rules
of `forecastctl.data.rules`; suspected faults; the stretch between long holes; interpolation; and
whether the result is worth modelling. `forecastctl.data.check` runs the same code.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from forecastctl.data.gaps import holes, interpolate, stretches
from forecastctl.data.periods import MAX_STALE, days_of, first_days, ordinals
from forecastctl.data.rows import cut, cut_rows
from forecastctl.data.rules import Context, Grid, RefusedError, regular
from forecastctl.data.schema import DEFAULT_MIN_LENGTH, frequency
from forecastctl.data.suspects import NONE, Suspects, find_suspects
from forecastctl.records import Rejection, Series

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from forecastctl.data.rows import Cut, Grouped, Rows
    from forecastctl.data.schema import DataSpec, Panel


@dataclass(frozen=True, slots=True)
class Examined:
    """One airport with what was found on the way.

    Attributes:
        outcome: What a job gets.
        kind: Short name of the fault that led to a rejection, or ``""``.
        grid: The airport period by period, where its rows allow one.
        suspects: Periods that look wrong.
    """

    outcome: Series | Rejection
    kind: str
    grid: Grid | None
    suspects: Suspects

    @property
    def stale(self) -> bool:
        """Whether the airport ended long before the panel did."""
        notes = () if isinstance(self.outcome, Rejection) else self.outcome.notes
        return self.kind == "stale" or any(note.startswith("stale:") for note in notes)


def prepare(
    panel: Panel, spec: DataSpec, *, as_of: str | None, today: date
) -> list[Series | Rejection]:
    """One entry for each airport of the file, in order of first appearance.

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
    view = cut(panel, spec, as_of)
    context = make_context(view, panel, spec, as_of, today)
    return [examine(rows, context).outcome for rows in view.airports]


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
    return [examine(one, context).outcome for one in view.airports]


def make_context(
    view: Cut, panel: Panel, spec: DataSpec, as_of: str | None, today: date
) -> Context:
    """What the rules need to know of the panel as it was on the as-of date."""
    return context_of(view, panel.unit, spec, as_of, today)


def context_of(view: Cut, unit: str, spec: DataSpec, as_of: str | None, today: date) -> Context:
    """As `make_context`, of rows counted in lines of a file or rows of a table."""
    this_day = days_of(today)
    last_day, last_airport = None, ""
    for rows in view.airports:
        usable = np.isfinite(rows.y) & (rows.problem == None)  # noqa: E711 - elementwise
        if usable.any() and rows.days.max() <= this_day:
            latest = int(rows.days[usable].max())
            if last_day is None or latest > last_day:
                last_day, last_airport = latest, rows.airport
    kind = view.freq[0]
    return Context(
        view.freq,
        view.season_length,
        spec,
        unit,
        as_of,
        int(ordinals(np.array([this_day]), view.freq)[0]),
        None if last_day is None else int(ordinals(np.array([last_day]), view.freq)[0]),
        last_airport,
        DEFAULT_MIN_LENGTH if spec.min_length is None else spec.min_length,
        MAX_STALE[kind] if spec.max_stale is None else spec.max_stale,
    )


def examine(rows: Rows, context: Context) -> Examined:
    """Prepare one airport, and keep what a report wants to know."""
    grid, suspects = None, NONE
    try:
        grid = regular(rows, context)
        suspects = find_suspects(grid.y, grid.start, context.freq, context.season_length)
        series = _series(rows, grid, suspects, context)
    except RefusedError as refused:
        rejection = Rejection(rows.airport, refused.message, rows.digest)
        return Examined(rejection, refused.kind, grid, suspects)
    return Examined(series, "", grid, suspects)


def _series(rows: Rows, grid: Grid, suspects: Suspects, context: Context) -> Series:
    """Apply the policies to a grid."""
    y, notes = _suspects(grid, suspects, context)
    start, stop, stretch_notes = _stretch(grid, y, context)
    _worth(y[start:stop], context)
    stretch_notes += _freshness(grid.start + stop - 1, context)
    periods = np.arange(grid.start + start, grid.start + stop)
    filled = interpolate(y[start:stop], context.season_length)
    missing = periods[np.isnan(y[start:stop])]
    if len(missing):
        listed = f"{context.counted(len(missing))}: {context.listed(missing)}"
        stretch_notes += (f"interpolated {listed}",)
    return Series(
        rows.airport,
        context.freq,
        context.season_length,
        first_days(periods, context.freq),
        filled,
        rows.digest,
        grid.notes + notes + stretch_notes,
    )


def _suspects(
    grid: Grid, suspects: Suspects, context: Context
) -> tuple[NDArray[np.float64], tuple[str, ...]]:
    """Keep, remove or refuse periods that look wrong."""
    if not suspects:
        return grid.y, ()
    described = suspects.described(grid.start, context.freq)
    if context.spec.suspects == "reject":
        raise RefusedError("suspects", f"{'; '.join(described)} (suspects = reject)")
    done = "kept" if context.spec.suspects == "keep" else "taken as missing"
    notes = tuple(f"{text}: {done}" for text in described)
    if context.spec.suspects == "keep":
        return grid.y, notes
    y = grid.y.copy()
    y[list(suspects.positions)] = np.nan
    if np.isnan(y).all():
        raise RefusedError("suspects", f"nothing is left without suspects: {'; '.join(described)}")
    return y, notes


def _stretch(
    grid: Grid, y: NDArray[np.float64], context: Context
) -> tuple[int, int, tuple[str, ...]]:
    """The most recent stretch between long holes that is long enough."""
    observed, policy = ~np.isnan(y), context.spec.gaps
    inner = holes(observed)
    if policy == "reject" and inner:
        missing = np.concatenate([np.arange(a, b) for a, b in inner]) + grid.start
        listed = f"{context.counted(len(missing))}: {context.listed(missing)}"
        raise RefusedError("gaps", f"no value in {listed} (gaps = reject)")
    max_gap = context.spec.max_gap if policy == "interpolate" else 0
    found = stretches(observed, max_gap)
    lengths = [int(observed[a:b].sum()) for a, b in found]
    enough = [i for i, n in enumerate(lengths) if n >= context.min_length]
    if not enough:
        needed = f"at least {context.min_length} are needed"
        limit = f" of more than {context.counted(max_gap)}" if max_gap else ""
        within = f" without a hole{limit}" if len(found) > 1 else ""
        longest = context.counted(max(lengths))
        raise RefusedError("short", f"too short: {longest} with a value{within}, {needed}")
    chosen = enough[-1]
    return *found[chosen], _stretch_notes(grid, observed, found, chosen, context)


def _stretch_notes(
    grid: Grid,
    observed: NDArray[np.bool_],
    found: list[tuple[int, int]],
    chosen: int,
    context: Context,
) -> tuple[str, ...]:
    """What was left out on either side of a stretch, counting periods with a value."""
    start, stop = found[chosen]
    earlier, later = int(observed[:start].sum()), int(observed[stop:].sum())
    notes: tuple[str, ...] = ()
    if earlier:
        hole = context.counted(start - found[chosen - 1][1])
        since = context.label(grid.start + start)
        rest = f"{earlier:,} earlier periods before a hole of {hole} left out"
        notes += (f"used the stretch since {since}; {rest}",)
    if later:
        hole = context.counted(found[chosen + 1][0] - stop)
        until = context.label(grid.start + stop - 1)
        rest = f"{later:,} later periods after a hole of {hole} are too few and left out"
        notes += (f"used the stretch until {until}; {rest}",)
    return notes


def _worth(y: NDArray[np.float64], context: Context) -> None:
    """Refuse what no model can learn from."""
    values = y[~np.isnan(y)]
    n = context.counted(len(values))
    if not values.any():
        raise RefusedError("zeros", f"all zeros: {n} without a passenger")
    if np.all(values == values[0]):
        raise RefusedError("constant", f"constant: every one of {n} holds {values[0]:g}")


def _freshness(last: int, context: Context) -> tuple[str, ...]:
    """Refuse, or without ``max_stale`` note, what ended long before the panel did.

    By default it is a note alone: in a panel of unrelated series, unlike in a fleet of airports,
    different ends are no fault.
    """
    behind = 0 if context.last is None else context.last - last
    if behind <= context.max_stale:
        return ()
    text = (
        f"stale: its last value is of {context.label(last)}, {context.counted(behind)} before "
        f"the panel's last, {context.label(context.last or last)} ({context.last_airport!r})"
    )
    if context.spec.max_stale is None:
        return (text,)
    raise RefusedError("stale", f"{text}; at most {context.max_stale} are accepted")
