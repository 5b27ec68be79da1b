"""Regressors that lie in a file: numbers by period, of each airport or of all."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from forecastctl.data.panel.frequency import NO_DAY
from forecastctl.data.panel.panel import DataSpec
from forecastctl.data.panel.values import parse_numbers
from forecastctl.data.read.columns import recognised
from forecastctl.data.read.dates import parse_dates
from forecastctl.data.read.files import source_tables
from forecastctl.data.read.tables import texts_of
from forecastctl.errors import DataError
from forecastctl.hints import did_you_mean
from forecastctl.records import canonical_json
from forecastctl.records.calendar import first_days, labels, ordinals
from forecastctl.records.terms import REGRESSOR, Regressor

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from forecastctl.data.read.tables import Loaded, SourceTable


@dataclass(frozen=True, slots=True)
class RegressorTable:
    """What a file of regressors holds.

    Attributes:
        source: Its name, for messages.
        values: Value by day, counted from 1970-01-01, by airport (``None`` for all) by name.
    """

    source: str
    values: Mapping[str, Mapping[str | None, Mapping[int, float]]]

    @property
    def digest(self) -> str:
        """SHA-256 of all values, whatever their order."""
        content = {
            name: {str(airport): sorted(days.items()) for airport, days in airports.items()}
            for name, airports in self.values.items()
        }
        return hashlib.sha256(canonical_json(content).encode()).hexdigest()

    @property
    def airports(self) -> set[str]:
        """All airports that it names."""
        return {a for by in self.values.values() for a in by if a is not None}


def read_regressors(
    source: str, columns: Sequence[str], airport: str | None, date: str | None
) -> RegressorTable:
    """Read a long table: a row for each airport and period, or for each period.

    Args:
        source: Path of a file of any format that panels may have.
        columns: Columns of regressors; none: all others.
        airport: Column of the airports; ``None`` recognises it. Without any, a row is of all
            airports.
        date: Column of the periods; ``None`` recognises it.

    Raises:
        DataError: It cannot be read; a column is missing; a date or a number is wrong, or stands
            twice.
    """
    table = source_tables(source, DataSpec(source))[0]
    names = table.names
    at_airport = recognised("airport", airport, names, table.label)
    at_date = recognised("date", date, names, table.label)
    if at_date is None:
        raise DataError(f"{table.label} has no column of dates.", "Name it: date in [regressors].")
    chosen = _columns(table, columns, {at_airport, at_date})
    wanted = [at_date, *chosen, *([] if at_airport is None else [at_airport])]
    loaded = table.load(wanted)
    days = _days(table, loaded, at_date)
    whose: Sequence[str | None] = [None] * len(days)
    if at_airport is not None:
        whose = [text.strip() for text in texts_of(loaded.columns[at_airport])]
    return RegressorTable(
        table.label, {names[c]: _by_airport(table, loaded, c, whose, days) for c in chosen}
    )


def file_regressors(
    table: RegressorTable, periods: NDArray[np.int64], freq: str
) -> list[Regressor]:
    """The regressors of a file by period; logarithms where all values of one are positive.

    So the effect of what is counted (seats, flights) is the same share of the passengers for the
    same share of it, at airports of all sizes.

    Args:
        table: The content of the file.
        periods: Numbers of consecutive periods.
        freq: pandas period alias.

    Raises:
        DataError: A period has two values.
    """
    found = []
    for name, airports in table.values.items():
        positive = all(v > 0 for days in airports.values() for v in days.values())
        for airport, days in airports.items():
            values = _by_period(table.source, name, airport, days, freq)
            own = [values.get(p) for p in periods.tolist()]
            first = str(first_days(periods[:1], freq)[0])
            shown = tuple(None if v is None else math.log(v) if positive else v for v in own)
            found.append(
                Regressor(name, REGRESSOR, first, shown, None if airport is None else (airport,))
            )
    return found


def _by_period(
    source: str, name: str, airport: str | None, days: Mapping[int, float], freq: str
) -> dict[int, float]:
    """Value by the number of its period."""
    numbers = ordinals(np.array(list(days), dtype=np.int64), freq).tolist()
    found: dict[int, float] = {}
    for period, value in zip(numbers, days.values(), strict=True):
        if period in found:
            of = "" if airport is None else f" of {airport}"
            raise DataError(
                f"{source}: {name}{of} has two values in {labels([period], freq)[0]}.",
                "Give one for each period of the data.",
            )
        found[period] = value
    return found


def _columns(table: SourceTable, wanted: Sequence[str], besides: set[int | None]) -> list[int]:
    """Positions of the regressors."""
    for name in wanted:
        if name not in table.names:
            hint = did_you_mean(name, table.names) or f"Columns are {', '.join(table.names)}."
            raise DataError(f"{table.label} has no column {name!r}.", hint)
    chosen = [
        i
        for i, name in enumerate(table.names)
        if i not in besides and name and (name in wanted or not wanted)
    ]
    if not chosen:
        raise DataError(
            f"{table.label} has no column beside those of airports and dates.",
            "Add a column for each regressor, such as airport,date,seats.",
        )
    return chosen


def _days(table: SourceTable, loaded: Loaded, column: int) -> list[int]:
    """Days of the rows, counted from 1970-01-01."""
    where = f"{table.label}, column {table.names[column]}"
    dates = parse_dates(texts_of(loaded.columns[column]), where)
    for row, problem in dates.problems.items():
        raise DataError(
            f"{table.label}, {table.unit} {loaded.rows[row]}: {problem}.", "Correct the date."
        )
    if np.any(dates.days == NO_DAY):
        raise DataError(f"{where}: a row is a total.", "Leave it out.")
    return [int(day) for day in dates.days]


def _by_airport(
    table: SourceTable,
    loaded: Loaded,
    column: int,
    whose: Sequence[str | None],
    days: Sequence[int],
) -> dict[str | None, dict[int, float]]:
    """Value by day by airport; blanks are not known."""
    where = f"{table.label}, column {table.names[column]}"
    numbers = parse_numbers(texts_of(loaded.columns[column]), where)
    for row, problem in numbers.problems.items():
        raise DataError(
            f"{table.label}, {table.unit} {loaded.rows[row]}: {problem}.", "Correct the number."
        )
    found: dict[str | None, dict[int, float]] = {}
    for row, (airport, day) in enumerate(zip(whose, days, strict=True)):
        value = float(numbers.values[row])
        if not math.isfinite(value):
            continue
        own = found.setdefault(airport, {})
        if day in own:
            raise DataError(
                f"{table.label}, {table.unit} {loaded.rows[row]}: {table.names[column]} has a "
                "second value for this period.",
                "Give one for each airport and period.",
            )
        own[day] = value
    return found
