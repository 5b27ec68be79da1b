"""What is known of each airport of a shared panel before any is prepared: small, and it adds up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from forecastctl.data.panel.frequency import NO_DAY, Spacings, spacings
from forecastctl.data.panel.rows import airport_digests, cut_at, early_rows
from forecastctl.data.prepare.prepare import latest_of
from forecastctl.data.read.names import look_the_same
from forecastctl.data.read.total_words import called_total
from forecastctl.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from forecastctl.data.panel.panel import DataSpec
    from forecastctl.data.panel.rows import Grouped
    from forecastctl.data.shared.table import Chunk


@dataclass(frozen=True, slots=True)
class Account:
    """What is known of an airport.

    Attributes:
        airport: Its name.
        digest: SHA-256 of its rows.
        rows: How many there are.
        numbers: How many of them hold a number.
        undated: How many of them hold no date.
        first: Its first day, ``None`` where no row has one.
        last: Its last day.
        usable: As `forecastctl.data.prepare.prepare.latest_of`.
    """

    airport: str
    digest: str
    rows: int
    numbers: int
    undated: int
    first: int | None
    last: int | None
    usable: int | None


@dataclass(frozen=True, slots=True)
class Survey:
    """What is known of the airports of a part of a panel.

    Attributes:
        accounts: Of each of them.
        spaced: How their rows are spaced.
        early: The same of the rows dated on or before the as-of date.
    """

    accounts: tuple[Account, ...]
    spaced: Spacings
    early: Spacings


def survey(chunk: Chunk, as_of: str | None, today: date) -> Survey:
    """Read a part of a panel and say what is in it.

    Args:
        chunk: Its airports.
        as_of: No row after this date counts for the frequency that a job has.
        today: Later values are in the future.
    """
    rows = chunk.rows()
    dated = rows.days != NO_DAY
    early = dated if as_of is None else early_rows(rows, as_of)
    return Survey(
        _accounts(rows, today),
        spacings(rows.codes[dated], rows.days[dated]),
        spacings(rows.codes[early], rows.days[early]),
    )


def latest_until(
    chunk: Chunk, freq: str, spec: DataSpec, as_of: str, today: date
) -> list[tuple[str, int | None]]:
    """Each airport of a part with the day of its last usable value up to the as-of date."""
    view = cut_at(chunk.rows(), freq, spec, as_of, digests=False)
    return [(rows.airport, latest_of(rows, today)) for rows in view.airports]


def _accounts(grouped: Grouped, today: date) -> tuple[Account, ...]:
    found = []
    digests = airport_digests(grouped)
    for i, (name, digest) in enumerate(zip(grouped.names, digests, strict=True)):
        own = slice(*grouped.bounds[i : i + 2].tolist())
        days = grouped.days[own]
        dated = days[days != NO_DAY]
        found.append(
            Account(
                airport=name,
                digest=digest,
                rows=len(days),
                numbers=int((~np.isnan(grouped.y[own])).sum()),
                undated=len(days) - len(dated),
                first=int(dated.min()) if len(dated) else None,
                last=int(dated.max()) if len(dated) else None,
                usable=latest_of(grouped.rows_of(i), today),
            )
        )
    return tuple(found)


def refuse(accounts: Sequence[Account], spec: DataSpec, label: str) -> None:
    """Refuse what can only be dealt with by whoever sees all rows together.

    Raises:
        DataError: There are rows without a date, no numbers, names that look the same, or an
            airport that is called a total.
    """
    undated = sum(account.undated for account in accounts)
    if undated:
        first = next(account.airport for account in accounts if account.undated)
        raise DataError(
            f"{label}: {undated:,} rows have no date, the first of airport {first!r}.",
            "Leave them out where the table is written.",
        )
    if not any(account.numbers for account in accounts):
        raise DataError(f"{label}: not one number of passengers is there.", "Check the column.")
    same = look_the_same(account.airport for account in accounts)
    if same:
        names = " and ".join(repr(accounts[i].airport) for i in same[0][1])
        raise DataError(
            f"{label}: the names {names} differ only in what nobody sees.",
            "Give each airport one spelling where the table is written.",
        )
    totals = [account.airport for account in accounts if called_total(account.airport)]
    if totals and spec.totals != "keep":
        raise DataError(
            f"{label}: {totals[0]!r} is called a total, and workers that see one airport each "
            "cannot tell what it adds up.",
            'Leave it out where the table is written, or set [data] totals = "keep" to forecast it '
            "as an airport.",
        )
