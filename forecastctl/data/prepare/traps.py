"""What a user should know of a panel before a forecast: traps that no airport's rules find."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from forecastctl.data.panel.frequency import NO_DAY
from forecastctl.data.read.names import alike
from forecastctl.records.calendar import first_days, labels, ordinals

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import date

    from numpy.typing import NDArray

    from forecastctl.data.panel.rows import AirportRows, Cut
    from forecastctl.data.prepare.rules import Context
    from forecastctl.data.prepare.suspects.examined import Examined

_LISTED = 4
_LEAST_POWER = 2
_NEAR_POWER = 0.35  # log10
_LEAST_AROUND = 6  # periods on either side of a new unit
_CLEARLY = 10.0**1.5  # times, by which all values lie on their side of the step
_DAYS_OF = {"M": 20, "Q": 60, "W": 5}
"""Days with a value in most periods, from which on daily rows are added up."""


def traps(
    view: Cut, examined: Sequence[Examined], context: Context, today: date
) -> tuple[str, ...]:
    """One sentence for each trap.

    Args:
        view: The panel as it was on the as-of date.
        examined: Its airports, in the same order.
        context: What the rules know of it.
        today: The user's own day.
    """
    pairs = list(zip(view.airports, examined, strict=True))
    return said_of(
        [step_of(entry) for entry in examined],
        [twice_of(rows, entry, context) for rows, entry in pairs],
        [rows.airport for rows in view.airports],
        lambda: days_of_rows(view),
        context,
        today,
    )


def said_of(
    steps: Sequence[tuple[int, int] | None],
    twice: Sequence[str | None],
    names: Sequence[str],
    days: Callable[[], NDArray[np.int64]],
    context: Context,
    today: date,
) -> tuple[str, ...]:
    """The same of what was found in each airport alone.

    Args:
        steps: As `step_of` finds them.
        twice: As `twice_of` finds them.
        names: The airports.
        days: Every day on which some airport has a value, once each, in order.
        context: What the rules know of the panel.
        today: The user's own day.
    """
    return (
        *_unfinished(days, context, today),
        *_new_units(steps, names, context),
        *_twice(twice, names),
    )


def _named(names: Sequence[str]) -> str:
    more = len(names) - _LISTED
    return ", ".join(map(repr, names[:_LISTED])) + (f" and {more:,} more" if more > 0 else "")


def names_alike(names: Sequence[str]) -> Iterator[str]:
    """The sentence on names that look nearly the same."""
    groups = alike(names)
    if groups:
        n = f"{len(groups):,} groups of airports" if len(groups) > 1 else "airports"
        listed = "; ".join(" and ".join(map(repr, group)) for group in groups[:_LISTED])
        more = f" and {len(groups) - _LISTED:,} more" if len(groups) > _LISTED else ""
        yield f"{n} whose names differ only in case or unseen characters: {listed}{more}; kept apart"  # noqa: E501


def _unfinished(
    all_days: Callable[[], NDArray[np.int64]], context: Context, today: date
) -> Iterator[str]:
    """A last period that is not over, or of which the days are not all there."""
    if context.last is None or context.freq[0] == "D":
        return
    last = context.label(context.last)
    before = labels([context.last - 1], context.freq)[0]
    if context.last == context.today:
        yield (
            f"{last}, the last period, is not over today, {today}: its values may be of a part of "
            f"it; --as-of {before} leaves it out"
        )
        return
    if context.spec.duplicates == "reject":
        return  # rows of one period are not added up
    days = all_days()
    if not len(days):
        return
    periods = ordinals(days, context.freq)
    _, counts = np.unique(periods, return_counts=True)
    if np.median(counts) < _DAYS_OF[context.freq[0]]:
        return
    first, after = first_days(np.array([context.last, context.last + 1]), context.freq)
    whole = int((after - first).astype(int))
    here = int((periods == context.last).sum())
    if days.max() < int(after.astype(int)) - 1:
        yield (
            f"{last}, the last period, holds {here} of {whole} days: its sum is of a part of it; "
            f"--as-of {before} leaves it out"
        )


def days_of_rows(view: Cut) -> NDArray[np.int64]:
    """Every day on which some airport has a value, once each, in order."""
    parts = [r.days[(r.days != NO_DAY) & ~np.isnan(r.y)] for r in view.airports]
    return np.unique(np.concatenate(parts)) if parts else np.zeros(0, dtype=np.int64)


def twice_of(rows: AirportRows, entry: Examined, context: Context) -> str | None:
    """The first period for which an airport holds different values, and is rejected for it."""
    if entry.kind != "duplicates":
        return None
    known = ~np.isnan(rows.y)
    periods = ordinals(rows.days[known], context.freq).tolist()
    values: dict[int, set[float]] = {}
    for period, y in zip(periods, rows.y[known].tolist(), strict=True):
        values.setdefault(period, set()).add(y)
    different = [period for period, some in values.items() if len(some) > 1]
    return context.label(min(different)) if different else None


def _twice(twice: Sequence[str | None], names: Sequence[str]) -> Iterator[str]:
    """Airports that hold different values for one period, and are rejected for it."""
    found = [(name, first) for name, first in zip(names, twice, strict=True) if first]
    if found:
        airports = "1 airport holds" if len(found) == 1 else f"{len(found):,} airports hold"
        yield (
            f"{airports} different values for one period ({found[0][0]!r} for {found[0][1]}): "
            "[data] duplicates says which counts; until then explain holds the actual in doubt"
        )


def step_of(entry: Examined) -> tuple[int, int] | None:
    """Period since which an airport's values are of another power of ten, and which."""
    step = None if entry.grid is None else new_unit(entry.grid.y)
    return None if entry.grid is None or step is None else (entry.grid.start + step[0], step[1])


