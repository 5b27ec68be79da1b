"""Faults in the values that the model saw: revised since, or in another unit still. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from forecastctl.explain.case import index_of
from forecastctl.explain.parts.attribution import value_at
from forecastctl.explain.verdict.fault import Fault, gone
from forecastctl.explain.verdict.strange import strange_months
from forecastctl.figures import number, percent, period

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from forecastctl.explain.case import Case
    from forecastctl.explain.verdict.strange import Strange
    from forecastctl.records import ExplainRules, Series

RECENT = 6
"""Values before the cutoff whose revision a forecast is scaled by."""


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
    first, last = (period(str(case.seen.ds[changed[at]]), case.seen.freq) for at in (0, -1))
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
    """Months that the model saw are to this day a power of ten away from both neighbours, or zero.

    Any month of the training data may be one: what an old one does to the forecast is told by
    fitting the same specification without it.
    """
    found = _strange(case)
    if not found or case.miss == 0:
        return None
    revised = case.revised()
    y = revised.y.copy()
    for one in found:
        y[one.at] = one.mended
    at = np.array([one.at for one in found])
    share = max(_refitted(case, replace(revised, y=y)), _scaled(case, y, at))
    if share < rules.revised:
        return None
    newest = found[-1]
    more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
    when = period(str(revised.ds[newest.at]), revised.freq)
    text = (
        f"a value that the model saw, that of {when} ({number(newest.value)}), "
        f"is {newest.words}{more}; that explains {percent(share)} of the miss"
    )
    return Fault(
        name="unit_seen",
        statement=text,
        value=share,
        threshold=rules.revised,
        certainty=min(0.95, 0.65 + 0.3 * share),
        share=share,
    )


def _strange(case: Case) -> tuple[Strange, ...]:
    """Strange months up to the cutoff, as known now, by their place in what the model saw."""
    return tuple(
        replace(one, at=at)
        for one in strange_months(case.known)
        if (at := index_of(case.seen, case.known.ds[one.at])) is not None
    )
