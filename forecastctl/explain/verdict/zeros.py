"""A zero that is no zero: not published yet, or missing amid ordinary months. Pure."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from forecastctl.explain.case import index_of
from forecastctl.explain.verdict.fault import Fault
from forecastctl.explain.verdict.neighbours import calm_neighbours
from forecastctl.figures import number

if TYPE_CHECKING:
    from forecastctl.explain.case import Case

CALM = 2.0
"""Around a zero, a month is ordinary within this factor of what was forecast for it."""

FALLEN = 0.5
"""Airports that are not zero have fallen as well when half of them are below this share of their
forecasts: then the zeros are true."""


def missing(case: Case) -> Fault | None:
    """The actual is zero between ordinary months, or at most airports: maybe not published."""
    if case.actual != 0 or case.mean <= 0:
        return None
    typical = float(np.median(case.seen.y[-case.seen.season_length :]))
    if typical <= 0:
        return None
    calm = calm_neighbours(case, math.log(CALM))
    zeros = [p.ratio == 0 for p in case.fleet]
    if zeros and sum(zeros) * 2 > len(zeros):
        if _true_zeros(case, calm):
            return None
        text = f"the actual is zero, and so are those of {sum(zeros)} of {len(zeros)} others"
        return Fault(
            name="unpublished",
            statement=text,
            value=sum(zeros) / len(zeros),
            threshold=0.5,
            certainty=0.9,
            share=1.0,
        )
    if calm is False:
        return None
    text = f"the actual is zero, its neighbours are ordinary (a usual value is {number(typical)})"
    return Fault(
        name="missing",
        statement=text,
        value=0.0,
        threshold=typical,
        certainty=0.95 if calm else 0.8,
        share=1.0,
    )


def _true_zeros(case: Case, calm: bool | None) -> bool:
    """Whether nobody flew: later months are published, or those that are not zero have fallen.

    Args:
        case: The case, at whose fleet most actuals are zero.
        calm: See `calm_neighbours`.
    """
    ratios = [p.ratio for p in case.fleet if p.ratio]
    if ratios and float(np.median(ratios)) < FALLEN:
        return True
    at = index_of(case.known, case.date)
    later = case.known.y[:0] if at is None else case.known.y[at + 1 :]
    return calm is not True and bool(np.any(later > 0))
