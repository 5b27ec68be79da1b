"""Whether the months around the one explained are ordinary. Pure."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from forecastctl.explain.case import Case


def calm_neighbours(case: Case, reach: float) -> bool | None:
    """Whether the months on both sides look as forecast, or as a year before; unknown: ``None``.

    Args:
        case: The case.
        reach: Log ratio up to which a month looks ordinary.
    """
    checks = [
        _calm(case, step, value, reach)
        for step in (-1, 1)
        if (value := case.known_at(step)) is not None
    ]
    if not all(checks):
        return False
    return None if case.known_at(1) is None else True


def _calm(case: Case, step: int, value: float, reach: float) -> bool:
    """A month before the cutoff need only be near the forecast of the one that follows it."""
    lead = case.lead - 1 + step
    if 0 <= lead < len(case.forecast.mean):
        return _near(value, float(case.forecast.mean[lead]), reach)
    year_before = case.known_at(step - case.seen.season_length) or case.mean
    return _near(value, year_before, reach) or (lead < 0 and _near(value, case.mean, reach))


def _near(value: float, expected: float, reach: float) -> bool:
    return expected > 0 and value > 0 and abs(math.log(value / expected)) <= reach
