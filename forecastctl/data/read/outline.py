"""Tables whose first column is an outline: airports, years below them, months below these.

Pivot tables in compact form are so, and sheets with a block of years for each airport. A row of an
upper level holds a sum, or nothing but its name.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from forecastctl.data.read.cells import is_date, is_number, is_year
from forecastctl.data.read.dates import month_number
from forecastctl.data.read.tables import Cells
from forecastctl.data.read.total_words import called_total
from forecastctl.records.month_names import english, month_numbers, numbers_in

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_LEAST_AIRPORTS, _LEAST_ROWS = 2, 6
_HEADERS = 10
"""Rows that may be the header, from the first."""
_MOST_WORDS = 200
NOTE = "the first column is an outline: rows of its upper levels are left out where they hold sums"


@dataclass(slots=True)
class _Outline:
    """What was found so far.

    Attributes:
        months: Numbers of the names of months.
        airport: That the next rows are of.
        year: That the next months are of.
        rows: Airport, year, month or date, and position of each row that is no sum.
        sums: How many rows are of an upper level.
    """

    months: Mapping[str, int]
    airport: str = ""
    year: str = ""
    rows: list[tuple[str, str, str, int]] = field(default_factory=list)
    sums: int = 0


def outlined(cells: Cells, language: str | None = None) -> Cells | None:
    """Rows with a column for each level of an outline; ``None`` where the first column is none.

    Args:
        cells: A table with a header.
        language: Of the names of months; ``None`` decides by all of them.
    """
    firsts = [row[0].strip() if row else "" for row in cells.rows]
    if sum(text[:1].isdigit() for text in firsts) < _LEAST_AIRPORTS:
        return None  # no years and no dates
    alone = [sum(map(bool, map(str.strip, row))) == 1 for row in cells.rows]
    months = _months(firsts, language)
    for header in range(min(_HEADERS, len(firsts) - _LEAST_ROWS)):
        if alone[header] or not _is_label(firsts[header + 1]):
            continue
        found = _read(cells, firsts, alone, header, months)
        if found is not None:
            return found
    return None


def _is_label(text: str) -> bool:
    return bool(text) and (is_year(text) or is_date(text) or not is_number(text))


def _read(
    cells: Cells,
    firsts: Sequence[str],
    alone: Sequence[bool],
    header: int,
    months: Mapping[str, int],
) -> Cells | None:
    """The rows below a header, if all of them are of an outline."""
    again = {i for i, row in enumerate(cells.rows) if i > header and row == cells.rows[header]}
    above = firsts[header - 1] if again and header and alone[header - 1] else ""
    outline = _Outline(months, airport=above)
    for i in range(header + 1, len(firsts)):
        if i not in again and not _take(outline, firsts[i], i):
            return None
    leaves = _leaves(outline)
    airports = {airport for airport, *_ in leaves}
    nested = len(airports) >= _LEAST_AIRPORTS and "" not in airports
    by_column = airports == {""} and any(month for *_, month, _ in leaves)
    if not (nested or by_column) or len(leaves) < _LEAST_ROWS or not (outline.sums or again):
        return None
    return _cells(cells, header, leaves, nested=nested)


def _months(texts: Sequence[str], language: str | None) -> Mapping[str, int]:
    """Numbers of those texts that are names of months in other languages, where there are years."""
    words = [t for t in dict.fromkeys(texts) if t and not t[0].isdigit() and not english(t)]
    if not any(map(is_year, texts)) or len(words) > _MOST_WORDS:
        return {}
    if language is not None:
        return numbers_in(words, language)
    known = month_numbers([word for word in words if month_numbers([word])])
    return known if isinstance(known, dict) else {}


def _take(outline: _Outline, text: str, i: int) -> bool:
    """Add one row to an outline; whether it can be of one."""
    if called_total(text):
        outline.sums += 1
    elif is_year(text):
        outline.year = text.removesuffix(".0")
        outline.rows.append((outline.airport, outline.year, "", i))
    elif not text.isdecimal() and (month := month_number(text, outline.months)):
        if not outline.year:
            return False
        outline.rows.append((outline.airport, outline.year, f"-{month:02d}", i))
    elif is_date(text):
        outline.rows.append((outline.airport, "", text, i))
    elif not text or is_number(text):
        return False
    else:
        outline.airport, outline.year = text, ""
        outline.sums += 1
    return True


def _leaves(outline: _Outline) -> list[tuple[str, str, str, int]]:
    """The rows of the lowest level."""
    lowest = [row for row in outline.rows if row[2]]
    if lowest:
        outline.sums += len(outline.rows) - len(lowest)
    return lowest or outline.rows


def _cells(
    cells: Cells, header: int, leaves: Sequence[tuple[str, str, str, int]], *, nested: bool
) -> Cells:
    """A header and the rows of the lowest level, each with its date and its airport."""
    date = "date" if leaves[0][2] else "Year"
    names = [date, *cells.rows[header][1:]]
    rows = [["airport", *names] if nested else names]
    for airport, year, month, i in leaves:
        row = [f"{year}{month}", *cells.rows[i][1:]]
        rows.append([airport, *row] if nested else row)
    numbers = [cells.numbers[i] for *_, i in leaves]
    return Cells(rows, [cells.numbers[header], *numbers], cells.delimiter)
