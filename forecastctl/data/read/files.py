"""Read a panel from files of any usual format, a SQL database or the bundled sample.

The steps, each a plain value: bytes (`forecastctl.data.read.blobs`), a table of them
(`SourceTable`), rows of airport, date and passengers (`forecastctl.data.read.layout`), numbers and
days (`forecastctl.data.read.long`), a panel. `forecastctl.data.read.blobs`,
`forecastctl.data.read.sql` and `forecastctl.data.write.targets` alone touch files or databases.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from dataclasses import replace
from typing import TYPE_CHECKING

from forecastctl.data.panel.shared_source import folder_in, table_in
from forecastctl.data.read.blobs import Blob, blob_of_bytes, blobs_of, is_remote
from forecastctl.data.read.columns import airport_column, group_columns
from forecastctl.data.read.encoding import UTF16
from forecastctl.data.read.folders import folder_tables
from forecastctl.data.read.groups import airport_groups
from forecastctl.data.read.html_text import html_tables, looks_like_html
from forecastctl.data.read.json_text import json_table, looks_like_json
from forecastctl.data.read.long import to_panel
from forecastctl.data.read.packed import (
    GZIP,
    is_packed,
    most_unpacked,
    too_much,
    unpacked,
    unpacked_head,
)
from forecastctl.data.read.parquet import STREAM, feather_table, parquet_table
from forecastctl.data.read.sheets import table_of_sheets
from forecastctl.data.read.sql import is_url, sql_table
from forecastctl.data.read.tables import stem_of
from forecastctl.data.read.text import text_table
from forecastctl.data.read.workbooks import OLE, workbook_tables
from forecastctl.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from forecastctl.data.panel.panel import DataSpec, Panel
    from forecastctl.data.read.tables import SourceTable

_PARQUET, _ZIP, _FEATHER = (b"PAR1",), b"PK\x03\x04", (b"ARROW1", b"FEA1", STREAM)
_BOOKS = ("[Content_Types].xml", "mimetype", "content.xml", "xl/workbook.xml")
"""Files that the archives hold which spreadsheets write."""


def read_panel(spec: DataSpec) -> Panel:
    """Read every row of the source; wrong rows are kept and marked.

    Args:
        spec: The source and how to read it.

    Raises:
        DataError: The source cannot be used at all; the message names it, and the line and column
            where there is one.
    """
    return _with_groups(_read_source(spec), spec)


def panel_of(table: SourceTable, spec: DataSpec) -> Panel:
    """The panel of a table in memory, as `read_panel` reads one.

    Raises:
        DataError: It cannot be used at all.
    """
    return _with_groups(to_panel([table], spec), spec)


def _with_groups(panel: Panel, spec: DataSpec) -> Panel:
    """The panel with the groups that a file of their own holds."""
    if spec.group_file is None:
        return panel
    return replace(panel, groups=read_groups(spec, spec.group_file))


def read_groups(spec: DataSpec, file: str) -> dict[str, dict[str, str]]:
    """Read which groups each airport is in, as `airport_groups` returns them.

    Args:
        spec: Name of the airport column, and the columns that count (none: all others).
        file: Path of a file with one row per airport.

    Raises:
        DataError: The file cannot be used, or an airport has two values in one column.
    """
    table = source_tables(file, spec)[0]
    airport = airport_column(table.names, spec.airport, table.label)
    others = [name for i, name in enumerate(table.names) if i != airport and name]
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
    if (table := table_in(source)) is not None:
        raise DataError(
            f"{source} is a table of Spark: the workers of a job read it, and nothing else does.",
            f"Use run, tune, train or forecast with --backend spark, or export {table} to a file.",
        )
    source = folder_in(source)
    if is_url(source) and not is_remote(source):
        return to_panel([sql_table(source, spec.query)], spec)
    return to_panel(source_tables(source, spec), spec)


def source_tables(source: str, spec: DataSpec) -> Sequence[SourceTable]:
    """The tables of a file or folder, whatever its format: several sheets are several tables.

    Args:
        source: A path, ``-`` for standard input, or an address.
        spec: Sheet and encoding, where set.

    Raises:
        DataError: It cannot be read.
    """
    found = blobs_of(source)
    if isinstance(found, Blob):
        return _tables(found, spec)
    return folder_tables(source, found, lambda blob: _one_table(blob, spec))


def _one_table(blob: Blob, spec: DataSpec) -> SourceTable:
    """The table of one file among others: what is below its title, or what its sheets hold."""
    tables = _tables(blob, spec)
    if len(tables) == 1 and sum(map(bool, tables[0].names)) > 1:
        return tables[0]
    of_file = [replace(table, airport=stem_of(blob.label)) for table in tables]
    try:
        return table_of_sheets(of_file, spec).table
    except DataError:
        if len(tables) == 1:
            return tables[0]  # what is wrong with it is said of all files together
        raise


def _tables(blob: Blob, spec: DataSpec) -> Sequence[SourceTable]:
    """The tables of one file, by its first bytes."""
    head = blob.head()
    if is_packed(head) and not (head.startswith(GZIP) and _packs_text(blob)):
        return _tables(unpacked(blob), spec)
    typed = ((_PARQUET, parquet_table), (_FEATHER, feather_table))
    for start, read in typed:
        if head.startswith(start):
            return [read(blob)]
    if head.startswith((_ZIP, OLE)):
        return _of_zip(blob, spec) if head.startswith(_ZIP) else workbook_tables(blob, spec.sheet)
    if looks_like_json(head):
        return [json_table(blob)]
    if looks_like_html(head):
        return html_tables(blob, spec.encoding)
    if b"\0" in head and not head.startswith((*UTF16, GZIP)) and not _every_other(head):
        raise DataError(f"{blob.label} is not text.", "Give a CSV, Excel or Parquet file.")
    return [text_table(blob, spec.encoding)]


def _packs_text(blob: Blob) -> bool:
    """Whether a file packs delimited text, which is unpacked as it is read; or is damaged."""
    inner = unpacked_head(blob)
    return not (
        inner.startswith((*_PARQUET, _ZIP, *_FEATHER, OLE))
        or looks_like_json(inner)
        or is_packed(inner)
    )


def _every_other(head: bytes) -> bool:
    """Whether every other byte is zero: letters in UTF-16 without its mark."""
    return any(not any(head[i::2]) and all(head[1 - i :: 2]) for i in (0, 1))


def _of_zip(blob: Blob, spec: DataSpec) -> Sequence[SourceTable]:
    """The tables of a workbook, of the one file in an archive, or of all of them together."""
    try:
        with zipfile.ZipFile(io.BytesIO(blob.read())) as archive:
            names = archive.namelist()
            if any(name in _BOOKS for name in names):
                return workbook_tables(blob, spec.sheet)
            members = [i for i in archive.infolist() if i.file_size and _counts(i.filename)]
            if sum(member.file_size for member in members) > most_unpacked(blob.size):
                raise too_much(blob.label)
            files = [
                (m.filename, blob_of_bytes(f"{blob.label}: {m.filename}", archive.read(m)))
                for m in members
            ]
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError, zlib.error) as error:
        reason = str(error).rstrip(".")
        raise DataError(
            f"{blob.label} is not a readable zip archive: {reason}.", "Unpack it, or copy it again."
        ) from None
    if len(files) == 1:
        return _tables(replace(files[0][1], label=blob.label), spec)
    return folder_tables(blob.label, files, lambda inner: _one_table(inner, spec))


def _counts(name: str) -> bool:
    """Whether a file of an archive is data rather than what a system adds to it."""
    return not any(part.startswith((".", "_")) for part in name.split("/"))


def _sample(spec: DataSpec) -> Panel:
    from forecastctl.data.panel.build import from_frame
    from forecastctl.data.read.sample import sample_panel

    if spec.groups and spec.group_file is None:
        hint = "Give the groups with --groups-from FILE."
        raise DataError("The sample has no columns of groups.", hint)
    frame = sample_panel()
    return from_frame(frame["airport"], frame["date"], frame["passengers"], spec, "sample")
