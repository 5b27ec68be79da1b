"""A table of any origin, before anyone knows what its columns mean."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

Column: TypeAlias = "list[str] | NDArray[Any]"
"""Text, or an array of whole numbers, of floats (NaN: missing) or of ``datetime64`` (NaT)."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """Content of some columns.

    Attributes:
        columns: By position in the table; all of one length.
        rows: Line or row number of each entry.
        problems: What is wrong with whole rows, by position.
        places: Column of the file that each entry's number is from, where that differs.
    """

    columns: dict[int, Column]
    rows: NDArray[np.int64]
    problems: dict[int, str] = field(default_factory=dict)
    places: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Cells:
    """A whole table as text, its header among the rows.

    Attributes:
        rows: Fields of each row that is not blank.
        numbers: Line or row number of each.
        delimiter: Between fields of text, else empty.
    """

    rows: list[list[str]]
    numbers: list[int]
    delimiter: str = ""


@dataclass(frozen=True, slots=True)
class SourceTable:
    """A table whose header is known and whose content is still to be read.

    Attributes:
        label: Name of the source for messages, without passwords.
        unit: What rows are counted in: ``line`` or ``row``.
        names: Column names as spelt.
        load: Reads the columns at the given positions.
        cells: Reads everything as text; ``None`` makes it of the columns.
        delimiter: Between fields of text, else empty.
        facts: What was found out about the file, for people.
        notes: What a user should know before a forecast.
        sheet: Name of the sheet of a workbook, or of the file of a folder.
        part: Which of these it is: ``sheet`` or ``file``.
        airport: Of all rows, where no column names it.
        known: Names and texts of columns that hold one text throughout, of the sheet's name.
    """

    label: str
    unit: str
    names: tuple[str, ...]
    load: Callable[[Sequence[int]], Loaded]
    cells: Callable[[], Cells] | None = None
    delimiter: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    sheet: str = ""
    part: str = "sheet"
    airport: str = ""
    known: tuple[tuple[str, str], ...] = ()


def stem_of(label: str) -> str:
    """The name of a file without its endings: an airport, where nothing else names one."""
    return PurePath(label).name.partition(".")[0] or label


def texts_of(column: Column) -> list[str]:
    """A column as text; whole floats without their point."""
    if isinstance(column, list):
        return column
    if column.dtype.kind == "f":
        return [text_of_float(v) for v in column.tolist()]
    if column.dtype.kind == "M":
        return ["" if np.isnat(v) else str(v) for v in column]
    return [str(v) for v in column.tolist()]


def text_of_float(value: float) -> str:
    """A number as text that reads back as the same, whatever the decimal mark of a column.

    An exponent says that the point in ``5.752e0`` sets no thousands apart.
    """
    if value != value:  # noqa: PLR0124 - NaN
        return ""
    if value in (float("inf"), float("-inf")):
        return repr(value)
    if value == int(value):
        return f"{value:.0f}"
    text = repr(value)
    return text if "e" in text else f"{text}e0"


def text_of(value: object) -> str:
    """A cell of a workbook, of JSON or of a database as text."""
    import datetime as dt

    if value is None:
        return ""
    if isinstance(value, float):
        return text_of_float(value)
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, dt.datetime) and value.time() == dt.time() and value.tzinfo is None:
        return value.date().isoformat()
    return str(value)


def column_of(values: Sequence[object]) -> Column:
    """Floats where every value is one, else text."""
    if all(isinstance(v, float) or v is None for v in values):
        return np.array([np.nan if v is None else v for v in values], dtype=np.float64)
    return [text_of(v) for v in values]


def table_of_columns(
    label: str, names: Sequence[str], columns: Sequence[Column], **more: Any
) -> SourceTable:
    """A table that lies in memory, its rows counted from 1."""
    n = len(columns[0]) if columns else 0

    def load(wanted: Sequence[int]) -> Loaded:
        rows = np.arange(1, n + 1, dtype=np.int64)
        return Loaded({c: columns[c] for c in wanted}, rows)

    return SourceTable(label, "row", tuple(map(str, names)), load, **more)


def cells_of(table: SourceTable) -> Cells:
    """The whole table as text."""
    if table.cells is not None:
        return table.cells()
    loaded = table.load(range(len(table.names)))
    columns = [texts_of(loaded.columns[c]) for c in range(len(table.names))]
    rows = [list(row) for row in zip(*columns, strict=True)]
    return Cells([list(table.names), *rows], [0, *loaded.rows.tolist()])


def table_of_cells(
    label: str,
    unit: str,
    cells: Cells,
    header: int = 0,
    names: Sequence[str] | None = None,
    **more: Any,
) -> SourceTable:
    """A table whose header is one of its rows.

    Args:
        label: The source, for messages.
        unit: What rows are counted in.
        cells: All of it.
        header: Position of the last row of the header.
        names: Of the columns, where the header has several rows.
        more: Further attributes of the table.
    """
    found = [name.strip() for name in cells.rows[header]] if names is None else list(names)
    width = len(found)
    body, numbers = cells.rows[header + 1 :], cells.numbers[header + 1 :]

    def load(wanted: Sequence[int]) -> Loaded:
        columns: dict[int, Column] = {
            c: [row[c] if c < len(row) else "" for row in body] for c in wanted
        }
        problems = {
            i: f"{len(row)} fields where the header has {width}"
            for i, row in enumerate(body)
            if any(field.strip() for field in row[width:])
        }
        return Loaded(columns, np.array(numbers, dtype=np.int64), problems)

    return SourceTable(
        label, unit, tuple(found), load, lambda: cells, delimiter=cells.delimiter, **more
    )
