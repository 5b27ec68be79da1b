"""Where the header of a table is, and what its rows and columns hold.

A table whose first row names an airport, a date and a value is taken as it is. Any other is looked
at as text: its first rows are tried as the header, alone and with the rows above them, for each
shape that `forecastctl.data.read.shapes` knows.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from forecastctl.data.read.cells import (
    is_date,
    is_number,
    is_value,
    is_year,
    period_names,
    unmarked,
)
from forecastctl.data.read.columns import (
    ColumnPositions,
    find_columns,
    group_columns,
    recognised,
    usual_name,
)
from forecastctl.data.read.outline import NOTE, outlined
from forecastctl.data.read.shapes import LONG, SHAPES
from forecastctl.data.read.tables import Cells, SourceTable, cells_of, table_of_cells
from forecastctl.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from forecastctl.data.panel.panel import DataSpec

_HEADERS = 40
"""Rows that may be the header, from the first."""
_HEADER_ROWS = 3
_BELOW = 4
"""Rows below a header that may hold no more than the name of a region."""
_PERIODS = 3
"""Columns named by periods from which on a table is no long one, whatever else it has."""
_UNITS = re.compile(
    r"\b(?:in\s+)?(thousands?|millions?|1[.,  ]?000s?|'000s?|000s|tausend|tsd|mio|milliers|miles|"
    r"millones|milhares|migliaia|duizend(?:en)?|tys|тыс)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class LaidOut:
    """A table in long form.

    Attributes:
        table: One row per airport and period.
        columns: Where airport, date and value are.
        shape: What a row of the file holds.
        header: Line or row of the names; 0 where they come with the format.
        unit: Words of the file on what it counts; empty where it has none.
    """

    table: SourceTable
    columns: ColumnPositions
    shape: str
    header: int = 1
    unit: str = ""


def laid_out(table: SourceTable, spec: DataSpec) -> LaidOut:
    """A table that holds passengers by airport and period, in long form.

    Args:
        table: As it stands in the source.
        spec: Columns, where set.

    Raises:
        DataError: It holds none, or what it holds cannot be told.
    """
    names = table.names
    wide = sum(1 for p in period_names(names, spec.language) if p) >= _PERIODS
    refused: DataError | None = None
    try:
        columns = find_columns(names, spec, table.label)
        if not wide and not table.known:
            return LaidOut(table, columns, LONG, unit=_unit(names[columns.value]))
    except DataError as error:
        if _long_without_groups(names, spec, table.label):
            raise
        refused = error
    cells = cells_of(table)
    cells = replace(cells, rows=[_without_blank_end(row) for row in cells.rows])
    rows = 1 if table.cells is None else _HEADERS  # formats with types name their columns
    found = None
    if table.cells is not None and (levels := outlined(cells, spec.language)):
        said = replace(table, notes=(*table.notes, NOTE))
        found = _of_cells(levels, 1, said, spec)
    found = found or _of_cells(cells, rows, table, spec)
    if found is not None:
        return found
    raise refused or DataError(
        f"{table.label} has columns named by periods, and no rows of airports below them.",
        "Set [data] airport in forecastctl.toml to the column of the airports.",
    )


def _long_without_groups(names: Sequence[str], spec: DataSpec, label: str) -> bool:
    """Whether nothing is wrong with a header but the columns of groups."""
    if not spec.groups:
        return False
    try:
        find_columns(names, replace(spec, groups=()), label)
    except DataError:
        return False
    return True


def _without_blank_end(row: list[str]) -> list[str]:
    n = len(row)
    while n and not row[n - 1].strip():
        n -= 1
    return row[:n]


def _of_cells(cells: Cells, most: int, table: SourceTable, spec: DataSpec) -> LaidOut | None:
    """The first row that is a header, of so many at most, and the shape of what is below it."""
    cells = _without_names_of_index(cells)
    for header in range(min(len(cells.rows) - 1, most)):
        if not _may_be_header(cells.rows, header) or not _any_value(_below(cells.rows, header)):
            continue
        for names, above in _headers(cells.rows, header):
            found = _of_header(cells, header, names, table, spec)
            if found is not None:
                titles = " ".join(c for row in cells.rows[: header - above] for c in row if c)
                unit = found.unit or _unit(titles)
                return replace(found, header=cells.numbers[header], unit=unit)
    return None


def _without_names_of_index(cells: Cells) -> Cells:
    """Rows without the one in which pandas names its index below a header of several rows."""
    for at in range(1, min(len(cells.rows) - 1, _HEADER_ROWS + 1)):
        row, above = cells.rows[at], cells.rows[at - 1]
        named = [c.strip() for c in row if c.strip()]
        if len(named) == 1 == len(row) < len(above) and usual_name("date", named[0]):
            joined = [row[0], *above[1:]]
            rows = [*cells.rows[: at - 1], joined, *cells.rows[at + 1 :]]
            return replace(cells, rows=rows, numbers=cells.numbers[:at] + cells.numbers[at + 1 :])
    return cells


def _of_header(
    cells: Cells, header: int, names: list[str], table: SourceTable, spec: DataSpec
) -> LaidOut | None:
    """A table with one row as its header, if that makes sense."""
    names, below = _with_known(unmarked(names), cells, header, table.known)
    periods = sum(1 for p in period_names(names, spec.language) if p)
    if periods < _PERIODS:
        long = _long(names, below, table, spec)
        if long is not None:
            return long
    for shape in SHAPES:
        unfolded = shape.unfold(names, below, table, spec)
        if unfolded is not None:
            wanted = () if spec.group_file else spec.groups
            groups = group_columns(unfolded.names, wanted, table.label)
            columns = ColumnPositions(airport=0, date=1, value=2, groups=groups)
            return LaidOut(unfolded, columns, shape.name)
    return None


def _with_known(
    names: list[str], cells: Cells, header: int, known: Sequence[tuple[str, str]]
) -> tuple[list[str], Cells]:
    """Names and the rows below them, with columns that hold one text throughout."""
    rows, numbers = cells.rows[header + 1 :], cells.numbers[header + 1 :]
    if known:
        width, texts = len(names), [text for _, text in known]
        rows = [[*row[:width], *[""] * (width - len(row)), *texts] for row in rows]
        names = [*names, *(name for name, _ in known)]
    return names, Cells(rows, numbers, cells.delimiter)


def _long(names: list[str], below: Cells, table: SourceTable, spec: DataSpec) -> LaidOut | None:
    """A table that is long already, if the columns have usual names or those that are set."""
    cells = Cells([names, *below.rows], [0, *below.numbers], below.delimiter)
    if table.airport and _lacks_airport(names, spec, table.label):
        names, below = _with_known(names, cells, 0, [("airport", table.airport)])
        cells = Cells([names, *below.rows], cells.numbers, cells.delimiter)
    try:
        columns = find_columns(names, spec, table.label)
    except DataError:
        return None
    found = table_of_cells(
        table.label, table.unit, cells, 0, names, facts=table.facts, notes=table.notes
    )
    return LaidOut(found, columns, LONG, unit=_unit(names[columns.value]))


def _lacks_airport(names: Sequence[str], spec: DataSpec, label: str) -> bool:
    """Whether no column names airports."""
    try:
        return recognised("airport", spec.airport, names, label) is None
    except DataError:
        return False


def _may_be_header(rows: list[list[str]], at: int) -> bool:
    """Whether a row holds several different texts, and no more numbers than years."""
    filled = [c.strip() for c in rows[at] if c.strip()]
    if len(set(filled)) < 2 and not (len(filled) == 1 and len(rows[at]) > 1):  # noqa: PLR2004
        return False
    numbers = [c for c in filled if is_number(c)]
    # Many a number is a day number of Excel as well: beside a date in words it is a value.
    dates = [c for c in filled if c not in numbers and is_date(c)]
    counted = [c for c in numbers if not is_year(c)]
    values = dates and counted and not all(period_names(counted))
    return not _holds_numbers(filled) and not values


def _below(rows: list[list[str]], header: int) -> list[str]:
    """The first row below a header that holds more than the name of a region."""
    several = (row for row in rows[header + 1 :][:_BELOW] if sum(map(bool, row)) > 1)
    return next(several, rows[header + 1])


def _any_value(row: Sequence[str]) -> bool:
    """Whether a row holds a number or a date, as the first one below a header does."""
    filled = [c.strip() for c in row if c.strip()]
    return any(is_value(c) or is_date(c) for c in filled)


def _holds_numbers(filled: Sequence[str]) -> bool:
    """Whether most texts are numbers that name no period; codes of airports may be some."""
    return 2 * sum(is_number(c) and not _names_a_period(c) for c in filled) > len(filled)


def _is_data(filled: Sequence[str]) -> bool:
    """Whether a row above a header is no header itself: it holds numbers, or some dates."""
    if len(filled) >= _PERIODS and all(period_names(filled)):
        return False
    return _holds_numbers(filled) or any(is_date(c) for c in filled)


def _names_a_period(text: str) -> bool:
    """Whether a number may be that of a month, a year, or a date."""
    small = len(text) <= 2 and text.isdecimal() and 1 <= int(text) <= 13  # noqa: PLR2004 - months, total
    return small or is_year(text) or is_date(text)


def _headers(rows: list[list[str]], at: int) -> Iterator[tuple[list[str], int]]:
    """Names of the columns: of the row alone, and with up to two rows above it, and their number.

    A name above several columns stands above the first of them, or in all that are merged.
    """
    yield [c.strip() for c in rows[at]], 0
    for n in range(1, _HEADER_ROWS):
        above = rows[at - n : at] if at >= n else []
        filled = [[c.strip() for c in row if c.strip()] for row in above]
        if not above or not all(filled) or any(map(_is_data, filled)):
            return
        width = max(len(row) for row in rows[at - n : at + 1])
        lines = [_spread(row, width) for row in above]
        lines.append([c.strip() for c in rows[at]] + [""] * (width - len(rows[at])))
        yield [_joined(column) for column in zip(*lines, strict=True)], n


def _spread(row: list[str], width: int) -> list[str]:
    """A row of a header with each name over the blank columns that follow it."""
    found, last = [], ""
    for c in [*row, *[""] * (width - len(row))]:
        last = c.strip() or last
        found.append(last)
    return found


def _joined(names: Sequence[str]) -> str:
    """One name of several rows."""
    return " ".join(dict.fromkeys(name for name in names if name))


def _unit(text: str) -> str:
    """Words that say that not single passengers are counted."""
    found = _UNITS.search(text)
    return found[0].strip() if found else ""


def counted(laid: LaidOut) -> str:
    """What the numbers count, in the words of the file."""
    name = laid.table.names[laid.columns.value]
    what = name if usual_name("value", name) or laid.shape == LONG else "passengers"
    return f"{what}, {laid.unit} as written" if laid.unit else what
