"""One airport's series, ready for modelling, and what preparing it did."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from forecastctl.records.calendar import first_days, period_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from forecastctl.records.fleet import FleetLines
    from forecastctl.records.terms import Terms


class Status(StrEnum):
    """What became of an airport in a job; every airport of the input has exactly one."""

    OK = "ok"
    WITHOUT_SUSPECTS = "ok-without-suspects"
    FALLBACK = "ok-with-fallback"
    FAILED = "failed"
    REJECTED = "rejected"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Series:
    """One airport's regular series without gaps.

    Attributes:
        airport: Identifier as spelt in the input (the field's ``unique_id``).
        freq: pandas period alias: ``M``, ``Q``, ``D`` or an anchored week such as ``W-SAT``.
        season_length: Observations per season (12 for months).
        ds: First day of each period, ``datetime64[D]``, shape ``(n,)``.
        y: Passengers per period, ``float64``, shape ``(n,)``, finite.
        digest: SHA-256 of the airport's rows as read (up to the as-of date), before preparation.
        notes: What preparation did, one sentence each (periods interpolated, stretch used).
        left_out: First days of periods that look wrong and were not used, ISO format.
        suspects: Sentences about those that were left out unasked.
        ahead: Periods at its end that were left out unasked: it is forecast so much further.
        fleet: What was learned from all airports of its panel together, or ``None``.
        terms: Regressors that are known in advance, or ``None``.
    """

    airport: str
    freq: str
    season_length: int
    ds: NDArray[np.datetime64]
    y: NDArray[np.float64]
    digest: str
    notes: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    suspects: tuple[str, ...] = ()
    ahead: int = 0
    fleet: FleetLines | None = None
    terms: Terms | None = None

    @property
    def n(self) -> int:
        """Number of observations."""
        return len(self.y)

    @property
    def cutoff(self) -> str:
        """First day of the last observed period, ISO format."""
        return str(self.ds[-1])

    def here(self) -> Series:
        """The same with its values in memory."""
        return self

    def with_fleet(self, fleet: FleetLines | None) -> Series:
        """The same with what was learned from all airports together."""
        return replace(self, fleet=fleet)

    def with_terms(self, terms: Terms | None, notes: tuple[str, ...] = ()) -> Series:
        """The same with regressors, and with more notes."""
        return replace(self, terms=terms, notes=(*self.notes, *notes))


Values: TypeAlias = "tuple[NDArray[np.datetime64], NDArray[np.float64]]"
"""First days of periods and passengers, as ``ds`` and ``y`` of a `Series`."""

_FACTS = tuple(f.name for f in fields(Series) if f.name not in ("ds", "y"))


class SharedSeries(Series):
    """A series whose values lie on shared storage, where whoever works with it reads them.

    All else is known without them. Each look at ``ds`` or ``y`` reads anew and keeps nothing:
    `here` reads once.

    Args:
        series: The series.
        read: Reads its values, wherever it is called; it can be pickled.
    """

    __slots__ = ("_cutoff", "_n", "_read")
    _cutoff: str
    _n: int
    _read: Callable[[], Values]

    def __init__(self, series: Series, read: Callable[[], Values]) -> None:
        facts = {name: getattr(series, name) for name in _FACTS}
        self._set({**facts, "_n": series.n, "_cutoff": series.cutoff, "_read": read})

    def _set(self, values: Mapping[str, object]) -> None:
        for name, value in values.items():
            object.__setattr__(self, name, value)

    @property
    def ds(self) -> NDArray[np.datetime64]:
        """First day of each period, read now."""
        return self._read()[0]

    @property
    def y(self) -> NDArray[np.float64]:
        """Passengers per period, read now."""
        return self._read()[1]

    @property
    def n(self) -> int:
        """Number of observations."""
        return self._n

    @property
    def cutoff(self) -> str:
        """First day of the last observed period, ISO format."""
        return self._cutoff

    def here(self) -> Series:
        """The same with its values in memory."""
        ds, y = self._read()
        return Series(ds=ds, y=y, **{name: getattr(self, name) for name in _FACTS})

    def with_fleet(self, fleet: FleetLines | None) -> SharedSeries:
        """The same with what was learned from all airports together."""
        return _restored({**self._all(), "fleet": fleet})

    def with_terms(self, terms: Terms | None, notes: tuple[str, ...] = ()) -> SharedSeries:
        """The same with regressors, and with more notes."""
        return _restored({**self._all(), "terms": terms, "notes": (*self.notes, *notes)})

    def __reduce__(self) -> tuple[Any, ...]:
        """Cross a process without the values."""
        return _restored, (self._all(),)

    def _all(self) -> dict[str, Any]:
        """All that is known without the values, and how to read them."""
        return {name: getattr(self, name) for name in (*_FACTS, *self.__slots__)}


def _restored(values: Mapping[str, object]) -> SharedSeries:
    series = SharedSeries.__new__(SharedSeries)
    series._set(values)  # noqa: SLF001 - its own
    return series


@dataclass(frozen=True, slots=True)
class Rejection:
    """An airport whose rows cannot be used, with the reason in one sentence."""

    airport: str
    reason: str
    digest: str = ""
    suspects: tuple[str, ...] = ()
    """As in `Series`, where too little is left without them."""


def future_ds(cutoff: str, freq: str, h: int) -> NDArray[np.datetime64]:
    """First days of the ``h`` periods after the one that starts at ``cutoff``.

    Args:
        cutoff: First day of the last observed period, ISO format.
        freq: pandas period alias.
        h: Number of periods.

    Returns:
        ``datetime64[D]``, shape ``(h,)``.
    """
    start = period_of(cutoff, freq) + 1
    return first_days(np.arange(start, start + h), freq)
