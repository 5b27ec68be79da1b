"""Airports that are no airports: the sum of others, told by name or by arithmetic."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from forecastctl.data.panel.frequency import NO_DAY
from forecastctl.data.read.subtotals import (
    CERTAIN_OF_ALL,
    LEAST_PERIODS,
    LEAST_SHARE,
    Measure,
    digits,
    sums_among,
    unit_of,
)
from forecastctl.data.read.total_words import called_total, holds_total

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

_CODE = re.compile(r"[A-Z]{3}", re.ASCII)
_NEAR = 0.002
"""Share by which a sum may be off: the parts are rounded."""
_ABOUT = 0.05
"""Share by which a total by name may be off: of some airports the last months are revised."""
_LEAST_OTHERS = 2
_ABOVE = 0.9  # of its periods, in which a total by name is at least as large as each airport
_MOST_CELLS = 4
"""Times the rows, beyond a million, that airports by periods may be."""
_NAMED = 3


def total_airports(
    codes: NDArray[np.int64],
    names: NDArray[np.object_],
    days: NDArray[np.int64],
    y: NDArray[np.float64],
    good: NDArray[np.bool_],
) -> dict[str, str]:
    """Names of airports that are the sum of others, with how that is known.

    Args:
        codes: Number of the airport of each row, shape ``(n,)``.
        names: Their names, shape ``(k,)``.
        days: Day of each row, shape ``(n,)``.
        y: Passengers, shape ``(n,)``.
        good: Whether a row counts, shape ``(n,)``.
    """
    usable = good & ~np.isnan(y) & (days != NO_DAY)
    if len(names) < 2 or not usable.any():  # noqa: PLR2004 - one airport is no total
        return {}
    if not usable.all():
        codes, y, days = codes[usable], y[usable], days[usable]
    values = _by_period(codes, days, y, len(names))
    sums = sums_among(values)
    found = {str(names[c]): _of_parts(names, parts, len(sums)) for c, parts in sums.items()}
    for c, airport in _of_one_airport(values, sums).items():
        found[str(names[c])] = f"stands where sums do and is equal to {str(names[airport])!r}"
        sums[c] = [airport]
    airports = np.array([c not in sums for c in range(len(names))])
    added = _added_up(values * airports[:, None])
    if added is not None:
        found[str(names[added])] = "is the sum of the others"
    in_codes = 2 * sum(bool(_CODE.fullmatch(str(name))) for name in names) > len(names)
    for c, name in enumerate(names):
        if str(name) not in found and (why := _by_name(str(name), values, c, codes=in_codes)):
            found[str(name)] = why
    return found if len(found) < len(names) else {}


def notes_of(totals: Mapping[str, str], *, kept: bool) -> tuple[str, ...]:
    """What a user should know of airports that are sums: a sentence each, or one on many.

    Args:
        totals: How that is known, by name.
        kept: Whether they are kept as airports.
    """
    end = (
        "kept as airports"
        if kept
        else 'left out; set [data] totals = "keep" to forecast them as airports'
    )
    if len(totals) > _NAMED:
        listed = ", ".join(map(repr, totals))
        return (f"{len(totals):,} airports are sums of others, {listed}: {end}",)
    end = end.replace("as airports", "as an airport").replace("them", "it")
    return tuple(f"{name!r} {why}: {end}" for name, why in totals.items())


def _by_period(
    codes: NDArray[np.int64], days: NDArray[np.int64], y: NDArray[np.float64], k: int
) -> NDArray[np.float64]:
    """Passengers of each airport in each period, 0 where there is no row, shape ``(k, p)``.

    Of very many periods with few airports each, the fullest.
    """
    import pandas as pd

    period, unique = pd.factorize(days)
    p = len(unique)
    most = max(1, (_MOST_CELLS * len(y) + 1_000_000) // k)
    if p > most:
        fullest = np.argsort(-np.bincount(period), kind="stable")[:most]
        place = np.full(p, -1)
        place[fullest] = np.arange(most)
        there = place[period] >= 0
        codes, y, period, p = codes[there], y[there], place[period[there]], most
    added = np.bincount(codes * p + period, weights=y, minlength=k * p)
    return np.asarray(added, dtype=np.float64).reshape(k, p)


def _of_parts(names: NDArray[np.object_], parts: Sequence[int], sums: int) -> str:
    """What a sum is the sum of."""
    if len(parts) == len(names) - sums:
        return "is the sum of the others"
    more = len(parts) - _NAMED
    if more == 1:
        more = 0
    listed = [repr(str(names[c])) for c in parts[: _NAMED if more > 0 else None]]
    last = f"{more:,} more" if more > 0 else listed.pop()
    return f"is the sum of {', '.join(listed)} and {last}"


def _of_one_airport(
    values: NDArray[np.float64], sums: Mapping[int, Sequence[int]]
) -> dict[int, int]:
    """Sums of a single airport, which stands beside it, where there are other sums.

    Returns:
        Position of the airport by position of its sum.
    """
    smaller = sorted(sums.items(), key=lambda item: len(item[1]))[: max(1, len(sums) - 1)]
    before = sum(c < min(parts) for c, parts in smaller)  # the sum of all may stand anywhere
    first = 2 * before >= len(smaller)
    left = [c for c in range(len(values)) if c not in sums] if sums else []
    return {
        (a if first else b): (b if first else a)
        for a, b in pairwise(left)
        if len(np.unique(values[a])) >= LEAST_PERIODS and np.array_equal(values[a], values[b])
    }


def _by_name(name: str, values: NDArray[np.float64], c: int, *, codes: bool) -> str:
    """Why a name says that its series is a sum; empty where it does not.

    A word for a sum that is the whole name may be the code of an airport as well: among ``codes``,
    ``SUM`` must be about the sum of the others.
    """
    if not called_total(name):
        return ""
    if holds_total(name):
        return "is called a total"
    own, others = values[c], np.delete(values, c, axis=0)
    there = own > 0
    if codes and _CODE.fullmatch(name):
        added = others.sum(axis=0)
        right = np.abs(own - added) <= _ABOUT * added
        said = "is called a total and is about the sum of the others"
    else:
        right = own >= (1 - _NEAR) * others.max(axis=0)
        said = "is called a total and is no smaller than any other"
    return said if there.any() and np.mean(right[there]) >= _ABOVE else ""


def _added_up(values: NDArray[np.float64]) -> int | None:
    """The one airport that is the sum of all others wherever there are two or more of them."""
    others = (values > 0).sum(axis=0) - 1
    enough = (values > 0) & (others >= _LEAST_OTHERS)
    total = values.sum(axis=0)
    near = np.abs(2 * values - total) <= _NEAR * total
    n, hits = enough.sum(axis=1), (enough & near).sum(axis=1)
    found = np.flatnonzero((n >= LEAST_PERIODS) & (hits >= LEAST_SHARE * n))
    if len(found) != 1:
        return None
    c = int(found[0])
    parts, by = np.delete(values, c, axis=0), Measure(unit_of(values))
    told = digits(values[c], parts, enough[c] & near[c], _NEAR * total, by)
    return c if told >= CERTAIN_OF_ALL else None
