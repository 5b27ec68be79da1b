"""Airports of rows that name none: cells that are merged, or the sum of a region."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from forecastctl.data.read.cells import filled_down, numeric
from forecastctl.data.read.total_words import called_total

if TYPE_CHECKING:
    from collections.abc import Sequence

_EVEN = 0.9
"""Share of the airports and periods from which on all of them have as many rows."""


def named_airports(
    keys: Sequence[str],
    others: Sequence[Sequence[str]],
    periods: Sequence[object] | None = None,
) -> list[str]:
    """The airport of each row, also where its cell is blank.

    A blank below a name is that name, as in merged cells, where so all airports have as many rows.
    Else it is the sum of a region, under the text that another column has for it, where that is a
    word for a sum, where a column of regions with merged cells of its own begins a new one, or
    where it is the region of airports as well.

    Args:
        keys: Cells of the column of the airports.
        others: Columns of text beside it.
        periods: Period of each row, where the table has one for each.
    """
    filled = filled_down(keys)
    blank = [i for i, key in enumerate(keys) if not key.strip()]
    if not blank or not _uneven(list(zip(filled, periods or filled, strict=True))):
        return filled
    texts = [column for column in others if not numeric(column)]
    merged = [column for column in texts if any(not c.strip() for c in column)]
    regions = [column for column in texts if periods and _of_airports(column, set(blank))]
    named = {i: _sum_named(texts, merged, i) or _last(regions, i) for i in blank}
    if regions:
        return [named.get(i, key) for i, key in enumerate(keys)]
    return [named.get(i) or key for i, key in enumerate(filled)]


def _sum_named(texts: Sequence[Sequence[str]], merged: Sequence[Sequence[str]], row: int) -> str:
    """The name of a sum that a row without an airport is, by words or by where its texts stand."""
    called = [text for column in texts if called_total(text := column[row].strip())]
    begun = [text for column in merged if (text := column[row].strip())]
    return next(iter(called or begun), "")


def _of_airports(column: Sequence[str], blank: set[int]) -> bool:
    """Whether all texts of rows without an airport stand beside airports as well."""
    there = {text.strip() for i, text in enumerate(column) if i not in blank}
    return {column[i].strip() for i in blank} <= there | {""}


def _last(columns: Sequence[Sequence[str]], row: int) -> str:
    """The last text of a row: of a region in a country, the region."""
    return next((text for column in reversed(columns) if (text := column[row].strip())), "")


def _uneven(pairs: Sequence[tuple[str, object]]) -> bool:
    """Whether some airports have a period more often than others."""
    times = Counter(Counter(pairs).values())
    return bool(times) and times.most_common(1)[0][1] < _EVEN * times.total()
