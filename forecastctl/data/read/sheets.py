"""The one table of a source: of several sheets the one that holds passengers, or all together.

A workbook with a sheet for each airport, year or month is one table, and so is a folder with a file
for each year or month; what the name of a sheet says
is a column of it. Sheets that hold the same airports and dates are not: one of them is asked for.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from forecastctl.data.panel.frequency import NO_DAY
from forecastctl.data.read.columns import ColumnPositions, plain_name
from forecastctl.data.read.dates import parse_dates
from forecastctl.data.read.layout import LaidOut, laid_out
from forecastctl.data.read.tables import Loaded, SourceTable, stem_of, texts_of
from forecastctl.data.read.workbooks import ALL
from forecastctl.data.read.year_parts import parse_year_parts
from forecastctl.errors import DataError
from forecastctl.records.written_dates import single

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from forecastctl.data.panel.panel import DataSpec

_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)", re.ASCII)
_NO_AIRPORT = re.compile(
    r"(?:sheet|tabelle|feuil|hoja|foglio|planilha|blad|ark|taul|arkusz|лист|list|munka|sayfa|"
    r"シート|工作表)\s*\d*|.*\b(?:cargo|freight|fracht|fret|carga|mail|movements?|flights?|"
    r"passengers?|passagiere|pax|tonnes|atm|arrivals?|departures?|domestic|international|transit|data|daten|raw|pivot)\b.*",
    re.IGNORECASE,
)
"""Names that spreadsheets give to sheets, and words for what is counted."""
_NAMED = 6


@dataclass(frozen=True, slots=True)
class _Sheet:
    """A sheet that was understood.

    Attributes:
        name: Of the sheet.
        laid: Its table.
        by_name: What of it the name says: ``airport``, ``year``, ``date`` or nothing.
    """

    name: str
    laid: LaidOut
    by_name: str = ""


def table_of_sheets(tables: Sequence[SourceTable], spec: DataSpec) -> LaidOut:
    """The one table of a source that holds passengers by airport and period, in long form.

    Args:
        tables: Those of the source: of a workbook, its sheets.
        spec: Columns and sheet, where set.

    Raises:
        DataError: None does, or several do that are not parts of one.
    """
    if len(tables) == 1:
        return laid_out(tables[0], spec)
    found: list[_Sheet] = []
    refused: list[DataError] = []
    without: list[str] = []
    kind = _kind([table.sheet for table in tables])
    for table in tables:
        try:
            found.append(_understood(table, kind, spec))
        except DataError as error:
            refused.append(error)
            without.append(table.sheet)
    if not found:
        raise refused[0]
    if len(found) == 1:
        only = next(table for table in tables if table.sheet == found[0].name)
        return laid_out(only, spec) if found[0].by_name == "airport" else found[0].laid
    if spec.sheet != ALL and not _parts_of_one(found):
        hint = (
            "Set [data] sheet in forecastctl.toml to the name of one, or to "
            f'"{ALL}" to read them together.'
        )
        raise DataError(
            f"{tables[0].label} has several tables of passengers: the {tables[0].part}s "
            f"{_listed([sheet.name for sheet in found])}.",
            hint if tables[0].part == "sheet" else "Name one of them.",
        )
    return _together(found, without, tables[0].part)


def _kind(names: Sequence[str]) -> str:
    """What the names of sheets say: each a ``date`` or a ``year``, else an ``airport``."""
    dates = [single(_spaced(name)) for name in names]
    if sum(d is not None for d in dates) > 1 and len({d.day for d in dates if d}) > 1:
        return "date"
    years = [found[0] for name in names if (found := _YEAR.search(name))]
    return "year" if len(set(years)) > 1 else "airport"


def _spaced(name: str) -> str:
    """A name without what stands for blanks in those of files."""
    return name.strip().replace("_", " ")


def _understood(table: SourceTable, kind: str, spec: DataSpec) -> _Sheet:
    """A sheet with what its name says of it, where it does not say that itself.

    Raises:
        DataError: It cannot be understood.
    """
    name, year = table.sheet, _YEAR.search(table.sheet)
    if kind != "airport":
        table = replace(table, airport=stem_of(table.label))
    known = (("Year", year[0]),) if kind == "year" and year else (("date", _spaced(name)),)
    if kind == "date" or (kind == "year" and year):
        try:
            laid = laid_out(replace(table, known=known), spec)
        except DataError:
            pass
        else:
            if _dated(laid, spec):
                return _Sheet(name, laid, kind)
    if kind == "airport":
        table = replace(table, airport=name)
    laid = laid_out(table, spec)
    if not _dated(laid, spec):
        raise DataError(f"{table.label}: no date of the sheet {name!r} can be read.")
    of_name = set(_texts(laid, laid.columns.airport)) == {name}
    return _Sheet(name, laid, "airport" if of_name else "")


def _texts(laid: LaidOut, column: int) -> list[str]:
    return texts_of(laid.table.load([column]).columns[column])


def _dated(laid: LaidOut, spec: DataSpec) -> bool:
    """Whether most rows have a date."""
    columns = laid.columns
    try:
        if columns.date is None:
            years, parts = (_texts(laid, c or 0) for c in (columns.year, columns.part))
            days = parse_year_parts(years, parts, kind=columns.kind, language=spec.language).days
        else:
            texts = _texts(laid, columns.date)
            days = parse_dates(
                texts, laid.table.label, dayfirst=spec.dayfirst, language=spec.language
            ).days
    except DataError:
        return True  # what is wrong is said where the dates are read
    return bool(np.mean(days != NO_DAY) > 0.5)  # noqa: PLR2004 - most


def _parts_of_one(found: Sequence[_Sheet]) -> bool:
    """Whether sheets hold the same of different airports or dates."""
    names = {sheet.name for sheet in found if sheet.by_name == "airport"}
    if names and (len(names) < len(found) or any(map(_NO_AIRPORT.fullmatch, names))):
        return False
    values = {plain_name(_YEAR.sub("", _value_name(sheet.laid))) for sheet in found}
    if len(values) > 1 or len({_roles(sheet.laid) for sheet in found}) > 1:
        return False
    pairs = [set(_pairs(sheet.laid)) for sheet in found]
    return sum(map(len, pairs)) == len(set().union(*pairs))


def _value_name(laid: LaidOut) -> str:
    return laid.table.names[laid.columns.value]


def _roles(laid: LaidOut) -> tuple[bool, str]:
    return laid.columns.date is None, laid.columns.kind


def _pairs(laid: LaidOut) -> Iterator[tuple[str, ...]]:
    """Airport and date of each row, as written."""
    columns = laid.columns
    at = [c for c in (columns.airport, columns.date, columns.year, columns.part) if c is not None]
    return zip(*(_texts(laid, c) for c in at), strict=True)


def _together(found: Sequence[_Sheet], without: Sequence[str], part: str) -> LaidOut:
    """The tables of several sheets as one: their roles, and the columns that all of them have."""
    first = found[0].laid
    own = [_roles_of(sheet.laid.columns) for sheet in found]
    further = [
        name
        for c, name in enumerate(first.table.names)
        if c not in own[0].values() and all(name in sheet.laid.table.names for sheet in found)
    ]
    positions = [
        [*at.values(), *(sheet.laid.table.names.index(name) for name in further)]
        for sheet, at in zip(found, own, strict=True)
    ]
    names = tuple(first.table.names[c] for c in positions[0])
    table = SourceTable(
        first.table.label,
        first.table.unit,
        names,
        lambda wanted: _loaded(found, positions, wanted, part),
        facts={"format": f"{len(found):,} {part}s"},
        notes=_notes(found, without, part),
    )
    at = {role: i for i, role in enumerate(own[0])}
    columns = ColumnPositions(
        at["airport"],
        at["value"],
        at.get("date"),
        at.get("year"),
        at.get("part"),
        first.columns.kind,
        tuple(positions[0].index(c) for c in first.columns.groups if c in positions[0]),
    )
    return LaidOut(table, columns, first.shape, header=first.header, unit=first.unit)


def _roles_of(columns: ColumnPositions) -> dict[str, int]:
    """Positions of the columns that every table has, by role."""
    at = {role: getattr(columns, role) for role in ("airport", "value", "date", "year", "part")}
    return {role: c for role, c in at.items() if c is not None}


def _loaded(
    found: Sequence[_Sheet], positions: Sequence[Sequence[int]], wanted: Sequence[int], part: str
) -> Loaded:
    """Some columns of all sheets, one below the other; a number's place names its sheet."""
    columns: dict[int, list[str]] = {c: [] for c in wanted}
    problems: dict[int, str] = {}
    places: list[str] = []
    rows = []
    for sheet, at in zip(found, positions, strict=True):
        loaded = sheet.laid.table.load([at[c] for c in wanted])
        for c in wanted:
            columns[c] += texts_of(loaded.columns[at[c]])
        problems |= {
            len(places) + i: f"{part} {sheet.name!r}: {text}" for i, text in loaded.problems.items()
        }
        names = loaded.places or [_value_name(sheet.laid)] * len(loaded.rows)
        places += [f"{name} of {part} {sheet.name!r}" for name in names]
        rows.append(loaded.rows)
    return Loaded(dict(columns), np.concatenate(rows), problems, places)


def _notes(found: Sequence[_Sheet], without: Sequence[str], part: str) -> tuple[str, ...]:
    """How sheets were read together, and which were not."""
    what = {"airport": "an airport", "year": "a year", "date": "a period"}
    said = {sheet.by_name for sheet in found}
    each = f", each as {what[said.pop()]}" if len(said) == 1 and "" not in said else ""
    names = _listed([sheet.name for sheet in found])
    notes = [f"{len(found):,} {part}s are read together{each}: {names}"]
    if without:
        notes.append(f"{part}s without a table of passengers: {_listed(without)}")
    return *notes, *dict.fromkeys(n for sheet in found for n in sheet.laid.table.notes)


def _listed(names: Sequence[str]) -> str:
    """Some names, cut to a readable number."""
    more = len(names) - _NAMED
    listed = [repr(name) for name in names[:_NAMED]]
    return ", ".join(listed) + (f" and {more:,} more" if more > 0 else "")
