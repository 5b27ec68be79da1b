"""How long a date is that somebody asks for: a day, a week, a month or a quarter."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass

import numpy as np

from forecastctl.errors import UsageError
from forecastctl.records.calendar import (
    PERIOD_WORDS,
    first_days,
    iso_date,
    labels,
    ordinals,
    parse_day,
    period_after,
)
from forecastctl.records.written_dates import single

FROM_SHORT_TO_LONG = "DWMQ"
_ADJECTIVES = {"D": "daily", "W": "weekly", "M": "monthly", "Q": "quarterly"}
_QUARTER = re.compile(r"(\d{4})Q([1-4])", re.ASCII)
_WEEK = re.compile(r"(\d{4}-\d{2}-\d{2})/\d{4}-\d{2}-\d{2}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Span:
    """The days that a date names.

    Attributes:
        text: The date.
        kind: ``D``, ``W``, ``M`` or ``Q``.
        first: Its first day.
    """

    text: str
    kind: str
    first: dt.date

    def fits(self, freq: str) -> bool:
        """Whether it lies within one period of a frequency, so that it names that period."""
        return FROM_SHORT_TO_LONG.index(self.kind) <= FROM_SHORT_TO_LONG.index(freq[0])

    def too_long(self, freq: str) -> UsageError:
        """The error that asks which of the periods in it is meant."""
        word = PERIOD_WORDS[freq[0]]
        last = period_after(self.first, self.kind) - dt.timedelta(days=1)
        ends = np.array([self.first, last], dtype="datetime64[D]").astype(np.int64)
        begin, end = ordinals(ends, freq).tolist()
        if freq[0] == "M":
            *names, final = labels(range(begin, end + 1), freq)
            hint = f"Name a month: {', '.join(names)} or {final}."
        else:
            days = first_days(np.array([begin, end]), freq)
            hint = f"Name a {word} by its first day, from {days[0]} to {days[1]}."
        return UsageError(
            f"--date: {self.text} is a {PERIOD_WORDS[self.kind]}, and the forecasts are "
            f"{_ADJECTIVES[freq[0]]}.",
            hint,
        )


def asked_date(text: str) -> str:
    """A date in any usual form, as `span_of` reads it.

    Returns:
        ``2019Q3``, ``2019-08-05/2019-08-11``, or what `iso_date` returns.
    """
    found = single(text)
    if found is None or found.kind not in ("Q", "W"):
        return iso_date(text)
    if found.kind == "Q":
        return f"{found.day:%Y}Q{(found.day.month + 2) // 3}"
    return f"{found.day}/{period_after(found.day, 'W') - dt.timedelta(days=1)}"


def span_of(text: str) -> Span:
    """The span of ``YYYY-MM-DD``, ``YYYY-MM``, ``YYYYQn``, or a week's first day/last day.

    Raises:
        UsageError: The text is none of these.
    """
    quarter, week = _QUARTER.fullmatch(text), _WEEK.fullmatch(text)
    if quarter:
        month = 3 * int(quarter[2]) - 2
        return Span(text, "Q", parse_day(f"{quarter[1]}-{month:02d}"))
    if week:
        return Span(text, "W", parse_day(week[1]))
    return Span(text, "M" if len(text) == len("2012-10") else "D", parse_day(text))
