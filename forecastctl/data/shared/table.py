"""The rows of some airports, read from Parquet by whoever works with them.

A table is long and typed: a column each of airports, dates and passengers. What has to be guessed
in a file of a spreadsheet (headers, forms of dates and numbers, totals) is not looked for.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from forecastctl.data.panel.frequency import NO_DAY
from forecastctl.data.panel.rows import Grouped, arrange
from forecastctl.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Columns:
    """Names of the columns.

    Attributes:
        label: The table, for messages.
        airport: Of the airports; in no file where the names of folders say them.
        date: Of the dates.
        value: Of the passengers.
        in_path: Whether the airports are in the names of folders (``airport=JFK``).
    """

    label: str
    airport: str
    date: str
    value: str
    in_path: bool = False

    @property
    def read(self) -> list[str]:
        """Those that files hold."""
        own = [] if self.in_path else [self.airport]
        return [*own, self.date, self.value]


@dataclass(frozen=True, slots=True)
class Piece:
    """A row group of a file.

    Attributes:
        path: The file, a path or an address.
        group: Number of the row group in it.
        first: How many rows of the table come before it.
    """

    path: str
    group: int
    first: int


@dataclass(frozen=True, slots=True)
class Where:
    """Where the rows of an airport are.

    Attributes:
        airport: Its name.
        pieces: Row groups that hold some of its rows, in order.
    """

    airport: str
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some airports of a table, each whole."""

    columns: Columns
    airports: tuple[Where, ...]

    def rows(self) -> Grouped:
        """All of their rows, read now.

        Raises:
            DataError: They cannot be read.
        """
        names = tuple(where.airport for where in self.airports)
        pieces = {piece: set[str]() for where in self.airports for piece in where.pieces}
        for where in self.airports:
            for piece in where.pieces:
                pieces[piece].add(where.airport)
        ordered = sorted(pieces, key=lambda piece: piece.first)
        numbers = {name: i for i, name in enumerate(names)}
        parts = [
            _part(self.columns, piece, table, numbers, pieces[piece])
            for piece, table in _tables(self.columns, ordered)
        ]
        if not parts:
            return arrange(names, np.zeros(0, np.int64), *_nothing())
        return arrange(names, *(np.concatenate(column) for column in zip(*parts, strict=True)))


def open_parquet(path: str) -> Any:
    """A file of Parquet, of this machine or under an address that pyarrow knows.

    Raises:
        DataError: It cannot be read.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq
    from pyarrow import fs

    try:
        if "://" not in path:
            return pq.ParquetFile(path)
        system, inner = fs.FileSystem.from_uri(path)
        return pq.ParquetFile(inner, filesystem=system)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise unreadable(path, error) from None


def unreadable(path: str, error: Exception) -> DataError:
    """The error of a file that cannot be read."""
    from forecastctl.redaction import masked

    reason = str(error).strip().partition("\n")[0].rstrip(".")
    return DataError(
        f"{masked(path)} cannot be read: {reason}.",
        "Each worker has to see the folder under the same path: put it on shared storage.",
    )


def _tables(columns: Columns, pieces: Sequence[Piece]) -> Iterator[tuple[Piece, Any]]:
    """The row groups, each with its content; a file is opened once for those in a row."""
    import pyarrow as pa

    file, path = None, ""
    for piece in pieces:
        if file is None or piece.path != path:
            file, path = open_parquet(piece.path), piece.path
        try:
            yield piece, file.read_row_group(piece.group, columns=columns.read)
        except (pa.ArrowException, OSError, IndexError) as error:
            raise unreadable(piece.path, error) from None


def _nothing() -> tuple[NDArray[Any], ...]:
    return tuple(np.zeros(0, dtype) for dtype in (np.int64, np.float64, np.int64, np.object_))


def _part(
    columns: Columns, piece: Piece, table: Any, numbers: Mapping[str, int], wanted: set[str]
) -> tuple[NDArray[Any], ...]:
    """Numbers of airports, days, passengers, row numbers and problems of what is wanted."""
    from forecastctl.data.panel.values import number_problems

    row = piece.first + np.arange(1, table.num_rows + 1, dtype=np.int64)
    if columns.in_path:
        (airport,) = wanted
        codes = np.full(table.num_rows, numbers[airport], dtype=np.int64)
    else:
        texts, places = coded(table.column(columns.airport))
        own = [numbers[text] if text in wanted else -1 for text in texts]
        codes = np.array([*own, -1], dtype=np.int64)[places]
    mine = codes >= 0
    if not mine.all():
        codes, row, table = codes[mine], row[mine], table.filter(mine)
    y = numbers_in(table.column(columns.value))
    problem = np.full(len(y), None, dtype=object)
    for position, text in number_problems(y).items():
        problem[position] = f"row {row[position]}, column {columns.value}: {text}"
    return codes, days_in(table.column(columns.date), columns), y, row, problem


def coded(column: Any) -> tuple[list[str], NDArray[np.int64]]:
    """Distinct texts of a column, and the position of each row's text, -1 where missing."""
    import pyarrow as pa

    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    found = column.cast(pa.string()).combine_chunks().dictionary_encode()
    places = np.asarray(found.indices.cast(pa.int64()).fill_null(-1).to_numpy(), dtype=np.int64)
    return [str(text) for text in found.dictionary.to_pylist()], places


def numbers_in(column: Any) -> NDArray[np.float64]:
    """A column of numbers, NaN where missing."""
    import pyarrow as pa

    values = column.cast(pa.float64()).to_numpy()
    return np.array(values, dtype=np.float64)


def days_in(column: Any, columns: Columns) -> NDArray[np.int64]:
    """A column of dates or moments as days since 1970-01-01, `NO_DAY` where missing.

    Raises:
        DataError: All of them are at hours of the day, which may be midnights of another zone.
    """
    from forecastctl.data.read.parquet import arrow_column

    moments = np.asarray(arrow_column(column))
    if moments.dtype == np.dtype("datetime64[h]"):
        raise DataError(
            f"{columns.label}, column {columns.date!r}: moments at hours of the day are no dates.",
            "Write the column as dates, in the time zone of the airports.",
        )
    days = moments.astype("datetime64[D]").astype(np.int64)
    days[np.isnat(moments)] = NO_DAY
    return np.asarray(days, dtype=np.int64)
