"""Numbers for people: one way of writing them on the screen, the page and the charts. Pure.

Below one they stand as they are (``-0.87``), because a unit such as m for a thousandth is read as a
million; what rounds to nothing has no sign.
"""

from __future__ import annotations

import math

UNITS = ((1e12, "tn"), (1e9, "bn"), (1e6, "M"), (1e3, "k"))
WHOLE = 100
HUGE = 1e15
"""From here on digits say less than a power of ten does."""


def number(value: float | None) -> str:
    """With thousands separators; three digits below a hundred: ``2,514,003``, ``-0.87``."""
    if value is None or not math.isfinite(value):
        return "-"
    if abs(value) >= HUGE:
        return f"{value:.3g}"
    return _signless(f"{value:,.0f}" if abs(value) >= WHOLE else f"{value:.3g}")


def signed(value: float | None) -> str:
    """As `number`, with its sign."""
    text = number(value)
    return f"+{text}" if value and value > 0 and text != "-" else text


def short(value: float, digits: int = 3) -> str:
    """So many digits and a unit from a thousand on: ``2.51M``, ``1.2bn``, ``-0.87``.

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


def percent(share: float | None) -> str:
    """A share in percent, as whole as can be without calling what is not all ``100 %``."""
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
    """Without the sign of a zero."""
    return text.lstrip("-") if not text.strip("-0.") else text
