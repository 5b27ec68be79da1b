"""Tables with a row per period and a column per airport."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from forecastctl.data.panel.frequency import NO_DAY
from forecastctl.data.read.cells import (
    a_calendar,
    column_at,
    filled_down,
    is_date,
    is_year,
    numeric,
    share,
)
from forecastctl.data.read.columns import plain_name, recognised, usual_name, year_and_part
from forecastctl.data.read.dates import parse_dates
from forecastctl.data.read.derived import is_derived
from forecastctl.data.read.unfold import Entry, cell, texts_of_columns, unfolded
from forecastctl.data.read.year_parts import as_quarters, parse_year_parts
from forecastctl.errors import DataError
from forecastctl.records.month_names import month_numbers
from forecastctl.records.readings import Named
from forecastctl.records.written_dates import read_date

if TYPE_CHECKING:
    from collections.abc import Sequence

    from forecastctl.data.panel.panel import DataSpec
    from forecastctl.data.read.tables import Cells, SourceTable

_HALF = 0.5
_LISTED = 3
_DECIMAL_YEAR = re.compile(r"\s*(?:19|20)\d\d(?:\.\d+)?\s*", re.ASCII)
_BARE = re.compile(r"\d+(?:\.\d+)?", re.ASCII)


def by_airport(
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
    derived = [name for name in airport_of if is_derived(name) and airport_of[name] == name]
    if len(derived) < len(airport_of):
        airport_of = {name: of for name, of in airport_of.items() if name not in derived}
    airports = [i for i in airports if names[i] in airport_of]
    beside = [i for i in range(len(names)) if i not in besides and i not in airports]
    others = texts_of_columns(names, cells, beside)
    several = any(len(set(column)) > 1 for column in others.values())
    alone = len(airports) == 1 and (several or usual_name("value", names[airports[0]]))
    if not airports or alone:
        return None
    if len({names[i] for i in airports}) < len(airports):
        return None  # a row above says which is which
    entries = [
        Entry(airport_of[names[i]], date, cell(row, i), number, names[i])
        for i in airports
        for date, row, number in zip(dates, cells.rows, cells.numbers, strict=True)
        if date.strip() and any(cell(row, a).strip() for a in airports)
    ]
    years = [
        n
        for i, n in enumerate(names)
        if is_year(n) and i not in besides and any(column_at(cells, i))
    ]
    found = unfolded(entries, table, cells, others, years)
    if found is None or not derived:
        return found
    return replace(found, notes=(*found.notes, _of_derived(derived)))


def _of_derived(names: Sequence[str]) -> str:
    """The sentence about columns that are no airport's passengers."""
    more = f" and {len(names) - _LISTED:,} more" if len(names) > _LISTED else ""
    listed = ", ".join(map(repr, names[:_LISTED]))
    return f"columns of shares, changes or running totals are left out: {listed}{more}"


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
        counted = [m for m in measures if not is_derived(m)]
        usual = usual or (counted if len(counted) == 1 else [])
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
        texts = list(as_quarters(column_at(cells, c), names[c]))
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
