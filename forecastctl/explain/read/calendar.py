"""Adds to a case what the calendar did to its period, from the airport's past and its peers'."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from forecastctl.explain.verdict.calendar import calendar_effect
from forecastctl.explain.verdict.feast_moves import WEEKENDS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from forecastctl.explain.case import Case

NAMES = {"trading days": WEEKENDS}
"""What terms of models are called here, where that is something else."""

MOST_PEERS = 24
"""Largest other airports that are asked; more add little and take time."""


def with_calendar(
    case: Case, names: Sequence[str] = (), y: NDArray[np.float64] | None = None
) -> Case:
    """The case with the effect of the calendar, where it missed by a usual error or more.

    Args:
        case: The case.
        names: Airports of the panel.
        y: Passengers by period, from the first row of the panel up to the cutoff, and airport.
    """
    if abs(case.miss) < case.scale and not case.outside:
        return case
    peers = []
    if y is not None and len(y) >= case.seen.n:
        known = y[len(y) - case.seen.n :]
        whole = np.flatnonzero(np.all(np.isfinite(known) & (known > 0), axis=0))
        largest = whole[np.argsort(-known[-1, whole], kind="stable")][:MOST_PEERS]
        peers = [
            replace(case.seen, airport=names[column], y=known[:, column])
            for column in largest.tolist()
            if names[column] != case.seen.airport
        ]
    allowed = {NAMES.get(effect.name, effect.name) for effect in case.model.effects}
    effect = calendar_effect(case.known, case.date, case.seen.ds[-1], peers, allowed)
    return replace(case, calendar=effect)
