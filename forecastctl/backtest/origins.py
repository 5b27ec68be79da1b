"""The origins of a backtest: which periods, and how ``--as-of`` would name each."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from forecastctl.data.panel.frequency import NO_DAY
from forecastctl.data.panel.rows import group
from forecastctl.errors import UsageError
from forecastctl.records.calendar import (
    PERIOD_WORDS,
    days_of,
    first_days,
    labels,
    ordinals,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from forecastctl.data.panel.panel import Panel

_LENGTH_OF_MONTH = len("2001-09")


@dataclass(frozen=True, slots=True)
class Origin:
    """One as-of date of a backtest.

    Attributes:
        position: Number of the origin, from 0.
        as_of: What ``--as-of`` takes: ``YYYY-MM``, for weeks and days ``YYYY-MM-DD``.
        idle: Why nothing is to be done: there is no observation since the origin before. ``None``
            where there is.
    """

    position: int
    as_of: str
    idle: str | None = None


def list_origins(panel: Panel, start: str, end: str, every: int) -> tuple[Origin, ...]:
    """Every so many periods from the one that holds ``start`` to the one that holds ``end``.

    What an origin is depends on observations up to it alone.

    Args:
        panel: The panel.
        start: First origin, ``YYYY-MM`` (its first day) or ``YYYY-MM-DD``.
        end: Last origin, ``YYYY-MM`` (its last day) or ``YYYY-MM-DD``.
        every: Periods from one origin to the next.

    Raises:
        UsageError: A date or number is wrong, or the data hold none of the origins.
    """
    if every < 1:
        raise UsageError("--every must be at least 1.", "1 takes every period as an origin.")
    first_day, last_day = _day(start, "--from"), _day(end, "--to", last=True)
    if first_day > last_day:
        raise UsageError(f"--from {start} is after --to {end}.", "Exchange them.")
    bounds = ordinals(np.array([first_day, last_day]), panel.freq)
    periods = np.arange(bounds[0], bounds[1] + 1, every)
    observed = observed_periods(panel)
    if not len(observed) or periods[0] > observed[-1] or periods[-1] < observed[0]:
        raise UsageError(_no_origin_in_data(panel, observed, start, end))
    names = _as_of_dates(periods, panel.freq)
    counts = np.searchsorted(observed, periods, side="right").tolist()
    reasons = [None, *(_idle(panel, observed, a, b) for a, b in pairwise(counts))]
    return tuple(Origin(i, names[i], reason) for i, reason in enumerate(reasons))


def observed_periods(panel: Panel) -> NDArray[np.int64]:
    """Periods in which any airport has a value, ascending."""
    grouped = group(panel.frame)
    usable = np.isfinite(grouped.y) & (grouped.days != NO_DAY)
    usable &= grouped.problem == None  # noqa: E711 - elementwise
    return np.unique(ordinals(grouped.days[usable], panel.freq))


def _idle(panel: Panel, observed: NDArray[np.int64], before: int, count: int) -> str | None:
    """Why an origin has nothing new, or ``None`` where it has.

    Args:
        panel: The panel.
        observed: Observed periods.
        before: How many of them the origin before knows.
        count: How many this one knows.
    """
    if count > before or not count:
        return None
    last = labels(observed[count - 1 : count], panel.freq)[0]
    return f"nothing new: the newest observation is still that of {last}"


def _day(text: str, flag: str, *, last: bool = False) -> int:
    """Day of a date; of a month its first or last."""
    wrong = UsageError(
        f"{flag}: '{text}' is not a date.", "Give YYYY-MM, or YYYY-MM-DD for weeks and days."
    )
    if not re.fullmatch(r"\d{4}-\d{2}(-\d{2})?", text, re.ASCII):
        raise wrong
    try:
        day = dt.date.fromisoformat(text if len(text) > _LENGTH_OF_MONTH else f"{text}-01")
    except ValueError:
        raise wrong from None
    if last and len(text) == _LENGTH_OF_MONTH:
        month = np.datetime64(text, "M") + 1
        return int(month.astype("datetime64[D]").astype(np.int64)) - 1
    return days_of(day)


def _as_of_dates(periods: NDArray[np.int64], freq: str) -> list[str]:
    """The last day of each period; of months and quarters its last month."""
    days = first_days(periods + 1, freq) - np.timedelta64(1, "D")
    return [str(d)[:_LENGTH_OF_MONTH] if freq[0] in "MQ" else str(d) for d in days]


def _no_origin_in_data(panel: Panel, observed: NDArray[np.int64], start: str, end: str) -> str:
    """Why there is no origin, in a sentence."""
    if not len(observed):
        return f"{panel.source}: no row has a value, so that there is no origin in the data."
    first, last = labels(observed[[0, -1]], panel.freq)
    word = PERIOD_WORDS[panel.freq[0]]
    return f"The data have no {word} from {start} to {end}: they go from {first} to {last}."
