"""What an airport's rows must be, and the regular grid they become.

Each rule raises `RefusedError` with one sentence that names lines and values.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from forecastctl.data.panel.frequency import (
    APART,
    class_name,
    class_number,
    spacing_classes,
    usual_class,
)
from forecastctl.errors import AirportError
from forecastctl.records.calendar import counted, labels, ordinals

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from forecastctl.data.panel.panel import DataSpec
    from forecastctl.data.panel.rows import AirportRows

_LISTED = 6
_CLOSER_RUN, _WIDER_RUN = 3, 4  # spacings in a row that are no accident


class RefusedError(AirportError):
    """One airport is rejected; never leaves this package.

    Args:
        kind: Short name of the fault.
        reason: One sentence.
    """

    def __init__(self, kind: str, reason: str) -> None:
        super().__init__(reason)
        self.kind = kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What rules need to know beyond one airport's rows.

    Attributes:
        freq: pandas period alias.
        season_length: Periods per season.
        spec: Policies.
        unit: What rows are counted in.
        as_of: The as-of date as given, or ``None``.
        today: Period of today; later ones are in the future.
        last: Last period with a value, of all airports without rows in the future.
        last_airport: The airport that has it.
        min_length: Observed periods that a series needs.
        max_stale: Periods that an airport may end before ``last``.
    """

    freq: str
    season_length: int
    spec: DataSpec
    unit: str
    as_of: str | None
    today: int
    last: int | None
    last_airport: str
    min_length: int
    max_stale: int

    def label(self, period: int) -> str:
        """Name of one period."""
        return labels([period], self.freq)[0]

    def listed(self, periods: NDArray[np.int64] | list[int]) -> str:
        """Names of some periods, cut to a readable number."""
        names = ", ".join(labels(periods[:_LISTED], self.freq))
        more = len(periods) - _LISTED
        return f"{names} and {more} more" if more > 0 else names

    def counted(self, n: int) -> str:
        """``1 month``, ``3 months``."""
        return counted(n, self.freq)


@dataclass(frozen=True, slots=True)
class Grid:
    """One airport, period by period.

    Attributes:
        start: First period.
        y: Passengers from the first period with a value to the last; NaN where missing.
        left_out: Notes on rows of another spacing.
        blank: Notes on blank periods at the ends.
        combined: Notes on several rows in one period.
    """

    start: int
    y: NDArray[np.float64]
    left_out: tuple[str, ...] = ()
    blank: tuple[str, ...] = ()
    combined: tuple[str, ...] = ()

    @property
    def notes(self) -> tuple[str, ...]:
        """What was done so far."""
        return self.left_out + self.combined + self.blank


def regular(rows: AirportRows, context: Context) -> Grid:
    """Turn the rows of an airport into a grid.

    Raises:
        RefusedError: The rows break a rule.
    """
    _basic(rows, context)
    periods = ordinals(rows.days, context.freq)
    _not_future(rows, periods, context)
    mask, left_out = _spacing(rows, context)
    order = np.flatnonzero(mask)
    order = order[np.lexsort((rows.row[order], periods[order]))]
    periods, y, combined = _one_per_period(rows, periods, order, context)
    observed = np.flatnonzero(~np.isnan(y))
    if not len(observed):
        raise RefusedError("blank", f"no values: every one of its {len(rows.y):,} rows is blank")
    first, last = int(periods[observed[0]]), int(periods[observed[-1]])
    grid = np.full(last - first + 1, np.nan)
    inside = (periods >= first) & (periods <= last)
    grid[periods[inside] - first] = y[inside]
    trimmed = _trimmed(int(observed[0]), len(y) - 1 - int(observed[-1]), context)
    return Grid(first, grid, left_out=left_out, blank=trimmed, combined=combined)


def _trimmed(leading: int, trailing: int, context: Context) -> tuple[str, ...]:
    """Notes on blank periods at the ends."""
    ends = ((leading, "first"), (trailing, "last"))
    return tuple(f"left out the {end} {context.counted(n)}, blank" for n, end in ends if n)


def _basic(rows: AirportRows, context: Context) -> None:
    """Refuse an airport without rows or name, or with a row that cannot be read."""
    if not len(rows.days):
        raise RefusedError("none", f"no data on or before {context.as_of}")
    if not rows.airport.strip():
        raise RefusedError(
            "name", f"{context.unit} {rows.row[0]}: the name of the airport is blank"
        )
    wrong = [p for p in rows.problem if p is not None]
    if wrong:
        more = f" (and {len(wrong) - 1:,} more rows)" if len(wrong) > 1 else ""
        raise RefusedError("problem", f"{wrong[0]}{more}")


def _not_future(rows: AirportRows, periods: NDArray[np.int64], context: Context) -> None:
    """Refuse an airport with a value for a period that has not begun; blank rows are no values."""
    future = np.flatnonzero((periods > context.today) & ~np.isnan(rows.y))
    if len(future):
        i = future[0]
        more = f" (and {len(future) - 1:,} more rows)" if len(future) > 1 else ""
        where = f"{context.unit} {rows.row[i]}"
        raise RefusedError("future", f"{where}: {context.label(periods[i])} is in the future{more}")