def _new_units(
    steps: Sequence[tuple[int, int] | None], names: Sequence[str], context: Context
) -> Iterator[str]:
    """Airports whose values are of another power of ten from some period on, for good."""
    found: dict[tuple[int, int], list[str]] = {}
    for name, step in zip(names, steps, strict=True):
        if step is not None:
            found.setdefault(step, []).append(name)
    for (period, power), of_step in sorted(found.items(), key=lambda f: -len(f[1]))[:_LISTED]:
        times = f"{10**power:,} times" if power > 0 else f"1/{10**-power:,} of"
        airports = "airport" if len(of_step) == 1 else "airports"
        yield (
            f"since {context.label(period)} all values of {len(of_step):,} "
            f"{airports} ({_named(of_step)}) are about {times} "
            "those before: another unit? Bring the file to one unit, or leave out the years before"
        )


def new_unit(y: NDArray[np.float64]) -> tuple[int, int] | None:
    """Where all values are a power of ten of those before, and which, from a hundred on.

    Args:
        y: Passengers, NaN where missing, shape ``(n,)``.

    Returns:
        Position of the first value of the new unit, and the power.
    """
    at = np.flatnonzero(y > 0)
    values = y[at]
    if len(values) < 2 * _LEAST_AROUND or values.max() < _CLEARLY * values.min():
        return None
    z = np.log10(values)
    for sign in (1, -1):
        highest = np.maximum.accumulate(sign * z)[:-1]
        lowest = np.minimum.accumulate((sign * z)[::-1])[::-1][1:]
        apart = lowest - highest
        i = int(np.argmax(apart)) + 1
        if apart[i - 1] < np.log10(_CLEARLY) or not _LEAST_AROUND <= i <= len(z) - _LEAST_AROUND:
            continue
        off = float(np.median(z[i:][:12]) - np.median(z[:i][-12:]))
        power = round(off)
        if abs(power) >= _LEAST_POWER and abs(off - power) <= _NEAR_POWER:
            return int(at[i]), power
    return None
