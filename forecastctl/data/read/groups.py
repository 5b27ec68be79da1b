"""Which groups each airport is in, from columns beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from forecastctl.data.read.tables import texts_of
from forecastctl.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from forecastctl.data.read.tables import Loaded, SourceTable


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
    names = texts_of(loaded.columns[airport])
    return {table.names[c]: _one_value(table, loaded, names, c) for c in groups}


def _one_value(
    table: SourceTable, loaded: Loaded, airports: list[str], column: int
) -> dict[str, str]:
    """The value of each airport in one column."""
    values: dict[str, str] = {}
    rows = zip(airports, texts_of(loaded.columns[column]), loaded.rows.tolist(), strict=True)
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
