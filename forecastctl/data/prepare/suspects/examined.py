"""What preparing one airport gave, with all that a report wants to know of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from forecastctl.records import Rejection, Series

if TYPE_CHECKING:
    from forecastctl.data.prepare.rules import Grid
    from forecastctl.data.prepare.suspects.suspects import Suspects


@dataclass(frozen=True, slots=True)
class Examined:
    """What preparing one airport gave.

    Attributes:
        outcome: Its series, or why there is none: what a job gets.
        kind: Short name of the fault that led to a rejection, or ``""``.
        grid: The airport period by period, where its rows allow one.
        suspects: Periods that look wrong.
        left_out: Positions of the suspects that are not used.
    """

    outcome: Series | Rejection
    kind: str
    grid: Grid | None
    suspects: Suspects
    left_out: tuple[int, ...] = ()

    @property
    def stale(self) -> bool:
        """Whether the airport ended long before the panel did."""
        notes = () if isinstance(self.outcome, Rejection) else self.outcome.notes
        return self.kind == "stale" or any(note.startswith("stale:") for note in notes)
