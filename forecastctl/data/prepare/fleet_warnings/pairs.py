"""Pairs of airports: one that duplicates another, and two that bear each other's name. Pure."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import numpy as np

from forecastctl.data.prepare.fleet_warnings.table import (
    LEAST_LEVEL,
    FleetTable,
    median,
    spread,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

NAMED = 3
"""Pairs that a sentence names."""

LEAST_EQUAL = 12
"""Equal values in a row up to the last period, from which on two airports are one."""

LEAST_DISTINCT = 6
"""Distinct ones among them: equal small numbers may be chance."""

LEAST_NOISE = 0.03
"""Robust standard deviation of yearly changes that an airport has at least."""

BREAK = 5.0
"""Standard deviations that a month is off where names are exchanged, at least; and the month before
it at most."""

LEAST_BREAK = 0.25
"""The same as a difference of logarithms."""

BETTER = 4.0
"""So many times as near as its own must the other's expectation be."""

NEAR = 3.0
"""Standard deviations that the values are off from the other's expectation on average, at most."""

_GROWTH = 6
"""Periods before the break that the usual growth is taken from."""


def duplicates(table: FleetTable, label: Callable[[int], str]) -> str | None:
    """Whether airports hold equal values over the last year or more.

    Args:
        table: The fleet.
        label: Names a period.
    """
    last = table.y[:, -LEAST_EQUAL:]
    if last.shape[1] < LEAST_EQUAL:
        return None
    whole = ~np.isnan(last).any(axis=1)
    groups: dict[bytes, list[int]] = defaultdict(list)
    for row in np.flatnonzero(whole).tolist():
        groups[last[row].tobytes()].append(row)
    same = [
        rows
        for rows in groups.values()
        if len(rows) > 1 and len(np.unique(last[rows[0]])) >= LEAST_DISTINCT
    ]
    if not same:
        return None
    texts = [_equal(table, rows, label) for rows in same[:NAMED]]
    return f"{_listed(texts, len(same))}: one airport twice?"


def _equal(table: FleetTable, rows: list[int], label: Callable[[int], str]) -> str:
    """``'A' and 'B' hold equal values since 2018-01``, of the first two of a group."""
    one, other = table.y[rows[0]], table.y[rows[1]]
    unequal = np.flatnonzero(~(one == other))
    since = int(unequal[-1]) + 1 if len(unequal) else 0
    before = " or earlier" if since == 0 else ""
    others = f" and {len(rows) - 2:,} more" if len(rows) > 2 else ""  # noqa: PLR2004 - a pair
    names = f"{table.names[rows[0]]!r} and {table.names[rows[1]]!r}{others}"
    return f"{names} hold equal values since {label(table.start + since)}{before}"


def swapped(table: FleetTable, label: Callable[[int], str]) -> str | None:
    """Whether two airports bear each other's name from some period of the last season on.

    Each one's values since then lie far from what its own season led to expect, and near to what
    the other's did. What the whole fleet did in these periods is taken out.

    Args:
        table: The fleet.
        label: Names a period.
    """
    if table.season == 1:
        return None
    found: list[tuple[int, int, int]] = []
    taken: set[int] = set()
    periods = table.y.shape[1]
    for column in range(periods - table.season, periods):
        for one, other in _pairs_since(table, column):
            if not taken & {one, other}:
                taken |= {one, other}
                found.append((one, other, column))
    if not found:
        return None
    texts = [
        f"{table.names[a]!r} and {table.names[b]!r} since {label(table.start + column)}"
        for a, b, column in found[:NAMED]
    ]
    return f"{_listed(texts, len(found))} continue each other's values: labels swapped?"


def _pairs_since(table: FleetTable, column: int) -> list[tuple[int, int]]:
    """Pairs whose names are exchanged from this period on, the best first."""
    season = table.season
    growth = table.yearly[:, :column]
    usual = median(growth[:, -_GROWTH:])
    noise = np.fmax(spread(growth[:, -2 * season :]), LEAST_NOISE)
    known = median(table.log[:, column - season : column]) >= np.log(LEAST_LEVEL)
    known &= (~np.isnan(growth[:, -2 * season :])).sum(axis=1) >= season
    after = table.log[:, column:]
    expected = table.log[:, column - season : column - season + after.shape[1]] + usual[:, None]
    own = after - expected
    common = median(own, axis=0)
    noise = np.hypot(noise, _unusual_spread(own, growth[:, -season:] - usual[:, None]))
    off = own - common
    before = np.abs(growth[:, -1] - usual)
    size = np.abs(median(off))
    broken = known & (size >= np.fmax(BREAK * noise, LEAST_BREAK)) & (before <= BREAK * noise)
    rows = np.flatnonzero(broken & ~np.isnan(off).any(axis=1) & ~np.isnan(noise))
    return _matched(rows, after - common, expected, off, noise)


def _unusual_spread(own: NDArray[np.float64], before: NDArray[np.float64]) -> float:
    """By how much the airports differ more than they use to: a shock hits some more than others.

    Args:
        own: Differences from each airport's expectation since the break.
        before: The same in the season before it.
    """
    now = float(np.nan_to_num(spread(own, axis=0)).max(initial=0.0))
    usual = float(np.nan_to_num(median(spread(before, axis=0), axis=0)))
    return float(np.sqrt(max(now**2 - usual**2, 0.0)))


def _matched(
    rows: NDArray[np.intp],
    after: NDArray[np.float64],
    expected: NDArray[np.float64],
    off: NDArray[np.float64],
    noise: NDArray[np.float64],
) -> list[tuple[int, int]]:
    """Pairs of rows of which each continues the other.

    Args:
        rows: Those that are far from their own expectation.
        after: Logarithms since the break without what the fleet did, shape ``(airports, n)``.
        expected: What each season led to expect of them.
        off: The difference of both.
        noise: Standard deviation of each airport's yearly changes, shape ``(airports,)``.
    """
    if len(rows) < 2:  # noqa: PLR2004 - a pair
        return []
    level, of_season = after[rows].mean(axis=1), expected[rows].mean(axis=1)
    limit = NEAR * noise[rows]
    near = np.abs(level[:, None] - of_season[None, :]) <= limit[None, :]
    pairs = np.argwhere(np.triu(near & near.T, 1))
    scored = []
    for i, j in rows[pairs].tolist():
        cross = max(np.abs(after[i] - expected[j]).mean(), np.abs(after[j] - expected[i]).mean())
        own = min(np.abs(off[i]).mean(), np.abs(off[j]).mean())
        if cross <= NEAR * min(noise[i], noise[j]) and own >= BETTER * cross:
            scored.append((cross, i, j))
    return [(i, j) for _, i, j in sorted(scored)]


def _listed(texts: list[str], n: int) -> str:
    """Some texts, and how many more."""
    more = f" and {n - len(texts):,} more pairs" if n > len(texts) else ""
    return "; ".join(texts) + more
