"""One airport's series, ready for modelling, and what preparing it did."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

from forecastctl.records.calendar import first_days, period_of

if TYPE_CHECKING:
    from numpy.typing import NDArray


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

    @property
    def n(self) -> int:
        """Number of observations."""
        return len(self.y)

    @property
    def cutoff(self) -> str:
        """First day of the last observed period, ISO format."""
        return str(self.ds[-1])


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
