"""What single cells, rows and columns of text look like, before anyone knows what they mean."""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from forecastctl.data.panel.frequency import NO_DAY
from forecastctl.data.panel.values import parse_numbers
from forecastctl.data.read.columns import usual_name
from forecastctl.data.read.dates import parse_dates
from forecastctl.errors import DataError
from forecastctl.records.month_names import english, month_numbers
from forecastctl.records.readings import Epoch, Named, Serial, Written
from forecastctl.records.spellings import without_marks
from forecastctl.records.written_dates import read_date

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from forecastctl.data.read.tables import Cells
    from forecastctl.records.readings import Reading

MOST = 0.8
"""Share of the cells of a column that make it one of dates, or of numbers."""
_MERGED = 0.25  # of the cells of a column, that are blank at least where cells are merged
_LOOKED_AT = 200
_DIGITS_OF_EPOCH = 12
_LARGEST_GAP, _LEAST_BARE, _A_WEEK = 3 * 366, 3, 7
_FIRST_YEAR, _LAST_YEAR = 1900, 2100
_SIGNS = "*†‡§#^¹²³⁴⁵⁶⁷⁸⁹"
_YEAR_WORDS = re.compile(
    r"^(?:[XY](?=\d{4})|(?:year|jahr|année|año|ano|anno|jaar|rok|год|pax|passengers|cy)\s+(?=\d{4}\b))",
    re.IGNORECASE,
)
"""Before a year in the name of a column."""
_DIGITS = re.compile(r"\d{1,15}", re.ASCII)
_YEAR_IN = re.compile(r"(?:19|20)\d\d")
_PARTS, _LETTER = re.compile(r"[\s_]+"), re.compile(r"^[A-Za-z](?=(?:19|20)\d\d)")


_KEPT = 50_000
"""Texts whose kind is remembered: each row is looked at as a header, and many cells are alike."""


def is_year(text: str) -> bool:
    """Whether a text is a year of four digits."""
    text = text.strip().removesuffix(".0")
    return len(text) == 4 and text.isdecimal() and _FIRST_YEAR <= int(text) <= _LAST_YEAR  # noqa: PLR2004


@lru_cache(maxsize=_KEPT)
def is_number(text: str) -> bool:
    """Whether a text is a number, however it is written."""
    if _DIGITS.fullmatch(text):
        return True
    try:
        return bool(np.isfinite(parse_numbers([text], decimal=".").values[0])) or bool(
            np.isfinite(parse_numbers([text], decimal=",").values[0])
        )
    except DataError:
        return False


@lru_cache(maxsize=_KEPT)
def is_value(text: str) -> bool:
    """Whether a text is a number, or stands for a missing one."""
    if _DIGITS.fullmatch(text):
        return True
    for mark in (".", ","):
        found = parse_numbers([text], decimal=mark)
        if not found.problems or np.isfinite(found.values[0]):
            return True
    return False


@lru_cache(maxsize=_KEPT)
def is_date(text: str) -> bool:
    """Whether a text is likely to be a date, whatever stands around it."""
    return _a_date(read_date(text))


def _a_date(read: Reading) -> bool:
    """Whether a reading is one of a date; passengers of a country have the digits of seconds."""
    if isinstance(read, Epoch):
        return len(read.text) >= _DIGITS_OF_EPOCH
    return not isinstance(read, str)


def unmarked(names: Sequence[str]) -> list[str]:
    """Names of columns without marks of footnotes, where they stay different.

    Of flags such as ``(p)`` only years and months are freed: others may be part of a name.
    """
    found = [_plain_period(name.strip()) for name in names]
    return found if len(set(found)) == len(set(names)) else list(names)


def _plain_period(name: str) -> str:
    """A name of a column that is a year, a month or a word for passengers, without its marks."""
    bare = without_marks(_YEAR_WORDS.sub("", name))
    if bare == name:
        return name
    known = is_year(bare) or english(bare) or is_date(bare)
    return bare if known or bare == name.rstrip(_SIGNS).rstrip() else name


def period_names(names: Sequence[str], language: str | None = None) -> list[str | None]:
    """First day of the period that each column is named by, as text; ``None`` where by none.

    Where none are, letters and words for passengers may stand beside them: ``X2015.01``,
    ``2015-01 Pax``.
    """
    found = _periods(names, language)
    dated = sum(bool(_YEAR_IN.search(name)) for name in names)
    if sum(map(bool, found)) >= _LEAST_BARE or dated < _LEAST_BARE:
        return found
    bare = [_without_words(name) for name in names]
    again = _periods(bare, language) if bare != list(names) else found
    return again if sum(map(bool, again)) >= _LEAST_BARE else found


