"""Whether an airport closed, opened or reopened, by its own zeros. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from forecastctl.explain.case import index_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from forecastctl.explain.case import Case

CLOSED = 3
"""Zeros in a row from which on an airport counts as closed, not as one that has not reported."""


@dataclass(frozen=True, slots=True)
class Flights:
    """A time without passengers that begins, or has ended.

    Attributes:
        what: ``closed``, ``reopened`` or ``opened``.
        since: First day of the first period without passengers, or with them again.
        before_cutoff: Periods between that and the cutoff, the cutoff's included; zero or less
            where it came after.
    """

    what: str
    since: str
    before_cutoff: int


def flights(case: Case) -> Flights | None:
    """The change that the period explained lies after; ``None`` where there is none."""
    at = index_of(case.known, case.date)
    if at is None:
        return None
    y = case.known.y
    if case.actual == 0:
        first, stop = _run(y == 0, at)
        if stop - first < CLOSED or not np.any(y[:first] > 0):
            return None
        return _flights(case, "closed", first)
    first, _ = _run(y > 0, at)
    before, _ = _run(y == 0, first - 1) if first else (0, 0)
    if first - before < CLOSED or at - first >= case.seen.season_length + case.lead:
        return None
    return _flights(case, "reopened" if np.any(y[:before] > 0) else "opened", first)


def _flights(case: Case, what: str, first: int) -> Flights:
    known = int(np.searchsorted(case.known.ds, case.seen.ds[-1]))
    return Flights(what, str(case.known.ds[first]), known - first + 1)


def _run(holds: NDArray[np.bool_], at: int) -> tuple[int, int]:
    """First position of the run of truths around one, and the position after its last."""
    first = stop = at
    while first > 0 and holds[first - 1]:
        first -= 1
    while stop < len(holds) and holds[stop]:
        stop += 1
    return first, stop
