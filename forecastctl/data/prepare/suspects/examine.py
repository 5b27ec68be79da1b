"""One airport after the other, from its rows to a regular series or to the reason why not.

One decision follows the other, and each leaves a note: the rules of
`forecastctl.data.prepare.rules`; suspected faults, which the rest of the fleet has a say in; the
stretch between long holes; interpolation; and whether the result is worth modelling.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from forecastctl.data.prepare.gaps import holes, interpolate, stretches
from forecastctl.data.prepare.rules import (
    Context,
    Grid,
    RefusedError,
    regular,
)
from forecastctl.data.prepare.suspects.examined import Examined
from forecastctl.data.prepare.suspects.fleet import Fleet
from forecastctl.data.prepare.suspects.judging import Judge, warnings_of, with_shared
from forecastctl.data.prepare.suspects.suspects import NONE, Suspects, find_suspects
from forecastctl.records import Rejection, Series
from forecastctl.records.calendar import first_days

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from forecastctl.data.panel.rows import Cut, Rows


def examine_all(view: Cut, context: Context) -> tuple[list[Examined], tuple[str, ...]]:
    """Prepare every airport, and keep what a report wants to know.

    Args:
        view: The panel as it was on the as-of date.
        context: What the rules need to know of it.

    Returns:
        One entry for each airport, and sentences about the whole panel.
    """
    looked = [look(rows, context) for rows in view.airports]
    grids = [one.grid for one in looked]
    judge = Judge(context, Fleet(lambda: grids, context.season_length))
    judged = [
        one
        if one.grid is None
        else replace(one, suspects=judge.confirmed(one.suspects, one.grid, i))
        for i, one in enumerate(looked)
    ]
    judge = with_shared(judge, [one.suspects for one in judged], grids)
    examined = [
        one if one.grid is None else settled(rows, decided(one, judge), context)
        for rows, one in zip(view.airports, judged, strict=True)
    ]
    names = [rows.airport for rows in view.airports]
    return examined, tuple(warnings_of(examined, names, judge))


def grid_of(rows: Rows, context: Context) -> Grid | None:
    """An airport period by period, or ``None`` where its rows allow no grid."""
    return look(rows, context, suspicious=False).grid


def look(rows: Rows, context: Context, *, suspicious: bool = True) -> Examined:
    """The grid of an airport, with what looks wrong about it alone."""
    try:
        grid = regular(rows, context)
    except RefusedError as refused:
        rejection = Rejection(rows.airport, refused.message, rows.digest)
        return Examined(rejection, refused.kind, None, NONE)
    pending = Rejection(rows.airport, "", rows.digest)
    return Examined(pending, "", grid, candidates(grid, context) if suspicious else NONE)


def candidates(grid: Grid | None, context: Context) -> Suspects:
    """What looks wrong about an airport, as far as it alone can tell."""
    if grid is None:
        return NONE
    return find_suspects(grid.y, grid.start, context.freq, context.season_length)


def decided(one: Examined, judge: Judge, insist: int | None = None) -> Examined:
    """Which suspects the policy leaves out."""
    policy, grid = judge.context.spec.suspects, one.grid
    if grid is None or not one.suspects or policy in ("keep", "reject"):
        return one
    found = one.suspects.positions if policy == "missing" else judge.left_out(one.suspects, grid)
    kept = -1 if insist is None else insist - grid.start
    return replace(one, left_out=tuple(p for p in found if p != kept))


def settled(rows: Rows, one: Examined, context: Context) -> Examined:
    """What a job gets of an airport that has a grid."""
    grid = one.grid
    assert grid is not None  # noqa: S101 - who has none is refused already
    said: tuple[str, ...] = ()
    try:
        said = _said(one, grid, context)
        return replace(one, outcome=_series(rows, one, grid, said, context))
    except RefusedError as refused:
        without = f" without what looks wrong ({'; '.join(said)})" if said else ""
        rejection = Rejection(rows.airport, f"{refused.message}{without}", rows.digest, said)
        return replace(one, outcome=rejection, kind=refused.kind)


def _said(one: Examined, grid: Grid, context: Context) -> tuple[str, ...]:
    """Sentences about what is left out unasked."""
    if context.spec.suspects != "recent" or not one.left_out:
        return ()
    described = one.suspects.within(one.left_out).described(grid.start, context.freq)
    return tuple(f"{text}: left out" for text in described)


def _series(
    rows: Rows, one: Examined, grid: Grid, said: tuple[str, ...], context: Context
) -> Series:
    """Apply the policies to a grid."""
    y, notes = _suspects(one, grid, said, context)
    start, stop, stretch_notes = _stretch(grid, y, context)
    _worth(y[start:stop], context)
    last = int(np.flatnonzero(~np.isnan(y))[-1]) + 1
    ahead = len(y) - last if stop == last and context.spec.suspects == "recent" else 0
    stretch_notes += _freshness(grid.start + stop + ahead - 1, context)
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
        _days(one.left_out, grid, context),
        said,
        ahead,
    )


def _days(positions: tuple[int, ...], grid: Grid, context: Context) -> tuple[str, ...]:
    periods = grid.start + np.array(positions, dtype=np.int64)
    return tuple(first_days(periods, context.freq).astype(str).tolist())


def _suspects(
    one: Examined, grid: Grid, said: tuple[str, ...], context: Context
) -> tuple[NDArray[np.float64], tuple[str, ...]]:
    """Keep, remove or refuse periods that look wrong."""
    policy, gone = context.spec.suspects, list(one.left_out)
    if not one.suspects and not gone:
        return grid.y, ()
    if policy == "reject" and not gone:
        described = one.suspects.described(grid.start, context.freq)
        raise RefusedError("suspects", f"{'; '.join(described)} (suspects = reject)")
    taken = one.suspects.within(gone).described(grid.start, context.freq)
    kept = one.suspects.without(gone).described(grid.start, context.freq)
    notes = said or tuple(f"{text}: taken as missing" for text in taken)
    notes += tuple(f"{text}: kept" for text in kept)
    y = grid.y.copy()
    y[gone] = np.nan
    if np.isnan(y).all():
        raise RefusedError("suspects", "nothing is left")
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
