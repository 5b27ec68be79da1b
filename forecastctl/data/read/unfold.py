"""What the shapes of tables that are not long have in common: from cells to a long table."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from forecastctl.data.read.blanks import named_airports
from forecastctl.data.read.cells import (
    column_at,
    filled_down,
    is_number,
    is_value,
    is_year,
    numeric,
    share,
)
from forecastctl.data.read.columns import recognised, usual_name
from forecastctl.data.read.tables import Cells, Loaded, SourceTable, stem_of
from forecastctl.data.read.total_words import TOTAL_WORDS, is_total
from forecastctl.data.read.year_parts import is_quarter
from forecastctl.errors import DataError
from forecastctl.records.readings import Written
from forecastctl.records.written_dates import read_date

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from forecastctl.data.panel.panel import DataSpec

_LISTED, _NUMBERS = 3, 0.8


@dataclass(frozen=True, slots=True)
class Entry:
    """One number of a table that is not long."""

    airport: str
    date: str
    value: str
    row: int
    place: str


@dataclass(frozen=True, slots=True)
class Keys:
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


def all_numeric(cells: Cells, at: Iterable[int]) -> bool:
    """Whether some columns hold numbers or nothing."""
    columns = [column_at(cells, c) for c in at]
    return all(numeric(column) or not any(c.strip() for c in column) for column in columns)


def keys_of(
    names: Sequence[str], cells: Cells, besides: set[int], table: SourceTable, spec: DataSpec
) -> Keys | None:
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
        others = texts_of_columns(names, cells, [i for i in rest if i != found])
        keys = named_airports(_outdented(column_at(cells, found)), list(others.values()))
        of_parts = "\\" in names[found] and "," in names[found]
        return Keys(_varying(keys) if of_parts else keys, others)
    if rest and any(c.strip() for i in rest for c in column_at(cells, i)):
        return None
    return Keys([table.airport or stem_of(table.label)] * len(cells.rows), {}, named=False)


def texts_of_columns(names: Sequence[str], cells: Cells, at: Iterable[int]) -> dict[str, list[str]]:
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


def unfolded(
    entries: list[Entry],
    table: SourceTable,
    cells: Cells,
    others: Mapping[str, list[str]],
    left: Sequence[str] = (),
    unread: Sequence[str] = (),
) -> SourceTable | None:
    """A long table of the numbers of another one; ``None`` where there are none.

    Args:
        entries: Its numbers.
        table: The other one.
        cells: Its rows.
        others: Its columns of text by name.
        left: Names of columns that hold totals.
        unread: Names of further columns of numbers.
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
        notes=(
            *table.notes,
            *_left_out("columns that hold totals", left),
            *_left_out("columns of numbers that name no period", unread),
        ),
    )


def _left_out(what: str, names: Sequence[str]) -> tuple[str, ...]:
    """The sentence about columns that are not read."""
    if not names:
        return ()
    more = f" and {len(names) - _LISTED:,} more" if len(names) > _LISTED else ""
    listed = ", ".join(map(repr, names[:_LISTED]))
    return (f"{what} are left out: {listed}{more}",)


def cell(row: list[str], c: int) -> str:
    """One cell of a row, blank where the row is shorter."""
    return row[c] if c < len(row) else ""


def holds(row: list[str], at: Sequence[int], airport: str) -> bool:
    """Whether a row holds a number, rather than a note below the table or the header again."""
    values = [v for c in at if (v := cell(row, c).strip())]
    return any(map(is_value if airport.strip() else is_number, values))


def totals_in(names: Sequence[str]) -> set[int]:
    """Columns that hold the total of a year."""
    return {
        i
        for i, name in enumerate(names)
        if is_year(name)
        or is_total(name.strip())
        or any(word in TOTAL_WORDS for word in name.lower().split())
    }


def other_numbers(names: Sequence[str], cells: Cells, besides: Iterable[int]) -> list[str]:
    """Names of the columns of numbers but for some, for totals and for numbers of airports."""
    used = set(besides) | totals_in(names)
    totals = set(totals_but(names, used))
    rest = [i for i, name in enumerate(names) if i not in used and name.strip()]
    rest = [i for i in rest if not usual_name("airport", names[i]) and names[i] not in totals]
    columns = {names[i]: column_at(cells, i) for i in rest}
    return [name for name, column in columns.items() if share(column, is_number) >= _NUMBERS]


def totals_but(names: Sequence[str], at: Iterable[int]) -> list[str]:
    """Names of the columns of totals, quarters among months included, but for some."""
    used = set(at)
    totals = totals_in(names)
    return [
        name
        for i, name in enumerate(names)
        if i not in used and (i in totals or is_quarter(name) or _of_a_quarter(name))
    ]


def _of_a_quarter(name: str) -> bool:
    found = read_date(name.strip())
    return isinstance(found, Written) and found.kind == "Q"
