"""Years that do not begin in January: ``2015-16``, ``2015/2016``, ``2015年度``."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

from forecastctl.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_SPAN = re.compile(r"((?:19|20)\d\d)(?:\s?[-/\u2013]\s?((?:19|20)?\d\d)|年度)", re.ASCII)
_DIGITS = 100


def first_year(text: str) -> str:
    """The first of the two years that a text names; empty where it names no two in a row."""
    match = _SPAN.fullmatch(text.strip())
    if not match:
        return ""
    first, second = int(match[1]), match[2]
    in_a_row = second is None or int(second) in (first + 1, (first + 1) % _DIGITS)
    return match[1] if in_a_row else ""


def of_next_year(years: Sequence[str], months: Mapping[int, str], label: str) -> frozenset[int]:
    """Columns of months that lie in the second of two years.

    Args:
        years: Of the rows.
        months: Of the columns by their position, as ``-04``.
        label: The source, for messages.

    Raises:
        DataError: A row names two years where the columns begin in January, or one where they do
            not: it may be the first of the two or the second.
    """
    order = [months[i] for i in sorted(months)]
    turns = sum(b < a for a, b in pairwise(order)) == 1 and order[-1] < order[0]
    two = next((year for year in years if first_year(year)), "")
    if turns and two:
        return frozenset(i for i, month in months.items() if month < order[0])
    if turns or two:
        which = f"the year {two!r}" if two else "the columns of months, which begin late in a year,"
        raise DataError(
            f"{label}: of {which} it cannot be told in which year January is.",
            "Write years as 2015-16 above months from April to March, or months from January on.",
        )
    return frozenset()
