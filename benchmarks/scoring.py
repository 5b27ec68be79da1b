"""How answers are judged, halved and counted. Pure."""

from __future__ import annotations

import hashlib
import math
from itertools import pairwise
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

AMEND, ASKED = "amend", "asked"
HALVES = (AMEND, ASKED)
"""On the first, rules may be amended; the second is asked once, when they are done."""

RECORDED = 1.0
"""From so many ordinary errors on, a fault that left a trace in the record must be named."""

BY_SIZE = 2.576
"""From so many on, what only the size of the miss can tell must be: at most one ordinary month in a
hundred is as far off, so that nobody who raises fewer false alarms can see smaller ones."""

BINS = (0.0, 0.6, 0.7, 0.8, 0.9, 0.95, 1.0)


def half_of(place: str) -> str:
    """The half into which everything falls that happens at a place: by a digest of its name."""
    return HALVES[hashlib.sha256(place.encode()).digest()[0] % 2]


def hidden(miss: float, clean_miss: float, clean_error: float, shows: float) -> bool:
    """Whether a fault does not show, so that noise is a right answer.

    It is measured by what the fault itself cannot inflate: the same forecast made from the data
    without the fault, at an actual without the fault. The fault does not show where it changed the
    miss by less than ``shows`` ordinary errors of that clean forecast, or where the miss that is
    left is smaller than so many, so that nothing is to be explained.

    Args:
        miss: Forecast minus actual with the fault, passengers.
        clean_miss: The same without it.
        clean_error: Root mean squared error of the clean forecast's backtest at that lead, or its
            stated standard deviation where that is larger, passengers.
        shows: From how many ordinary errors on the fault shows; 0 where it always does.
    """
    limit = shows * clean_error
    return abs(miss - clean_miss) < limit or abs(miss) < limit


def wilson(hits: int, n: int, z: float = 1.96) -> tuple[float, float]:
    """Interval of a share: Wilson (1927)."""
    if not n:
        return 0.0, 1.0
    p = hits / n
    middle = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return max(middle - half, 0.0), min(middle + half, 1.0)


def reliability(
    said: Sequence[tuple[float, bool]], edges: Sequence[float] = BINS
) -> list[dict[str, Any]]:
    """Confidence that was said beside the share that was right, by bin.

    Args:
        said: Confidence from 0 to 1, and whether the answer was right.
        edges: Ends of the bins; each holds its lower end, the last one its upper end too.

    Returns:
        One row for each bin that holds an answer: ``from``, ``to``, mean ``confidence``, share
        ``right``, ``count``, and the share's 95 % interval ``wilson``.
    """
    rows = []
    for lo, hi in pairwise(edges):
        mine = [one for one in said if lo <= one[0] < hi or one[0] == hi == edges[-1]]
        if mine:
            right = sum(r for _, r in mine)
            rows.append(
                {
                    "from": lo,
                    "to": hi,
                    "confidence": sum(c for c, _ in mine) / len(mine),
                    "right": right / len(mine),
                    "count": len(mine),
                    "wilson": wilson(right, len(mine)),
                }
            )
    return rows
