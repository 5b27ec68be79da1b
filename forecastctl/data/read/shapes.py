"""The shapes of tables that are not long, and how each is unfolded into rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from forecastctl.data.read.by_airport import by_airport
from forecastctl.data.read.cells import (
    MOST,
    column_at,
    filled_down,
    is_year,
    period_names,
    share,
)
from forecastctl.data.read.columns import PART_NAMES, YEAR_NAMES, plain_name
from forecastctl.data.read.dates import month_number, months_of
from forecastctl.data.read.spans import first_year, of_next_year
from forecastctl.data.read.total_words import is_total
from forecastctl.data.read.unfold import (
    Entry,
    Keys,
    all_numeric,
    cell,
    holds,
    keys_of,
    other_numbers,
    totals_but,
    totals_in,
    unfolded,
)
from forecastctl.data.read.year_parts import is_quarter, quarter_number
from forecastctl.errors import DataError
from forecastctl.records.readings import QUARTERS
from forecastctl.records.spellings import without_marks
from forecastctl.records.written_dates import ROMAN

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from forecastctl.data.panel.panel import DataSpec
    from forecastctl.data.read.tables import Cells, SourceTable

LONG = "a row per airport and period"
_LEAST_PERIODS, _LEAST_MONTHS, _LEAST_YEARS = 2, 6, 2
_HALF = 0.5


@dataclass(frozen=True, slots=True)
class Shape:
    """One way to arrange a table.

    Attributes:
        name: What a row holds.
        unfold: Makes a long table of names and the rows below them, or ``None``.
    """

    name: str
    unfold: Callable[[Sequence[str], Cells, SourceTable, DataSpec], SourceTable | None]


def _by_period(
    names: Sequence[str], cells: Cells, table: SourceTable, spec: DataSpec
) -> SourceTable | None:
    """A row per airport, a column per period."""
    periods = period_names(names, spec.language)
    at = [i for i, day in enumerate(periods) if day]
    if len(at) < _LEAST_PERIODS or not all_numeric(cells, at):
        return None
    keys = keys_of(names, cells, set(at) | totals_in(names), table, spec)
    valued = [""] * sum(holds(row, at, "") for row in cells.rows)
    if keys is None or not keys.tell(valued):
        return None
    entries = [
        Entry(airport, str(periods[i]), cell(row, i), number, names[i])
        for airport, row, number in zip(keys.airports, cells.rows, cells.numbers, strict=True)
        if holds(row, at, airport)
        for i in at
    ]
    unread = other_numbers(names, cells, at)
    return unfolded(entries, table, cells, keys.others, totals_but(names, at), unread)


def _months_across(names: Sequence[str], spec: DataSpec) -> dict[int, int]:
    """Number of the month that each column is named by, by its position."""
    texts = [n.strip() for n in names]
    words = [
        t for t in texts if t and not is_total(t) and not t[0].isdigit() and not quarter_number(t)
    ]
    try:
        months = months_of(words, "the header", spec.language) if words else {}
    except DataError:
        months = {}
    found = {i: month_number(t, months) for i, t in enumerate(texts) if t}
    return {i: n for i, n in found.items() if n}


def _parts_across(names: Sequence[str], spec: DataSpec) -> dict[int, str]:
    """What to set behind a year for each column that is named by a month, or else by a quarter."""
    months = _months_across(names, spec)
    if len(set(months.values())) >= _LEAST_MONTHS:
        return {i: f"-{month:02d}" for i, month in months.items()}
    quarters = {i: q for i, name in enumerate(names) if (q := quarter_number(name))}
    if any(name.strip() in ROMAN for name in names) and len(months) > len(quarters):
        return {}
    if len(set(quarters.values())) == QUARTERS:
        return {i: f"-Q{q}" for i, q in quarters.items()}
    return {}


def _years_and_months(
    names: Sequence[str], cells: Cells, table: SourceTable, spec: DataSpec
) -> SourceTable | None:
    """A row per airport and year, a column per month."""
    parts = _parts_across(names, spec)
    if not parts or len(set(parts.values())) < len(parts):
        return None
    years = _year_column(names, cells, set(parts))
    if years is None or not all_numeric(cells, parts):
        return None
    besides = set(parts) | totals_in(names) | {years}
    keys = keys_of(names, cells, besides, table, spec)
    year_of = [without_marks(y.strip()) for y in filled_down(column_at(cells, years))]
    if keys is None or not keys.tell([year for year in year_of if _names_a_year(year)]):
        return None
    later = of_next_year(year_of, parts, table.label)
    year_of = [first_year(year) or year for year in year_of]
    unread = other_numbers(names, cells, set(parts) | {years})
    return _parts(keys, year_of, parts, names, cells, table, later, unread)


def _parts(
    keys: Keys,
    year_of: list[str],
    parts: dict[int, str],
    names: Sequence[str],
    cells: Cells,
    table: SourceTable,
    later: frozenset[int],
    unread: Sequence[str],
) -> SourceTable | None:
    """The numbers of rows by year and columns by month or quarter, some of the year after."""
    entries = [
        Entry(
            airport,
            f"{int(year.strip().removesuffix('.0')) + (i in later)}{part}",
            cell(row, i),
            number,
            names[i],
        )
        for airport, year, row, number in zip(
            keys.airports, year_of, cells.rows, cells.numbers, strict=True
        )
        if is_year(year) and holds(row, list(parts), airport)
        for i, part in parts.items()
    ]
    left = [n for n in totals_but(names, parts) if plain_name(n) not in YEAR_NAMES]
    return unfolded(entries, table, cells, keys.others, left, unread)


def _year_column(names: Sequence[str], cells: Cells, besides: set[int]) -> int | None:
    """Position of the column of the years."""
    others = [i for i in range(len(names)) if i not in besides]
    named = [i for i in others if plain_name(names[i]) in YEAR_NAMES]
    years = named or [i for i in others if share(column_at(cells, i), _names_a_year) >= MOST]
    return years[0] if years and share(column_at(cells, years[0]), _names_a_year) >= _HALF else None


def _names_a_year(text: str) -> bool:
    return is_year(text) or bool(first_year(text))


def _months_and_years(
    names: Sequence[str], cells: Cells, table: SourceTable, spec: DataSpec
) -> SourceTable | None:
    """A row per airport and month, a column per year."""
    years = {i: name.strip().removesuffix(".0") for i, name in enumerate(names) if is_year(name)}
    if len(years) < _LEAST_YEARS or not all_numeric(cells, years):
        return None
    others = [i for i in range(len(names)) if i not in years]
    for c in sorted(others, key=lambda i: plain_name(names[i]) not in PART_NAMES["month"]):
        texts = [t.strip() for t in column_at(cells, c)]
        some = [t for t in texts if t and not is_total(t)]
        parts = _parts_across(some, spec)
        of_months = [t for t in some if not is_quarter(t)]
        if not parts or len(parts) < MOST * len(of_months or some):
            continue
        keys = keys_of(names, cells, set(years) | {c} | totals_in(names), table, spec)
        if keys is None or not keys.tell([t for t in texts if t]):
            return None
        part_of = {some[i]: part for i, part in parts.items()}
        unread = other_numbers(names, cells, set(years) | {c})
        return _rows_by_part(keys, texts, part_of, years, cells, table, unread)
    return None


def _rows_by_part(
    keys: Keys,
    texts: list[str],
    part_of: dict[str, str],
    years: dict[int, str],
    cells: Cells,
    table: SourceTable,
    unread: Sequence[str],
) -> SourceTable | None:
    """The numbers of rows by month or quarter and columns by year."""
    entries = [
        Entry(airport, f"{year}{part_of[text]}", cell(row, i), number, year)
        for i, year in years.items()
        for airport, text, row, number in zip(
            keys.airports, texts, cells.rows, cells.numbers, strict=True
        )
        if text in part_of
    ]
    return unfolded(entries, table, cells, keys.others, unread=unread)


SHAPES = (
    Shape("a row per airport and year, a column per month or quarter", _years_and_months),
    Shape("a row per airport, a column per period", _by_period),
    Shape("a row per airport and month or quarter, a column per year", _months_and_years),
    Shape("a row per period, a column per airport", by_airport),
)
