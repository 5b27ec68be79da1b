"""JSON and JSON lines as tables: whichever of the usual ways of writing a table they hold."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from forecastctl.data.read.cells import is_date
from forecastctl.data.read.columns import usual_name
from forecastctl.data.read.tables import Column, SourceTable, column_of, table_of_columns
from forecastctl.errors import DataError

if TYPE_CHECKING:
    from forecastctl.data.read.blobs import Blob

_SHORT = 5
"""Digits below which keys count rows rather than name dates."""
_ENVELOPES = (
    *("data", "records", "results", "rows", "items", "value", "values", "features", "observations"),
)
_IN = "\0"
"""Between the name of a record and that of a value in it."""
_OUTER = ("result", "response", "body", "payload", "data")
"""Names of what is around a table, and of what is around that."""


def looks_like_json(head: bytes) -> bool:
    """Whether the first bytes of a file begin a list or an object."""
    start = head.decode(json.detect_encoding(head), "replace").lstrip("\ufeff \t\r\n")
    return start[:1] == "{" or (start[:1] == "[" and start[1:].lstrip()[:1] in ("[", "{"))


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
    content = blob.read()
    try:
        return content.decode(json.detect_encoding(content)).removeprefix("\ufeff")
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
            found = _of_lists([[_name(n) for n in names], *inner], label)
            index = content.get("index")
            return _with_index(index, *found) if isinstance(index, list) else found
        if inner is not None:
            return _table(inner, label)
        outer = next((content[k] for k in _OUTER if isinstance(content.get(k), dict)), None)
        if outer and any(isinstance(outer.get(k), list) for k in _ENVELOPES):
            return _table(outer, label)
        if content and all(isinstance(v, list | dict) for v in content.values()):
            return _of_columns(content, label)
        content = [content]
    return _of_list(content, label)


def _of_list(content: Any, label: str) -> tuple[list[str], list[Column]]:
    """Names and columns of a list of records, or of a header and rows."""
    if isinstance(content, list) and content and all(isinstance(r, dict) for r in content):
        content = [flat for record in content for flat in _flat(record)]
        names = list(dict.fromkeys(name for record in content for name in record))
        columns = [_column([record.get(name) for record in content]) for name in names]
        return _last_names(names), columns
    if _is_page(content):
        return _table(content[1], label)
    if isinstance(content, list) and content and all(isinstance(r, list) for r in content):
        return _of_lists(content, label)
    raise _no_table(label)


def _is_page(content: Any) -> bool:
    """Whether a list holds what is known of some records, and then the records."""
    return (
        isinstance(content, list)
        and len(content) == 2  # noqa: PLR2004 - as said
        and isinstance(content[0], dict)
        and isinstance(content[1], list)
    )


def _flat(record: dict[str, Any]) -> list[dict[str, Any]]:
    """A record without records in it: those of one become columns, those of a list rows."""
    plain: dict[str, Any] = {}
    rows: list[dict[str, Any]] = []
    for name, value in record.items():
        if isinstance(value, dict):
            plain |= {f"{name}{_IN}{k}": v for inner in _flat(value)[:1] for k, v in inner.items()}
        elif isinstance(value, list) and value and all(isinstance(v, dict) for v in value):
            rows = rows or [flat for inner in value for flat in _flat(inner)]
        else:
            plain[name] = value
    return [{**plain, **row} for row in rows] or [plain]


def _last_names(names: list[str]) -> list[str]:
    """Names of inner values without the outer ones, where they stay different."""
    last = [name.rpartition(_IN)[2] for name in names]
    pairs = zip(names, last, strict=True)
    return [short if last.count(short) == 1 else name.replace(_IN, ".") for name, short in pairs]


def _name(column: Any) -> str:
    return str(column.get("name", "")) if isinstance(column, dict) else str(column)


def _of_lists(rows: list[list[Any]], label: str) -> tuple[list[str], list[Column]]:
    """A header and rows below it."""
    names, width = [str(n) for n in rows[0]], len(rows[0])
    if any(len(row) != width for row in rows):
        raise _no_table(label)
    return names, [_column([row[c] for row in rows[1:]]) for c in range(width)]


def _of_columns(content: dict[str, Any], label: str) -> tuple[list[str], list[Column]]:
    """Columns by name, each a list, or values by their row; or rows by their key."""
    outer, inner = list(content), [list(v) for v in content.values() if isinstance(v, dict)]
    of_rows = len(inner) == len(outer) and (_are_columns(inner[0]) or _dated(outer))
    if of_rows and all(isinstance(v, dict) for v in content.values()):
        names = list(dict.fromkeys(name for row in content.values() for name in row))
        columns = [[row.get(name) for row in content.values()] for name in names]
        return _with_index(outer, names, [_column(c) for c in columns])
    columns = [list(v.values()) if isinstance(v, dict) else v for v in content.values()]
    if len({len(c) for c in columns}) != 1:
        raise _no_table(label)
    found = [_column(c) for c in columns]
    if len(inner) == len(outer) and all(keys == inner[0] for keys in inner):
        return _with_index(inner[0], outer, found)
    return outer, found


def _are_columns(names: list[str]) -> bool:
    """Whether the keys of an object are names of columns."""
    return any(usual_name(role, name) for role in ("date", "value") for name in names)


def _dated(keys: list[str]) -> bool:
    """Whether all keys are dates."""
    return bool(keys) and all(map(is_date, keys)) and not all(len(key) < _SHORT for key in keys)


def _with_index(
    keys: list[Any], names: list[str], columns: list[Column]
) -> tuple[list[str], list[Column]]:
    """A table with the keys of its rows as a column, unless they only count them."""
    texts = [str(key) for key in keys]
    counted = texts == [str(i) for i in range(len(texts))]
    if counted or len(keys) != len(columns[0]) or _are_columns(names):
        return names, columns
    return ["date" if _dated(texts) else "airport", *names], [texts, *columns]


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
