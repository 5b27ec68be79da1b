"""How a forecast that is not stored could be made, or why it cannot be. Pure."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

import numpy as np

from forecastctl.data.panel.panel import DEFAULT_MIN_LENGTH
from forecastctl.figures import period
from forecastctl.records import LONGEST_HORIZON
from forecastctl.records.calendar import counted, first_days, period_of

if TYPE_CHECKING:
    import datetime as dt


def how_to_make(
    airport: str, day: dt.date, freq: str, observed: tuple[dt.date, dt.date] | None
) -> str:
    """The command that makes the forecast of a day, or a sentence that says why none can.

    Args:
        airport: The airport.
        day: A day of the period that is to be forecast.
        freq: pandas period alias.
        observed: First and last day with a value in the newest data; ``None`` where that is not
            known.
    """
    run = f"forecastctl run --data FILE --airport {shlex.quote(airport)}"
    at = period_of(day, freq)
    day_before = str(first_days(np.array([at]), freq)[0] - 1)
    as_of = day_before[: len("2020-04")] if freq.startswith("M") else day_before
    as_then = f"To make the one that could have been made then: {run} --as-of {as_of}"
    if observed is None:
        return as_then
    begin, end = (period_of(d, freq) for d in observed)
    if at < begin + DEFAULT_MIN_LENGTH:
        since = period(str(observed[0]), freq)
        return (
            f"None can be made: the data of '{airport}' begin with {since}, and a forecast needs "
            f"{DEFAULT_MIN_LENGTH} values before it."
        )
    ahead = at - end
    if ahead <= 1:
        return as_then
    until = f"the data of '{airport}' end with {period(str(observed[1]), freq)}"
    if ahead > LONGEST_HORIZON:
        return f"None can be made: {until}, {counted(ahead, freq)} before."
    return f"To make one ({until}): {run} --horizon {ahead}"