def _spacing(rows: AirportRows, context: Context) -> tuple[NDArray[np.bool_], tuple[str, ...]]:
    """Rows to use, without those before the last run of wider-spaced ones.

    A row a year (or a quarter, in months) is probably the total of that time: it must be neither
    interpolated nor taken for a month.
    """
    valued = np.flatnonzero(~np.isnan(rows.y))
    days, first = np.unique(rows.days[valued], return_index=True)
    gaps, keep = np.diff(days), np.full(len(rows.days), fill_value=True)
    panel_class, classes = class_number(context.freq), spacing_classes(gaps)
    notes: tuple[str, ...] = ()
    wide = _runs(classes, classes > panel_class, _WIDER_RUN) if context.freq != "D" else []
    if wide:
        stop, number = wide[-1]
        rest, apart = len(days) - stop - 1, APART[class_name(number)]
        span = (str(d) for d in days[[0, stop]].astype("datetime64[D]"))
        if rest < context.min_length or context.spec.gaps == "reject":
            mixed = "mixed frequencies: " if (classes == panel_class).any() else ""
            where = f"{context.unit} {rows.row[valued[first[stop]]]}"
            prevailing = APART[context.freq[0]]
            raise RefusedError(
                "frequency", f"{mixed}rows up to {where} are {apart}, the panel's are {prevailing}"
            )
        keep = rows.days > days[stop]
        notes = (f"left out {stop + 1} rows from {' to '.join(span)}: {apart}, probably totals",)
        gaps, classes = gaps[stop + 1 :], classes[stop + 1 :]
        days, first = days[stop + 1 :], first[stop + 1 :]
    _not_finer(rows, valued[first], gaps, context)
    return keep, notes


def _runs(
    classes: NDArray[np.int64], wanted: NDArray[np.bool_], least: int
) -> list[tuple[int, int]]:
    """Runs of equal spacings: index of each gap that ends one, plus one, and its class."""
    runs: list[tuple[int, int]] = []
    if not wanted.any():
        return runs
    length = 0
    for i, number in enumerate(classes):
        length = length + 1 if i and number == classes[i - 1] else 1
        if wanted[i] and length >= least:
            runs.append((i + 1, int(number)))
    return runs


def _not_finer(
    rows: AirportRows, positions: NDArray[np.int64], gaps: NDArray[np.int64], context: Context
) -> None:
    """Refuse rows that are closer than the panel's, unless adding them up was asked for."""
    panel_class, spec = class_number(context.freq), context.spec
    usual = usual_class(gaps) if len(gaps) >= _CLOSER_RUN else -1
    prevailing = APART[context.freq[0]]
    if usual > panel_class:
        raise RefusedError(
            "frequency",
            f"its rows are {APART[class_name(usual)]}, the panel's are {prevailing}",
        )
    if spec.freq is not None and spec.duplicates != "reject":
        return
    advice = "; set [data] duplicates to combine them" if spec.freq is not None else ""
    classes = spacing_classes(gaps)
    closer = _runs(classes, (classes >= 0) & (classes < panel_class), _CLOSER_RUN)
    if closer:
        stop, number = closer[0]
        where = f"{context.unit} {rows.row[positions[stop - _CLOSER_RUN]]}"
        mixed = "mixed frequencies: " if (classes == panel_class).any() else ""
        raise RefusedError(
            "frequency",
            f"{mixed}from {where} its rows are {APART[class_name(number)]}, "
            f"the panel's are {prevailing}{advice}",
        )


def _one_per_period(
    rows: AirportRows, periods: NDArray[np.int64], order: NDArray[np.int64], context: Context
) -> tuple[NDArray[np.int64], NDArray[np.float64], tuple[str, ...]]:
    """Periods in order, each once, with their values."""
    ordered, y = periods[order], rows.y[order]
    unique, start, count = np.unique(ordered, return_index=True, return_counts=True)
    twice = np.flatnonzero(count > 1)
    if not len(twice):
        return unique, y, ()
    policy = context.spec.duplicates
    if policy == "reject":
        raise RefusedError(
            "duplicates", _duplicated(rows, order, int(start[twice[0]]), twice, context)
        )
    valid = ~np.isnan(y)
    if policy == "last":
        combined = y[start + count - 1]
    else:
        values = np.add.reduceat(valid.astype(np.int64), start)
        with np.errstate(over="ignore"):
            totals = np.add.reduceat(np.where(valid, y, 0.0), start)
        if np.isinf(totals).any():
            raise RefusedError("non-finite", "rows of one period add up to infinity")
        divisor = np.where(values > 0, 1 if policy == "sum" else values, np.nan)
        combined = totals / divisor
    verb = {
        "last": "took the last of several rows",
        "sum": "added several rows",
        "mean": "averaged several rows",
    }[policy]
    note = f"{verb} in {context.counted(len(twice))}: {context.listed(unique[twice])}"
    return unique, combined, (note,)


def _duplicated(
    rows: AirportRows, order: NDArray[np.int64], at: int, twice: NDArray[np.int64], context: Context
) -> str:
    """Reason for two rows in one period."""
    one, two = order[at], order[at + 1]
    days = rows.days[[one, two]].astype("datetime64[D]")
    period = context.label(int(ordinals(rows.days[[one]], context.freq)[0]))
    dates = f" ({days[0]} and {days[1]})" if days[0] != days[1] else ""
    more = (
        f", and {context.counted(len(twice) - 1)} more have several rows" if len(twice) > 1 else ""
    )
    return f"{context.unit}s {rows.row[one]} and {rows.row[two]} both hold {period}{dates}{more}"
