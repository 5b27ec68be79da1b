"""Numbers and periods for people: one way of writing them everywhere. Pure.

Numbers below one have no unit (``-0.87``), because m for a thousandth would be read as a million. A
number that rounds to zero has no sign.
"""

from __future__ import annotations

import datetime as dt
import math

UNITS = ((1e12, "tn"), (1e9, "bn"), (1e6, "M"), (1e3, "k"))
LEAST_TIMES = 0.01
PAIR = 2
WHOLE_FROM = 100
"""From here on numbers are written without decimals."""

HUGE = 1e15
"""From here on they are written with a power of ten."""

TINY = 1e-9
"""Share of a number below which a part of it is what rounding leaves."""


def number(value: float | None, of: float | None = None) -> str:
    """With thousands separators, or below a hundred with three digits: ``2,514,003``, ``-0.87``.

    Args:
        value: A number.
        of: A number that it is a part of: where that has no decimals, its parts have none either.
    """
    if value is None or not math.isfinite(value):
        return "-"
    if abs(value) >= HUGE:
        return f"{value:.3g}"
    whole = max(abs(value), abs(of or 0.0)) >= WHOLE_FROM
    return _signless(f"{value:,.0f}" if whole else f"{value:.3g}")


def signed(value: float | None, of: float | None = None) -> str:
    """As `number`, with its sign."""
    text = number(value, of)
    return f"+{text}" if value and value > 0 and text not in ("-", "0") else text


def is_nothing(value: float, of: float | None) -> bool:
    """Whether a part of a number is written as zero, or is what rounding leaves of zero."""
    return number(value, of) == "0" or abs(value) < TINY * abs(of or 0.0)


def short(value: float, digits: int = 3) -> str:
    """A number with few digits, and a unit from a thousand on: ``2.51M``, ``1.2bn``, ``-0.87``.

    Args:
        value: A number.
        digits: Significant digits; more on an axis whose ticks lie close together.
    """
    if not math.isfinite(value):
        return "-"
    rounded = float(f"{value:.{digits}g}")
    if abs(rounded) >= HUGE:
        return f"{rounded:.{digits}g}"
    for size, unit in UNITS:
        if abs(rounded) >= size:
            return f"{rounded / size:.{digits}g}{unit}"
    return _signless(f"{rounded:.{digits}g}")


def short_part(value: float, of: float) -> str:
    """A part of a number as `short`, with its sign and no more decimals than that has."""
    if is_nothing(value, of):
        return "0"
    text = short(round(value) if abs(of) >= WHOLE_FROM else value)
    return f"+{text}" if value > 0 else text


def times(value: float) -> str:
    """So many times of something: ``9.23 times``, ``less than 0.01 times``."""
    return f"{number(value)} times" if value >= LEAST_TIMES else f"less than {LEAST_TIMES} times"


def counted(n: int, what: str) -> str:
    """A number with its noun: ``1 period``, ``2 periods``."""
    return f"{n:,} {what}" if n == 1 else f"{n:,} {what}s"


def percent(share: float | None) -> str:
    """A share in percent, without decimals unless ``0 %`` or ``100 %`` would be wrong."""
    if share is None or not math.isfinite(share):
        return "-"
    value = 100.0 * share
    text = f"{value:,.0f}"
    if text.lstrip("-") in ("0", "100") and share not in (0, 1):
        text = f"{value:.1f}"
        if text == "100.0" and share < 1:
            return "over 99.9 %"
        if text.lstrip("-") == "0.0":
            return "under 0.1 %"
    return f"{_signless(text)} %"


def portion(share: float, total: int, what: str) -> str:
    """Some of so many, counted: ``none of 7 peers``, ``both peers``, ``3 of 8 peers (38 %)``.

    Args:
        share: Which share of them, from 0 to 1.
        total: How many there are, two or more.
        what: What they are, in the plural.
    """
    count = round(share * total)
    if not count:
        return f"none of {total:,} {what}"
    if count == total:
        return f"both {what}" if total == PAIR else f"all {total:,} {what}"
    return f"{count:,} of {total:,} {what} ({percent(count / total)})"


def period(date: str, freq: str) -> str:
    """A period for people: ``April 2020``, ``Q2 2020``, or its first day.

    Args:
        date: Its first day, ISO.
        freq: pandas period alias.
    """
    day = dt.date.fromisoformat(date[:10])
    if freq.startswith("M"):
        return f"{day:%B %Y}"
    if freq.startswith("Q"):
        return f"Q{(day.month + 2) // 3} {day.year}"
    return day.isoformat()


def _signless(text: str) -> str:
    """A number's text, where it is zero without a sign."""
    return text.lstrip("-") if not text.strip("-0.") else text
