"""Faults in the values that the model saw: revised since, or in another unit still. Pure."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from forecastctl.explain.case import index_of
from forecastctl.explain.parts.attribution import value_at
from forecastctl.explain.verdict.fault import Fault, gone
from forecastctl.figures import number, percent

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from forecastctl.explain.case import Case
    from forecastctl.records import ExplainRules, Series

RECENT = 6
"""Values before the cutoff whose revision a forecast is scaled by."""

UNITS = (10.0, 100.0, 1000.0, 1e6)
UNIT_NEAR = math.log(1.6)
"""How far, as a log ratio, a value in another unit may be from its neighbours once it is mended."""

CALM = math.log(2.0)
"""The neighbours of such a value are at most this far from each other."""

SEASONS = 2
"""Seasons before the cutoff in which a value in another unit is looked for."""


def revision(case: Case, rules: ExplainRules) -> Fault | None:
    """Values that the model saw have been revised, and that explains the miss.

    By what the same specification says on the revised values, or by scaling the forecast as the
    last values that it saw have been.
    """
    revised = case.revised()
    changed = np.flatnonzero(revised.y != case.seen.y)
    if not len(changed) or case.miss == 0:
        return None
    share = max(_refitted(case, revised), _scaled(case, revised.y, changed))
    if share < rules.revised:
        return None
    first, last = case.seen.ds[changed[0]], case.seen.ds[changed[-1]]
    if len(changed) == 1:
        old, new = float(case.seen.y[changed[0]]), float(revised.y[changed[0]])
        what = (
            f"a value that the model saw, that of {first}, has been revised since, from "
            f"{number(old)} to {number(new)}"
        )
    else:
        what = (
            f"{len(changed)} values that the model saw have been revised since, between {first} "
            f"and {last}"
        )
    text = f"{what}; that explains {percent(share)} of the miss"
    return Fault(
        name="revision",
        statement=text,
        value=share,
        threshold=rules.revised,
        certainty=min(0.98, 0.7 + 0.3 * share),
        share=share,
    )


def _refitted(case: Case, series: Series) -> float:
    """Share of the miss that is gone when the specification is fitted to another series."""
    before = value_at(case, case.seen, case.model.specification)
    after = value_at(case, series, case.model.specification)
    if before is None or after is None:
        return 0.0
    return gone(case, case.miss - (before - after))


def _scaled(case: Case, y: NDArray[np.float64], changed: NDArray[np.intp]) -> float:
    """Share of the miss that is gone when the forecast is scaled as its last values were."""
    last = changed[changed >= case.seen.n - RECENT]
    old, new = case.seen.y[last], y[last]
    if not len(last) or not np.all(old > 0) or not np.all(new > 0):
        return 0.0
    scaled = case.mean * float(np.exp(np.median(np.log(new / old))))
    return gone(case, scaled - case.actual)


def unit_seen(case: Case, rules: ExplainRules) -> Fault | None:
    """A value that the model saw is still a power of ten away from both its neighbours."""
    revised = case.revised()
    found = _strange(case, revised)
    if found is None or case.miss == 0:
        return None
    at, factor = found
    y = revised.y.copy()
    y[at] /= factor
    share = max(_refitted(case, replace(revised, y=y)), _scaled(case, y, np.array([at])))
    if share < rules.revised:
        return None
    times = f"{factor:,.0f} times" if factor > 1 else f"1/{1 / factor:,.0f} of"
    text = (
        f"a value that the model saw, that of {revised.ds[at]} ({number(float(revised.y[at]))}), "
        f"is {times} what its neighbours suggest; that explains {percent(share)} of the miss"
    )
    return Fault(
        name="unit_seen",
        statement=text,
        value=share,
        threshold=rules.revised,
        certainty=min(0.95, 0.65 + 0.3 * share),
        share=share,
    )


def _strange(case: Case, revised: Series) -> tuple[int, float] | None:
    """The newest value in another unit: its position and factor."""
    first = max(revised.n - SEASONS * revised.season_length, 0)
    for at in range(revised.n - 1, first - 1, -1):
        place = index_of(case.known, revised.ds[at])
        if place is None or not 0 < place < case.known.n - 1:
            continue
        value, beside = float(revised.y[at]), case.known.y[[place - 1, place + 1]]
        if value <= 0 or not np.all(beside > 0) or abs(math.log(beside[0] / beside[1])) > CALM:
            continue
        ratio = math.log(value) - float(np.mean(np.log(beside)))
        for factor in (f for unit in UNITS for f in (unit, 1.0 / unit)):
            if abs(ratio - math.log(factor)) <= UNIT_NEAR:
                return at, factor
    return None
