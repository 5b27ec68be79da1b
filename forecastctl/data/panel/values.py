"""Passenger counts from text: what is no number is said, and marks beside a number are kept."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from forecastctl.data.panel.separators import (
    APOSTROPHES,
    BLANKS,
    Decimal,
    decimal_mark,
    plain_number,
)
from forecastctl.records.readings import shown
from forecastctl.records.spellings import in_plain_digits

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

__all__ = ["LARGEST", "MISSING", "SMALLEST", "Numbers", "number_problems", "parse_numbers", "shown"]

MISSING = frozenset(
    (
        *("", "na", "n/a", "#n/a", "nan", "nat", "null", "none", "<na>", "nil", "\\n"),
        *("-", "--", "---", "\N{EN DASH}", "\N{EM DASH}", ".", "..", "...", ":", "*", "**"),
        *("\N{HORIZONTAL ELLIPSIS}", "\N{MINUS SIGN}", "\N{HORIZONTAL BAR}", "?", "c", "z"),
        *("n.a.", "n.a", "n. a.", "n.d.", "n/d", "nd", "n.v.", "n.v.t.", "k.a.", "k. a.", "s.o."),
        *("(c)", "(d)", "(s)", "(x)", "(z)", "(na)", "(n/a)", "#n/d", "#nv", "#value!", "#ref!"),
        *("not available", "unavailable", "not applicable", "not published", "missing"),
        *("confidential", "suppressed", "unknown", "no data", "pending", "tbd", "tba"),
        *("nicht verfügbar", "keine angabe", "non disponible", "no disponible", "não disponível"),
        *("non disponibile", "niet beschikbaar", "brak danych", "н/д", "нет данных"),
    )
)
"""Texts that mean "no value" (compared in lower case)."""

_FLAG = (
    r"(?:[*†‡§#^¹²³⁰-⁹ᵃ-ᵖʳ]{1,4}|[(\[](?:[A-Za-z]{1,3}|\d{1,2}|\*{1,3})[)\]]|"
    r"[bcdefinprsuzBCDEFINPRSUZ]{1,2}|\d?\))"
)
"""Marks of footnotes and flags of statistics offices: p provisional, r revised, e estimated ..."""
_BEFORE = r"(?:[*†‡]{1,3}\s*|[(\[][A-Za-z]{1,3}[)\]]\s*|[bcdefinprsuzBCDEFINPRSUZ]{1,2}\s+)"
_FLAGGED = re.compile(
    rf"(?P<before>{_BEFORE})?(?P<number>[^A-Za-z]*?\d[.,]?(?:[eE][+-]?\d{{1,6}})?)\s*"
    rf"(?P<after>{_FLAG}(?:[\s,]?{_FLAG}){{0,2}})?"
)
_PEOPLE = re.compile(r"(?<=\d)\s*(?:人|名|명|pax|чел\.?|passengers?|passagiere)$", re.IGNORECASE)
"""Words for people behind a number."""
_EXPONENT = re.compile(r"(?P<body>.*\d[.,]?)(?P<exponent>[eE][+-]?\d{1,6})", re.ASCII)
_BODY = re.compile(rf"[\d.,\u066b\u066c{BLANKS}{APOSTROPHES}]*\d[\d.,]*", re.ASCII)
_MISSING_FLAGGED = re.compile(rf"(?:[-:.]|\.\.|n/?a)\s*(?P<flag>{_FLAG})", re.IGNORECASE)
_INFINITE = re.compile(r"[+-]?inf(inity)?", re.IGNORECASE)
LARGEST, SMALLEST = 1e100, 1e-100
"""Of numbers other than 0: far from where squares and ratios leave the range of floats."""
_DIGITS_READ = 40
_LONGEST = 60
"""Characters of a number with its marks."""
_FORMS = {".": "a decimal point", ",": "a decimal comma"}


@dataclass(frozen=True, slots=True)
class Numbers:
    """A column of numbers.

    Attributes:
        values: Correctly rounded, NaN where blank or unreadable, shape ``(n,)``.
        problems: What is wrong, by position.
        marks: Marks and flags beside a number, or in place of one, by position.
        form: How the numbers are written.
    """

    values: NDArray[np.float64]
    problems: dict[int, str]
    marks: dict[int, str]
    form: str


@dataclass(frozen=True, slots=True)
class _Cell:
    """One text taken apart.

    Attributes:
        body: Digits and the marks between them; empty where it holds no number.
        rest: Sign and exponent, as Python reads them.
        mark: What stood beside it.
        missing: Whether it means that there is no value.
        wrong: What is wrong with it.
    """

    body: str = ""
    rest: tuple[str, str] = ("", "")
    mark: str = ""
    missing: bool = False
    wrong: str | None = None


def parse_numbers(
    texts: Sequence[str],
    where: str = "",
    *,
    decimal: Decimal | None = None,
    delimiter: str = "",
    others: Iterable[str] = (),
) -> Numbers:
    """Numbers of a column of text.

    Args:
        texts: ``1234``, ``1.2e3``, ``1,234,567``, ``1.234,5``, ``1 234``, ``1,234 p``,
            ``(5)`` for -5, ``n/a``.
        where: File and column, for messages.
        decimal: Decimal mark; ``None`` decides by all numbers.
        delimiter: Between the fields of the file.
        others: Texts of the other columns, asked where these do not tell.

    Raises:
        DataError: The decimal mark cannot be told.
    """
    import pandas as pd

    codes, unique = pd.factorize(np.array(texts, dtype=object))
    stripped = [str(u).strip() for u in unique]
    if all(t.isascii() and t.isdigit() and len(t) <= _DIGITS_READ for t in stripped):
        whole = np.array([float(t) for t in stripped], dtype=np.float64)
        return Numbers(whole[codes], {}, {}, "whole numbers")
    cells = [_cell(text) for text in stripped]
    bodies = [c.body for c in cells if c.body and not c.rest[1]]
    bodies_elsewhere = (c.body for o in others if (c := _cell(str(o).strip())).body)
    if any(not b.isdigit() for b in bodies):
        mark = decimal_mark(
            bodies, where, given=decimal, delimiter=delimiter, others=bodies_elsewhere
        )
    else:
        mark = "."
    parsed = [_number(cell, text, mark) for cell, text in zip(cells, stripped, strict=True)]
    numbers = np.array([value for value, _ in parsed], dtype=np.float64)
    wrong = np.array([message is not None for _, message in parsed], dtype=bool)
    marked = np.array([bool(c.mark) for c in cells], dtype=bool)
    return Numbers(
        numbers[codes],
        {int(i): str(parsed[codes[i]][1]) for i in np.flatnonzero(wrong[codes])},
        {int(i): cells[codes[i]].mark for i in np.flatnonzero(marked[codes])},
        _form(bodies, mark),
    )


def _cell(text: str) -> _Cell:
    """Take one stripped text apart."""
    text = in_plain_digits(text).removeprefix("'" if text[1:2].isdigit() else "")
    if text.isascii() and text.isdigit():
        return _Cell(body=text)
    if text.lower() in MISSING:
        return _Cell(missing=True)
    if _INFINITE.fullmatch(text):
        return _Cell(wrong=f"{shown(text)} is infinite")
    if missing := _MISSING_FLAGGED.fullmatch(text[:_LONGEST]):
        return _Cell(mark=missing["flag"], missing=True)
    return _number_cell(text)


def _number_cell(text: str) -> _Cell:
    """Take one text apart that must be a number."""
    unknown = _Cell(wrong=f"{shown(text)} is not a number")
    if len(text) > _LONGEST and not text.isdigit():
        return unknown
    negative, rest = _sign(text)
    match = _FLAGGED.fullmatch(_PEOPLE.sub("", rest))
    if not match:
        return unknown
    number, sign = match["number"], "-" if negative else ""
    if number[:1] in "+-\N{MINUS SIGN}" and not negative:
        sign, number = ("" if number[0] == "+" else "-"), number[1:]
    power = _EXPONENT.fullmatch(number)
    body, exponent = (power["body"], power["exponent"]) if power else (number, "")
    if not _BODY.fullmatch(body):
        return unknown
    mark = f"{match['before'] or ''} {match['after'] or ''}".strip()
    return _Cell(body=body, rest=(sign, exponent), mark=mark)


def _sign(text: str) -> tuple[bool, str]:
    """Whether a text is negative in the way of accountants, ``(5)`` or ``5-``; and the rest."""
    inner = text[1:-1].strip()
    if text[:1] == "(" and text[-1:] == ")" and inner[:1].isdigit() and not {"(", ")"} & set(inner):
        return True, inner
    if text[-1:] == "-" and text[:1].isdigit():
        return True, text[:-1]
    return False, text


def _number(cell: _Cell, text: str, decimal: Decimal) -> tuple[float, str | None]:
    """Number of one text taken apart, and what is wrong with it."""
    if cell.wrong:
        infinite = "infinite" in cell.wrong
        return (-math.inf if text[0] == "-" else math.inf) if infinite else math.nan, cell.wrong
    if cell.missing:
        return math.nan, None
    if cell.rest[1]:  # programs write these, with a point unless there is none
        decimal = "," if "," in cell.body and "." not in cell.body else "."
    plain = plain_number(cell.body, decimal)
    if plain is None:
        advice = f" (the decimal mark of the column is {decimal!r})" if decimal == "," else ""
        return math.nan, f"{shown(text)} is not a number{advice}"
    sign, exponent = cell.rest
    value = float(f"{sign}{plain}{exponent}")
    wrong = _wrong(value)
    return value, (f"{shown(text)} is {wrong}" if wrong else None)


def _form(bodies: Sequence[str], decimal: Decimal) -> str:
    """How the numbers of a column are written, in a few words."""
    thousands = "." if decimal == "," else ","
    found = []
    if any(decimal in b for b in bodies):
        found.append(_FORMS[decimal])
    if any(thousands in b for b in bodies):
        found.append(f"{'points' if thousands == '.' else 'commas'} between thousands")
    if any(c in b for b in bodies for c in BLANKS):
        found.append("blanks between thousands")
    if any(c in b for b in bodies for c in APOSTROPHES):
        found.append("apostrophes between thousands")
    return ", ".join(found) or "whole numbers"


def _wrong(value: float) -> str | None:
    """What is wrong with a number that can be read."""
    if abs(value) > LARGEST:
        return "too large"
    if 0 < abs(value) < SMALLEST:
        return "too small"
    return "negative" if value < 0 else None


def number_problems(values: NDArray[np.float64]) -> dict[int, str]:
    """What is wrong with numbers that come as numbers, by position; NaN is a missing value."""
    problems = {int(i): f"{values[i]} is infinite" for i in np.flatnonzero(np.isinf(values))}
    size = np.abs(values)
    wrong = {
        "negative": (values < 0) & ~np.isinf(values),
        "too large": (size > LARGEST) & ~np.isinf(values),
        "too small": (size > 0) & (size < SMALLEST),
    }
    for what, where in wrong.items():
        problems |= {int(i): f"{values[i]:g} is {what}" for i in np.flatnonzero(where)}
    return problems
