"""The shapes of tables that are not long, and how each is unfolded into rows."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from pathlib import PurePath
from typing import TYPE_CHECKING

import numpy as np

from forecastctl.data.panel.frequency import NO_DAY
from forecastctl.data.panel.values import parse_numbers
from forecastctl.data.read.columns import (
    PART_NAMES,
    YEAR_NAMES,
    plain_name,
    recognised,
    usual_name,
    year_and_part,
)
from forecastctl.data.read.dates import TOTAL_WORDS, month_number, months_of, parse_dates
from forecastctl.data.read.tables import Cells, Loaded, SourceTable
from forecastctl.data.read.year_parts import parse_year_parts
from forecastctl.errors import DataError
from forecastctl.records.month_names import month_numbers
from forecastctl.records.written_dates import Named, Number, Parts, Serial, Written, read_date

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from forecastctl.data.panel.panel import DataSpec

LONG = "a row per airport and period"
_LEAST_PERIODS, _LEAST_MONTHS, _LEAST_YEARS = 2, 6, 2
_MOST = 0.8  # of the cells of a column, that make it one of dates or of numbers
_HALF = 0.5
_MERGED = 0.25  # of the cells of a column, that are blank at least where cells are merged
_LOOKED_AT = 200
_FIRST_YEAR, _LAST_YEAR = 1900, 2100


@dataclass(frozen=True, slots=True)
class Shape:
    """One way to arrange a table.

    Attributes:
        name: What a row holds.
        unfold: Makes a long table of names and the rows below them, or ``None``.
    """

    name: str
    unfold: Callable[[Sequence[str], Cells, SourceTable, DataSpec], SourceTable | None]


@dataclass(frozen=True, slots=True)
class _Entry:
    """One number of a table that is not long."""

    airport: str
    date: str
    value: str
    row: int
    place: str


def is_year(text: str) -> bool:
    """Whether a text is a year of four digits."""
    text = text.strip().removesuffix(".0")
    return len(text) == 4 and text.isdigit() and _FIRST_YEAR <= int(text) <= _LAST_YEAR  # noqa: PLR2004


def is_number(text: str) -> bool:
    """Whether a text is a number, however it is written."""
    try:
        return bool(np.isfinite(parse_numbers([text], decimal=".").values[0])) or bool(
            np.isfinite(parse_numbers([text], decimal=",").values[0])
        )
    except DataError:
        return False


def _is_value(text: str) -> bool:
    """Whether a text is a number, or stands for a missing one."""
    for mark in (".", ","):
        found = parse_numbers([text], decimal=mark)
        if not found.problems or np.isfinite(found.values[0]):
            return True
    return False


def period_names(names: Sequence[str], language: str | None = None) -> list[str | None]:
    """First day of the period that each column is named by, as text; ``None`` where by none."""
    read = [read_date(name.strip()) for name in names]
    words = [r.name for r in read if isinstance(r, Named)]
    known = month_numbers(words) if words and language is None else {}
    if isinstance(known, tuple):
        known = {}
    likely = [
        isinstance(r.day(known), Written)
        if isinstance(r, Named)
        else isinstance(r, Written | Number | Serial | Parts)
        for r in read
    ]
    texts = [name if ok else "" for name, ok in zip(names, likely, strict=True)]
    if not any(texts):
        return [None] * len(names)
    try:
        dates = parse_dates(texts, "the header", language=language)
    except DataError:
        return [None] * len(names)
    return [
        None if day == NO_DAY else str(np.datetime64(int(day), "D")) for day in dates.days.tolist()
    ]


def filled_down(column: Sequence[str]) -> list[str]:
    """A column whose names stand in the first of several rows, as in merged cells, in all of them.

    Where a name stands in two rows that follow each other, blanks are no merged cells.
    """
    filled = [c.strip() for c in column]
    blank = sum(not c for c in filled)
    twice = any(a and a == b for a, b in pairwise(filled))
    if not filled or not filled[0] or twice or blank < _MERGED * len(filled):
        return list(column)
    last, found = "", []
    for raw, c in zip(column, filled, strict=True):
        last = raw if c else last
        found.append(last)
    return found


def _column(cells: Cells, c: int) -> list[str]:
    return [row[c] if c < len(row) else "" for row in cells.rows]


def _share(texts: Sequence[str], test: Callable[[str], bool]) -> float:
    """Share of the texts that are not blank which pass a test."""
    some = [t for t in texts if t.strip()][:_LOOKED_AT]
    return sum(map(test, some)) / len(some) if some else 0.0


def _numeric(texts: Sequence[str]) -> bool:
    """Whether a column holds numbers, or nothing but signs for missing ones."""
    return _share(texts, _is_value) >= _MOST


def _all_numeric(cells: Cells, at: Iterable[int]) -> bool:
    """Whether some columns hold numbers or nothing."""
    columns = [_column(cells, c) for c in at]
    return all(_numeric(column) or not any(c.strip() for c in column) for column in columns)


def _keys(
    names: Sequence[str], cells: Cells, besides: set[int], table: SourceTable, spec: DataSpec
) -> list[str] | None:
    """The airport of each row; the name of the file where no column holds text."""
    rest = [i for i in range(len(names)) if i not in besides]
    try:
        found = recognised("airport", spec.airport, names, table.label)
    except DataError:
        found = None
    if found is None or found in besides:
        texts = [i for i in rest if not _numeric(_column(cells, i)) and any(_column(cells, i))]
        found = texts[0] if texts else None
    if found is not None:
        return filled_down(_column(cells, found))
    if rest and any(c.strip() for i in rest for c in _column(cells, i)):
        return None
    stem = PurePath(table.label).name.partition(".")[0] or table.label
    return [stem] * len(cells.rows)


def _unfolded(entries: list[_Entry], table: SourceTable, delimiter: str) -> SourceTable:
    """A long table of the numbers of another one."""

    def load(wanted: Sequence[int]) -> Loaded:
        texts = (
            [e.airport for e in entries],
            [e.date for e in entries],
            [e.value for e in entries],
        )
        rows = np.array([e.row for e in entries], dtype=np.int64)
        places = [e.place for e in entries]
        return Loaded({c: texts[c] for c in wanted}, rows, places=places)

    return SourceTable(
        table.label,
        table.unit,
        ("airport", "date", "passengers"),
        load,
        delimiter=delimiter,
        facts=table.facts,
        notes=table.notes,
    )


def _by_period(
    names: Sequence[str], cells: Cells, table: SourceTable, spec: DataSpec
) -> SourceTable | None:
    """A row per airport, a column per period."""
    periods = period_names(names, spec.language)
    at = [i for i, day in enumerate(periods) if day]
    if len(at) < _LEAST_PERIODS or not _all_numeric(cells, at):
        return None
    airports = _keys(names, cells, set(at) | _totals(names), table, spec)
    if airports is None:
        return None
    entries = [
        _Entry(airport, str(periods[i]), _cell(row, i), number, names[i])
        for airport, row, number in zip(airports, cells.rows, cells.numbers, strict=True)
        if _holds(row, at, airport)
        for i in at
    ]
    return _unfolded(entries, table, cells.delimiter) if entries else None


def _cell(row: list[str], c: int) -> str:
    return row[c] if c < len(row) else ""


def _holds(row: list[str], at: Sequence[int], airport: str) -> bool:
    """Whether a row holds a number, rather than a note below the table or the header again."""
    values = [v for c in at if (v := _cell(row, c).strip())]
    return any(map(_is_value if airport.strip() else is_number, values))


def _totals(names: Sequence[str]) -> set[int]:
    """Columns that hold the total of a year."""
    return {
        i
        for i, name in enumerate(names)
        if is_year(name)
        or name.strip().lower() in TOTAL_WORDS
        or any(word in TOTAL_WORDS for word in name.lower().split())
    }


def _months_across(names: Sequence[str], spec: DataSpec) -> dict[int, int]:
    """Number of the month that each column is named by, by its position."""
    texts = [n.strip() for n in names]
    words = [t for t in texts if t and t.lower() not in TOTAL_WORDS and not t[0].isdigit()]
    try:
        months = months_of(words, "the header", spec.language) if words else {}
    except DataError:
        months = {}
    found = {i: month_number(t, months) for i, t in enumerate(texts) if t}
    return {i: n for i, n in found.items() if n}


def _years_and_months(
    names: Sequence[str], cells: Cells, table: SourceTable, spec: DataSpec
) -> SourceTable | None:
    """A row per airport and year, a column per month."""
    months = _months_across(names, spec)
    if len(set(months.values())) < _LEAST_MONTHS or len(set(months.values())) < len(months):
        return None
    years = _year_column(names, cells, set(months))
    if years is None or not _all_numeric(cells, months):
        return None
    besides = set(months) | _totals(names) | {years}
    airports = _keys(names, cells, besides, table, spec)
    if airports is None:
        return None
    year_of = filled_down(_column(cells, years))
    return _parts(airports, year_of, months, names, cells, table)


def _parts(
    airports: list[str],
    year_of: list[str],
    months: dict[int, int],
    names: Sequence[str],
    cells: Cells,
    table: SourceTable,
) -> SourceTable | None:
    """The numbers of rows by year and columns by month."""
    entries = [
        _Entry(
            airport,
            f"{year.strip().removesuffix('.0')}-{month:02d}",
            _cell(row, i),
            number,
            names[i],
        )
        for airport, year, row, number in zip(
            airports, year_of, cells.rows, cells.numbers, strict=True
        )
        if is_year(year) and _holds(row, list(months), airport)
        for i, month in months.items()
    ]
    return _unfolded(entries, table, cells.delimiter) if entries else None


def _year_column(names: Sequence[str], cells: Cells, besides: set[int]) -> int | None:
    """Position of the column of the years."""
    others = [i for i in range(len(names)) if i not in besides]
    named = [i for i in others if plain_name(names[i]) in YEAR_NAMES]
    years = named or [i for i in others if _share(_column(cells, i), is_year) >= _MOST]
    return years[0] if years and _share(_column(cells, years[0]), is_year) >= _HALF else None


def _months_and_years(
    names: Sequence[str], cells: Cells, table: SourceTable, spec: DataSpec
) -> SourceTable | None:
    """A row per airport and month, a column per year."""
    years = {i: name.strip().removesuffix(".0") for i, name in enumerate(names) if is_year(name)}
    if len(years) < _LEAST_YEARS or not _all_numeric(cells, years):
        return None
    others = [i for i in range(len(names)) if i not in years]
    for c in sorted(others, key=lambda i: plain_name(names[i]) not in PART_NAMES["month"]):
        texts = [t.strip() for t in _column(cells, c)]
        some = [t for t in texts if t and t.lower() not in TOTAL_WORDS]
        numbers = _months_across(some, spec)
        if len(set(numbers.values())) < _LEAST_MONTHS or len(numbers) < _MOST * len(some):
            continue
        airports = _keys(names, cells, set(years) | {c} | _totals(names), table, spec)
        if airports is None:
            return None
        month_of = {some[i]: month for i, month in numbers.items()}
        return _rows_by_month(airports, texts, month_of, years, cells, table)
    return None


def _rows_by_month(
    airports: list[str],
    texts: list[str],
    month_of: dict[str, int],
    years: dict[int, str],
    cells: Cells,
    table: SourceTable,
) -> SourceTable | None:
    """The numbers of rows by month and columns by year."""
    entries = [
        _Entry(airport, f"{year}-{month_of[text]:02d}", _cell(row, i), number, year)
        for i, year in years.items()
        for airport, text, row, number in zip(
            airports, texts, cells.rows, cells.numbers, strict=True
        )
        if text in month_of
    ]
    return _unfolded(entries, table, cells.delimiter) if entries else None


def _by_airport(
    names: Sequence[str], cells: Cells, table: SourceTable, spec: DataSpec
) -> SourceTable | None:
    """A row per period, a column per airport."""
    dated = _dates(names, cells, table, spec)
    no_header = any(usual_name("airport", name) or _is_date(name) for name in names)
    if dated is None or spec.airport or no_header:
        return None
    dates, besides = dated
    airports = [
        i
        for i, name in enumerate(names)
        if i not in besides and name.strip() and not is_year(name) and _numeric(_column(cells, i))
    ]
    if not airports or (len(airports) == 1 and usual_name("value", names[airports[0]])):
        return None
    entries = [
        _Entry(names[i], date, _cell(row, i), number, names[i])
        for i in airports
        for date, row, number in zip(dates, cells.rows, cells.numbers, strict=True)
        if date.strip() and any(_cell(row, a).strip() for a in airports)
    ]
    return _unfolded(entries, table, cells.delimiter) if entries else None


def _dates(
    names: Sequence[str], cells: Cells, table: SourceTable, spec: DataSpec
) -> tuple[list[str], set[int]] | None:
    """The date of each row, and the columns that it is from."""
    split = None if spec.date else year_and_part(names, table.label)
    if split:
        years, parts = (filled_down(_column(cells, c)) for c in split[:2])
        found = parse_year_parts(years, parts, kind=split[2], language=spec.language)
        texts = [
            "total" if total else "" if day == NO_DAY else str(np.datetime64(int(day), "D"))
            for day, total in zip(found.days.tolist(), found.totals.tolist(), strict=True)
        ]
        return texts, set(split[:2])
    try:
        c = recognised("date", spec.date, names, table.label)
    except DataError:
        c = None
    columns = [c] if c is not None else list(range(min(len(names), 3)))
    for c in columns:
        texts = _column(cells, c)
        if _share(texts, _is_date) >= _HALF:
            return texts, {c}
    return None


def _is_date(text: str) -> bool:
    found = read_date(text.strip())
    if isinstance(found, Named):
        return bool(month_numbers([found.name]))
    return not isinstance(found, str)


SHAPES = (
    Shape("a row per airport and year, a column per month", _years_and_months),
    Shape("a row per airport, a column per period", _by_period),
    Shape("a row per airport and month, a column per year", _months_and_years),
    Shape("a row per period, a column per airport", _by_airport),
)
