"""Read a panel from CSV, Parquet, a SQL database or the bundled sample.

This module, `forecastctl.data.read.sql` and `forecastctl.data.write.targets` are the only ones that
touch files or databases of data.
"""

from __future__ import annotations

import csv
import gzip
import io
import math
import re
import stat
import zlib
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import IO, TYPE_CHECKING

import numpy as np

from forecastctl.data.read.columns import airport_column, group_columns
from forecastctl.data.read.parquet import parquet_table
from forecastctl.data.read.sql import is_url, sql_table
from forecastctl.data.read.tables import (
    Column,
    Loaded,
    SourceTable,
    airport_groups,
    to_panel,
)
from forecastctl.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from forecastctl.data.panel.panel import DataSpec, Panel


_DELIMITERS = (",", ";", "\t", "|")
_HEAD_BYTES = 4096
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_MOST_UNPACKED, _MOST_GROWTH = 2**28, 200
"""Characters of a packed file from which on it must not have grown so many times: tables pack to a
tenth, at best to a hundredth."""
_LONGEST_HEADER = 2**16
_LONGEST_LINE = 2**20
"""Characters of one line at most."""
_GZIP, _PARQUET, _ZIP = b"\x1f\x8b", b"PAR1", b"PK\x03\x04"


def read_panel(spec: DataSpec) -> Panel:
    """Read every row of the source; wrong rows are kept and marked.

    Args:
        spec: The source and how to read it.

    Raises:
        DataError: The source cannot be used at all; the message names it, and the line and column
            where there is one.
    """
    panel = _read_source(spec)
    if spec.group_file is None:
        return panel
    return replace(panel, groups=read_groups(spec, spec.group_file))


def read_groups(spec: DataSpec, file: str) -> dict[str, dict[str, str]]:
    """Read which groups each airport is in, as `airport_groups` returns them.

    Args:
        spec: Name of the airport column, and the columns that count (none: all others).
        file: Path of a CSV or Parquet file with one row per airport.

    Raises:
        DataError: The file cannot be used, or an airport has two values in one column.
    """
    table = _file_table(file)
    airport = airport_column(table.names, spec.airport, table.label)
    others = [name for i, name in enumerate(table.names) if i != airport]
    wanted = group_columns(table.names, spec.groups or others, table.label)
    if not wanted:
        raise DataError(
            f"{file} has no column beside the airports.",
            "Add a column for each kind of group, such as airport,state.",
        )
    return airport_groups(table, table.load((airport, *wanted)), airport, wanted)


def _read_source(spec: DataSpec) -> Panel:
    """The panel without the groups that a file of their own holds."""
    source = spec.source
    if not source:
        raise DataError(
            "No data source is given.",
            "Use --data FILE, or set [data] source in forecastctl.toml; 'sample' is bundled.",
        )
    if source == "sample":
        return _sample(spec)
    if is_url(source):
        return to_panel(sql_table(source, spec.query), spec)
    return to_panel(_file_table(source), spec)


def _file_table(source: str) -> SourceTable:
    """A file, whatever its format."""
    path = Path(source).expanduser()
    head = _head(path, source)
    if head.startswith(_PARQUET):
        return parquet_table(path, source)
    if head.startswith(_ZIP):
        raise DataError(
            f"{source} is a zip archive or an Excel workbook.",
            "Unpack it, or save the sheet as CSV.",
        )
    if b"\0" in head and not head.startswith((*_UTF16, _GZIP)):
        raise DataError(f"{source} is not text.", "Give a CSV or Parquet file.")
    return _csv_table(path, source, zipped=head.startswith(_GZIP))


def _sample(spec: DataSpec) -> Panel:
    from forecastctl.data.panel.build import from_frame
    from forecastctl.data.read.sample import sample_panel

    if spec.groups and spec.group_file is None:
        hint = "Give the groups with --groups-from FILE."
        raise DataError("The sample has no columns of groups.", hint)
    frame = sample_panel()
    return from_frame(frame["airport"], frame["date"], frame["passengers"], spec, "sample")


def _head(path: Path, label: str) -> bytes:
    """First bytes of a readable, non-empty file."""
    try:
        mode = path.stat().st_mode
        if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
            raise DataError(
                f"{label} is a pipe or a device, not a file.", "Save it to a file first."
            )
        with path.open("rb") as file:
            head = file.read(_HEAD_BYTES)
    except FileNotFoundError:
        raise DataError(f"There is no file {label}.", _hint_of_path(path)) from None
    except IsADirectoryError:
        raise DataError(f"{label} is a directory.", "Name one file in it.") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise DataError(f"{label} cannot be read: {reason}.", "Check the path.") from None
    if not head:
        raise DataError(f"{label} is empty.", "Check that the export worked.")
    return head


def _hint_of_path(path: Path) -> str:
    """A file of a similar name in the same directory, or where to look."""
    import difflib

    if not path.parent.is_dir():
        return f"There is no directory {path.parent} either."
    names = [p.name for p in path.parent.iterdir() if p.is_file()]
    close = difflib.get_close_matches(path.name, names, n=1)
    return f"Did you mean {path.parent / close[0]}?" if close else "Check the path."


@contextmanager
def _reading(path: Path, label: str, *, zipped: bool) -> Iterator[IO[str]]:
    """Open text, and turn what goes wrong while it is read into one clear error."""
    try:
        with _opened(path, zipped=zipped) as text:
            yield text
    except UnicodeError:
        raise DataError(
            f"{label} is not UTF-8 text{_undecodable(path, zipped=zipped)}.",
            "Save it as UTF-8, for example with: iconv -f latin1 -t utf-8 FILE > NEW",
        ) from None
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise DataError(
            f"{label} is a damaged gzip file: {error}.", "Copy or download it again."
        ) from None
    except OSError as error:
        raise DataError(f"{label} cannot be read: {error.strerror or error}.") from None


