"""JSON and JSON lines as tables: whichever of the usual ways of writing a table they hold."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from forecastctl.data.read.tables import Column, SourceTable, column_of, table_of_columns
from forecastctl.errors import DataError
from forecastctl.records.written_dates import read_date

if TYPE_CHECKING:
    from forecastctl.data.read.blobs import Blob

_ENVELOPES = ("data", "records", "results", "rows", "items", "value", "values")


def looks_like_json(head: bytes) -> bool:
    """Whether the first bytes of a file begin a list or an object."""
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    return start[:1] == b"{" or (start[:1] == b"[" and start[1:].lstrip()[:1] in b"[{")


def json_table(blob: Blob) -> SourceTable:
    """Records (a list, or one a line), columns, or ``columns`` and ``data``.

    Raises:
        DataError: It is no JSON, or no table.
    """
    text = _text(blob)
    try:
        content, form = json.loads(text), "JSON"
    except (ValueError, RecursionError) as error:
        content, form = _lines(text, blob.label, error), "JSON lines"
    names, columns = _table(content, blob.label)
    return table_of_columns(blob.label, names, columns, facts={"format": form})


def _text(blob: Blob) -> str:
    try:
        return blob.read().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise DataError(f"{blob.label} is not UTF-8 text, as JSON must be.") from None


def _lines(text: str, label: str, error: Exception) -> list[Any]:
    """The records of JSON lines."""
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            try:
                found.append(json.loads(line))
            except (ValueError, RecursionError):
                reason = f"line {number} is no JSON object" if found else str(error)
                raise DataError(
                    f"{label} is not JSON: {reason}.", "Check that it was written completely."
                ) from None
    return found


def _table(content: Any, label: str) -> tuple[list[str], list[Column]]:
    """Names and columns of a table that JSON holds."""
    if isinstance(content, dict):
        inner = next((content[k] for k in _ENVELOPES if isinstance(content.get(k), list)), None)
        names = content.get("columns")
        if isinstance(names, list) and inner and all(isinstance(r, list) for r in inner):
            return _of_lists([[_name(n) for n in names], *inner], label)
        if inner is not None:
            return _table(inner, label)
        if content and all(isinstance(v, list | dict) for v in content.values()):
            return _of_columns(content, label)
        content = [content]
    if isinstance(content, list) and content and all(isinstance(r, dict) for r in content):
        names = list(dict.fromkeys(name for record in content for name in record))
        return names, [_column([record.get(name) for record in content]) for name in names]
    if isinstance(content, list) and content and all(isinstance(r, list) for r in content):
        return _of_lists(content, label)
    raise _no_table(label)


def _name(column: Any) -> str:
    return str(column.get("name", "")) if isinstance(column, dict) else str(column)


def _of_lists(rows: list[list[Any]], label: str) -> tuple[list[str], list[Column]]:
    """A header and rows below it."""
    names, width = [str(n) for n in rows[0]], len(rows[0])
    if any(len(row) != width for row in rows):
        raise _no_table(label)
    return names, [_column([row[c] for row in rows[1:]]) for c in range(width)]


def _of_columns(content: dict[str, Any], label: str) -> tuple[list[str], list[Column]]:
    """Columns by name, each a list, or values by their row."""
    columns = [list(v.values()) if isinstance(v, dict) else v for v in content.values()]
    if len({len(c) for c in columns}) != 1:
        raise _no_table(label)
    names, found = list(content), [_column(c) for c in columns]
    keys = [list(v) for v in content.values() if isinstance(v, dict)]
    dated = keys and not any(k.isdecimal() or isinstance(read_date(k), str) for k in keys[0])
    if dated and len(keys) == len(columns) and all(k == keys[0] for k in keys):
        return ["date", *names], [list(keys[0]), *found]
    return names, found


def _column(values: list[Any]) -> Column:
    """Numbers where all are, text otherwise; whole numbers are floats where one is missing."""
    numbers = all(v is None or (isinstance(v, int | float) and v is not True) for v in values)
    if numbers and any(isinstance(v, float) for v in values):
        return column_of([None if v is None else float(v) for v in values])
    return column_of(values)


def _no_table(label: str) -> DataError:
    return DataError(
        f"{label} is JSON, but no table.",
        'Write a list of records, such as [{"airport": "JFK", "date": "2012-10", '
        '"passengers": 4127093}].',
    )
