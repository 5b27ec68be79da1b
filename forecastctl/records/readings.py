"""What one text can be read as, and what the column must still tell of it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from forecastctl.records import month_names

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

EARLIEST_YEAR, LATEST_YEAR = 1800, 9999
MONTHS, WEEKS, QUARTERS = 12, 53, 4
TOTAL = MONTHS + 1
"""Month under which some offices file the total of the year."""
_PIVOT = 69
"""Two digits from which on a year is of the century before."""
EXCEL = "Excel"
ORIGINS = {EXCEL: dt.date(1899, 12, 30), "SAS": dt.date(1960, 1, 1), "R": dt.date(1970, 1, 1)}
"""Days from which programs count."""
_FIRST_EPOCH, _END_OF_EPOCH = -631_152_000, 4_102_444_800  # 1950 to 2099
_EPOCH_UNITS = {
    1: "seconds since the start of seventy",
    10**3: "milliseconds since the start of seventy",
    10**6: "microseconds since the start of seventy",
    10**9: "nanoseconds since the start of seventy",
}
SAS_SECONDS, OF_SAS = 315_619_200, "time since the start of sixty, of SAS or Stata"
_BUDDHIST, _BUDDHISTS = 543, range(2443, 2701)
"""Years by which the Buddhist calendar is ahead; its years from 1900 to 2157."""


@dataclass(frozen=True, slots=True)
class Written:
    """A period that a text names.

    Attributes:
        day: Its first day.
        kind: ``D``, ``W``, ``M`` or ``Q``.
        form: Name of the way in which it is written.
        utc_hour: Hour of a moment that is not midnight; ``None`` of all others.
        zone: Whether that hour is said to be in UTC.
        buddhist: Whether its year was more than any but the Buddhist calendar has by now.
    """

    day: dt.date
    kind: str
    form: str
    utc_hour: int | None = None
    zone: bool = False
    buddhist: bool = False


@dataclass(frozen=True, slots=True)
class Parts:
    """Three numbers of which one is the day, one the month and one the year: ``10/31/2012``."""

    text: str
    numbers: tuple[int, int, int]
    year_known: bool

    def day(self, order: str) -> Written | str:
        """The date in an order such as ``dmy``, or what is wrong."""
        year, month, day = (self.numbers[order.index(part)] for part in "ymd")
        year = year if self.year_known else century(year)
        return dated(year, month, day, self.text, _SLASHED[order])


@dataclass(frozen=True, slots=True)
class Number:
    """A year, and a month or a week of it: ``201513``."""

    text: str
    year: int
    number: int

    def month(self) -> Written | str:
        """Taken for a month."""
        return dated(self.year, self.number, 1, self.text, "2012-10", "M")

    def week(self) -> Written | str:
        """Taken for a week."""
        return week_of(self.year, self.number, 1, self.text)


@dataclass(frozen=True, slots=True)
class Named:
    """A month by its name: ``Jan-2012``, ``1 janvier 2012``."""

    text: str
    name: str
    year: int
    number: int | None
    two_digits: bool

    def day(self, months: Mapping[str, int]) -> Written | str:
        """The date, by the numbers of the names."""
        month = month_names.english(self.name) or months.get(self.name)
        if month is None:
            return f"{shown(self.text)} is not a date"
        form = "Oct-12, years of two digits" if self.two_digits else "Oct 2012"
        kind = "M" if self.number is None else "D"
        return dated(self.year, month, self.number or 1, self.text, form, kind)


@dataclass(frozen=True, slots=True)
class Serial:
    """Five digits: a day number of a spreadsheet, or a year and a month below ten."""

    text: str
    number: int

    def serial(self, origin: str = EXCEL) -> Written:
        """Taken for a day number of a program."""
        day = ORIGINS[origin] + dt.timedelta(days=self.number)
        return Written(day, "D", f"day number of {origin}")

    def month(self) -> Written | str:
        """Taken for a year and a month: ``20151``."""
        return dated(self.number // 10, self.number % 10, 1, self.text, "2012-10", "M")


@dataclass(frozen=True, slots=True)
class Roman:
    """A Roman number and a year: ``I/2014``, a quarter or a month."""

    text: str
    year: int
    number: int

    def quarter(self) -> Written | str:
        """Taken for a quarter."""
        return dated(self.year, 3 * self.number - 2, 1, self.text, "I/2012, quarters", "Q")

    def month(self) -> Written | str:
        """Taken for a month."""
        return dated(self.year, self.number, 1, self.text, "X/2012, months", "M")


@dataclass(frozen=True, slots=True)
class Epoch:
    """Many digits: time since 1970, of which the column tells the unit."""

    text: str
    number: int

    def moment(self, unit: int, *, of_sas: bool = False) -> Written | str:
        """Taken for so many of a second, since 1970, or since 1960 as SAS and Stata count."""
        seconds = self.number // unit - SAS_SECONDS * of_sas
        if not _FIRST_EPOCH <= seconds < _END_OF_EPOCH:
            return f"{shown(self.text)} is not a date"
        found = Written(
            dt.date(1970, 1, 1) + dt.timedelta(days=seconds // 86_400),
            "D",
            OF_SAS if of_sas else _EPOCH_UNITS[unit],
        )
        hour, rest = divmod(seconds % 86_400, 3600)
        return with_hour(found, hour, f"{rest // 60:02d}", None, "Z")


def epoch_unit(numbers: Sequence[int]) -> int:
    """How many of the unit of a column of times since 1970 are a second."""
    largest = max(map(abs, numbers), default=0)
    return next((u for u in _EPOCH_UNITS if largest < _END_OF_EPOCH * u), 10**9)


Reading = Written | Parts | Number | Named | Serial | Roman | Epoch | str
_SLASHED = {"dmy": "31/10/2012", "mdy": "10/31/2012", "ymd": "12/10/31"}
_SHOWN = 40


def shown(text: str) -> str:
    """A value for an error message, cut to a readable length."""
    return repr(text if len(text) <= _SHOWN else text[:_SHOWN] + "\N{HORIZONTAL ELLIPSIS}")


def century(year: int) -> int:
    """The year that two digits mean, as POSIX has it: 69 to 99 are of the century before."""
    return year + (1900 if year >= _PIVOT else 2000)


def dated(year: int, month: int, day: int, text: str, form: str, kind: str = "D") -> Written | str:
    """A date, or what is wrong with it."""
    if year < EARLIEST_YEAR:
        return f"the year of {shown(text)} is before {EARLIEST_YEAR}"
    buddhist = year in _BUDDHISTS
    try:
        date = dt.date(year - _BUDDHIST * buddhist, month, day)
        return Written(date, kind, form, buddhist=buddhist)
    except ValueError:
        return f"{shown(text)} is not a date"


def week_of(year: int, week: int, weekday: int, text: str) -> Written | str:
    """A week, or what is wrong with it."""
    try:
        return Written(dt.date.fromisocalendar(year, week, weekday), "W", "2012-W05")
    except ValueError:
        return f"{shown(text)} is not a week"


def with_hour(
    found: Written, hour: int, minute: str, second: str | None, zone: str | None
) -> Written:
    """A day with the hour of a moment, where that is a full hour in UTC or of no zone."""
    utc = zone in ("Z", "UTC") or (zone is not None and not zone.strip("+-0:"))
    full = not minute.strip("0") and not (second or "").strip("0.,")
    if not hour or not full or (zone is not None and not utc):
        return found
    return replace(found, utc_hour=hour, zone=utc)
