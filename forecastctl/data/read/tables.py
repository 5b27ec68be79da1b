"""From a table of any origin to the long panel."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from forecastctl.data.panel.build import make_panel
from forecastctl.data.panel.frequency import NO_DAY
from forecastctl.data.panel.values import number_problems, parse_numbers
from forecastctl.data.read.columns import find_columns
from forecastctl.data.read.dates import FORMS, parse_dates, parse_year_months
from forecastctl.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from forecastctl.data.panel.panel import DataSpec, Panel
    from forecastctl.data.read.columns import ColumnPositions

Column: TypeAlias = "list[str] | NDArray[Any]"
"""Text, or an array of whole numbers, of floats (NaN: missing) or of ``datetime64`` (NaT)."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """Content of some columns.

    Attributes:
        columns: By position in the table; all of one length.
        rows: Line or row number of each entry.
        problems: What is wrong with whole rows, by position.
    """

    columns: dict[int, Column]
    rows: NDArray[np.int64]
    problems: dict[int, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SourceTable:
    """A table whose header is known and whose content is still to be read.

    Attributes:
        label: Name of the source for messages, without passwords.
        unit: What rows are counted in: ``line`` or ``row``.
        names: Column names as spelt.
        load: Reads the columns at the given positions.
    """

    label: str
    unit: str
    names: tuple[str, ...]
    load: Callable[[Sequence[int]], Loaded]


def to_panel(table: SourceTable, spec: DataSpec) -> Panel:
    """Recognise the columns of a table, read them and check every row.

    Raises:
        DataError: A column is missing or ambiguous, there are no rows, or no date or no number can
            be read.
    """
    import pandas as pd

    columns = find_columns(table.names, spec, table.label)
    loaded = table.load(columns.wanted())
    if not len(loaded.rows):
        raise DataError(
            f"{table.label} holds column names and no rows.",
            "Check that the export or the query worked.",
        )
    days, date_problems = _days(table, loaded, columns, spec)
    y, value_problems = _values(table, loaded, columns)
    problem = np.full(len(days), None, dtype=object)
    for problems in (value_problems, date_problems, loaded.problems):
        for position, text in problems.items():
            problem[position] = f"{table.unit} {loaded.rows[position]}, {text}"
    frame = pd.DataFrame(
        {
            # An explicit object: pandas 3 makes None a NaN in a column of text.
            "airport": pd.Series(_texts(loaded.columns[columns.airport]), dtype=object),
            "ds": days.astype("datetime64[D]").astype("datetime64[s]"),
            "y": y,
            "row": loaded.rows,
            "problem": pd.Series(problem, dtype=object),
        }
    )
    described = columns.described(table.names)
    panel = make_panel(frame, spec, table.label, unit=table.unit, columns=described)
    if not columns.groups:
        return panel
    return replace(panel, groups=airport_groups(table, loaded, columns.airport, columns.groups))


def airport_groups(
    table: SourceTable, loaded: Loaded, airport: int, groups: Sequence[int]
) -> dict[str, dict[str, str]]:
    """The one value that each airport has in each column; blanks do not count.

    Args:
        table: Where the columns are from.
        loaded: Its content.
        airport: Position of the column of the airports.
        groups: Positions of the columns of the groups.

    Returns:
        Value by airport by column; airports without any value are missing.

    Raises:
        DataError: An airport has two values in one column.
    """
    names = _texts(loaded.columns[airport])
    return {table.names[c]: _one_value(table, loaded, names, c) for c in groups}


def _one_value(
    table: SourceTable, loaded: Loaded, airports: list[str], column: int
) -> dict[str, str]:
    """The value of each airport in one column."""
    values: dict[str, str] = {}
    rows = zip(airports, _texts(loaded.columns[column]), loaded.rows.tolist(), strict=True)
    for airport, raw, row in rows:
        value = raw.strip()
        earlier = values.setdefault(airport, value) or value
        if value and value != earlier:
            raise DataError(
                f"{table.label}, {table.unit} {row}, column {table.names[column]}: {airport!r} is "
                f"in {value!r} here and in {earlier!r} elsewhere.",
                "Every airport must have one value in a column that groups airports.",
            )
        values[airport] = earlier
    return {airport: value for airport, value in values.items() if value}


def _texts(column: Column) -> list[str]:
    """A column as text; whole floats without their point."""
    if isinstance(column, list):
        return column
    if column.dtype.kind == "f":
        return ["" if v != v else f"{v:.0f}" if v == int(v) else repr(v) for v in column.tolist()]  # noqa: PLR0124 - NaN
    if column.dtype.kind == "M":
        return ["" if np.isnat(v) else str(v) for v in column]
    return [str(v) for v in column.tolist()]


def _days(
    table: SourceTable, loaded: Loaded, columns: ColumnPositions, spec: DataSpec
) -> tuple[NDArray[np.int64], dict[int, str]]:
    """Days of all rows, and what is wrong by position."""
    names = table.names
    if columns.date is None:
        pair = (columns.year or 0, columns.month or 0)
        years, months = (_texts(loaded.columns[c]) for c in pair)
        days, split = parse_year_months(years, months)
        problems = {i: f"column {names[pair[c]]}: {text}" for i, (c, text) in split.items()}
    else:
        where = f"column {names[columns.date]}"
        column = loaded.columns[columns.date]
        if not isinstance(column, list) and column.dtype.kind == "M":
            days = column.astype("datetime64[D]").astype(np.int64)
            unreadable = {int(i): "no date" for i in np.flatnonzero(days == NO_DAY)}
        else:
            texts = _texts(column)
            days, unreadable = parse_dates(texts, f"{table.label}, {where}", dayfirst=spec.dayfirst)
        problems = {i: f"{where}: {text}" for i, text in unreadable.items()}
    if np.all(days == NO_DAY):
        example = f"{table.unit} {loaded.rows[0]}, {problems[0]}"
        raise DataError(
            f"{table.label}: not one date can be read ({example}).",
            f"{FORMS} Set [data] date if another column holds the dates.",
        )
    return days, problems


def _values(
    table: SourceTable, loaded: Loaded, columns: ColumnPositions
) -> tuple[NDArray[np.float64], dict[int, str]]:
    """Numbers of all rows, and what is wrong by position."""
    column = loaded.columns[columns.value]
    if not isinstance(column, list) and column.dtype.kind in "fiu":
        y = column.astype(np.float64)
        unreadable = number_problems(y)
    else:
        y, unreadable = parse_numbers(_texts(column))
    where = f"column {table.names[columns.value]}"
    if np.isnan(y).all():
        first = min(unreadable, default=0)
        example = f" ({table.unit} {loaded.rows[first]}: {unreadable[first]})" if unreadable else ""
        raise DataError(
            f"{table.label}, {where}: not one number can be read{example}.",
            "Set [data] value in forecastctl.toml to the column that holds the passengers.",
        )
    return y, {i: f"{where}: {text}" for i, text in unreadable.items()}
