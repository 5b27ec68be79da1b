"""Dates that stand in two columns: a year, and a month, quarter or week of it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from forecastctl.data.panel.frequency import NO_DAY
from forecastctl.data.read.columns import PART_NAMES, plain_name
from forecastctl.data.read.dates import month_number, months_of
from forecastctl.data.read.total_words import called_total, is_total
from forecastctl.records.calendar import days_of
from forecastctl.records.month_names import english
from forecastctl.records.readings import QUARTERS, TOTAL, Written, shown
from forecastctl.records.spellings import without_marks
from forecastctl.records.written_dates import ROMAN, read_date

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

_YEAR = re.compile(r"(\d{4})(?:\.0+|\s*[年년])?", re.ASCII)
_OF_THE_YEAR = re.compile(rf"[Mm]?(?:{TOTAL}|0|00|99)(?:\.0+)?")
"""Numbers of months under which offices file the total of the year."""
_NTH_OF_YEAR = re.compile(r"((?:19|20)\d\d)[-/. ]?0?([1-4])(?:\.0+)?", re.ASCII)
_LETTERS = re.compile(r"[^\W\d_]{2}")
_NUMBER = re.compile(r"(\d{1,2})(?:\.0+)?", re.ASCII)
_WEEK = re.compile("[WwKk]")
_PREFIX = {"quarter": "Q", "week": "W"}


@dataclass(frozen=True, slots=True)
class YearParts:
    """Dates from two columns.

    Attributes:
        days: Days since 1970-01-01, `NO_DAY` where unreadable, shape ``(n,)``.
        problems: By position the column at fault (0 year, 1 part) with what is wrong.
        totals: Whether a row holds the total of a year or a quarter, shape ``(n,)``.
    """

    days: NDArray[np.int64]
    problems: dict[int, tuple[int, str]]
    totals: NDArray[np.bool_]


def parse_year_parts(
    years: Sequence[str],
    parts: Sequence[str],
    *,
    kind: str = "month",
    where: str = "",
    language: str | None = None,
) -> YearParts:
    """First days of periods given in two columns (``2012``, ``Oct``).

    Args:
        years: ``2012``.
        parts: ``Oct``, ``10``, ``M10``; ``Q4`` or ``4``; ``W05`` or ``5``.
        kind: ``month``, ``quarter`` or ``week``: what a bare number counts.
        where: File and column, for messages.
        language: Of the names of months; ``None`` decides by all of them.

    Raises:
        DataError: The language of the names cannot be told.
    """
    texts = list(dict.fromkeys(part.strip() for part in parts))
    words = [t for t in texts if _LETTERS.search(t) and not is_total(t) and not _no_word(t)]
    months = months_of(words, where, language) if kind == "month" else {}
    quarters = {text for text in texts if text and is_quarter(text)} if kind == "month" else set()
    if quarters and len(quarters) < len(texts):
        parts = ["total" if part.strip() in quarters else part for part in parts]
    days = np.full(len(years), NO_DAY, dtype=np.int64)
    totals = np.zeros(len(years), dtype=bool)
    problems: dict[int, tuple[int, str]] = {}
    results: dict[tuple[str, str], int | tuple[int, str] | None] = {}
    for i, pair in enumerate(zip(years, parts, strict=True)):
        if pair not in results:
            results[pair] = _first_day(pair[0].strip(), pair[1].strip(), kind, months)
        result = results[pair]
        if result is None:
            totals[i] = True
        elif isinstance(result, int):
            days[i] = result
        else:
            problems[i] = result
    return YearParts(days, problems, totals)


def as_quarters(texts: Sequence[str], name: str) -> Sequence[str]:
    """Texts such as ``2012-4`` as quarters, where a column is called so and holds no others."""
    if plain_name(name) not in PART_NAMES["quarter"]:
        return texts
    found = {text: _NTH_OF_YEAR.fullmatch(text.strip()) for text in texts if text.strip()}
    if not found or not all(found.values()):
        return texts
    spelt = {text: f"{match[1]}Q{match[2]}" for text, match in found.items() if match}
    return [spelt.get(text, text) for text in texts]


def is_quarter(part: str) -> bool:
    """Whether a text names a quarter of whatever year, and no month: ``Q1``, ``1. Quartal``."""
    return part.strip() not in ROMAN and bool(quarter_number(part))


def _no_word(part: str) -> bool:
    return part in ROMAN or is_quarter(part)


def quarter_number(part: str) -> int:
    """Number of the quarter that a text may name, 0 where it names none: ``Q1``, ``I``."""
    text = part.strip()
    if text in ROMAN:
        return ROMAN[text] if ROMAN[text] <= QUARTERS else 0
    if not text or text.isdecimal() or english(text):
        return 0
    found = read_date(f"2000 {text}")
    if isinstance(found, Written) and found.kind == "Q":
        return found.day.month // 3 + 1
    return 0


def _first_day(
    year: str, part: str, kind: str, months: Mapping[str, int]
) -> int | tuple[int, str] | None:
    """First day of a period, or the column at fault with what is wrong; ``None`` for a total."""
    if is_total(part) or called_total(year) or (kind == "month" and _OF_THE_YEAR.fullmatch(part)):
        return None
    digits, part = _YEAR.fullmatch(without_marks(year)), without_marks(part)
    if not digits:
        return 0, f"{shown(year)} is not a year"
    if kind == "quarter" and part in ROMAN:
        part = str(ROMAN[part])
    number = _NUMBER.fullmatch(part)
    if kind == "month" and (month := month_number(part, months)):
        found = read_date(f"{digits[1]}-{month:02d}-01")
    elif kind != "month" and number:
        found = read_date(f"{digits[1]}-{_PREFIX[kind]}{number[1]}")
    else:
        found = read_date(f"{digits[1]} {part}") if is_quarter(part) or _WEEK.match(part) else ""
    if isinstance(found, Written):
        return days_of(found.day)
    if isinstance(found, str) and "before" in found:
        return 0, f"the year of {shown(year)} is before 1800"
    return 1, f"{shown(part)} is not a {kind}"
