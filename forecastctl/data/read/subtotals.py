"""Series that are, period by period, the sum of some of the others: regions among their airports.

Two searches, both cheap: sums of series that follow each other in the file, next to their sum or
anywhere; and, where there are at least twice as many periods as series, sums of any others, which
linear algebra finds. Every find is verified on all periods to the last digit that the file gives.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    Search = Callable[
        ["NDArray[np.float64]", "NDArray[np.int64]", "Measure"], Iterator[tuple[int, list[int]]]
    ]

LEAST_PERIODS, LEAST_SHARE = 6, 0.95
"""Periods that tell, and share of them in which a sum must be right."""
_LEAST_PARTS = 2
_MOST_ANYWHERE = 500
"""Series up to which every stretch of them is tried, wherever its sum stands."""
_MOST_ANY = 150
"""Series up to which sums of any of them are looked for."""
_PROBES = 3
_VARIES = 0.1
"""Share of a value by which a month differs from what one would guess."""
_CERTAIN, CERTAIN_OF_ALL = 10.0, 6.0
"""Digits that must agree, beyond those that could be guessed: of some of the others, of all."""
_DIGITS_PER_SERIES = 0.3  # whether a series is a part: log10(2)
_UNITS = tuple(10.0**n for n in range(6, -7, -1))
_DEPENDENT = 0.003
"""Share of a series that the others do not explain, where it is the sum of rounded ones."""
_A_PART = 0.5  # of the way from 0 to 1


@dataclass(frozen=True, slots=True)
class Measure:
    """By what is told that series are sums.

    Attributes:
        unit: The power of ten that all numbers are multiples of: 1 of counts.
        multiples: Whether the sum of series that are multiples of each other tells as much as any.
    """

    unit: float
    multiples: bool = False


def sums_among(values: NDArray[np.float64], *, multiples: bool = False) -> dict[int, list[int]]:
    """Which series are the sum of at least two others, and of which.

    A sum counts no more as a part once it is found, so that sums of sums are found as well.

    Args:
        values: One row per series, one column per period, 0 where missing, shape ``(k, p)``.
        multiples: Whether series that are always the same multiple of each other may be sums: of
            airports by chance, of parts of one airport hardly.

    Returns:
        Positions of the parts by position of the sum.
    """
    k, p = values.shape
    found: dict[int, list[int]] = {}
    if k <= _LEAST_PARTS or p < LEAST_PERIODS:
        return found
    by = Measure(unit_of(values), multiples)
    searches: tuple[Search, ...] = (_next_to, _anywhere, _any_others)
    for search in searches:
        while True:
            left = np.array([i for i in range(k) if i not in found], dtype=np.int64)
            new = {
                int(left[i]): [int(left[j]) for j in parts] for i, parts in search(values, left, by)
            }
            if not new:
                break
            found |= new
    return found


def unit_of(values: NDArray[np.float64]) -> float:
    """The power of ten that all numbers are multiples of: 1 of counts, 1000 of rounded ones."""
    some = values.ravel()[:: max(1, values.size // 10_000)]
    for unit in _UNITS:
        multiples = some / unit
        if np.all(np.abs(multiples - np.rint(multiples)) < 1e-6 * np.maximum(1.0, multiples)):
            return unit
    return _UNITS[-1]


def _is_sum(
    total: NDArray[np.float64], parts: NDArray[np.float64], by: Measure, certain: float
) -> bool:
    """Whether one series is the sum of others in nearly all periods, and not by chance."""
    added = parts.sum(axis=0)
    told = (total > 0) & (added > 0)
    several = told & ((parts > 0).sum(axis=0) >= _LEAST_PARTS)
    rounding = by.unit * (len(parts) + 1) / 2
    right = np.abs(total - added) <= rounding + 1e-9 * total
    if several.sum() < LEAST_PERIODS or (right & told).sum() < LEAST_SHARE * told.sum():
        return False
    return digits(total, parts, several & right, 2 * rounding + by.unit, by) >= certain


def digits(
    total: NDArray[np.float64],
    parts: NDArray[np.float64],
    where: NDArray[np.bool_],
    off: NDArray[np.float64] | float,
    by: Measure,
) -> float:
    """How many digits agree, of those that the other periods do not give away.

    Series that are always the same multiple of each other, or repeat themselves, are sums of each
    other by chance: whoever knows one knows all. Where they are so but for rounding, it tells that
    a sum is right to the unit.

    Args:
        total: The sum, shape ``(p,)``.
        parts: One row per part, shape ``(k, p)``.
        where: Periods in which it is the sum, shape ``(p,)``.
        off: By how much it could be off and still count, shape ``(p,)`` or one for all.
        by: The unit, and whether multiples tell.
    """
    _, first = np.unique(total[where], return_index=True)
    if not len(first):
        return 0.0
    added, parts = total[where][first], parts[:, where][:, first]
    missed = np.array([_VARIES * added]) if by.multiples else _missed(added, parts)
    exact = np.abs(added - parts.sum(axis=0)) <= 1e-9 * added
    if exact.mean() >= LEAST_SHARE:
        told = exact * np.log10(1 + missed / by.unit)
    else:
        width = off[where][first] if isinstance(off, np.ndarray) else off
        told = np.log10(np.maximum(1.0, missed / width))
    return float(told.sum(axis=1).min())


def _missed(total: NDArray[np.float64], parts: NDArray[np.float64]) -> NDArray[np.float64]:
    """By how much a guess from one part, its usual share, misses a series: a row for each part."""
    most = _VARIES * total
    shares = parts[(parts > 0).all(axis=1)] / total
    if not len(shares):
        return most[None, :]
    usual = np.median(shares, axis=1, keepdims=True)
    return np.asarray(np.minimum(np.abs(shares / usual - 1) * total, most))


def _probes(series: NDArray[np.float64]) -> NDArray[np.float64]:
    """A few periods, apart from each other, in which many series have passengers."""
    thirds = np.array_split(np.arange(series.shape[1]), _PROBES)
    there = (series > 0).sum(axis=0)
    return series[:, [third[np.argmax(there[third])] for third in thirds]]


def _next_to(
    values: NDArray[np.float64], left: NDArray[np.int64], by: Measure
) -> Iterator[tuple[int, list[int]]]:
    """Sums of the series that stand right after them, or right before."""
    series, at = values[left], np.arange(len(left))
    probes = _probes(series)
    tried = []
    for own in probes.T:
        ends = _ends(own)
        slack = _slack(own, by.unit)
        after = np.searchsorted(ends, ends[1:] + own + slack, side="right") - 1
        before = np.searchsorted(ends, ends[:-1] - own - slack, side="left")
        tried += [np.stack([at, at + 1, after]), np.stack([at, before, at])]
    yield from _verified(series, probes, np.concatenate(tried, axis=1), by)


def _anywhere(
    values: NDArray[np.float64], left: NDArray[np.int64], by: Measure
) -> Iterator[tuple[int, list[int]]]:
    """Sums of series that follow each other, wherever the sum stands."""
    series, k = values[left], len(left)
    if not _LEAST_PARTS < k <= _MOST_ANYWHERE:
        return
    probes = _probes(series)
    own = probes[:, -1]
    ends, order = _ends(own), np.argsort(own)
    first, last = np.triu_indices(k + 1, _LEAST_PARTS)
    added = ends[last] - ends[first]
    slack = _slack(own, by.unit).max()
    low = np.searchsorted(own[order], added - slack, side="left")
    high = np.searchsorted(own[order], added + slack, side="right")
    hits = np.flatnonzero((high > low) & (added > 0))
    n = np.repeat(hits, (high - low)[hits])
    nth = np.arange(len(n)) - np.repeat(np.cumsum((high - low)[hits]), (high - low)[hits])
    sums = order[high[n] + nth]  # the last of a hit has -1
    tried = np.stack([sums, first[n], last[n]])
    outside = (sums < first[n]) | (sums >= last[n])
    yield from _verified(series, probes, tried[:, outside], by)


def _ends(own: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sums of the first 0, 1, 2 ... values."""
    return np.concatenate([[0.0], np.cumsum(own)])


