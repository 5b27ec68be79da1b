"""Days that people name, and the periods that hold them; without pandas, to answer at once."""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING

from forecastctl.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence


def parse_day(date: str) -> dt.date:
    """First day of ``YYYY-MM``, or the day of ``YYYY-MM-DD``."""
    wrong = UsageError(
        f"--date: '{date}' is not a date.", "Give YYYY-MM, or YYYY-MM-DD for days and weeks."
    )
    if not re.fullmatch(r"\d{4}-\d{2}(-\d{2})?", date):
        raise wrong
    try:
        return dt.date.fromisoformat(date if len(date) == len("2020-04-01") else f"{date}-01")
    except ValueError:
        raise wrong from None


_DAYS = {"W": 7, "D": 1}
_MONTHS = {"M": 1, "Q": 3}


def position(ds: Sequence[dt.date], day: dt.date, freq: str) -> int | None:
    """Index of the period that holds the day."""
    holding = (i for i, first in enumerate(ds) if first <= day < period_after(first, freq))
    return next(holding, None)


def period_after(first: dt.date, freq: str) -> dt.date:
    """First day of the period after the one that begins at ``first``."""
    if freq[0] in _DAYS:
        return first + dt.timedelta(days=_DAYS[freq[0]])
    month = first.month - 1 + _MONTHS[freq[0]]
    return first.replace(year=first.year + month // 12, month=month % 12 + 1)


def iso(ms: int) -> str:
    """UTC time of milliseconds since the epoch, to the second."""
    return dt.datetime.fromtimestamp(ms / 1000, dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
