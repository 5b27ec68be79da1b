"""Regressors that are known in advance, by period, and what was estimated of their effects."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from forecastctl.records.calendar import first_days, period_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

CALENDAR, EVENT, REGRESSOR = "calendar", "event", "regressor"
KINDS = (CALENDAR, EVENT, REGRESSOR)
"""Where a term comes from: the calendar, an event that was named, a file of regressors."""


@dataclass(frozen=True, slots=True)
class Terms:
    """Regressors of one series, for its periods and for periods ahead of it.

    They are looked up by day, so that a series that is cut needs no cutting of its terms.

    Attributes:
        names: Of the regressors.
        kinds: Of each, one of `KINDS`.
        freq: pandas period alias.
        first: Number of the first period (`forecastctl.records.calendar`).
        values: Of consecutive periods, finite, shape ``(periods, len(names))``.
    """

    names: tuple[str, ...]
    kinds: tuple[str, ...]
    freq: str
    first: int
    values: NDArray[np.float64]

    def until(self, day: object, n: int) -> NDArray[np.float64] | None:
        """Values of the ``n`` periods up to the one of a day, or ``None`` where one is unknown."""
        end = period_of(day, self.freq) - self.first + 1
        return self.values[end - n : end] if n <= end <= len(self.values) else None

    def after(self, day: object) -> NDArray[np.float64]:
        """Values of all periods that are known after the one of a day."""
        return self.values[max(period_of(day, self.freq) - self.first + 1, 0) :]

    def cut(self, last: int) -> Terms:
        """The same up to the period of a number, which is included."""
        rows = max(last - self.first + 1, 0)
        return Terms(self.names, self.kinds, self.freq, self.first, self.values[:rows])


@dataclass(frozen=True, slots=True)
class Effect:
    """What one regressor does to a series, on the scale of logarithms.

    Attributes:
        name: Of the regressor.
        kind: One of `KINDS`.
        beta: Change of the logarithm by one unit of it.
        se: Standard error of ``beta``.
        ahead: The regressor in the periods after the cutoff, less what is usual in such a period;
            further ahead its effect is none.
    """

    name: str
    kind: str
    beta: float
    se: float
    ahead: tuple[float, ...] = ()

    @classmethod
    def from_dict(cls, value: Mapping[str, Any]) -> Effect:
        """Read a plain JSON value."""
        return cls(**{**value, "ahead": tuple(value["ahead"])})


@dataclass(frozen=True, slots=True)
class Regressor:
    """One regressor of some airports, or of all.

    Attributes:
        name: Of the regressor.
        kind: One of `KINDS`.
        first: First day of its first period, ISO format.
        values: Of consecutive periods; ``None`` where it is not known.
        airports: Whose it is; ``None`` for all.
    """

    name: str
    kind: str
    first: str
    values: tuple[float | None, ...]
    airports: tuple[str, ...] | None = None

    def is_of(self, airport: str) -> bool:
        """Whether it is one of an airport's."""
        return self.airports is None or airport in self.airports

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON value."""
        return {
            "name": self.name,
            "kind": self.kind,
            "first": self.first,
            "values": list(self.values),
            "airports": None if self.airports is None else list(self.airports),
        }

    @classmethod
    def from_dict(cls, value: Mapping[str, Any]) -> Regressor:
        """Inverse of `to_dict`."""
        airports = None if value["airports"] is None else tuple(value["airports"])
        return cls(**{**value, "values": tuple(value["values"]), "airports": airports})

    def between(self, first: int, last: int, freq: str) -> NDArray[np.float64]:
        """Values of the periods of these numbers, both included; NaN where one is not known."""
        found = np.full(last - first + 1, np.nan)
        own = np.array([np.nan if v is None else v for v in self.values], dtype=float)
        start = period_of(self.first, freq)
        low, high = max(first, start), min(last + 1, start + len(own))
        if low < high:
            found[low - first : high - first] = own[low - start : high - start]
        return found


@dataclass(frozen=True, slots=True)
class Missing:
    """A regressor without a value where one is needed."""

    name: str
    day: str


@dataclass(frozen=True, slots=True)
class FleetTerms:
    """The regressors of all airports of a job.

    Attributes:
        columns: The regressors.
        digest: SHA-256 of what they were made from.
        leave_out: Whether a regressor that lacks a value of an airport is left out there; else
            that is an error.
    """

    columns: tuple[Regressor, ...]
    digest: str
    leave_out: bool = False

    def of(
        self, airport: str, freq: str, first: int, last: int, needed: int
    ) -> tuple[Terms | None, tuple[Missing, ...]]:
        """The terms of one airport; regressors of one name add up.

        Args:
            airport: Its name.
            freq: pandas period alias.
            first: Number of its first period.
            last: Number of the last period that is of any use.
            needed: Number of the last period that must be known.

        Returns:
            Its terms, ``None`` where it has none; and the regressors that are left out because a
            period up to ``needed`` is not known.
        """
        own = [column for column in self.columns if column.is_of(airport)]
        added: dict[str, NDArray[np.float64]] = {}
        kinds = {column.name: column.kind for column in own}
        for column in own:
            values = column.between(first, last, freq)
            added[column.name] = added.get(column.name, 0.0) + values
        kept: dict[str, NDArray[np.float64]] = {}
        missing: list[Missing] = []
        for name, values in added.items():
            used = values[: needed - first + 1]
            gaps = np.flatnonzero(np.isnan(used))
            if len(gaps):
                day = str(first_days(np.array([first + gaps[0]]), freq)[0])
                missing.append(Missing(name, day))
            elif np.ptp(used) > 0:
                kept[name] = values
        if not kept:
            return None, tuple(missing)
        matrix = np.column_stack(list(kept.values()))
        unknown = np.flatnonzero(np.isnan(matrix).any(axis=1))
        rows = int(unknown[0]) if len(unknown) else len(matrix)
        of_kept = tuple(kinds[name] for name in kept)
        return Terms(tuple(kept), of_kept, freq, first, matrix[:rows]), tuple(missing)

    @property
    def names(self) -> list[str]:
        """Names of the regressors, each once."""
        return list(dict.fromkeys(column.name for column in self.columns))

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON value."""
        columns = [column.to_dict() for column in self.columns]
        return {"columns": columns, "digest": self.digest, "leave_out": self.leave_out}

    @classmethod
    def from_dict(cls, value: Mapping[str, Any]) -> FleetTerms:
        """Inverse of `to_dict`."""
        columns = tuple(Regressor.from_dict(column) for column in value["columns"])
        return cls(columns, str(value["digest"]), bool(value["leave_out"]))
