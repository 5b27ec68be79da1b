"""Dates in the spellings of some countries and programs, rewritten in a usual one.

Quarters in the words of many languages, by Roman numbers or by their first and last month; years of
Japanese eras and of the Republic of China; what Office, SQL Server and .NET make of a moment.
"""

from __future__ import annotations

import re
import unicodedata

from forecastctl.records.month_names import english, month_numbers

_PLAIN = re.compile(r"[\dT:/.Z+-]*(?<!\.)", re.ASCII)
"""Texts that nothing here is about."""
_MARKS = re.compile(
    r"\s*[*†‡§#^¹²³⁰-⁹ᵃ-ᵖʳ]+$|\s*[(\[](?:[A-Za-z]{1,2}|\d{1,2}|\*{1,3}|prov(?:isional|isoire|\.)?|"
    r"prelim(?:inary|\.)?|vorl(?:äufig|\.)|estimated?|revised|rev\.?)[)\]]$|(?<=\d)\s?[prefPREF]$",
    re.IGNORECASE,
)
"""Behind a date: ``2018*``, ``2018-12 (p)``, ``Dec¹``, ``2018 r``."""
_WIDE = re.compile("[\uff01-\uff5e]")
"""Letters, digits and marks as wide as those of Chinese."""
_QUARTER = (
    r"(?:quarter|quartal|quart|qtr|q|trimestr\w*|trimester|trim|t|kvartal\w*|kvartāl\w*|kwarta\w*|"
    r"kwart|kv|k|квартал\w*|кв|тримесечие|čtvrtlet\w*|štvrťrok\w*|(?:negyed|n\.?\s?)év\w*|"
    r"τρίμην\w*|çeyrek\w*|(?:vuosi)?neljännes\w*|tromjeseč\w*|tromeseč\w*|četrtletj\w*|"
    r"ketvirt\w*|ceturksn\w*|四半期|季度|季|분기|quý|ไตรมาส(?:ที่)?)\.?"
)
_FIRST_TO_FOURTH = {"first": 1, "second": 2, "third": 3, "fourth": 4}
_NUMBERS = {"I": 1, "II": 2, "III": 3, "IV": 4, "一": 1, "二": 2, "三": 3, "四": 4}
_NTH = (
    r"第?\s*(?P<q>[1-4]|IV|I{1,3}|[一二三四]|first|second|third|fourth)(?:/4)?"
    r"(?:\s?[º°ª]|-?(?:er|ère|ème|nd|rd|st|th|ος|ο|й|ый|ий)\b)?\.?"  # noqa: RUF001
)
_YEAR = r"(?P<y>\d{4})\s*(?:年|년|г\.?(?:\b|$)|года?\b|року\b)?"  # noqa: RUF001
_SHORT_YEAR = r"(?:[ /.-]+'?|')(?P<yy>\d{2})"
_GAP = r"[-/. ,:]*(?:(?:de|del|of)\s+)?"
_QUARTERS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"{_NTH}\s*{_QUARTER}(?:{_GAP}{_YEAR}|{_SHORT_YEAR})",
        rf"{_QUARTER}\s*{_NTH}(?:{_GAP}{_YEAR}|{_SHORT_YEAR})",
        rf"{_YEAR}{_GAP}{_NTH}\s*{_QUARTER}",
        rf"{_YEAR}{_GAP}{_QUARTER}\s*{_NTH}",
        rf"(?P<q>IV|I{{1,3}})\s*kw\.?(?:{_GAP}{_YEAR}|{_SHORT_YEAR})",  # 1 KW is a week in German
    )
)
_LETTERS = r"[^\W\d_]{3,}\.?"
_MONTHS = re.compile(rf"({_LETTERS})\s*[-\u2013/]\s*({_LETTERS})[ ,./-]*(\d{{4}})")
_MONTH_NUMBERS = re.compile(r"(\d{4})\s*年\s*(\d{1,2})\s*[-\u2013~\u301c]\s*(\d{1,2})\s*月")
_ERAS = {
    "明治": 1867,
    "大正": 1911,
    "昭和": 1925,
    "平成": 1988,
    "令和": 2018,
    "S": 1925,
    "H": 1988,
    "R": 2018,
}
_ERA = re.compile(
    r"(?P<era>明治|大正|昭和|平成|令和|[SHR](?=[\d元]{1,2}[.年]))\s*(?P<y>元|\d{1,2})\s*[年.]\s*"
    r"(?P<m>\d{1,2})\s*月?(?:\s*\.?(?P<d>\d{1,2})\s*日?)?"
)
_REPUBLIC = re.compile(
    r"(?P<mark>(?:中華)?(?:民國|民国))?\s*(?P<y>\d{2,3})\s*年\s*(?P<m>\d{1,2})\s*月"
    r"(?:\s*(?P<d>\d{1,2})\s*日)?"
)
_REPUBLIC_SINCE, _THREE = 1911, 3
_BUDDHIST = re.compile(r"\s*(?:พ\.?\s?ศ\.?|B\.?E\.?)\s*(?=\d{4})")
_TIMED = re.compile(
    r"(.*\d{4}|\d{1,2}-[^\W\d_]{3,}-\d{2})[ ,]+"
    r"(\d{1,2}[:.]\d{2}(?:[:.]\d{2})?(?:\.\d+)?)\s*([AaPp]\.?[Mm]\.?|GMT|UTC|Z)?"
)
_WEEKDAY = re.compile(r"[^\W\d_]{2,}\.?(?:, *|\s+(?=\d{1,2}[-/.]\d{1,2}[-/.]))(.*\d{4}.*)")
_OF_SAS = re.compile(r"(\d{1,2}[A-Za-z]{3}\d{4}):\d{2}:\d{2}:\d{2}(?:\.\d+)?")
_OF_NET = re.compile(r"\\?/Date\((-?\d+)(?:[+-]\d{4})?\)\\?/")
_KOREAN = re.compile(r"(\d{4})\.\s?(\d{1,2})(?:\.\s?(\d{1,2}))?\.?")


