"""Rows of several categories for an airport's period, of which some are the sum of the others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from forecastctl.data.panel.frequency import NO_DAY
from forecastctl.data.read.subtotals import LEAST_SHARE, sums_among
from forecastctl.data.read.tables import texts_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    from numpy.typing import NDArray

    from forecastctl.data.read.tables import Column

_MOST = 40
"""Different texts of a column of categories."""
_LOOKED_AT = 10_000
_NEAR = 0.002  # of a number, that is lost by rounding


@dataclass(frozen=True, slots=True)
class Summed:
    """Rows that would be counted twice if all were added up.

    Attributes:
        rows: Whether a row is a sum of others, shape ``(n,)``.
        notes: Which categories are, in sentences.
    """

    rows: NDArray[np.bool_]
    notes: tuple[str, ...] = ()


def summed_categories(
    frame: pd.DataFrame, columns: Mapping[str, Column], *, kept: bool = False
) -> Summed:
    """Rows of a category that is, in every period, the sum of other categories.

    Args:
        frame: Columns ``airport`` (numbers), ``day`` and ``y``; one row each.
        columns: Further columns of the table by name, as many rows each.
        kept: Whether sums are kept, by setting.
    """
    usable = (frame["y"].notna() & (frame["day"] != NO_DAY)).to_numpy()
    rows = np.zeros(len(frame), dtype=np.bool_)
    periods = ["airport", "day"]
    if not frame.loc[usable, periods].duplicated().any():
        return Summed(rows)
    codes = _categories(frame.loc[usable, periods], columns, usable)
    notes: list[str] = []
    end = "kept, so that they are added twice" if kept else "left out"
    for name, (code, texts) in codes.items():
        left = usable & ~rows
        others = frame.loc[left, ["airport", "day"]].assign(
            **{f"of {other}": c[left[usable]] for other, (c, _) in codes.items() if other != name}
        )
        key = others.groupby(list(others.columns), sort=False).ngroup().to_numpy()
        own = code[left[usable]]
        shape = (len(texts), int(key.max()) + 1)
        y = np.bincount(
            own * shape[1] + key, weights=frame["y"].to_numpy()[left], minlength=shape[0] * shape[1]
        )
        sums = _all_sums(np.asarray(y, dtype=np.float64).reshape(shape))
        if sums:
            rows[np.flatnonzero(left)[np.isin(own, sums)]] = True
            listed = ", ".join(repr(texts[c]) for c in sums)
            notes.append(f"rows {listed} of column {name!r} hold what others add up to: {end}")
    return Summed(rows & (not kept), tuple(notes))


def _categories(
    periods: pd.DataFrame, columns: Mapping[str, Column], usable: NDArray[np.bool_]
) -> dict[str, tuple[NDArray[np.int64], list[str]]]:
    """Columns that tell rows of a period apart: number of the text of each row, and the texts."""
    import pandas as pd

    found: dict[str, tuple[NDArray[np.int64], list[str]]] = {}
    n = len(periods.drop_duplicates())
    for name, column in columns.items():
        if len(pd.unique(np.asarray(column, dtype=object)[:_LOOKED_AT])) > _MOST:
            continue
        every = np.array(texts_of(column), dtype=object)
        code, texts = pd.factorize(every[usable])
        several = len(texts) > 1 and len(periods.assign(code=code).drop_duplicates()) > n
        if several and len(texts) <= _MOST:
            found[name] = np.asarray(code, dtype=np.int64), [str(text) for text in texts]
    return found


def _all_sums(values: NDArray[np.float64]) -> list[int]:
    """Categories that are sums, and those that divide the same sum in another way."""
    sums = sums_among(values, multiples=True)
    for total, parts in list(sums.items()):
        others = [c for c in range(len(values)) if c not in sums and c not in parts]
        if len(others) > 1 and _equal(values[others].sum(axis=0), values[total]):
            sums |= {c: [] for c in others}
    return sorted(sums)


def _equal(some: NDArray[np.float64], others: NDArray[np.float64]) -> bool:
    there = (some > 0) | (others > 0)
    near = np.abs(some - others) <= _NEAR * others
    return bool((near & there).sum() >= LEAST_SHARE * there.sum() > 0)
