"""From a table to the panel: dates and numbers read, and what is no airport's month left out."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np

from forecastctl.data.panel.build import make_panel
from forecastctl.data.panel.frequency import NO_DAY
from forecastctl.data.panel.understood import Understood
from forecastctl.data.panel.values import Numbers, number_problems, parse_numbers
from forecastctl.data.read.blanks import named_airports
from forecastctl.data.read.calendars import FORMS
from forecastctl.data.read.categories import Summed, summed_categories
from forecastctl.data.read.cells import filled_down
from forecastctl.data.read.dates import (
    Dates,
    days_later,
    local_note,
    parse_dates,
)
from forecastctl.data.read.groups import airport_groups
from forecastctl.data.read.layout import LaidOut, counted
from forecastctl.data.read.names import one_spelling
from forecastctl.data.read.sheets import table_of_sheets
from forecastctl.data.read.tables import texts_of
from forecastctl.data.read.total_words import called_total
from forecastctl.data.read.totals import notes_of, total_airports
from forecastctl.data.read.year_parts import as_quarters, parse_year_parts
from forecastctl.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from forecastctl.data.panel.panel import DataSpec, Panel
    from forecastctl.data.read.tables import Loaded, SourceTable

_OTHERS = 100_000
"""Cells of other columns that are asked for their decimal mark."""
_DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars", " ": "blanks"}
_LISTED = 3


@dataclass(frozen=True, slots=True)
class _Rows:
    """The rows of a table, read.

    Attributes:
        codes: Number of the airport, shape ``(n,)``.
        airports: Their names, shape ``(k,)``.
        dates: Days, and what is wrong with them.
        numbers: Passengers, and what is wrong with them.
        problem: ``None`` or what is wrong, shape ``(n,)``.
        wrong: Positions of rows with a problem.
    """

    codes: NDArray[np.int64]
    airports: NDArray[np.object_]
    dates: Dates
    numbers: Numbers
    problem: NDArray[np.object_]
    wrong: tuple[int, ...]


def to_panel(tables: Sequence[SourceTable], spec: DataSpec) -> Panel:
    """Find the table and its columns, read them and check every row.

    Args:
        tables: Those of the source.
        spec: How to read it.

    Raises:
        DataError: A column is missing or ambiguous, there are no rows, no date or no number can
            be read, or how they are to be read cannot be told.
    """
    import pandas as pd

    laid = table_of_sheets(tables, spec)
    table, columns = laid.table, laid.columns
    loaded = table.load(columns.wanted())
    if not len(loaded.rows):
        raise DataError(
            f"{table.label} holds column names and no rows.",
            "Check that the export or the query worked.",
        )
    rows = _read(laid, loaded, spec)
    keep, notes = _kept(laid, loaded, rows)
    days, y, codes = rows.dates.days, rows.numbers.values, rows.codes  # noqa: PD011 - no table
    spelt, said = one_spelling(codes, rows.airports, days, keep)
    if said:
        codes, spelt = _again(codes, spelt)
    usable = keep.copy()
    usable[list(rows.wrong)] = False
    totals = total_airports(codes, spelt, days, y, usable)
    notes += said + notes_of(totals, kept=spec.totals == "keep")
    if spec.duplicates in ("sum", "mean"):
        counted_twice = _categories(laid, codes, days, np.where(usable, y, np.nan), spec)
        keep &= ~counted_twice.rows
        notes += counted_twice.notes
    names = spelt[codes]
    if totals and spec.totals == "leave-out":
        keep &= ~np.isin(names, list(totals))
    frame = pd.DataFrame(
        {
            # An explicit object: pandas 3 makes None a NaN in a column of text.
            "airport": pd.Series(names, dtype=object),
            "ds": days.astype("datetime64[D]").astype("datetime64[s]"),
            "y": y,
            "row": loaded.rows,
            "problem": pd.Series(rows.problem, dtype=object),
        }
    )
    if not keep.all():
        frame = frame[keep].reset_index(drop=True)
    described = columns.described(table.names)
    panel = make_panel(frame, spec, table.label, unit=table.unit, columns=described)
    panel = replace(panel, understood=_understood(laid, rows, names, keep, notes))
    if not columns.groups:
        return panel
    return replace(panel, groups=airport_groups(table, loaded, columns.airport, columns.groups))


def _categories(
    laid: LaidOut,
    codes: NDArray[np.int64],
    days: NDArray[np.int64],
    y: NDArray[np.float64],
    spec: DataSpec,
) -> Summed:
    """Rows that add up others of their airport and period."""
    import pandas as pd

    frame = pd.DataFrame({"airport": codes, "day": days, "y": y})
    others = _others(laid)
    columns = laid.table.load(others).columns if others else {}
    named = {laid.table.names[c]: column for c, column in columns.items()}
    return summed_categories(frame, named, kept=spec.totals == "keep")


def _again(
    codes: NDArray[np.int64], names: NDArray[np.object_]
) -> tuple[NDArray[np.int64], NDArray[np.object_]]:
    """Numbers and names of airports after some names have become the same."""
    import pandas as pd

    new, unique = pd.factorize(names)
    return np.asarray(new, dtype=np.int64)[codes], unique


def _read(laid: LaidOut, loaded: Loaded, spec: DataSpec) -> _Rows:
    """Dates, numbers and names of all rows."""
    import pandas as pd

    table, columns = laid.table, laid.columns
    dates = _days(laid, loaded, spec)
    numbers = _values(laid, loaded, spec)
    texts = texts_of(loaded.columns[columns.airport])
    if table.delimiter == "|":
        texts = [text.strip() for text in texts]
    codes, airports = pd.factorize(np.array(texts, dtype=object))
    if "" in airports:
        others = [c for i in _others(laid) if isinstance(c := table.load([i]).columns[i], list)]
        named = named_airports(texts, others, dates.days.tolist())
        codes, airports = pd.factorize(np.array(named, dtype=object))
    problem = np.full(len(texts), None, dtype=object)
    wrong = {**numbers.problems, **dates.problems, **loaded.problems}
    for position, text in wrong.items():
        problem[position] = f"{table.unit} {loaded.rows[position]}, {text}"
    return _Rows(codes.astype(np.int64), airports, dates, numbers, problem, tuple(wrong))


def _days(laid: LaidOut, loaded: Loaded, spec: DataSpec) -> Dates:
    """Days of all rows, and what is wrong by position."""
    table, columns, names = laid.table, laid.columns, laid.table.names
    if columns.date is None:
        found = _of_parts(laid, loaded, spec)
    else:
        where = f"column {names[columns.date]}"
        column = loaded.columns[columns.date]
        if not isinstance(column, list) and column.dtype.kind == "M":
            found = _of_moments(column)
        else:
            texts = as_quarters(texts_of(column), names[columns.date])
            place = f"{table.label}, {where}"
            found = parse_dates(texts, place, dayfirst=spec.dayfirst, language=spec.language)
        found = replace(found, problems={i: f"{where}: {t}" for i, t in found.problems.items()})
    if np.all(found.days == NO_DAY):
        position = min(found.problems, default=0)
        example = f"{table.unit} {loaded.rows[position]}, {found.problems.get(position, 'totals')}"
        raise DataError(
            f"{table.label}: not one date can be read ({example}).",
            f"{FORMS} Set [data] date if another column holds the dates.",
        )
    return found


def _of_parts(laid: LaidOut, loaded: Loaded, spec: DataSpec) -> Dates:
    """Days from a year and a part of it."""
    columns, names = laid.columns, laid.table.names
    pair = (columns.year or 0, columns.part or 0)
    years, parts = (texts_of(loaded.columns[c]) for c in pair)
    if "" in years:
        years = filled_down(years)
    where = f"{laid.table.label}, column {names[pair[1]]}"
    found = parse_year_parts(years, parts, kind=columns.kind, where=where, language=spec.language)
    problems = {i: f"column {names[pair[c]]}: {text}" for i, (c, text) in found.problems.items()}
    form = f"{names[pair[0]]} + {names[pair[1]]}"
    return Dates(found.days, problems, found.totals, form)


def _of_moments(column: NDArray[np.datetime64]) -> Dates:
    """Days of a column of typed moments."""
    days = column.astype("datetime64[D]").astype(np.int64)
    missing = np.flatnonzero(days == NO_DAY)
    notes: tuple[str, ...] = ()
    if column.dtype == np.dtype("datetime64[h]"):
        known = ~np.isnat(column)
        hours = column[known].astype(np.int64) % 24
        if days_later(hours.tolist(), days[known].tolist()):
            days[known] += 1
            notes = (local_note(np.unique(hours).tolist()),)
    none = np.zeros(len(days), dtype=bool)
    seen = column[days != NO_DAY]
    form = str(seen[0].astype("datetime64[D]")) if len(seen) else ""
    return Dates(days, {int(i): "no date" for i in missing}, none, form, notes)


def _values(laid: LaidOut, loaded: Loaded, spec: DataSpec) -> Numbers:
    """Numbers of all rows, and what is wrong by position."""
    table, c = laid.table, laid.columns.value
    column, where = loaded.columns[c], f"column {table.names[c]}"
    if not isinstance(column, list) and column.dtype.kind in "fiu":
        values = column.astype(np.float64)
        found = Numbers(values, number_problems(values), {}, "numbers")
    else:
        found = parse_numbers(
            texts_of(column),
            f"{table.label}, {where}",
            decimal=spec.decimal,
            delimiter=table.delimiter,
            others=islice(_other_cells(laid), _OTHERS),
        )
    if np.isnan(found.values).all():
        first = min(found.problems, default=0)
        reason = found.problems.get(first)
        example = f" ({table.unit} {loaded.rows[first]}: {reason})" if reason else ""
        raise DataError(
            f"{table.label}, {where}: not one number can be read{example}.",
            "Set [data] value in forecastctl.toml to the column that holds the passengers.",
        )
    places = loaded.places
    problems = {
        i: f"column {places[i] if places else table.names[c]}: {text}"
        for i, text in found.problems.items()
    }
    return replace(found, problems=problems)


def _other_cells(laid: LaidOut) -> Iterator[str]:
    """Cells of the other columns, read only where someone asks for them."""
    others = _others(laid)
    if others:
        loaded = laid.table.load(others)
        for c in others:
            column = loaded.columns[c]
            yield from column if isinstance(column, list) else ()


def _others(laid: LaidOut) -> list[int]:
    """Positions of the columns that hold neither airport, date nor passengers."""
    return [c for c in range(len(laid.table.names)) if c not in laid.columns.wanted()]


def _kept(laid: LaidOut, loaded: Loaded, rows: _Rows) -> tuple[NDArray[np.bool_], tuple[str, ...]]:
    """Which rows are an airport's period, and what a user should know of the others."""
    keep = np.ones(len(rows.codes), dtype=bool)
    notes = (*laid.table.notes, *rows.dates.notes)
    word = laid.table.unit
    totals = rows.dates.totals
    if totals.any():
        keep &= ~totals
        first = loaded.rows[np.flatnonzero(totals)[0]]
        which = f"(first {word} {first}): left out"
        notes += (f"{totals.sum():,} rows hold the total of a year or quarter {which}",)
    undated = (rows.dates.days == NO_DAY) & ~totals
    if undated.any():
        called = np.array([called_total(str(name)) for name in rows.airports], dtype=bool)
        sums = undated & called[rows.codes]
        keep &= ~sums
        if sums.any():
            notes += (f"{sums.sum():,} {word}s hold a total without a date: left out",)
    wrong = undated & keep & np.isnan(rows.numbers.values)
    if not wrong.any():
        return keep, notes
    names = laid.columns.described(laid.table.names)
    again = wrong & (rows.airports == names["airport"])[rows.codes]
    right, at = np.flatnonzero(~wrong), np.arange(len(wrong))
    around = (at < right[0]) | (at > right[-1]) if len(right) else ~wrong
    drop = again | (around & wrong)
    if drop.any():
        keep &= ~drop
        lines = loaded.rows[drop]
        n = "1" if drop.sum() == 1 else f"{drop.sum():,}"
        rest = f"{n} {word}s hold neither a date nor a number (first {word} {lines[0]})"
        notes += (f"{rest}: taken for notes and left out",)
    return keep, notes