def without_marks(text: str) -> str:
    """A year, a date or the name of a month without the mark of a footnote or a flag behind it."""
    return _MARKS.sub("", text) if text else text


def in_plain_digits(text: str) -> str:
    """The text with the digits 0 to 9 for those of another script, if all of its are of one."""
    if text.isascii() or any(c.isascii() and c.isdigit() for c in text):
        return text
    wide = unicodedata.normalize("NFKC", text) if _WIDE.search(text) else text
    return "".join(str(unicodedata.decimal(c)) if c.isdecimal() else c for c in wide)


def usual(text: str) -> str:
    """The text in a usual spelling, or as it is where there is nothing to rewrite.

    Args:
        text: One stripped date.
    """
    if _PLAIN.fullmatch(text):
        return text
    for rewrite in (_quarter, _first_to_last, in_era, _moment):
        found = rewrite(text)
        if found:
            return found
    return text


def _quarter(text: str) -> str:
    for pattern in _QUARTERS:
        match = pattern.fullmatch(text)
        if match:
            part = match.groupdict()
            nth = part["q"].upper()
            year = part["y"] or part["yy"]
            number = _NUMBERS.get(nth) or _FIRST_TO_FOURTH.get(nth.lower())
            return f"{number or nth}Q{year}"
    return ""


def _first_to_last(text: str) -> str:
    """A quarter, or a whole year, by the names or numbers of its first and last month."""
    names, numbers = _MONTHS.fullmatch(text), _MONTH_NUMBERS.fullmatch(text)
    if names:
        words, year = names.groups()[:2], names[3]
        known = month_numbers(words) if not all(map(english, words)) else {}
        if isinstance(known, tuple):
            return ""
        ends = [english(word) or known.get(word) or 0 for word in words]
    elif numbers:
        year, ends = numbers[1], [int(numbers[2]), int(numbers[3])]
    else:
        return ""
    first, last = ends
    if first and last - first == 2 and first % 3 == 1:  # noqa: PLR2004 - a quarter
        return f"{year}Q{last // 3}"
    return f"{year}M13" if (first, last) == (1, 12) else ""


def in_era(text: str, *, republic: bool = False) -> str:
    """A date by the years of an emperor or of the Republic of China, in those of all others.

    Args:
        text: One stripped date.
        republic: Whether years of two digits are of the Republic of China, since others are.

    Returns:
        As ``2014-01`` or ``2014-01-31``; empty where the text is not such a date.
    """
    japan, china = _ERA.fullmatch(text), _REPUBLIC.fullmatch(text)
    if japan:
        year = _ERAS[japan["era"]] + (1 if japan["y"] == "元" else int(japan["y"]))
    elif china and (china["mark"] or len(china["y"]) == _THREE or republic):
        year = _REPUBLIC_SINCE + int(china["y"])
    else:
        bare = _BUDDHIST.sub(" ", text).strip()
        return bare if bare != text else ""
    match = japan or china
    month, day = int(match["m"]), match["d"]  # type: ignore[index]
    return f"{year}-{month:02d}" + (f"-{int(day):02d}" if day else "")


def of_the_republic(text: str) -> bool:
    """Whether a year of three digits, or a word, says that it is of the Republic of China."""
    match = _REPUBLIC.fullmatch(text)
    return bool(match and (match["mark"] or len(match["y"]) == _THREE))


def _moment(text: str) -> str:
    """A day as programs write it, with a time behind it."""
    weekday = _WEEKDAY.fullmatch(text)
    if weekday:
        return _moment(weekday[1]) or weekday[1]
    net, sas, korean = _OF_NET.fullmatch(text), _OF_SAS.fullmatch(text), _KOREAN.fullmatch(text)
    if net:
        return net[1]
    if sas:
        return sas[1]
    if korean:
        return "-".join(part for part in korean.groups() if part)
    timed = _TIMED.fullmatch(text)
    named = timed and (timed[3] or any(map(str.isalpha, timed[1])))
    return " ".join(timed[1].split()) if timed and named else ""