def _undecodable(path: Path, *, zipped: bool) -> str:
    """Where the first line is that UTF-8 cannot read."""
    with (
        suppress(EOFError, OSError, zlib.error),  # what cannot be unpacked is said elsewhere
        path.open("rb") as raw,
        gzip.GzipFile(fileobj=raw) if zipped else raw as binary,
    ):
        for number, line in enumerate(binary, 1):
            try:
                line.decode("utf-8")
            except UnicodeDecodeError as error:
                return f" (line {number}, byte 0x{line[error.start]:02x})"
    return ""


def _lines(text: IO[str], label: str, most: float) -> Iterator[str]:
    """Lines with their ends, each of a length that memory holds, and all together.

    Args:
        text: What is read.
        label: The source, for messages.
        most: Characters that all lines may have.

    Raises:
        DataError: A line, or the whole, is longer.
    """
    number = whole = 0
    while line := text.readline(_LONGEST_LINE):
        number += 1
        whole += len(line)
        if len(line) == _LONGEST_LINE:
            raise DataError(
                f"{label}, line {number} has more than {_LONGEST_LINE:,} characters.",
                "Check that it is a table, with one row a line.",
            )
        if whole > most:
            raise DataError(
                f"{label} unpacks to more than {_MOST_GROWTH} times its size: no table does.",
                "Unpack it, if it is sound.",
            )
        yield line


def _most_characters(path: Path, *, zipped: bool) -> float:
    """How many characters a file may hold."""
    return max(_MOST_UNPACKED, _MOST_GROWTH * path.stat().st_size) if zipped else math.inf


@contextmanager
def _opened(path: Path, *, zipped: bool) -> Iterator[IO[str]]:
    """A text file, unpacked and decoded."""
    with path.open("rb") as raw:
        buffered = io.BufferedReader(gzip.GzipFile(fileobj=raw)) if zipped else raw
        mark = buffered.peek(2)[:2]
        encoding = "utf-16" if mark in _UTF16 else "utf-8-sig"
        with io.TextIOWrapper(buffered, encoding=encoding, newline="") as text:
            yield text


def _csv_table(path: Path, label: str, *, zipped: bool) -> SourceTable:
    """A delimited text file; the delimiter is the one that splits its first line most."""
    with _reading(path, label, zipped=zipped) as text:
        start = text.read(_LONGEST_HEADER)
    if "\0" in start:
        raise DataError(f"{label} does not hold text.", "Give a CSV or Parquet file.")
    if not start.strip():
        raise DataError(f"{label} is empty.", "Check that the export worked.")
    if len(start) == _LONGEST_HEADER and not {"\n", "\r"} & set(start):
        raise DataError(
            f"{label}, line 1 has more than {_LONGEST_HEADER - 1:,} characters.",
            "The first line must hold the names of the columns.",
        )
    headers = {d: _header(start, d) for d in _DELIMITERS}
    delimiter = max(_DELIMITERS, key=lambda d: len(headers[d]))

    def load(wanted: Sequence[int]) -> Loaded:
        with _reading(path, label, zipped=zipped) as text:
            lines = _lines(text, label, _most_characters(path, zipped=zipped))
            return _rows(lines, delimiter, label, wanted, headers[delimiter])

    return SourceTable(label, "line", tuple(headers[delimiter]), load)


def _header(start: str, delimiter: str) -> list[str]:
    """Fields of the first line that is not blank."""
    try:
        fields = next(filter(None, csv.reader(io.StringIO(start, newline=""), delimiter=delimiter)))
    except (csv.Error, StopIteration):
        return []
    return [field.strip() for field in fields]


def _rows(
    lines: Iterator[str], delimiter: str, label: str, wanted: Sequence[int], names: Sequence[str]
) -> Loaded:
    """All records below the header, with the line each one starts on.

    Args:
        lines: Those of the file.
        delimiter: Between its fields.
        label: The source, for messages.
        wanted: Positions of columns.
        names: Of all columns, as they were when the wanted ones were chosen.
    """
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    width, line = 0, 0
    kept: list[list[str]] = [[] for _ in wanted]  # by column: a list per row is slow to collect
    rows: list[int] = []
    problems: dict[int, str] = {}
    try:
        for record in reader:
            start, line = line + 1, reader.line_num
            if not any(record):
                continue
            if not width:
                if len(record) != len(names):
                    raise DataError(f"{label} was replaced while it was read.", "Run it again.")
                width = len(record)
                continue
            if len(record) != width:
                if not any(field.strip() for field in record):
                    continue
                problems[len(rows)] = f"{len(record)} fields where the header has {width}"
                record.extend([""] * (width - len(record)))
            for values, c in zip(kept, wanted, strict=True):
                values.append(record[c])
            rows.append(start)
    except csv.Error as error:
        raise DataError(f"{label}, line {line + 1}: {_csv_reason(error)}.", _QUOTE_HINT) from None
    columns: dict[int, Column] = dict(zip(wanted, kept, strict=True))
    return Loaded(columns, np.array(rows, dtype=np.int64), problems)


_QUOTE_HINT = 'A field with quotation marks is written "like ""this""".'


def _csv_reason(error: csv.Error) -> str:
    """What the csv module means."""
    text = str(error)
    if "unexpected end of data" in text:
        return "a quotation mark is opened here or later and never closed"
    if "field larger" in text:
        return "a field of more than 131,072 characters, or a quotation mark that is never closed"
    if "NUL" in text:
        return "it is not text"
    return f"this is not CSV ({re.sub(r'line contains ', '', text)})"
