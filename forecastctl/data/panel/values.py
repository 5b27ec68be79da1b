"""Passenger counts from text, strictly."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

MISSING = frozenset(
    (
        *("", "na", "n/a", "#n/a", "nan", "nat", "null", "none", "<na>"),
        *("-", "--", "\N{EN DASH}", ".", "..", "...", "\N{HORIZONTAL ELLIPSIS}", ":"),
    )
)
"""Texts that mean "no value" (compared in lower case)."""

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_THOUSANDS = re.compile(
    r"[+-]?\d{1,3}(?:(?:,\d{3})+|(?:[ '\u00a0\u202f\u2009]\d{3})+)(\.\d+)?", re.ASCII
)
_SEPARATORS = re.compile(r"[, '\u00a0\u202f\u2009]")
_DECIMAL_COMMA = re.compile(r"[+-]?\d+,(\d{1,2}|\d{4,})", re.ASCII)
_INFINITE = re.compile(r"[+-]?inf(inity)?", re.IGNORECASE)
LARGEST, SMALLEST = 1e100, 1e-100
"""Of numbers other than 0: far from where squares and ratios leave the range of floats."""
_SHOWN = 40


def shown(text: str) -> str:
    """A value for an error message, cut to a readable length."""
    return repr(text if len(text) <= _SHOWN else text[:_SHOWN] + "\N{HORIZONTAL ELLIPSIS}")


def _number(text: str, *, commas: bool) -> tuple[float, str | None]:
    """Number of one stripped text, and what is wrong with it."""
    if text.isascii() and text.isdigit() and len(text) <= _SHOWN:
        return float(text), None
    if text.lower() in MISSING:
        return math.nan, None
    if _INFINITE.fullmatch(text):
        return (-math.inf if text.startswith("-") else math.inf), f"{shown(text)} is infinite"
    if _THOUSANDS.fullmatch(text) and (commas or "," not in text):
        text = _SEPARATORS.sub("", text)
    if not _NUMBER.fullmatch(text):
        comma = _DECIMAL_COMMA.fullmatch(text) or ("," in text and _THOUSANDS.fullmatch(text))
        advice = " (decimals take a point, not a comma)" if comma else ""
        return math.nan, f"{shown(text)} is not a number{advice}"
    value = float(text)
    wrong = _wrong(value)
    return value, (f"{shown(text)} is {wrong}" if wrong else None)


def _wrong(value: float) -> str | None:
    """What is wrong with a number that can be read."""
    if abs(value) > LARGEST:
        return "too large"
    if 0 < abs(value) < SMALLEST:
        return "too small"
    return "negative" if value < 0 else None


def parse_numbers(texts: Sequence[str]) -> tuple[NDArray[np.float64], dict[int, str]]:
    """Numbers of a column of text.

    ``1234``, ``1234.0``, ``1.2e3`` and thousands set apart (``1,234,567``, ``1 234 567``) are
    read; a comma counts as such only where no value of the column uses it for decimals.

    Returns:
        Numbers, correctly rounded, NaN where blank or unreadable, shape ``(n,)``; and what is
        wrong by position.
    """
    import pandas as pd

    codes, unique = pd.factorize(np.array(texts, dtype=object))
    stripped = [str(u).strip() for u in unique]
    commas = not any("," in u and _DECIMAL_COMMA.fullmatch(u) for u in stripped)
    parsed = [_number(u, commas=commas) for u in stripped]
    numbers = np.array([value for value, _ in parsed], dtype=np.float64)
    wrong = np.array([message is not None for _, message in parsed], dtype=bool)
    problems = {int(i): str(parsed[codes[i]][1]) for i in np.flatnonzero(wrong[codes])}
    return numbers[codes], problems


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
