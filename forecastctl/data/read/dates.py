"""Dates from text, strictly: the usual ways to write a month or a day, and nothing else.

Read are ISO dates (with or without time and zone, of which the day as written counts),
``2012-10``, ``2012/10/01``, ``201210``, ``20121001``, ``2012M10``, ``2012Q4``, ``2012-W05``,
``Jan-2012``, ``1 January 2012``, ``31.10.2012``, and ``10/31/2012`` or ``31/10/2012``, where the
whole column decides whether the day or the month comes first.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from forecastctl.data.panel.frequency import NO_DAY
from forecastctl.data.panel.values import MISSING, shown
from forecastctl.errors import DataError
from forecastctl.records.calendar import days_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

EARLIEST_YEAR = 1800
FORMS = "Write dates as YYYY-MM-DD or YYYY-MM."

_MONTHS = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
_TIME = r"(?:[T ]\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?\s*(?:Z|UTC|[+-]\d{2}:?(?:\d{2})?)?)?"
_NAME = r"(?P<name>[A-Za-z]{3,9})\.?"
_SEP = r"[-/. ]"

_PATTERNS = tuple(
    re.compile(p, re.ASCII)
    for p in (
        r"(?P<y>\d{4})([-/.])(?P<m>\d{1,2})\2(?P<d>\d{1,2})" + _TIME,
        r"(?P<y>\d{4})[-/.](?P<m>\d{1,2})",
        r"(?P<y>\d{4})(?P<m>\d{2})(?P<d>\d{2})?",
        r"(?P<y>\d{4})[- ]?[Mm](?P<m>\d{1,2})",
        r"(?P<y>\d{4})[- ]?[Qq](?P<q>[1-4])",
        r"[Qq](?P<q>[1-4])[- /]?(?P<y>\d{4})",
        r"(?P<y>\d{4})-?W(?P<w>\d{2})(?:-?(?P<wd>[1-7]))?",
        _NAME + _SEP + r"?(?P<y>\d{4})",
        r"(?P<y>\d{4})" + _SEP + "?" + _NAME,
        r"(?P<d>\d{1,2})" + _SEP + "?" + _NAME + _SEP + r"?(?P<y>\d{4})",
        _NAME + r" (?P<d>\d{1,2}),? (?P<y>\d{4})",
        r"(?P<d>\d{1,2})\.(?P<m>\d{1,2})\.(?P<y>\d{4})" + _TIME,
        r"(?P<m>\d{1,2})[-/](?P<y>\d{4})",
    )
)
_SLASHED = re.compile(r"(\d{1,2})([-/])(\d{1,2})\2(\d{4})" + _TIME, re.ASCII)
_TYPING_ERRORS = 0.05  # share of the rows that may have the other order
_VARIETY = 3  # different values, of the part that is the month


@dataclass(frozen=True, slots=True)
class _SlashedDate:
    """``10/31/2012`` before its order is known."""

    text: str
    first: int
    second: int
    year: int

    def day(self, *, dayfirst: bool) -> int | str:
        """Day number, or what is wrong."""
        month, day = (self.second, self.first) if dayfirst else (self.first, self.second)
        return _day(self.year, month, day, self.text)


def month_number(text: str) -> int | None:
    """Number of a month given as ``1``, ``01``, ``M01``, ``Jan``, ``Sept.`` or ``January``."""
    digits = re.fullmatch(r"[Mm]?(\d{1,2})(\.0+)?", text, re.ASCII)
    if digits:
        number = int(digits[1])
        return number if 1 <= number <= len(_MONTHS) else None
    name = text.lower().rstrip(".")
    numbers = [n for n, month in enumerate(_MONTHS, 1) if month.startswith(name)]
    return numbers[0] if len(name) >= 3 and len(numbers) == 1 else None  # noqa: PLR2004 - "Jan"


def _day(year: int, month: int, day: int, text: str) -> int | str:
    """Day number of a date, or what is wrong with it."""
    if year < EARLIEST_YEAR:
        return f"the year of {shown(text)} is before {EARLIEST_YEAR}"
    try:
        return days_of(date(year, month, day))
    except ValueError:
        return f"{shown(text)} is not a date"


def _day_of_match(match: re.Match[str]) -> int | str:
    """Day number of a recognised form."""
    part, text = match.groupdict(), match[0]
    year = int(part["y"])
    if part.get("w"):
        try:
            return days_of(date.fromisocalendar(year, int(part["w"]), int(part.get("wd") or 1)))
        except ValueError:
            return f"{shown(text)} is not a week"
    if part.get("q"):
        return _day(year, 3 * int(part["q"]) - 2, 1, text)
    month = month_number(part["name"]) if part.get("name") else int(part["m"])
    return _day(year, month or 0, int(part.get("d") or 1), text)


def _parse(text: str) -> int | str | _SlashedDate:
    """One stripped text: a day number, what is wrong, or a date whose order is open."""
    slashed = _SLASHED.fullmatch(text)
    if slashed:
        return _SlashedDate(text, int(slashed[1]), int(slashed[3]), int(slashed[4]))
    for pattern in _PATTERNS:
        match = pattern.fullmatch(text)
        if match:
            return _day_of_match(match)
    if text.lower() in MISSING:
        return "no date"
    return f"{shown(text)} is not a date"


def _dayfirst(open_dates: list[_SlashedDate], where: str) -> bool:
    """Whether the day comes first, from the evidence of the whole column."""
    day = [s for s in open_dates if s.first > len(_MONTHS) >= s.second]
    month = [s for s in open_dates if s.second > len(_MONTHS) >= s.first]
    if day or month:
        fewer = min(len(day), len(month))
        if fewer > _TYPING_ERRORS * (len(day) + len(month)):
            raise DataError(
                f"{where}: {shown(day[0].text)} has the day first and {shown(month[0].text)} "
                "the month.",
                f"{FORMS} Or set [data] dayfirst to true or false; airports with dates in the "
                "other order are then rejected.",
            )
        return len(day) > len(month)
    firsts, seconds = {s.first for s in open_dates}, {s.second for s in open_dates}
    if len(seconds) == 1 and len(firsts) >= _VARIETY:
        return False  # 1/1/2012, 2/1/2012, 3/1/2012: the part that never changes is the day
    if len(firsts) == 1 and len(seconds) >= _VARIETY:
        return True
    if all(s.first == s.second for s in open_dates):
        return True
    example = next(s.text for s in open_dates if s.first != s.second)
    raise DataError(
        f"{where}: {shown(example)} may have the day or the month first, and no other row tells.",
        f"Set [data] dayfirst to true or false. {FORMS}",
    )


def parse_dates(
    texts: Sequence[str], where: str, *, dayfirst: bool | None = None
) -> tuple[NDArray[np.int64], dict[int, str]]:
    """Days of a column of text.

    Args:
        texts: One date each.
        where: File and column, for messages.
        dayfirst: Order of dates such as 03/04/2012; ``None`` decides by the whole column.

    Returns:
        Days since 1970-01-01, `NO_DAY` where unreadable, shape ``(n,)``; and what is wrong by
        position.

    Raises:
        DataError: The order of day and month cannot be told.
    """
    import pandas as pd

    codes, unique = pd.factorize(np.array(texts, dtype=object))
    parsed = [_parse(str(u).strip()) for u in unique]
    open_dates = [p for p in parsed if isinstance(p, _SlashedDate)]
    if open_dates and dayfirst is None:
        dayfirst = _dayfirst(open_dates, where)
    results = [p.day(dayfirst=bool(dayfirst)) if isinstance(p, _SlashedDate) else p for p in parsed]
    days = np.array(
        [result if isinstance(result, int) else NO_DAY for result in results], dtype=np.int64
    )
    wrong = days == NO_DAY
    problems = {int(i): str(results[codes[i]]) for i in np.flatnonzero(wrong[codes])}
    return days[codes], problems


def parse_year_months(
    years: Sequence[str], months: Sequence[str]
) -> tuple[NDArray[np.int64], dict[int, tuple[int, str]]]:
    """First days of months given in two columns (``2012``, ``Oct``).

    Returns:
        Days since 1970-01-01, `NO_DAY` where unreadable, shape ``(n,)``; and by position the
        column at fault (0 year, 1 month) with what is wrong.
    """
    days = np.full(len(years), NO_DAY, dtype=np.int64)
    problems: dict[int, tuple[int, str]] = {}
    results: dict[tuple[str, str], int | tuple[int, str]] = {}
    for i, pair in enumerate(zip(years, months, strict=True)):
        if pair not in results:
            results[pair] = _year_month(pair[0].strip(), pair[1].strip())
        result = results[pair]
        if isinstance(result, int):
            days[i] = result
        else:
            problems[i] = result
    return days, problems


def _year_month(year: str, month: str) -> int | tuple[int, str]:
    """First day of a month, or the column at fault with what is wrong."""
    digits = re.fullmatch(r"(\d{1,4})(\.0+)?", year, re.ASCII)
    if not digits:
        return 0, f"{shown(year)} is not a year"
    number = month_number(month)
    if number is None:
        return 1, f"{shown(month)} is not a month"
    day = _day(int(digits[1]), number, 1, year)
    return day if isinstance(day, int) else (0, day)
