"""Which columns of a table hold airport, date and passengers."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from forecastctl.data.read.usual_names import IN_PARENTHESES, USUAL_NAMES
from forecastctl.errors import DataError
from forecastctl.hints import nearest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from forecastctl.data.panel.panel import DataSpec

_RIVALS = ("passengers", "total passengers")
"""Of which neither wins: one of them leaves some passengers out."""
_ROLES = {
    "airport": "the airport",
    "date": "the date",
    "value": "the passengers",
    "groups": "a group",
}
_SHOWN = 30
_SUM_OF = re.compile(r"^(?:sum of|summe von|somme de|suma de|soma de|somma di|som van) ")
"""What pivot tables write before the name of a column."""


@dataclass(frozen=True, slots=True)
class ColumnPositions:
    """Positions of the columns in the table; either ``date``, or ``year`` and a ``part`` of it.

    Attributes:
        airport: Of the airports.
        value: Of the passengers.
        date: Of the dates.
        year: Of the years.
        part: Of the months, quarters or weeks.
        kind: ``month``, ``quarter`` or ``week``.
        groups: Of the groups.
    """

    airport: int
    value: int
    date: int | None = None
    year: int | None = None
    part: int | None = None
    kind: str = "month"
    groups: tuple[int, ...] = ()

    def wanted(self) -> tuple[int, ...]:
        """Positions to read, each once."""
        positions = (self.airport, self.value, self.date, self.year, self.part, *self.groups)
        return tuple(dict.fromkeys(c for c in positions if c is not None))

    def described(self, names: Sequence[str]) -> dict[str, str]:
        """Names by role, for people."""
        dates = [c for c in (self.date, self.year, self.part) if c is not None]
        return {
            "airport": names[self.airport],
            "date": " + ".join(names[c] for c in dates),
            "value": names[self.value],
        }


def plain_name(name: str) -> str:
    """A name for comparison: lower case, one space for any run of separators, no "sum of"."""
    plain = " ".join(re.split(r"[\s_\-.]+", name.strip().lower()))
    return _SUM_OF.sub("", plain)


def _columns_found(names: Sequence[str]) -> str:
    """The columns found, for messages."""
    listed = [repr(n[:_SHOWN]) for n in names[:_SHOWN]]
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return f"Columns found: {', '.join(listed)}{more}."


def _named(role: str, wanted: str, names: Sequence[str], label: str) -> int:
    """Position of a column that the settings name."""
    for match in (lambda n: n == wanted, lambda n: plain_name(n) == plain_name(wanted)):
        positions = [i for i, n in enumerate(names) if match(n)]
        if len(positions) == 1:
            return positions[0]
        if positions:
            raise DataError(
                f"{label} has {len(positions)} columns named {wanted!r}. {_columns_found(names)}",
                "Give the columns different names.",
            )
    plain = {plain_name(n): n for n in names}
    close = nearest(plain_name(wanted), plain, 0.5)
    suggestion = f"Did you mean {plain[close]!r}? " if close else ""
    raise DataError(
        f"{label} has no column {wanted!r}. {_columns_found(names)}",
        f"{suggestion}Set [data] {role} in forecastctl.toml to the column of {_ROLES[role]}.",
    )


def _recognised(role: str, names: Sequence[str], label: str) -> int | None:
    """Position of the column that usual names give away, or ``None``."""
    first, others = USUAL_NAMES[role]
    plain = [plain_name(n) for n in names]
    if role == "value" and all(name in plain for name in _RIVALS):
        _unambiguous(role, [i for i, n in enumerate(plain) if n in _RIVALS], names, label)
    for name in first:
        if name in plain:
            return _unambiguous(role, [i for i, n in enumerate(plain) if n == name], names, label)
    positions = [i for i, n in enumerate(plain) if n in others]
    if not positions:
        bare = [IN_PARENTHESES.sub("", n).strip() for n in plain]
        positions = [i for i, n in enumerate(bare) if n in first or n in others]
    return _unambiguous(role, positions, names, label) if positions else None


def _unambiguous(role: str, positions: list[int], names: Sequence[str], label: str) -> int:
    """The one position, or an error that asks which column is meant."""
    if len(positions) > 1:
        candidates = " or ".join(repr(names[i]) for i in positions)
        raise DataError(
            f"{label}: {_ROLES[role]} may be in {candidates}. {_columns_found(names)}",
            f"Set [data] {role} in forecastctl.toml to one of them.",
        )
    return positions[0]


def _unrecognised(role: str, names: Sequence[str], label: str) -> DataError:
    """No column of this role: say what was found and what it looks like."""
    usual = [n for group in USUAL_NAMES[role] for n in group]
    close = [n for n in names if nearest(plain_name(n), usual, 0.75)]
    suggestion = f" Did you mean {close[0]!r}?" if close else ""
    if len(names) > 1 and not any(re.search(r"[^\W\d_]{2}", n) for n in names[1:]):
        suggestion = " The first line must hold the names of the columns."
    return DataError(
        f"{label} has no column that looks like {_ROLES[role]}. {_columns_found(names)}",
        f"Set [data] {role} in forecastctl.toml to its name.{suggestion}",
    )


YEAR_NAMES = frozenset(
    (
        *("year", "jahr", "année", "annee", "año", "ano", "anno", "jaar", "år", "vuosi", "rok"),
        *(
            "yıl",
            "год",
            "év",
            "an",
            "any",
            "godina",
            "leto",
            "年",
            "年份",
            "연도",
            "time period year",
        ),
    )
)
PART_NAMES = {
    "month": (
        *("month", "monat", "mois", "mes", "mês", "mese", "maand", "måned", "månad", "kuukausi"),
        *(
            "miesiąc",
            "měsíc",
            "ay",
            "месяц",
            "hónap",
            "luna",
            "mjesec",
            "月",
            "月份",
            "월",
            "period",
        ),
    ),
    "quarter": ("quarter", "quartal", "trimestre", "trimester", "kwartaal", "kvartal", "qtr"),
    "week": ("week", "woche", "semaine", "semana", "settimana", "uge", "vecka", "isoweek", "kw"),
}
"""Names of the column beside the year, by what a number in it counts."""


def year_and_part(names: Sequence[str], label: str) -> tuple[int, int, str] | None:
    """Positions of a year and a part of it, and what the part is, where both have a column."""
    plain = [plain_name(n) for n in names]
    years = [i for i, n in enumerate(plain) if n in YEAR_NAMES]
    if not years or "date" in plain or "ds" in plain:
        return None
    for kind, usual in PART_NAMES.items():
        parts = [i for i, n in enumerate(plain) if n in usual]
        if parts:
            year = _unambiguous("date", years, names, label)
            return year, _unambiguous("date", parts, names, label), kind
    return None


def find_columns(names: Sequence[str], spec: DataSpec, label: str) -> ColumnPositions:
    """Find the columns by setting or by their usual names.

    Args:
        names: Column names as spelt.
        spec: Settings ``airport``, ``date`` and ``value``, and ``groups`` without a file for them.
        label: The source, for messages.

    Raises:
        DataError: A column is missing, twice there, or several fit.
    """
    split = None if spec.date else year_and_part(names, label)
    positions: dict[str, int] = {}
    for role, wanted in (("airport", spec.airport), ("date", spec.date), ("value", spec.value)):
        if role == "date" and split:
            continue
        position = _named(role, wanted, names, label) if wanted else _recognised(role, names, label)
        if position is None:
            raise _unrecognised(role, names, label)
        positions[role] = position
    year, part, kind = split or (None, None, "month")
    return ColumnPositions(
        airport=positions["airport"],
        value=positions["value"],
        date=positions.get("date"),
        year=year,
        part=part,
        kind=kind,
        groups=() if spec.group_file else group_columns(names, spec.groups, label),
    )


def usual_name(role: str, name: str) -> bool:
    """Whether a column of this name is usually of a role: ``airport``, ``date`` or ``value``."""
    return any(plain_name(name) in names for names in USUAL_NAMES[role])


def recognised(role: str, wanted: str | None, names: Sequence[str], label: str) -> int | None:
    """Position of the column of a role, by the settings or by its usual name, or ``None``.

    Raises:
        DataError: The settings name a column that is not there, or several fit.
    """
    return _named(role, wanted, names, label) if wanted else _recognised(role, names, label)


def group_columns(names: Sequence[str], wanted: Sequence[str], label: str) -> tuple[int, ...]:
    """Positions of columns that group airports.

    Raises:
        DataError: One is missing or twice there.
    """
    return tuple(_named("groups", name, names, label) for name in dict.fromkeys(wanted))


def airport_column(names: Sequence[str], wanted: str | None, label: str) -> int:
    """Position of the column that names the airports.

    Raises:
        DataError: It is missing, or several fit.
    """
    if wanted and wanted in names:
        return _named("airport", wanted, names, label)
    position = _recognised("airport", names, label)
    if position is None:
        raise _unrecognised("airport", names, label)
    return position
