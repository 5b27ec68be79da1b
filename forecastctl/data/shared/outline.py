"""Which files a folder of Parquet has, which of their columns count, and whose rows are where."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import numpy as np

from forecastctl.data.read.columns import find_columns
from forecastctl.data.shared.table import Chunk, Columns, Piece, Where, coded, open_parquet
from forecastctl.errors import DataError
from forecastctl.redaction import masked

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from forecastctl.data.panel.panel import DataSpec

_ENDINGS = (".parquet", ".pq", ".parq")
_NO_VALUE = "__HIVE_DEFAULT_PARTITION__"
_MOST, _LEAST, _AIRPORTS = 200_000, 50, 1_000
"""Rows that are read together at most, unless one airport has more, and at least; airports at most.
"""
_EACH = 4
"""Groups of airports for each worker, so that none waits long for the last ones."""
_HINT = (
    "Write it long: a text column of airports, a date, and a number of passengers. --data without "
    "'parquet:' reads any other form, here and whole."
)

_SQL = "A view can bring it into this form: a text of airports, a date, and a number of passengers."


@dataclass(frozen=True, slots=True)
class Held:
    """What a row group holds.

    Attributes:
        rows: How many rows.
        airports: Airports in it, in order of first appearance.
    """

    rows: int
    airports: tuple[str, ...]


def files_of(folder: str) -> list[str]:
    """The files of Parquet below a folder or an address, in the order in which they are read.

    Raises:
        DataError: There is no such place, or no such file in it.
    """
    from pyarrow import fs

    label = masked(folder)
    try:
        if "://" in folder:
            system, place = fs.FileSystem.from_uri(folder)
            scheme = folder.partition("://")[0] + "://"
            scheme = folder.removesuffix(place) if folder.endswith(place) else scheme
        else:
            system, place, scheme = fs.LocalFileSystem(), folder, ""
        info = system.get_file_info(place)
        if info.type == fs.FileType.File:
            return [folder]
        missing = info.type == fs.FileType.NotFound
        found = [] if missing else system.get_file_info(fs.FileSelector(place, recursive=True))
    except (OSError, ValueError) as error:
        reason = str(error).strip().partition("\n")[0].rstrip(".")
        raise DataError(f"{label} cannot be read: {reason}.", "Check the address.") from None
    if missing:
        hint = "Name a folder on storage that this machine and every worker see at the same path."
        raise DataError(f"There is no folder {label}.", hint)
    kept = [f for f in found if f.type == fs.FileType.File and f.size and _counts(f.path, place)]
    if not kept:
        raise DataError(f"{label} holds no file of Parquet.", _HINT)
    return [scheme + file.path for file in sorted(kept, key=lambda f: _order(f.path, place))]


def _counts(path: str, place: str) -> bool:
    parts = path[len(place) :].strip("/").split("/")
    return path.endswith(_ENDINGS) and not any(part.startswith((".", "_")) for part in parts)


def _order(path: str, place: str) -> list[tuple[bool, str]]:
    """The files of a folder before those of the folders in it, each by name."""
    *folders, name = path[len(place) :].strip("/").split("/")
    return [*((True, folder) for folder in folders), (False, name)]


def columns_of(path: str, folder: str, spec: DataSpec) -> Columns:
    """The columns that count, by the first file.

    Args:
        path: The file.
        folder: The folder as it was named.
        spec: Names of columns, where set.

    Raises:
        DataError: One is missing, may be several, or is of no such type.
    """
    import pyarrow as pa

    label = masked(folder)
    schema = open_parquet(path).schema_arrow
    of_path = [name for name in _of_path(path, folder) if name not in schema.names]
    names = [*map(str, schema.names), *of_path]
    at = find_columns(names, spec, label)
    if at.date is None:
        raise DataError(f"{label} holds the date in two columns.", _HINT)
    found = Columns(
        label, names[at.airport], names[at.date], names[at.value], names[at.airport] in of_path
    )
    _refuse_others(names, 3, spec, label)
    for role, name, right in (
        ("date", found.date, pa.types.is_temporal),
        ("value", found.value, _is_number),
        ("airport", found.airport, _is_name),
    ):
        if name not in schema.names and not (role == "airport" and found.in_path):
            raise DataError(f"{label}: the column {name!r} is in no file.", _HINT)
        if name in schema.names and not right(schema.field(name).type):
            kind = schema.field(name).type
            raise DataError(f"{label}: the column {name!r} holds {kind}, no {role}.", _HINT)
    return found


def typed_columns(
    found: Sequence[tuple[str, str]], spec: DataSpec, label: str
) -> tuple[str, str, str]:
    """The columns of airport, date and passengers among those of a table of SQL, with their types.

    Args:
        found: Names and types, such as ``("month", "date")``.
        spec: Names of columns, where set.
        label: The table, for messages.

    Raises:
        DataError: One is missing, may be several, or is of no such type.
    """
    names = [name for name, _ in found]
    at = find_columns(names, spec, label)
    if at.date is None:
        raise DataError(f"{label} holds the date in two columns.", _SQL)
    kinds = dict(found)
    for role, name, right in (
        ("date", names[at.date], ("date", "timestamp")),
        (
            "number",
            names[at.value],
            ("tinyint", "smallint", "int", "bigint", "float", "double", "decimal"),
        ),
        ("name", names[at.airport], ("string", "varchar", "char", "int", "bigint")),
    ):
        if not kinds[name].startswith(right):
            raise DataError(f"{label}: the column {name!r} holds {kinds[name]}, no {role}.", _SQL)
    _refuse_others(names, 3, spec, label)
    return names[at.airport], names[at.date], names[at.value]


def _refuse_others(names: Sequence[str], wanted: int, spec: DataSpec, label: str) -> None:
    """Refuse to add rows up where another column may say that some are sums of others."""
    if len(names) > wanted and spec.duplicates in ("sum", "mean"):
        raise DataError(
            f"{label} has other columns, of which one may hold sums of others: duplicates = "
            f"{spec.duplicates} is not done by the workers.",
            "Add the rows of a period up when the table is written, or export it to a file.",
        )


def _is_number(kind: Any) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind))


def _is_name(kind: Any) -> bool:
    import pyarrow as pa

    kind = kind.value_type if pa.types.is_dictionary(kind) else kind
    return bool(
        pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_integer(kind)
    )


def _of_path(path: str, folder: str) -> dict[str, str]:
    """Columns that the folders of a path name, as Hive does."""
    parts = path.removeprefix(folder.rstrip("/")).split("/")[:-1]
    pairs = (part.split("=", 1) for part in parts if "=" in part)
    return {unquote(k): "" if v == _NO_VALUE else unquote(v) for k, v in pairs}


def outline(paths: Sequence[str], columns: Columns, folder: str) -> list[list[Held]]:
    """What each row group of some files holds: done by workers.

    Args:
        paths: The files.
        columns: Those that count.
        folder: The folder as it was named.

    Raises:
        DataError: A file lacks a column, or has rows without an airport.
    """
    found = []
    for path in paths:
        file = open_parquet(path)
        lacking = [name for name in columns.read if name not in file.schema_arrow.names]
        if lacking:
            raise DataError(f"{masked(path)} has no column {lacking[0]!r}.", _HINT)
        named = _of_path(path, folder).get(columns.airport, "") if columns.in_path else None
        groups = []
        for group in range(file.metadata.num_row_groups):
            rows = file.metadata.row_group(group).num_rows
            airports = (named,) if named is not None else _airports(file, group, columns)
            if "" in airports or None in airports:
                raise DataError(
                    f"{masked(path)} has rows without an airport.", "Give each row its airport."
                )
            groups.append(Held(rows, tuple(map(str, airports))))
        found.append(groups)
    return found


def _airports(file: Any, group: int, columns: Columns) -> tuple[str | None, ...]:
    """Airports of a row group in order of first appearance, ``None`` where a row has none."""
    texts, places = coded(file.read_row_group(group, [columns.airport]).column(columns.airport))
    return (*texts, *([None] if np.any(places < 0) else []))


def chunks_of(
    columns: Columns, files: Iterable[tuple[str, list[Held]]], workers: int
) -> tuple[list[Chunk], int]:
    """The airports of a table in groups that are read together, and the number of its rows.

    Args:
        columns: Those that count.
        files: Each file in order, with what its row groups hold.
        workers: How many read at the same time.
    """
    pieces: dict[str, list[tuple[Piece, float]]] = {}
    rows = 0
    for path, groups in files:
        for number, held in enumerate(groups):
            piece = Piece(path, number, rows)
            rows += held.rows
            for airport in held.airports:
                share = held.rows / len(held.airports)
                pieces.setdefault(airport, []).append((piece, share))
    most = min(max(rows // (_EACH * workers), _LEAST), _MOST)
    chunks: list[Chunk] = []
    wheres: list[Where] = []
    size = 0.0
    for airport, found in pieces.items():
        own = sum(share for _, share in found)
        if wheres and (size + own > most or len(wheres) >= _AIRPORTS):
            chunks.append(Chunk(columns, tuple(wheres)))
            wheres, size = [], 0.0
        wheres.append(Where(airport, tuple(piece for piece, _ in found)))
        size += own
    chunks.append(Chunk(columns, tuple(wheres)))
    return chunks, rows