def _without_words(name: str) -> str:
    """A name without what programs set before a date, or words for passengers beside it."""
    parts = [part for part in _PARTS.split(name.strip()) if part]
    kept = [p for p in parts if not usual_name("value", p) and not (len(p) == 1 and p.isalpha())]
    bare = ("-" if all(p.isdigit() for p in kept) else " ").join(kept)
    return _LETTER.sub("", bare)


def _periods(names: Sequence[str], language: str | None) -> list[str | None]:
    """First day of the period that each name is, as text; ``None`` where it is none."""
    read = [read_date(name.strip()) for name in names]
    words = [r.name for r in read if isinstance(r, Named)]
    known = month_numbers(words) if words and language is None else {}
    if isinstance(known, tuple):
        known = {}
    likely = [
        isinstance(r.day(known), Written) if isinstance(r, Named) else _a_date(r) for r in read
    ]
    texts = [name if ok else "" for name, ok in zip(names, likely, strict=True)]
    if not any(texts):
        return [None] * len(names)
    try:
        dates = parse_dates(texts, "the header", language=language)
    except DataError:
        return [None] * len(names)
    days = dates.days.tolist()
    bare = [
        day
        for day, name in zip(days, texts, strict=True)
        if day != NO_DAY and name.strip().isdecimal()
    ]
    if bare and not (len(bare) >= _LEAST_BARE and a_calendar(bare, strict=True)):
        return [None] * len(names)
    serial = [isinstance(r, Serial) for r, text in zip(read, texts, strict=True) if text]
    if any(serial) and not _regular(bare):
        return [None] * len(names)
    return [None if day == NO_DAY else str(np.datetime64(int(day), "D")) for day in days]


def _regular(days: Sequence[int]) -> bool:
    """Whether days begin or end months, are of one weekday, or follow each other."""
    dates = np.array(days).astype("datetime64[D]")
    firsts = (dates == dates.astype("datetime64[M]")).all()
    after = (dates + 1 == (dates + 1).astype("datetime64[M]")).all()
    gaps = np.abs(np.diff(np.array(days)))
    a_day = len(days) >= _A_WEEK and (gaps == 1).all()
    return bool(firsts or after or (gaps % _A_WEEK == 0).all() or a_day)


def a_calendar(days: Sequence[int], *, strict: bool = False) -> bool:
    """Whether numbers that may be dates stand in order, as passengers do not, and in our time.

    Args:
        days: The dates that they may be, since 1970-01-01.
        strict: Whether no two may be equal.
    """
    gaps = np.diff(np.array(days)) * (1 if days[-1] >= days[0] else -1)
    ordered = (gaps > 0 if strict else gaps >= 0) & (gaps <= _LARGEST_GAP)
    years = np.array(days).astype("datetime64[D]").astype("datetime64[Y]").astype(int) + 1970
    ours = (years >= _FIRST_YEAR) & (years <= _LAST_YEAR)
    return bool(ordered.all()) and bool(ours.all())


def filled_down(column: Sequence[str]) -> list[str]:
    """A column whose names stand in the first of several rows, as in merged cells, in all of them.

    Where a name stands in two rows that follow each other, blanks are no merged cells.
    """
    filled = [c.strip() for c in column]
    blank = sum(not c for c in filled)
    twice = any(a and a == b for a, b in pairwise(filled))
    if not filled or not filled[0] or twice or blank < _MERGED * len(filled):
        return list(column)
    last, found = "", []
    for raw, c in zip(column, filled, strict=True):
        last = raw if c else last
        found.append(last)
    return found


def column_at(cells: Cells, c: int) -> list[str]:
    """One column of the rows below a header; blank where a row is shorter."""
    return [row[c] if c < len(row) else "" for row in cells.rows]


def share(texts: Sequence[str], test: Callable[[str], object]) -> float:
    """Share of the texts that are not blank which pass a test."""
    some = [t for t in texts if t.strip()][:_LOOKED_AT]
    return sum(map(bool, map(test, some))) / len(some) if some else 0.0


def numeric(texts: Sequence[str]) -> bool:
    """Whether a column holds numbers, or nothing but signs for missing ones."""
    return share(texts, is_value) >= MOST
