"""One date as people and programs write it: which period it names, or what the column must tell.

What one text alone cannot tell stays open: whether the day or the month comes first, whether
``201513`` is a week or a year's total, the language of a month's name. Whoever knows the whole
column decides (`forecastctl.data.read.dates`); a single date, as of ``--date``, must be clear by
itself (`single`).
"""

from __future__ import annotations

import re
from calendar import monthrange

from forecastctl.records import month_names
from forecastctl.records.readings import (
    EARLIEST_YEAR,
    TOTAL,
    WEEKS,
    Epoch,
    Named,
    Number,
    Parts,
    Reading,
    Roman,
    Serial,
    Written,
    century,
    dated,
    shown,
    week_of,
    with_hour,
)
from forecastctl.records.spellings import in_plain_digits, usual, without_marks

_FIRST_SERIAL, _LAST_SERIAL = 15_000, 70_000
"""Day numbers of spreadsheets: 1941 to 2091."""
_THAI, _BUDDHIST_CENTURY, _SHORT_BUDDHISTS = re.compile("[\u0e01-\u0e5b]"), 2500, range(30, 76)
"""Letters of Thai; years of two digits beside them, which else were to come or long ago."""
_HALF_DAY = 12
_LENGTHS = {1: "D", 7: "W", 28: "M", 29: "M", 30: "M", 31: "M", 90: "Q", 91: "Q", 92: "Q"}
"""Days of a period, by its kind."""
ROMAN = {
    roman: n
    for n, roman in enumerate(
        ("I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII"), 1
    )
}
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
        ("number", r"(?P<y>\d{4})[-/.:_ ](?P<m>\d{1,2})"),
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
        ("week", r"(?P<w>\d{1,2})\.\s?(?:KW|[Ww]oche|[Ww]eek)" + _SEP + r"(?P<y>\d{4})"),
        ("named", r"(?P<d>\d{1,2})\.?[-/. ]?" + _NAME + r"[-/. ,]*(?P<y>\d{4})"),
        ("named", r"(?P<d>\d{1,2})[-/. ]" + _NAME + r"[-/ ]'?(?P<yy>\d{2})"),
        ("named", _NAME + r" (?P<d>\d{1,2}),? (?P<y>\d{4})"),
        ("named", _NAME + r"[-/. ,]{0,2}(?P<y>\d{4})"),
        ("named", _NAME + r"[-/. ]?\s?'?(?P<yy>\d{2})"),
        ("named", r"(?P<y>\d{4})[-/. ]?\s?" + _NAME),
        ("dotted", r"(?P<d>\d{1,2})\.(?P<m>\d{1,2})\.(?P<y>\d{4})" + _TIME),
        ("dotted", r"(?P<d>\d{1,2})\.(?P<m>\d{1,2})\.(?P<yy>\d{2})"),
        ("month last", r"(?P<m>\d{1,2})[-/._ ](?P<y>\d{4})"),
    )
)
_OPEN = re.compile(r"(\d{1,2})([-/])(\d{1,2})\2(\d{4}|\d{2})" + _TIME)
_SPAN = re.compile(
    r"(\d[\d./-]{5,9})(?:\s*[/\u2013\u2014]\s*|\s+-\s+|-(?=\d{2}\.)|\s+(?:to|bis|au|al|a|t/m|do|по)\s+)"
    r"(\d[\d./-]{5,9})"
)
"""First and last day, or first and last month, of a period."""
_WORDS = re.compile(
    r"\b(?:de|del|of)\b|(?<=\d)(?:st|nd|rd|th|er|º)\b|\s+(?:г|р|года?|року)\.?$", re.IGNORECASE
)
"""Between the parts of a date: ``1 de enero de 2015``, ``1st Jan 2015``, ``январь 2015 г.``"""


def read_date(text: str) -> Reading:
    """Read one stripped text.

    Returns:
        The period, or what the column must tell; a sentence where it is no date.
    """
    text = in_plain_digits(text)
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
    fewer = without_marks(" ".join(_WORDS.sub(" ", text).split()))
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


def _day_form(match: re.Match[str]) -> Reading:
    part = match.groupdict()
    year, two = _year(match)
    form = "31.10.12, years of two digits" if two else "2012-10-31"
    if "." in match[0][:3]:
        form = "31.10.2012" if not two else form
    found = dated(year, int(part["m"]), int(part["d"]), match[0], form)
    hour = part.get("H")
    if isinstance(found, str) or hour is None:
        return found
    return with_hour(found, int(hour), part["M"] or "", part["S"], part.get("zone"))


def _month_form(match: re.Match[str]) -> Reading:
    if int(match["m"]) == TOTAL:
        return Number(match[0], int(match["y"]), TOTAL)
    return dated(int(match["y"]), int(match["m"]), 1, match[0], "2012M10", "M")


def _number_form(match: re.Match[str]) -> Reading:
    year, number = int(match["y"]), int(match["m"])
    if year < EARLIEST_YEAR and match[0].isdigit():
        year, number = int(match[0][2:]), int(match[0][:2])  # 012015
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
    return dated(_year(match)[0], 3 * int(match["q"]) - 2, 1, match[0], "2012Q4", "Q")


def _week_form(match: re.Match[str]) -> Reading:
    weekday = match.groupdict().get("wd")
    return week_of(int(match["y"]), int(match["w"]), int(weekday or 1), match[0])


def _named_form(match: re.Match[str]) -> Reading:
    year, two = _year(match)
    day = match.groupdict().get("d")
    name = match["name"]
    if two and _THAI.search(name) and year % 100 in _SHORT_BUDDHISTS:
        year = _BUDDHIST_CENTURY + year % 100
    return Named(match[0], name, year, None if day is None else int(day), two)


def _span(match: re.Match[str]) -> Reading:
    """A period by its first and last day, or by its first and last month."""
    for order in ("dmy", "mdy"):
        first, last = (_end(text, order) for text in match.groups())
        if first is None or last is None:
            continue
        end = (
            last.day
            if last.kind == "D"
            else last.day.replace(day=monthrange(last.day.year, last.day.month)[1])
        )
        kind = _LENGTHS.get((end - first.day).days + 1)
        if kind and (kind in "DW" or first.day.day == 1):
            return Written(first.day, kind, "first and last day of a period")
    return f"{shown(match[0])} is not a day, a week, a month or a quarter"


def _end(text: str, order: str) -> Written | None:
    """The day or the month at one end of a period."""
    found = read_date(text)
    if isinstance(found, Parts):
        found = found.day(order)
    elif isinstance(found, Number):
        found = found.month()
    return found if isinstance(found, Written) else None


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
