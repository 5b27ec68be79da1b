"""Each airport from its rows to a regular series, or to the reason why there is none.

The steps, each of which leaves notes: the rules of `forecastctl.data.prepare.rules` make a grid of
the rows; periods that look wrong are found in it, compared with the rest of the fleet, and left out
or kept as the policy says; the most recent stretch between long holes is chosen; its holes are
interpolated; and what no model could learn from is refused.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from forecastctl.data.prepare.fleet_warnings.sentences import fleet_warnings
from forecastctl.data.prepare.gaps import holes, interpolate, stretches
from forecastctl.data.prepare.rules import (
    Context,
    Grid,
    RefusedError,
    regular,
)
from forecastctl.data.prepare.suspects.examined import Examined
from forecastctl.data.prepare.suspects.fleet import Fleet
from forecastctl.data.prepare.suspects.judging import Judge, warnings_of, with_shared_faults
from forecastctl.data.prepare.suspects.suspects import NONE, Suspects, find_suspects
from forecastctl.records import Rejection, Series
from forecastctl.records.calendar import first_days

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from forecastctl.data.panel.rows import AirportRows, Cut


def examine_all(
    view: Cut, context: Context, *, warn: bool = True
) -> tuple[list[Examined], tuple[str, ...]]:
    """Prepare every airport, and keep what a report wants to know.

    Args:
        view: The panel as it was on the as-of date.
        context: What the rules need to know of it.
        warn: Whether sentences about the whole panel are wanted.

    Returns:
        One entry for each airport, and sentences about the whole panel.
    """
    alone = [examine_alone(rows, context) for rows in view.airports]
    grids = [entry.grid for entry in alone]
    judge = Judge(context, Fleet(lambda: grids, context.season_length))
    confirmed = [
        entry
        if entry.grid is None
        else replace(entry, suspects=judge.confirmed(entry.suspects, entry.grid, i))
        for i, entry in enumerate(alone)
    ]
    judge = with_shared_faults(judge, [entry.suspects for entry in confirmed], grids)
    examined = [
        entry if entry.grid is None else with_outcome(rows, with_left_out(entry, judge), context)
        for rows, entry in zip(view.airports, confirmed, strict=True)
    ]
    return examined, _warnings(examined, view, judge) if warn else ()


def _warnings(examined: list[Examined], view: Cut, judge: Judge) -> tuple[str, ...]:
    """Sentences about the whole panel."""
    names, context = [rows.airport for rows in view.airports], judge.context
    grids = [entry.grid for entry in examined]
    said = fleet_warnings(names, grids, context.last, context.freq, context.season_length)
    return all_warnings(said, examined, names, judge)


def all_warnings(
    said: Mapping[str, str], examined: Sequence[Examined], names: Sequence[str], judge: Judge
) -> tuple[str, ...]:
    """Sentences about the whole panel.

    Args:
        said: What `fleet_warnings` has found.
        examined: Each airport.
        names: Their names.
        judge: What the fleet says.
    """
    more = warnings_of(examined, names, judge, lower=not {"unit", "low"} & said.keys())
    return (*said.values(), *more)


def grid_of(rows: AirportRows, context: Context) -> Grid | None:
    """An airport period by period, or ``None`` where its rows allow no grid."""
    return examine_alone(rows, context, find=False).grid


def examine_alone(rows: AirportRows, context: Context, *, find: bool = True) -> Examined:
    """The grid of an airport, and its suspects before other airports are asked.

    Args:
        rows: The airport.
        context: What the rules need to know of the panel.
        find: Whether to look for suspects.
    """
    try:
        grid = regular(rows, context)
    except RefusedError as refused:
        rejection = Rejection(rows.airport, refused.message, rows.digest)
        return Examined(rejection, refused.kind, None, NONE)
    pending = Rejection(rows.airport, "", rows.digest)
    return Examined(pending, "", grid, suspects_in(grid, context) if find else NONE)


def suspects_in(grid: Grid | None, context: Context) -> Suspects:
    """The suspects of an airport, before other airports are asked."""
    if grid is None:
        return NONE
    return find_suspects(grid.y, grid.start, context.freq, context.season_length)


def with_left_out(entry: Examined, judge: Judge, insist: int | None = None) -> Examined:
    """The entry with the positions that the policy leaves out.

    Args:
        entry: An airport whose suspects the fleet has confirmed.
        judge: What the fleet says.
        insist: A period that is kept in any case.
    """
    policy, grid = judge.context.spec.suspects, entry.grid
    if grid is None or not entry.suspects or policy in ("keep", "reject"):
        return entry
    if policy == "missing":
        positions = entry.suspects.positions
    else:
        positions = judge.left_out(entry.suspects, grid)
    kept = -1 if insist is None else insist - grid.start
    return replace(entry, left_out=tuple(p for p in positions if p != kept))


def with_outcome(rows: AirportRows, entry: Examined, context: Context) -> Examined:
    """The entry of an airport that has a grid, with its series or its rejection."""
    grid = entry.grid
    assert grid is not None  # noqa: S101 - without a grid the outcome is a rejection already
    sentences: tuple[str, ...] = ()
    if context.spec.suspects == "recent" and entry.left_out:
        described = entry.suspects.within(entry.left_out).described(grid.start, context.freq)
        sentences = tuple(f"{text}: left out" for text in described)
    try:
        return replace(entry, outcome=_series(rows, entry, grid, sentences, context))
    except RefusedError as refused:
        without = f" without what looks wrong ({'; '.join(sentences)})" if sentences else ""
        reason = f"{refused.message}{without}"
        rejection = Rejection(rows.airport, reason, rows.digest, sentences)
        return replace(entry, outcome=rejection, kind=refused.kind)


def _series(
    rows: AirportRows, entry: Examined, grid: Grid, sentences: tuple[str, ...], context: Context
) -> Series:
    """Apply the policies to a grid.

    Args:
        rows: The airport.
        entry: Its suspects, and which of them are left out.
        grid: It period by period.
        sentences: What is left out without having been asked for.
        context: What the rules need to know of the panel.

    Raises:
        RefusedError: A policy refuses it, or too little is left.
    """
    y, notes = _apply_suspects_policy(entry, grid, sentences, context)
    start, stop, stretch_notes = _choose_stretch(grid, y, context)
    _refuse_constant(y[start:stop], context)
    end = int(np.flatnonzero(~np.isnan(y))[-1]) + 1
    ahead = len(y) - end if stop == end and context.spec.suspects == "recent" else 0
    stretch_notes += _check_stale(grid.start + stop + ahead - 1, context)
    periods = np.arange(grid.start + start, grid.start + stop)
    filled = interpolate(y[start:stop], context.season_length)
    missing = periods[np.isnan(y[start:stop])]
    if len(missing):
        listed = f"{context.counted(len(missing))}: {context.listed(missing)}"
        stretch_notes += (f"interpolated {listed}",)
    left_out = grid.start + np.array(entry.left_out, dtype=np.int64)
    return Series(
        airport=rows.airport,
        freq=context.freq,
        season_length=context.season_length,
        ds=first_days(periods, context.freq),
        y=filled,
        digest=rows.digest,
        notes=grid.notes + notes + stretch_notes,
        left_out=tuple(first_days(left_out, context.freq).astype(str).tolist()),
        suspects=sentences,
        ahead=ahead,
    )


def _apply_suspects_policy(
    entry: Examined, grid: Grid, sentences: tuple[str, ...], context: Context
) -> tuple[NDArray[np.float64], tuple[str, ...]]:
    """Keep, remove or refuse periods that look wrong; the values, and notes on it."""
    policy, left_out = context.spec.suspects, list(entry.left_out)
    if not entry.suspects and not left_out:
        return grid.y, ()
    if policy == "reject" and not left_out:
        described = entry.suspects.described(grid.start, context.freq)
        raise RefusedError("suspects", f"{'; '.join(described)} (suspects = reject)")
    taken = entry.suspects.within(left_out).described(grid.start, context.freq)
    kept = entry.suspects.without(left_out).described(grid.start, context.freq)
    notes = sentences or tuple(f"{text}: taken as missing" for text in taken)
    notes += tuple(f"{text}: kept" for text in kept)
    y = grid.y.copy()
    y[left_out] = np.nan
    if np.isnan(y).all():
        raise RefusedError("suspects", "nothing is left")
    return y, notes


def _choose_stretch(
    grid: Grid, y: NDArray[np.float64], context: Context
) -> tuple[int, int, tuple[str, ...]]:
    """Start, stop and notes of the most recent long enough stretch between long holes."""
    observed, policy = ~np.isnan(y), context.spec.gaps
    inner = holes(observed)
    if policy == "reject" and inner:
        missing = np.concatenate([np.arange(a, b) for a, b in inner]) + grid.start
        listed = f"{context.counted(len(missing))}: {context.listed(missing)}"
        raise RefusedError("gaps", f"no value in {listed} (gaps = reject)")
    max_gap = context.spec.max_gap if policy == "interpolate" else 0
    between = stretches(observed, max_gap)
    lengths = [int(observed[a:b].sum()) for a, b in between]
    enough = [i for i, n in enumerate(lengths) if n >= context.min_length]
    if not enough:
        needed = f"at least {context.min_length} are needed"
        limit = f" of more than {context.counted(max_gap)}" if max_gap else ""
        within = f" without a hole{limit}" if len(between) > 1 else ""
        longest = context.counted(max(lengths))
        raise RefusedError("short", f"too short: {longest} with a value{within}, {needed}")
    chosen = enough[-1]
    return *between[chosen], _stretch_notes(grid, observed, between, chosen, context)


def _stretch_notes(
    grid: Grid,
    observed: NDArray[np.bool_],
    between: list[tuple[int, int]],
    chosen: int,
    context: Context,
) -> tuple[str, ...]:
    """What was left out on either side of a stretch, counting periods with a value."""
    start, stop = between[chosen]
    earlier, later = int(observed[:start].sum()), int(observed[stop:].sum())
    notes: tuple[str, ...] = ()
    if earlier:
        hole = context.counted(start - between[chosen - 1][1])
        since = context.label(grid.start + start)
        rest = f"{earlier:,} earlier periods before a hole of {hole} left out"
        notes += (f"used the stretch since {since}; {rest}",)
    if later:
        hole = context.counted(between[chosen + 1][0] - stop)
        until = context.label(grid.start + stop - 1)
        rest = f"{later:,} later periods after a hole of {hole} are too few and left out"
        notes += (f"used the stretch until {until}; {rest}",)
    return notes


def _refuse_constant(y: NDArray[np.float64], context: Context) -> None:
    """Refuse nothing but zeros, or one value throughout: no model can learn from it."""
    values = y[~np.isnan(y)]
    n = context.counted(len(values))
    if not values.any():
        raise RefusedError("zeros", f"all zeros: {n} without a passenger")
    if np.all(values == values[0]):
        raise RefusedError("constant", f"constant: every one of {n} holds {values[0]:g}")


def _check_stale(last: int, context: Context) -> tuple[str, ...]:
    """Refuse, or without ``max_stale`` note, an airport that ended long before the panel did.

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
