"""Delimited text: its encoding, its delimiter and its records."""

from __future__ import annotations

import csv
import gzip
import io
import re
import zlib
from collections import Counter
from contextlib import contextmanager, suppress
from dataclasses import replace
from itertools import islice
from typing import IO, TYPE_CHECKING

import numpy as np

from forecastctl.data.read.encoding import binary, encoding_of, most_characters, not_in
from forecastctl.data.read.packed import GZIP, too_much
from forecastctl.data.read.tables import Cells, Column, Loaded, SourceTable, texts_of
from forecastctl.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from forecastctl.data.read.blobs import Blob

DELIMITERS = (",", ";", "\t", "|")
_LONGEST_HEADER = 2**16
_LONGEST_LINE = 2**20
"""Characters of one line at most."""
_SNIFFED = 500
"""Records by which the delimiter is chosen where the first line is no header."""
_PIECE = 2**20
_SHOWN_CODES = {
    "utf-8-sig": "UTF-8",
    "utf-16": "UTF-16",
    "utf-16-le": "UTF-16",
    "utf-16-be": "UTF-16",
}
_GUESSED_NOTE = (
    "the text is not UTF-8 and was read as {}: check how names are spelt, or set [data] encoding"
)
_COLUMNS = (re.compile(r"[^\S\u00a0\u202f]{2,}"), re.compile(r"[^\S\u00a0\u202f]+"))
"""Blanks between columns of one width, and between words."""
_LEAST_COLUMNS, _NEARLY_ALL = 3, 0.9
_SEP = re.compile(r"\s*sep=(.)\s*$", re.IGNORECASE)
_QUOTE_HINT = 'A field with quotation marks is written "like ""this""".'


def text_table(blob: Blob, encoding: str | None) -> SourceTable:
    """A delimited text file; the delimiter is the one that splits its first line most.

    Args:
        blob: The file, packed by gzip or not.
        encoding: As set; ``None`` is UTF-8 or UTF-16, and what the bytes look like where it is not.

    Raises:
        DataError: It is no text, or empty.
    """
    zipped = blob.head().startswith(GZIP)
    code = encoding or encoding_of(blob, zipped=zipped)
    with _reading(blob, code, zipped=zipped) as text:
        start = text.read(_LONGEST_HEADER)
    _check_start(start, blob.label)
    headers = {d: _header(start, d) for d in DELIMITERS}
    delimiter = max(DELIMITERS, key=lambda d: len(headers[d]))

    formulas = '="' in start

    def load(wanted: Sequence[int]) -> Loaded:
        with _reading(blob, code, zipped=zipped) as text:
            lines = _lines(text, blob.label, most_characters(blob, zipped=zipped))
            found = _rows(lines, delimiter, blob.label, wanted, headers[delimiter])
        if formulas:
            columns = {c: _without_formulas(texts_of(v)) for c, v in found.columns.items()}
            return replace(found, columns=dict(columns))
        return found

    def cells() -> Cells:
        with _reading(blob, code, zipped=zipped) as text:
            lines = list(_lines(text, blob.label, most_characters(blob, zipped=zipped)))
        found = _all_rows(lines)
        if formulas:
            return replace(found, rows=[_without_formulas(row) for row in found.rows])
        return found

    facts = {"format": f"text in {_SHOWN_CODES.get(code, code)}"}
    notes = () if code in _SHOWN_CODES or encoding else (_GUESSED_NOTE.format(code),)
    names = tuple(_without_formulas(headers[delimiter]))
    return SourceTable(
        blob.label, "line", names, load, cells, delimiter=delimiter, facts=facts, notes=notes
    )


def _without_formulas(texts: Sequence[str]) -> list[str]:
    """Texts without what keeps Excel from changing them: ``="007"``."""
    return [t[2:-1] if t.startswith('="') and t.endswith('"') else t for t in texts]


