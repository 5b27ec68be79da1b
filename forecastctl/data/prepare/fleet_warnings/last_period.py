"""The panel's last period: published in part, in another unit, or a shock? Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from forecastctl.data.prepare.fleet_warnings.table import LEAST_LEVEL, MAD, FleetTable, median
from forecastctl.figures import percent

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

LEAST_AIRPORTS = 3
"""Fewer are no fleet."""

FAR_BELOW = 0.6
"""Share of what the season led to expect, that a value far below it reaches at most."""

FELL = 0.75
"""The same of the airport in the middle, where a shock has come over all."""

NEARLY_ALL = 0.9
"""Share of the airports that must be far below."""

SAME_SHARE = 0.08
"""Robust standard deviation of the logarithms of these shares, up to which all have nearly the same
one: a month that is published in part."""

PART_GONE = 0.1
"""Share of the airports without a value, from which on a period counts as published in part."""

TIMES_USUAL = 3.0
"""So many times as many airports must be without one as ever ended or paused in a period before."""

UNIT_NEAR = 0.1
"""Distance of a logarithm to the base ten from a whole power of ten, at most."""

UNIT_SHARE = 0.8
"""Share of the airports that must be near the same power of ten."""


def low_last_period(table: FleetTable, label: Callable[[int], str]) -> str | None:
    """Whether nearly all airports lie 40 % or more below what their season led to expect.

    Args:
        table: The fleet.
        label: Names a period.
    """
    below = _below_expected(table)
    far = below <= np.log(FAR_BELOW)
    n = len(below)
    if n < LEAST_AIRPORTS or far.sum() < NEARLY_ALL * n:
        return None
    middle = float(np.median(below))
    period, left = label(table.last), percent(float(np.exp(middle)))
    if n > LEAST_AIRPORTS and MAD * float(np.median(np.abs(below - middle))) <= SAME_SHARE:
        return (
            f"{period}, the last period, holds about {left} of what its season led to expect, and "
            f"nearly the same share at most of {n:,} airports: published in part?"
        )
    return (
        f"{period}, the last period, is 40 % or more below what its season led to expect at "
        f"{int(far.sum()):,} of {n:,} airports, and {left} of it in the middle: not yet published, "
        "or a shock?"
    )


def _below_expected(table: FleetTable) -> NDArray[np.float64]:
    """Logarithm of the last value over the expected one, of each airport that has both."""
    last = table.log[:, -1] - table.expected(table.y.shape[1] - 1)
    return np.asarray(last[~np.isnan(last)])


def half_published(table: FleetTable, label: Callable[[int], str]) -> str | None:
    """Whether a part of the airports has no value, or zero, in the last period.

    Only airports with passengers in each period of the season before count. Series of which many
    ended or paused before, one by one, are no fleet that is published together. Zeros are true
    where the other airports fell as well.

    Args:
        table: The fleet.
        label: Names a period.
    """
    below = _below_expected(table)
    fell = len(below) > 0 and float(np.median(below)) <= np.log(FELL)
    here = ~np.isnan(table.y) if fell else table.y > 0
    gone, active = [], []
    for column in range(here.shape[1] - 1, here.shape[1] - 1 - table.season, -1):
        before = here[:, column - table.season : column].all(axis=1)
        level = table.y[:, column - table.season : column].min(axis=1)
        counted = before & (level >= LEAST_LEVEL)
        active.append(int(counted.sum()))
        gone.append(int((counted & ~here[:, column]).sum()))
    missing, n = gone[0], active[0]
    usual = max(gone[1:], default=0)
    if missing < max(LEAST_AIRPORTS, PART_GONE * n, TIMES_USUAL * usual) or missing == n:
        return None
    return (
        f"{missing:,} of {n:,} airports that had passengers in each period of the season before "
        f"have none, or no row, in {label(table.last)}, the last period: published in part?"
    )


def changed_unit(table: FleetTable, label: Callable[[int], str]) -> str | None:
    """Whether the values of most airports are a power of ten off from some recent period on.

    Args:
        table: The fleet.
        label: Names a period.
    """
    columns = range(table.y.shape[1] - 1, table.y.shape[1] - 1 - table.season, -1)
    since, power, near, n = 0, 0, 0, 0
    for column in columns:
        found = _power_of_all(table, column)
        if found is None or (since and found[0] != power):
            break
        since, (power, near, n) = column, found
    if not since:
        return None
    times = f"{10**power:,} times" if power > 0 else f"1/{10**-power:,} of"
    return (
        f"since {label(table.start + since)} the values of {near:,} of {n:,} airports are about "
        f"{times} what their season led to expect: another unit in the file?"
    )


def _power_of_all(table: FleetTable, column: int) -> tuple[int, int, int] | None:
    """Power of ten by which a period is off from a season before, at how many of how many."""
    change = table.yearly[:, column] / np.log(10)
    large = table.log[:, column - table.season] >= np.log(LEAST_LEVEL)
    change = change[large & ~np.isnan(change)]
    if len(change) < LEAST_AIRPORTS:
        return None
    power = round(float(median(change, axis=0)))
    near = int((np.abs(change - power) <= UNIT_NEAR * max(1, min(abs(power), 3))).sum())
    if power == 0 or near < UNIT_SHARE * len(change):
        return None
    return power, near, len(change)
