"""Numbers for people: one way of writing them on the screen, the page and the charts. Pure.

Numbers below one have no unit (``-0.87``), because m for a thousandth would be read as a million. A
number that rounds to zero has no sign.
"""

from __future__ import annotations

import math

UNITS = ((1e12, "tn"), (1e9, "bn"), (1e6, "M"), (1e3, "k"))
WHOLE_FROM = 100
"""From here on numbers are written without decimals."""

HUGE = 1e15
"""From here on they are written with a power of ten."""


def number(value: float | None) -> str:
    """With thousands separators, or below a hundred with three digits: ``2,514,003``, ``-0.87``."""
    if value is None or not math.isfinite(value):
        return "-"
    if abs(value) >= HUGE:
        return f"{value:.3g}"
    return _signless(f"{value:,.0f}" if abs(value) >= WHOLE_FROM else f"{value:.3g}")


def signed(value: float | None) -> str:
    """As `number`, with its sign."""
    text = number(value)
    return f"+{text}" if value and value > 0 and text != "-" else text


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
    return f"{_signless(text)} %"


def _signless(text: str) -> str:
    """A number's text, where it is zero without a sign."""
    return text.lstrip("-") if not text.strip("-0.") else text
