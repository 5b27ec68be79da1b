"""The shapes of tables that are not long, and how each is unfolded into rows."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import partial
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from forecastctl.data.panel.frequency import NO_DAY
from forecastctl.data.read.blanks import named_airports
from forecastctl.data.read.cells import (
    MOST,
    a_calendar,
    column_at,
    filled_down,
    is_date,
    is_number,
    is_value,
    is_year,
    numeric,
    period_names,
    share,
)
from forecastctl.data.read.columns import (
    PART_NAMES,
    YEAR_NAMES,
    plain_name,
    recognised,
    usual_name,
    year_and_part,
)
from forecastctl.data.read.dates import TOTAL_WORDS, month_number, months_of, parse_dates
from forecastctl.data.read.tables import Cells, Loaded, SourceTable, stem_of
from forecastctl.data.read.year_parts import is_quarter, parse_year_parts, quarter_number
from forecastctl.errors import DataError
from forecastctl.records.month_names import month_numbers
from forecastctl.records.written_dates import QUARTERS, ROMAN, Named, Written, read_date

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from forecastctl.data.panel.panel import DataSpec

LONG = "a row per airport and period"
_LEAST_PERIODS, _LEAST_MONTHS, _LEAST_YEARS = 2, 6, 2
_HALF = 0.5
_DECIMAL_YEAR = re.compile(r"\s*(?:19|20)\d\d(?:\.\d+)?\s*", re.ASCII)
_BARE = re.compile(r"\d+(?:\.\d+)?", re.ASCII)
_LISTED = 3


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


@dataclass(frozen=True, slots=True)
class _Keys:
    """What tells the rows of a table apart.

    Attributes:
        airports: Of each row.
        others: Further columns of text by name.
        named: Whether a column names them; else all are of the one that the file is called after.
    """

    airports: list[str]
    others: dict[str, list[str]]
    named: bool = True

    def tell(self, periods: Sequence[str]) -> bool:
        """Whether rows of one airport without a name are of different periods."""
        return self.named or len(set(periods)) == len(periods)


def _all_numeric(cells: Cells, at: Iterable[int]) -> bool:
    """Whether some columns hold numbers or nothing."""
    columns = [column_at(cells, c) for c in at]
    return all(numeric(column) or not any(c.strip() for c in column) for column in columns)


def _keys(
    names: Sequence[str], cells: Cells, besides: set[int], table: SourceTable, spec: DataSpec
) -> _Keys | None:
    """The airport of each row; the name of the file where no column holds text."""
    rest = [i for i in range(len(names)) if i not in besides]
    try:
        found = recognised("airport", spec.airport, names, table.label)
    except DataError:
        found = None
    if found is None or found in besides:
        texts = [i for i in rest if not numeric(column_at(cells, i)) and any(column_at(cells, i))]
        found = texts[0] if texts else None
    if found is not None:
        others = _texts(names, cells, [i for i in rest if i != found])
        keys = named_airports(_outdented(column_at(cells, found)), list(others.values()))
        of_parts = "\\" in names[found] and "," in names[found]
        return _Keys(_varying(keys) if of_parts else keys, others)
    if rest and any(c.strip() for i in rest for c in column_at(cells, i)):
        return None
    return _Keys([table.airport or stem_of(table.label)] * len(cells.rows), {}, named=False)


def _texts(names: Sequence[str], cells: Cells, at: Iterable[int]) -> dict[str, list[str]]:
    """Columns of text by name, with merged cells as they are."""
    columns = {names[i]: column_at(cells, i) for i in at if names[i].strip()}
    return {name: c for name, c in columns.items() if any(c) and not numeric(c)}


def _outdented(keys: list[str]) -> list[str]:
    """Names without the blanks that set airports below their region, where all stay different."""
    stripped = [key.strip() for key in keys]
    return stripped if len(set(stripped)) == len(set(keys)) else keys


def _varying(keys: list[str]) -> list[str]:
    """Keys of several parts, as of Eurostat (``M,PAS,DE_EDDF``), without those that all share."""
    parts = [key.strip().split(",") for key in keys]
    if len({len(p) for p in parts}) > 1:
        return keys
    varying = [i for i in range(len(parts[0])) if len({p[i] for p in parts}) > 1]
    return [",".join(p[i] for i in varying or [len(p) - 1]) for p in parts]


def _unfolded(
    entries: list[_Entry],
    table: SourceTable,
    cells: Cells,
    others: Mapping[str, list[str]],
    left: Sequence[str] = (),
) -> SourceTable | None:
    """A long table of the numbers of another one; ``None`` where there are none.

    Args:
        entries: Its numbers.
        table: The other one.
        cells: Its rows.
        others: Its columns of text by name.
        left: Names of columns that hold totals.
    """
    if not entries:
        return None
    at = {number: i for i, number in enumerate(cells.numbers)}

    def further(name: str) -> list[str]:
        column = filled_down(others[name])
        return [column[at[e.row]] for e in entries]

    def load(wanted: Sequence[int]) -> Loaded:
        texts: list[Callable[[], list[str]]] = [
            lambda: [e.airport for e in entries],
            lambda: [e.date for e in entries],
            lambda: [e.value for e in entries],
            *(partial(further, name) for name in others),
        ]
        rows = np.array([e.row for e in entries], dtype=np.int64)
        places = [e.place for e in entries]
        return Loaded({c: texts[c]() for c in wanted}, rows, places=places)

    return SourceTable(
        table.label,
        table.unit,
        ("airport", "date", "passengers", *others),
        load,
        delimiter=cells.delimiter,
        facts=table.facts,
        notes=(*table.notes, *_of_totals(left)),
    )


def _of_totals(left: Sequence[str]) -> tuple[str, ...]:
    """The sentence about columns of totals among those of months."""
    if not left:
        return ()
    more = f" and {len(left) - _LISTED:,} more" if len(left) > _LISTED else ""
    listed = ", ".join(map(repr, left[:_LISTED]))
    return (f"columns that hold totals are left out: {listed}{more}",)


def _by_period(
    names: Sequence[str], cells: Cells, table: SourceTable, spec: DataSpec
) -> SourceTable | None:
    """A row per airport, a column per period."""
    periods = period_names(names, spec.language)
    at = [i for i, day in enumerate(periods) if day]
    if len(at) < _LEAST_PERIODS or not _all_numeric(cells, at):
        return None
    keys = _keys(names, cells, set(at) | _totals(names), table, spec)
    valued = [""] * sum(_holds(row, at, "") for row in cells.rows)
    if keys is None or not keys.tell(valued):
        return None
    entries = [
        _Entry(airport, str(periods[i]), _cell(row, i), number, names[i])
        for airport, row, number in zip(keys.airports, cells.rows, cells.numbers, strict=True)
        if _holds(row, at, airport)
        for i in at
    ]
    return _unfolded(entries, table, cells, keys.others, _totals_but(names, at))


def _cell(row: list[str], c: int) -> str:
    return row[c] if c < len(row) else ""


def _holds(row: list[str], at: Sequence[int], airport: str) -> bool:
    """Whether a row holds a number, rather than a note below the table or the header again."""
    values = [v for c in at if (v := _cell(row, c).strip())]
    return any(map(is_value if airport.strip() else is_number, values))


def _totals(names: Sequence[str]) -> set[int]:
    """Columns that hold the total of a year."""
    return {
        i
        for i, name in enumerate(names)
        if is_year(name)
        or name.strip().lower() in TOTAL_WORDS
        or any(word in TOTAL_WORDS for word in name.lower().split())
    }


def _totals_but(names: Sequence[str], at: Iterable[int]) -> list[str]:
    """Names of the columns of totals, quarters among months included, but for some."""
    used = set(at)
    totals = _totals(names)
    return [
        name
        for i, name in enumerate(names)
        if i not in used and (i in totals or is_quarter(name) or _of_a_quarter(name))
    ]


def _of_a_quarter(name: str) -> bool:
    found = read_date(name.strip())
    return isinstance(found, Written) and found.kind == "Q"


def _months_across(names: Sequence[str], spec: DataSpec) -> dict[int, int]:
    """Number of the month that each column is named by, by its position."""
    texts = [n.strip() for n in names]
    words = [
        t
        for t in texts
        if t and t.lower() not in TOTAL_WORDS and not t[0].isdigit() and not quarter_number(t)
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
    if years is None or not _all_numeric(cells, parts):
        return None
    besides = set(parts) | _totals(names) | {years}
    keys = _keys(names, cells, besides, table, spec)
    year_of = filled_down(column_at(cells, years))
    if keys is None or not keys.tell([year for year in year_of if is_year(year)]):
        return None
    return _parts(keys, year_of, parts, names, cells, table)


def _parts(
    keys: _Keys,
    year_of: list[str],
    parts: dict[int, str],
    names: Sequence[str],
    cells: Cells,
    table: SourceTable,
) -> SourceTable | None:
    """The numbers of rows by year and columns by month or quarter."""
    entries = [
        _Entry(
            airport,
            f"{year.strip().removesuffix('.0')}{part}",
            _cell(row, i),
            number,
            names[i],
        )
        for airport, year, row, number in zip(
            keys.airports, year_of, cells.rows, cells.numbers, strict=True
        )
        if is_year(year) and _holds(row, list(parts), airport)
        for i, part in parts.items()
    ]
    left = [n for n in _totals_but(names, parts) if plain_name(n) not in YEAR_NAMES]
    return _unfolded(entries, table, cells, keys.others, left)


def _year_column(names: Sequence[str], cells: Cells, besides: set[int]) -> int | None:
    """Position of the column of the years."""
    others = [i for i in range(len(names)) if i not in besides]
    named = [i for i in others if plain_name(names[i]) in YEAR_NAMES]
    years = named or [i for i in others if share(column_at(cells, i), is_year) >= MOST]
    return years[0] if years and share(column_at(cells, years[0]), is_year) >= _HALF else None


def _months_and_years(
    names: Sequence[str], cells: Cells, table: SourceTable, spec: DataSpec
) -> SourceTable | None:
    """A row per airport and month, a column per year."""
    years = {i: name.strip().removesuffix(".0") for i, name in enumerate(names) if is_year(name)}
    if len(years) < _LEAST_YEARS or not _all_numeric(cells, years):
        return None
    others = [i for i in range(len(names)) if i not in years]
    for c in sorted(others, key=lambda i: plain_name(names[i]) not in PART_NAMES["month"]):
        texts = [t.strip() for t in column_at(cells, c)]
        some = [t for t in texts if t and t.lower() not in TOTAL_WORDS]
        parts = _parts_across(some, spec)
        of_months = [t for t in some if not is_quarter(t)]
        if not parts or len(parts) < MOST * len(of_months or some):
            continue
        keys = _keys(names, cells, set(years) | {c} | _totals(names), table, spec)
        if keys is None or not keys.tell([t for t in texts if t]):
            return None
        part_of = {some[i]: part for i, part in parts.items()}
        return _rows_by_part(keys, texts, part_of, years, cells, table)
    return None


def _rows_by_part(
    keys: _Keys,
    texts: list[str],
    part_of: dict[str, str],
    years: dict[int, str],
    cells: Cells,
    table: SourceTable,
) -> SourceTable | None:
    """The numbers of rows by month or quarter and columns by year."""
    entries = [
        _Entry(airport, f"{year}{part_of[text]}", _cell(row, i), number, year)
        for i, year in years.items()
        for airport, text, row, number in zip(
            keys.airports, texts, cells.rows, cells.numbers, strict=True
        )
        if text in part_of
    ]
    return _unfolded(entries, table, cells, keys.others)


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
        if i not in besides and name.strip() and not is_year(name) and numeric(column_at(cells, i))
    ]
    airport_of = _of_one_measure([names[i] for i in airports], spec.value, table.label)
    airports = [i for i in airports if names[i] in airport_of]
    beside = [i for i in range(len(names)) if i not in besides and i not in airports]
    others = _texts(names, cells, beside)
    several = any(len(set(column)) > 1 for column in others.values())
    alone = len(airports) == 1 and (several or usual_name("value", names[airports[0]]))
    if not airports or alone:
        return None
    if len({names[i] for i in airports}) < len(airports):
        return None  # a row above says which is which
    entries = [
        _Entry(airport_of[names[i]], date, _cell(row, i), number, names[i])
        for i in airports
        for date, row, number in zip(dates, cells.rows, cells.numbers, strict=True)
        if date.strip() and any(_cell(row, a).strip() for a in airports)
    ]
    return _unfolded(entries, table, cells, others)


def _of_one_measure(names: Sequence[str], wanted: str | None, label: str) -> dict[str, str]:
    """The airport that each column is of, where each has one for arrivals, one for departures ...

    Raises:
        DataError: Several of them may be meant.
    """
    asked: DataError | None = None
    for airport_first, split in product((True, False), (str.rpartition, str.partition)):
        parts: dict[str, tuple[str, str]] = {}
        for name in names:
            first, _, last = split(name, " ")
            parts[name] = (first, last) if airport_first else (last, first)
        airports = {airport for airport, _ in parts.values()}
        measures = list(dict.fromkeys(measure for _, measure in parts.values()))
        full = len(parts) == len(airports) * len(measures)
        several = len(measures) > 1 and (airport_first or len(airports) > 1)
        if "" in airports or not several or not full:
            continue
        usual = [m for m in measures if usual_name("value", m)]
        chosen = [m for m in measures if wanted and plain_name(m) == plain_name(wanted)] or usual
        if len(chosen) == 1:
            return {name: airport for name, (airport, m) in parts.items() if m == chosen[0]}
        asked = asked or DataError(
            f"{label} has several columns for each airport: {', '.join(measures)}.",
            "Set [data] value in forecastctl.toml to the one that is to be forecast.",
        )
    if asked:
        raise asked
    return {name: name for name in names}


def _dates(
    names: Sequence[str], cells: Cells, table: SourceTable, spec: DataSpec
) -> tuple[list[str], set[int]] | None:
    """The date of each row, and the columns that it is from."""
    split = None if spec.date else year_and_part(names, table.label)
    if split:
        years, parts = (filled_down(column_at(cells, c)) for c in split[:2])
        found = parse_year_parts(years, parts, kind=split[2], language=spec.language)
        texts = [
            "total" if total else "" if day == NO_DAY else str(np.datetime64(int(day), "D"))
            for day, total in zip(found.days.tolist(), found.totals.tolist(), strict=True)
        ]
        return texts, set(split[:2])
    unnamed = _years_beside_months(names, cells, spec)
    if unnamed:
        return unnamed
    try:
        c = recognised("date", spec.date, names, table.label)
    except DataError:
        c = None
    known = {c} if c is not None else set()
    columns = list(known) or list(range(min(len(names), 3)))
    for c in columns:
        texts = column_at(cells, c)
        alone = share(texts, _is_date) >= _HALF
        together = share(texts, _DECIMAL_YEAR.fullmatch) == 1  # which no single one is
        if (alone and (c in known or _in_order(texts, spec))) or (together and c in known):
            return texts, {c}
    return None


def _years_beside_months(
    names: Sequence[str], cells: Cells, spec: DataSpec
) -> tuple[list[str], set[int]] | None:
    """Dates of two first columns without a name: the year, blank where it stays, and the month."""
    if spec.date or len(names) < 3 or any(name.strip() for name in names[:2]):  # noqa: PLR2004
        return None
    years, parts = filled_down(column_at(cells, 0)), column_at(cells, 1)
    if share(years, is_year) < _HALF:
        return None
    try:
        found = parse_year_parts(years, parts, language=spec.language)
    except DataError:
        return None
    texts = ["" if d == NO_DAY else str(np.datetime64(d, "D")) for d in found.days.tolist()]
    return (texts, {0, 1}) if sum(map(bool, texts)) >= _HALF * len(texts) else None


def _in_order(texts: Sequence[str], spec: DataSpec) -> bool:
    """Whether a column without a usual name holds dates, and not numbers that may be some."""
    bare = [text for t in texts if _BARE.fullmatch(text := t.strip())]
    try:
        days = parse_dates(bare, "a column", language=spec.language).days
    except DataError:
        return False
    dated = days[days != NO_DAY].tolist()
    return not dated or a_calendar(dated)


def _is_date(text: str) -> bool:
    found = read_date(text.strip())
    if isinstance(found, Named):
        return bool(month_numbers([found.name]))
    return is_date(text.strip())


SHAPES = (
    Shape("a row per airport and year, a column per month or quarter", _years_and_months),
    Shape("a row per airport, a column per period", _by_period),
    Shape("a row per airport and month or quarter, a column per year", _months_and_years),
    Shape("a row per period, a column per airport", _by_airport),
)