def _slack(own: NDArray[np.float64], unit: float) -> NDArray[np.float64]:
    """By how much a sum of rounded numbers may be off."""
    return np.minimum(unit * (len(own) + 1) / 2, 0.002 * own) + 1e-9 * own


def _verified(
    series: NDArray[np.float64],
    probes: NDArray[np.float64],
    tried: NDArray[np.int64],
    by: Measure,
) -> Iterator[tuple[int, list[int]]]:
    """Those stretches of which a series really is the sum.

    Args:
        series: One row per series, one column per period.
        probes: A few columns of it, by which most are ruled out.
        tried: Position of a sum, of its first part and after its last one, shape ``(3, n)``.
        by: By what is told that series are sums.
    """
    sums, first, last = tried[:, tried[2] - tried[1] >= _LEAST_PARTS]
    ends = np.concatenate([np.zeros((1, probes.shape[1])), np.cumsum(probes, axis=0)])
    added = ends[last] - ends[first]
    slack = by.unit * (last - first + 1)[:, None] / 2 + 1e-9 * ends[-1]
    fits = (np.abs(added - probes[sums]) <= slack) & (probes[sums] > 0)
    fits = fits.sum(axis=1) >= _PROBES - 1
    found: set[int] = set()
    for i, a, b in sorted(set(zip(*(c[fits].tolist() for c in (sums, first, last)), strict=True))):
        if i not in found and _is_sum(series[i], series[a:b], by, _CERTAIN):
            found.add(i)
            yield i, list(range(a, b))


def _any_others(
    values: NDArray[np.float64], left: NDArray[np.int64], by: Measure
) -> Iterator[tuple[int, list[int]]]:
    """Sums of any others: from small to large, the first that those before it explain."""
    series = values[left]
    order = np.argsort(series.sum(axis=1), kind="stable")
    order = order[series[order].any(axis=1)]
    k = len(order)
    if not _LEAST_PARTS < k <= min(_MOST_ANY, values.shape[1] // 2):
        return
    rest = series[order, :: max(1, values.shape[1] // (2 * k))]
    norms = np.maximum(np.sqrt((rest * rest).sum(axis=1)), by.unit)
    rest = rest / norms[:, None]  # what the series of the basis do not explain of each
    r = np.zeros((k, k))
    basis: list[int] = []
    certain = _CERTAIN + _DIGITS_PER_SERIES * k
    for n in range(k):
        size = np.sqrt((rest[n] * rest[n]).sum())
        if size >= _DEPENDENT:
            basis.append(n)
            q = rest[n] / size
            r[n, n:] = np.einsum("ij,j->i", rest[n:], q)  # no BLAS: its threads wait for more
            rest[n + 1 :] -= r[n, n + 1 :, None] * q
        elif len(basis) >= _LEAST_PARTS:
            weights = np.linalg.solve(r[np.ix_(basis, basis)], r[basis, n])
            likely = weights * norms[n] / norms[basis] > _A_PART
            parts = sorted(int(order[basis[j]]) for j in np.flatnonzero(likely))
            if parts and _is_sum(series[order[n]], series[parts], by, certain):
                yield int(order[n]), parts
