"""One date as people and programs write it: which period it names, or what the column must tell.

What one text alone cannot tell stays open: whether the day or the month comes first, whether
``201513`` is a week or a year's total, the language of a month's name. Whoever knows the whole
column decides (`forecastctl.data.read.dates`); a single date, as of ``--date``, must be clear by
itself (`single`).
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from forecastctl.records import month_names
from forecastctl.records.spellings import usual

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

EARLIEST_YEAR, LATEST_YEAR = 1800, 9999
MONTHS, WEEKS, QUARTERS = 12, 53, 4
TOTAL = MONTHS + 1
"""Month under which some offices file the total of the year."""
_PIVOT = 69
"""Two digits from which on a year is of the century before."""
_FIRST_SERIAL, _LAST_SERIAL = 15_000, 70_000
"""Day numbers of spreadsheets: 1941 to 2091."""
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
_THAI, _BUDDHIST_CENTURY, _SHORT_BUDDHISTS = re.compile("[\u0e01-\u0e5b]"), 2500, range(30, 76)
"""Letters of Thai; years of two digits beside them, which else were to come or long ago."""
_HALF_DAY = 12
ROMAN = {
    roman: n
    for n, roman in enumerate(
        ("I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII"), 1
    )
}


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
        return _date(year, month, day, self.text, _SLASHED[order])


@dataclass(frozen=True, slots=True)
class Number:
    """A year, and a month or a week of it: ``201513``."""

    text: str
    year: int
    number: int

    def month(self) -> Written | str:
        """Taken for a month."""
        return _date(self.year, self.number, 1, self.text, "2012-10", "M")

    def week(self) -> Written | str:
        """Taken for a week."""
        return _week(self.year, self.number, 1, self.text)


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
        return _date(self.year, month, self.number or 1, self.text, form, kind)


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
        return _date(self.number // 10, self.number % 10, 1, self.text, "2012-10", "M")


@dataclass(frozen=True, slots=True)
class Roman:
    """A Roman number and a year: ``I/2014``, a quarter or a month."""

    text: str
    year: int
    number: int

    def quarter(self) -> Written | str:
        """Taken for a quarter."""
        return _date(self.year, 3 * self.number - 2, 1, self.text, "I/2012, quarters", "Q")

    def month(self) -> Written | str:
        """Taken for a month."""
        return _date(self.year, self.number, 1, self.text, "X/2012, months", "M")


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
_TIME = (
    r"(?:[T ](?P<H>\d{1,2}):(?P<M>\d{2})(?::(?P<S>\d{2}(?:[.,]\d+)?))?"
    r"\s*(?P<zone>Z|UTC|[+-]\d{2}:?(?:\d{2})?)?)?"
)
_SEP = r"[-/. ,:]*"
_NAME = r"(?P<name>[^\W\d_](?:[^\d\s/,_-]*[^\d\s/,_.-])?)\.?"
_YEAR = r"(?:(?P<y>\d{4})|'?(?P<yy>\d{2}))"
_QUARTER = r"(?:[Qq]|[Tt](?:rim\.?|rimestre)?|[Kk]v?\.?|[Kk]vartal|[Qq]uart(?:al|er)|[Qq]tr\.?)"
_WEEK = r"(?:[Ww]|[Kk][Ww]|[Ww]k|[Ww]eek|[Ww]oche|[Ss]em(?:aine|ana)?\.?|[Uu]|[Vv]|[Uu]ge|[Vv]ecka)"
_PATTERNS = tuple(
    (form, re.compile(pattern))
    for form, pattern in (
        ("day", r"(?P<y>\d{4})([-/.])(?P<m>\d{1,2})\2(?P<d>\d{1,2})" + _TIME),
        ("number", r"(?P<y>\d{4})[-/.:](?P<m>\d{1,2})"),
        ("number", r"(?P<y>\d{4})(?P<m>\d{2})(?:\.0+)?"),
        ("day", r"(?P<y>\d{4})(?P<m>\d{2})(?P<d>\d{2})(?:\.0+)?"),
        ("serial", r"(?P<n>\d{5})(?:\.\d+)?"),
        ("roman", r"(?P<r>[IVX]{1,4})[-/. ](?P<y>\d{4})"),
        ("roman", r"(?P<y>\d{4})[-/. ](?P<r>[IVX]{1,4})"),
        ("compact", r"(?P<y>\d{4})(?P<m>\d{2})(?P<d>\d{2})(?P<H>\d{2})(?P<M>\d{2})?(?P<S>\d{2})?"),
        ("epoch", r"(?P<n>\d{9,19}|-\d{7,18})(?:\.0+)?"),
        ("epoch", r"(?P<n>-?\d\.\d+[eE]\+?(?:09|9|1[0-9]))"),
        ("month", r"(?P<y>\d{4})[- :/]?[Mm](?P<m>\d{1,2})"),
        ("month", r"[Mm](?P<m>\d{1,2})[- :/]?(?P<y>\d{4})"),
        ("month", r"(?P<y>\d{4})\s*[年년]\s*(?P<m>\d{1,2})\s*[月월]"),
        ("day", r"(?P<y>\d{4})\s*[年년]\s*(?P<m>\d{1,2})\s*[月월]\s*(?P<d>\d{1,2})\s*[日일]"),
        ("quarter", r"(?P<y>\d{4})" + _SEP + _QUARTER + r"\s?(?P<q>[1-4])"),
        ("quarter", r"(?P<y>\d{4})" + _SEP + r"(?P<q>[1-4])\.?\s?" + _QUARTER),
        ("quarter", _QUARTER + r"\s?(?P<q>[1-4])" + _SEP + _YEAR),
        ("quarter", r"(?P<q>[1-4])(?:\.|er|e|ème|st|nd|rd|th)?\s?" + _QUARTER + _SEP + _YEAR),
        ("week", r"(?P<y>\d{4})" + _SEP + _WEEK + r"\s?(?P<w>\d{1,2})(?:-?(?P<wd>[1-7]))?"),
        ("week", _WEEK + r"\s?(?P<w>\d{1,2})" + _SEP + r"(?P<y>\d{4})"),
        ("named", r"(?P<d>\d{1,2})\.?[-/. ]?" + _NAME + r"[-/. ,]*(?P<y>\d{4})"),
        ("named", r"(?P<d>\d{1,2})[-/. ]" + _NAME + r"[-/ ]'?(?P<yy>\d{2})"),
        ("named", _NAME + r" (?P<d>\d{1,2}),? (?P<y>\d{4})"),
        ("named", _NAME + r"[-/. ,]{0,2}(?P<y>\d{4})"),
        ("named", _NAME + r"[-/. ]?\s?'?(?P<yy>\d{2})"),
        ("named", r"(?P<y>\d{4})[-/. ]?\s?" + _NAME),
        ("dotted", r"(?P<d>\d{1,2})\.(?P<m>\d{1,2})\.(?P<y>\d{4})" + _TIME),
        ("dotted", r"(?P<d>\d{1,2})\.(?P<m>\d{1,2})\.(?P<yy>\d{2})"),
        ("month last", r"(?P<m>\d{1,2})[-/.](?P<y>\d{4})"),
    )
)
_OPEN = re.compile(r"(\d{1,2})([-/])(\d{1,2})\2(\d{4}|\d{2})" + _TIME)
_SPAN = re.compile(r"(\d{4}-\d{2}-\d{2})(?:/| - | to )(\d{4}-\d{2}-\d{2})")
_WORDS = re.compile(r"\b(?:de|del|of)\b|\s+(?:г|р|года?|року)\.?$", re.IGNORECASE)
"""Between the parts of a date: ``1 de enero de 2015``, ``январь 2015 г.``"""
_SHOWN = 40


def shown(text: str) -> str:
    """A value for an error message, cut to a readable length."""
    return repr(text if len(text) <= _SHOWN else text[:_SHOWN] + "\N{HORIZONTAL ELLIPSIS}")


def century(year: int) -> int:
    """The year that two digits mean, as POSIX has it: 69 to 99 are of the century before."""
    return year + (1900 if year >= _PIVOT else 2000)


def read_date(text: str) -> Reading:
    """Read one stripped text.

    Returns:
        The period, or what the column must tell; a sentence where it is no date.
    """
    if not text.isascii() and any(c.isdecimal() and not c.isascii() for c in text):
        return f"{shown(text)} is not a date"
    text = usual(text)
    found = _OPEN.fullmatch(text)
    if found:
        numbers = (int(found[1]), int(found[3]), int(found[4]))
        return Parts(text, numbers, year_known=len(found[4]) == 4)  # noqa: PLR2004 - digits
    for form, pattern in _PATTERNS:
        match = pattern.fullmatch(text)
        if match:
            return _READERS[form](match)
    span = _SPAN.fullmatch(text)
    if span:
        return _span(span)
    fewer = " ".join(_WORDS.sub(" ", text).split())
    return read_date(fewer) if fewer != text else f"{shown(text)} is not a date"


def single(text: str) -> Written | None:
    """The period that a text names by itself, or ``None``."""
    found = read_date(text.strip())
    if isinstance(found, Parts):
        options = [found.day(order) for order in ("dmy", "mdy")]
        dates = {option for option in options if isinstance(option, Written)}
        days = {option.day for option in dates}
        found = dates.pop() if len(days) == 1 and found.year_known else ""
    elif isinstance(found, Named):
        known = month_names.english(found.name)
        months = {} if known else month_names.month_numbers([found.name])
        found = found.day(months) if isinstance(months, dict) else ""
    elif isinstance(found, Number):
        found = found.month()
    return found if isinstance(found, Written) and not found.buddhist else None


def _year(match: re.Match[str]) -> tuple[int, bool]:
    """The year, and whether it has two digits."""
    part = match.groupdict()
    if part.get("yy"):
        return century(int(part["yy"])), True
    return int(part["y"]), False


def _date(year: int, month: int, day: int, text: str, form: str, kind: str = "D") -> Written | str:
    """A date, or what is wrong with it."""
    if year < EARLIEST_YEAR:
        return f"the year of {shown(text)} is before {EARLIEST_YEAR}"
    buddhist = year in _BUDDHISTS
    try:
        date = dt.date(year - _BUDDHIST * buddhist, month, day)
        return Written(date, kind, form, buddhist=buddhist)
    except ValueError:
        return f"{shown(text)} is not a date"


def _week(year: int, week: int, weekday: int, text: str) -> Written | str:
    try:
        return Written(dt.date.fromisocalendar(year, week, weekday), "W", "2012-W05")
    except ValueError:
        return f"{shown(text)} is not a week"


def _day_form(match: re.Match[str]) -> Reading:
    part = match.groupdict()
    year, two = _year(match)
    form = "31.10.12, years of two digits" if two else "2012-10-31"
    if "." in match[0][:3]:
        form = "31.10.2012" if not two else form
    found = _date(year, int(part["m"]), int(part["d"]), match[0], form)
    hour = part.get("H")
    if isinstance(found, str) or hour is None:
        return found
    return with_hour(found, int(hour), part["M"] or "", part["S"], part.get("zone"))


def with_hour(
    found: Written, hour: int, minute: str, second: str | None, zone: str | None
) -> Written:
    """A day with the hour of a moment, where that is a full hour in UTC or of no zone."""
    utc = zone in ("Z", "UTC") or (zone is not None and not zone.strip("+-0:"))
    full = not minute.strip("0") and not (second or "").strip("0.,")
    if not hour or not full or (zone is not None and not utc):
        return found
    return replace(found, utc_hour=hour, zone=utc)


def _month_form(match: re.Match[str]) -> Reading:
    if int(match["m"]) == TOTAL:
        return Number(match[0], int(match["y"]), TOTAL)
    return _date(int(match["y"]), int(match["m"]), 1, match[0], "2012M10", "M")


def _number_form(match: re.Match[str]) -> Reading:
    year, number = int(match["y"]), int(match["m"])
    if year < EARLIEST_YEAR:
        return f"the year of {shown(match[0])} is before {EARLIEST_YEAR}"
    if not 1 <= number <= WEEKS:
        return f"{shown(match[0])} is not a date"
    return Number(match[0], year, number)


def _serial_form(match: re.Match[str]) -> Reading:
    number = int(match["n"])
    if not _FIRST_SERIAL <= number <= _LAST_SERIAL:
        return f"{shown(match[0])} is not a date"
    return Serial(match[0], number)


def _compact_form(match: re.Match[str]) -> Reading:
    """Digits of a moment, or a time since 1970."""
    found = _day_form(match) if int(match["H"]) < 24 else ""  # noqa: PLR2004 - hours
    return found if isinstance(found, Written) else Epoch(match[0], int(match[0]))


def _epoch_form(match: re.Match[str]) -> Reading:
    return Epoch(match[0], int(float(match["n"])) if "." in match["n"] else int(match["n"]))


def _roman_form(match: re.Match[str]) -> Reading:
    number = ROMAN.get(match["r"])
    return (
        Roman(match[0], int(match["y"]), number) if number else f"{shown(match[0])} is not a date"
    )


def _quarter_form(match: re.Match[str]) -> Reading:
    return _date(_year(match)[0], 3 * int(match["q"]) - 2, 1, match[0], "2012Q4", "Q")


def _week_form(match: re.Match[str]) -> Reading:
    weekday = match.groupdict().get("wd")
    return _week(int(match["y"]), int(match["w"]), int(weekday or 1), match[0])


def _named_form(match: re.Match[str]) -> Reading:
    year, two = _year(match)
    day = match.groupdict().get("d")
    name = match["name"]
    if two and _THAI.search(name) and year % 100 in _SHORT_BUDDHISTS:
        year = _BUDDHIST_CENTURY + year % 100
    return Named(match[0], name, year, None if day is None else int(day), two)


def _span(match: re.Match[str]) -> Reading:
    """A period by its first and last day."""
    try:
        first, last = dt.date.fromisoformat(match[1]), dt.date.fromisoformat(match[2])
    except ValueError:
        return f"{shown(match[0])} is not a date"
    days = (last - first).days + 1
    kinds = {1: "D", 7: "W", 28: "M", 29: "M", 30: "M", 31: "M", 90: "Q", 91: "Q", 92: "Q"}
    if days not in kinds:
        return f"{shown(match[0])} is not a day, a week, a month or a quarter"
    return Written(first, kinds[days], "first and last day of a period")


_READERS = {
    "day": _day_form,
    "dotted": _day_form,
    "number": _number_form,
    "month last": _number_form,
    "month": _month_form,
    "serial": _serial_form,
    "compact": _compact_form,
    "epoch": _epoch_form,
    "roman": _roman_form,
    "quarter": _quarter_form,
    "week": _week_form,
    "named": _named_form,
}
