"""Events that a user names as regressors: how many of their days each period has. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from forecastctl.data.terms.calendar import counts
from forecastctl.records.calendar import days_of, first_days
from forecastctl.records.terms import EVENT, Regressor

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy as np
    from numpy.typing import NDArray

    from forecastctl.records.events import Event


def event_regressors(
    events: Iterable[Event], periods: NDArray[np.int64], freq: str
) -> list[Regressor]:
    """The number of an event's days in each period, by name and by the airports that have it.

    Args:
        events: Occurrences of events.
        periods: Numbers of consecutive periods.
        freq: pandas period alias.
    """
    days: dict[tuple[str, tuple[str, ...] | None], set[int]] = {}
    for event in events:
        of_event = range(days_of(event.first), days_of(event.last) + 1)
        days.setdefault((event.name, event.airports), set()).update(of_event)
    first = str(first_days(periods[:1], freq)[0])
    return [
        Regressor(name, EVENT, first, tuple(counts(own, periods, freq).tolist()), airports)
        for (name, airports), own in days.items()
    ]