def _understood(
    laid: LaidOut,
    rows: _Rows,
    names: NDArray[np.object_],
    keep: NDArray[np.bool_],
    notes: tuple[str, ...],
) -> Understood:
    """How the source was read."""
    table = laid.table
    described = laid.columns.described(table.names)
    marks = {i: mark for i, mark in rows.numbers.marks.items() if keep[i]}
    by_airport: dict[str, Counter[str]] = {}
    for i, mark in marks.items():
        by_airport.setdefault(str(names[i]), Counter())[mark] += 1
    if marks:
        total = Counter(marks.values()).most_common(_LISTED)
        listed = ", ".join(f"{mark!r} {n:,} times" for mark, n in total)
        notes += (f"marks beside numbers are kept as notes of their airports: {listed}",)
    delimiter = _DELIMITERS.get(table.delimiter, table.delimiter)
    file = [
        table.facts.get("format", ""),
        f"{delimiter} between fields" if delimiter else "",
        f"header in {table.unit} {laid.header}" if laid.header > 1 else "",
        ", ".join(f"{role} in {name!r}" for role, name in described.items()),
    ]
    return Understood(
        shape=laid.shape,
        file=", ".join(filter(None, file)),
        numbers=rows.numbers.form,
        dates=rows.dates.form,
        unit=counted(laid),
        notes=notes,
        airports={a: tuple(_of_marks(found)) for a, found in by_airport.items()},
    )


def _of_marks(found: Counter[str]) -> Iterator[str]:
    for mark, n in found.most_common():
        yield f"marked {mark!r} in the file: {n:,} {'value' if n == 1 else 'values'}"
