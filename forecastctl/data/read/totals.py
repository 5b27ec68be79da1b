"""Airports that are no airports: the sum of the others, told by name or by arithmetic."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from forecastctl.data.panel.frequency import NO_DAY

if TYPE_CHECKING:
    from numpy.typing import NDArray

_WORDS = re.compile(
    r"\b(total|totals|totale|totaal|totalt|gesamt|insgesamt|summe|ensemble|ogółem|razem|celkem|"
    r"összesen|yhteensä|toplam|итого|всего|σύνολο)\b|^(all|all airports|alle|sum|tous|todos|"
    r"tutti|wszystkie|все)$|合計|总计|總計|합계|全国",
    re.IGNORECASE,
)
_NEAR = 0.002
"""Share by which a sum may be off: the parts are rounded."""
_LEAST_ROWS, _LEAST_SHARE = 6, 0.95
_LEAST_OTHERS = 2
_ABOVE = 0.9  # of its rows, in which a total by name is at least as large as each airport


def total_airports(
    codes: NDArray[np.int64],
    names: NDArray[np.object_],
    days: NDArray[np.int64],
    y: NDArray[np.float64],
    good: NDArray[np.bool_],
) -> dict[str, str]:
    """Names of airports that are the sum of the others, with how that is known.

    Args:
        codes: Number of the airport of each row, shape ``(n,)``.
        names: Their names, shape ``(k,)``.
        days: Day of each row, shape ``(n,)``.
        y: Passengers, shape ``(n,)``.
        good: Whether a row counts, shape ``(n,)``.
    """
    import pandas as pd

    usable = good & ~np.isnan(y) & (days != NO_DAY)
    if len(names) < 2 or not usable.any():  # noqa: PLR2004 - one airport is no total
        return {}
    if not usable.all():
        codes, y, days = codes[usable], y[usable], days[usable]
    code, value = codes, y
    period, _ = pd.factorize(days)
    found = {
        str(names[c]): "is called a total and is no smaller than any other"
        for c in _named(names)
        if _largest(code, period, value, c)
    }
    added = _added_up(code, period, value, len(names))
    if added is not None:
        found[str(names[added])] = "is the sum of the others"
    return found if len(found) < len(names) else {}


def called_total(name: str) -> bool:
    """Whether a name is a word for the sum of all, or holds one."""
    return bool(_WORDS.search(name.strip()))


def _named(names: NDArray[np.object_]) -> list[int]:
    return [c for c, name in enumerate(names) if called_total(str(name))]


def _largest(
    code: NDArray[np.int64], period: NDArray[np.int64], y: NDArray[np.float64], c: int
) -> bool:
    """Whether an airport is at least as large as each other one in nearly all periods."""
    most = np.zeros(period.max() + 1)
    others = code != c
    np.maximum.at(most, period[others], y[others])
    own = code == c
    return bool(own.any() and np.mean(y[own] >= (1 - _NEAR) * most[period[own]]) >= _ABOVE)


def _added_up(
    code: NDArray[np.int64], period: NDArray[np.int64], y: NDArray[np.float64], airports: int
) -> int | None:
    """The one airport that is the sum of all others wherever there are two or more of them."""
    total = np.bincount(period, y)
    others = np.bincount(period, y > 0) - 1
    enough = (others[period] >= _LEAST_OTHERS) & (y > 0)
    near = np.abs(2 * y - total[period]) <= _NEAR * total[period]
    n = np.bincount(code[enough], minlength=airports)
    hits = np.bincount(code[enough & near], minlength=airports)
    found = np.flatnonzero((n >= _LEAST_ROWS) & (hits >= _LEAST_SHARE * n))
    return int(found[0]) if len(found) == 1 else None
