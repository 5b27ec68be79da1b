"""Tables of several files: parts that Spark writes, hive partitions, a file for each airport."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from itertools import takewhile
from pathlib import PurePosixPath
from typing import TYPE_CHECKING
from urllib.parse import unquote

import numpy as np

from forecastctl.data.read.columns import YEAR_NAMES, plain_name, usual_name
from forecastctl.data.read.tables import Column, Loaded, SourceTable, texts_of
from forecastctl.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from forecastctl.data.read.blobs import Blob

_LISTED = 3
_NO_VALUE = "__HIVE_DEFAULT_PARTITION__"
_SUFFIXES = (
    *(".parquet", ".csv", ".tsv", ".txt", ".feather", ".arrow", ".json", ".jsonl", ".ndjson"),
    *(
        ".gz",
        ".bz2",
        ".xz",
        ".zst",
        ".lz4",
        ".zip",
        ".xlsx",
        ".xls",
        ".ods",
        ".xlsb",
        ".html",
        ".htm",
        ".pq",
        ".tab",
    ),
)
_ENDINGS = re.compile(rf"(?:{'|'.join(map(re.escape, _SUFFIXES))})+$", re.IGNORECASE)


def folder_tables(
    label: str, files: Sequence[tuple[str, Blob]], read: Callable[[Blob], SourceTable]
) -> list[SourceTable]:
    """One table of all files, with the columns that the path names (``airport=JFK``).

    Where dates or passengers are in no column of their own, each file is a table: what its name
    says, such as a year, is part of it.

    Args:
        label: The folder.
        files: Path below it, and content.
        read: Reads one of them.

    Raises:
        DataError: There is no file of data.
    """
    usable = [f for f in files if PurePosixPath(f[0]).suffix.lower() in _SUFFIXES] or list(files)
    usable = [f for f in usable if PurePosixPath(f[0]).suffix.lower() != ".txt"] or usable
    if not usable:
        raise DataError(
            f"{label} is a directory without a file of data.", "Name a file, or another directory."
        )
    suffix = Counter(PurePosixPath(name).suffix for name, _ in usable).most_common(1)[0][0]
    others = [name for name, _ in usable if PurePosixPath(name).suffix != suffix]
    usable = [(name, blob) for name, blob in usable if PurePosixPath(name).suffix == suffix]
    tables = [read(blob) for _, blob in usable]
    paths = [_of_path(name) for name, _ in usable]
    own = list(dict.fromkeys(name for table in tables for name in table.names))
    from_path = list(dict.fromkeys(k for path in paths for k in path if k not in own))
    if not from_path and len(tables) > 1 and not _is_long(own):
        return _one_by_one(label, [name for name, _ in usable], tables, _of_others(others, suffix))
    if not from_path and len(tables) > 1 and _lacks_airport(own):
        paths = [{"airport": PurePosixPath(name).name.partition(".")[0]} for name, _ in usable]
        from_path = ["airport"]
    names = (*own, *from_path)

    def load(wanted: Sequence[int]) -> Loaded:
        parts = [
            _part(table, path, [names[c] for c in wanted])
            for table, path in zip(tables, paths, strict=True)
        ]
        columns = {c: _joined([part[0][names[c]] for part in parts]) for c in wanted}
        problems: dict[int, str] = {}
        n = 0
        for _, part in parts:
            problems |= {n + i: text for i, text in part.problems.items()}
            n += len(part.rows)
        return Loaded(columns, np.arange(1, n + 1, dtype=np.int64), problems)

    formats = tables[0].facts.get("format", "")
    facts = {"format": f"{len(tables):,} files of {formats}" if len(tables) > 1 else formats}
    notes = (*_of_others(others, suffix), *(note for table in tables for note in table.notes))
    notes = tuple(dict.fromkeys(notes))
    return [
        SourceTable(
            label, "row", names, load, delimiter=tables[0].delimiter, facts=facts, notes=notes
        )
    ]


def _is_long(names: Sequence[str]) -> bool:
    """Whether dates and passengers have a column."""
    dated = any(usual_name("date", n) or plain_name(n) in YEAR_NAMES for n in names)
    return dated and any(usual_name("value", n) for n in names)


def _one_by_one(
    label: str, files: Sequence[str], tables: Sequence[SourceTable], notes: tuple[str, ...]
) -> list[SourceTable]:
    """Tables that are called as their files are, without what all of these begin with."""
    stems = [_ENDINGS.sub("", name) for name in files]
    same = takewhile(lambda pair: pair[0] == pair[1], zip(min(stems), max(stems), strict=False))
    begin = "".join(takewhile(lambda c: not c.isdigit(), (c for c, _ in same)))
    begin = begin[: max(begin.rfind(mark) for mark in "_- ./") + 1]
    return [
        replace(
            table,
            label=label,
            sheet=stem.removeprefix(begin),
            part="file",
            notes=(*table.notes, *notes),
        )
        for stem, table in zip(stems, tables, strict=True)
    ]


def _of_others(names: Sequence[str], suffix: str) -> tuple[str, ...]:
    """The sentence about files that end otherwise than most."""
    if not names:
        return ()
    more = f" and {len(names) - _LISTED:,} more" if len(names) > _LISTED else ""
    listed = ", ".join(map(repr, names[:_LISTED]))
    return (f"files that do not end in {suffix} are left out: {listed}{more}",)


def _of_path(name: str) -> dict[str, str]:
    """Columns that the folders of a path name, as Hive does."""
    pairs = (part.split("=", 1) for part in name.split("/")[:-1] if "=" in part)
    return {unquote(k): "" if v == _NO_VALUE else unquote(v) for k, v in pairs}


def _lacks_airport(names: Sequence[str]) -> bool:
    """Whether all that is missing is the airport, which may then be the name of the file."""
    has = {role: any(usual_name(role, n) for n in names) for role in ("airport", "date", "value")}
    return has["date"] and has["value"] and not has["airport"]


def _part(
    table: SourceTable, path: dict[str, str], names: Sequence[str]
) -> tuple[dict[str, Column], Loaded]:
    """Some columns of one file, those of its path among them; blank where it has none."""
    positions = [table.names.index(n) for n in names if n in table.names]
    loaded = table.load(positions or [0])
    n = len(loaded.rows)
    found: dict[str, Column] = {table.names[c]: loaded.columns[c] for c in positions}
    return {name: found.get(name, [path.get(name, "")] * n) for name in names}, loaded


def _joined(columns: Sequence[Column]) -> Column:
    """Columns one below the other, as text where their types differ."""
    filled = [c for c in columns if len(c)]
    kinds = {"text" if isinstance(c, list) else c.dtype.kind for c in filled}
    if len(kinds) == 1 and "text" not in kinds:
        return np.concatenate([c for c in filled if not isinstance(c, list)])
    return [text for column in filled for text in texts_of(column)]