def _check_start(start: str, label: str) -> None:
    """Refuse what is no table in its first characters already."""
    if "\0" in start:
        raise DataError(f"{label} does not hold text.", "Give a CSV or Parquet file.")
    if not start.strip():
        raise DataError(f"{label} is empty.", "Check that the export worked.")
    if len(start) == _LONGEST_HEADER and not {"\n", "\r"} & set(start):
        raise DataError(
            f"{label}, line 1 has more than {_LONGEST_HEADER - 1:,} characters.",
            "The first line must hold the names of the columns.",
        )


@contextmanager
def _reading(blob: Blob, code: str, *, zipped: bool) -> Iterator[IO[str]]:
    """Open text, and turn what goes wrong while it is read into one clear error."""
    label = blob.label
    try:
        with binary(blob, zipped) as raw, io.TextIOWrapper(raw, code, newline="") as text:
            yield text
    except UnicodeError:
        raise not_in(blob, zipped, code) from None
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise DataError(
            f"{label} is a damaged gzip file: {error}.", "Copy or download it again."
        ) from None
    except OSError as error:
        raise DataError(f"{label} cannot be read: {error.strerror or error}.") from None


def _delimiter(lines: list[str]) -> tuple[str, int]:
    """The delimiter that splits most lines alike, and how many lines come before the table."""
    said = _SEP.match(lines[0]) if lines else None
    if said:
        return said[1], 1
    scores = {}
    for delimiter in DELIMITERS:
        widths: Counter[int] = Counter()
        with suppress(csv.Error):
            widths.update(map(len, islice(csv.reader(lines, delimiter=delimiter), _SNIFFED)))
        scores[delimiter] = max(
            ((n * (width > 1), width) for width, n in widths.items()), default=(0, 0)
        )
    return max(DELIMITERS, key=lambda d: scores[d]), 0


def _blanks(lines: list[str]) -> re.Pattern[str] | None:
    """The blanks that split nearly all lines alike, where the header holds no delimiter."""
    some = [line.strip() for line in lines[:_SNIFFED] if line.strip()]
    if not some or any(delimiter in some[0] for delimiter in DELIMITERS):
        return None
    for pattern in _COLUMNS:
        width = len(pattern.split(some[0]))
        alike = sum(len(pattern.split(line)) == width for line in some)
        if width >= _LEAST_COLUMNS and alike >= _NEARLY_ALL * len(some):
            return pattern
    return None


def _all_rows(lines: list[str]) -> Cells:
    """All records that are not blank, wherever the header is."""
    blanks = _blanks(lines)
    if blanks:
        split = {n: blanks.split(line.strip()) for n, line in enumerate(lines, 1) if line.strip()}
        return Cells(list(split.values()), list(split), " ")
    delimiter, skipped = _delimiter(lines)
    lines = lines[skipped:]
    reader = csv.reader(lines, delimiter=delimiter)
    rows, numbers, line = [], [], skipped
    try:
        for record in reader:
            start, line = line + 1, skipped + reader.line_num
            if any(field.strip() for field in record):
                rows.append(record)
                numbers.append(start)
    except csv.Error:
        pass  # what can be read is looked at; the strict reader says what is wrong
    return Cells(rows, numbers, delimiter)


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
            raise too_much(label)
        yield line


def _header(start: str, delimiter: str) -> list[str]:
    """Fields of the first line that is not blank, without blank ones at the end."""
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
                if any(field.strip() for field in record[width:]) or len(record) < width:
                    problems[len(rows)] = f"{len(record)} fields where the header has {width}"
                record.extend([""] * (width - len(record)))
            for values, c in zip(kept, wanted, strict=True):
                values.append(record[c])
            rows.append(start)
    except csv.Error as error:
        raise DataError(f"{label}, line {line + 1}: {_csv_reason(error)}.", _QUOTE_HINT) from None
    columns: dict[int, Column] = dict(zip(wanted, kept, strict=True))
    return Loaded(columns, np.array(rows, dtype=np.int64), problems)


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
