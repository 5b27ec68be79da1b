"""All warnings about a fleet, in the order in which they are said."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from forecastctl.data.prepare.fleet_warnings.last_period import (
    changed_unit,
    half_published,
    low_last_period,
)
from forecastctl.data.prepare.fleet_warnings.pairs import duplicates, swapped
from forecastctl.data.prepare.fleet_warnings.table import SEASONS, table_of
from forecastctl.data.prepare.rules import Grid
from forecastctl.records.calendar import labels

if TYPE_CHECKING:
    from collections.abc import Sequence

WARNINGS = {
    "unit": changed_unit,
    "low": low_last_period,
    "part": half_published,
    "swapped": swapped,
    "duplicate": duplicates,
}
"""What each kind of warning is found by."""


def fleet_warnings(
    names: Sequence[str],
    grids: Sequence[Grid | None],
    last: int | None,
    freq: str,
    season_length: int,
) -> dict[str, str]:
    """Look for what only the whole fleet shows.

    Args:
        names: Airports.
        grids: Each of them period by period, ``None`` where its rows allow no grid.
        last: The panel's last period, ``None`` where it has none.
        freq: pandas period alias; days and weeks are not looked at.
        season_length: Periods per season.

    Returns:
        One sentence for each of `WARNINGS` that is found, in their order.
    """
    known = [(name, grid) for name, grid in zip(names, grids, strict=True) if grid is not None]
    if last is None or freq not in ("M", "Q") or len(known) < 2:  # noqa: PLR2004 - a fleet
        return {}
    table = table_of(
        [name for name, _ in known],
        [grid.start for _, grid in known],
        [grid.y for _, grid in known],
        last,
        season_length,
    )
    label = partial(_label, freq=freq)
    said = {kind: find(table, label) for kind, find in WARNINGS.items()}
    if said["unit"]:
        said["low"] = None  # the unit says more
    return {kind: text for kind, text in said.items() if text}


def newest_seasons(grid: Grid | None, season_length: int) -> Grid | None:
    """As much of an airport's end as any of the warnings looks at, and no values in memory besides.

    Args:
        grid: The airport, ``None`` where its rows allow no grid.
        season_length: Periods per season.
    """
    if grid is None:
        return None
    first = max(len(grid.y) - SEASONS * season_length, 0)
    return Grid(grid.start + first, grid.y[first:].copy())


def _label(period: int, freq: str) -> str:
    """Name of a period."""
    return labels([period], freq)[0]
