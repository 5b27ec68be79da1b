"""A suspected fault of the data, and when it explains a miss better than noise does. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from forecastctl.explain.size import large
from forecastctl.explain.verdict.spread import clean_scale

if TYPE_CHECKING:
    from forecastctl.explain.case import Case
    from forecastctl.records import ExplainRules

IN_DOUBT = "in_doubt"
"""The newest data hold several values of the period: no suspicion, judged by its share alone."""

ON_RECORD = ("revision", "actual_revised")
"""Faults that are no suspicion: the store holds both values."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A suspected fault of the data.

    Attributes:
        name: ``unit``, ``unit_seen``, ``missing``, ``unpublished``, ``label_shift``, ``revision``,
            ``actual_revised`` or ``in_doubt``.
        statement: One sentence with the numbers.
        value: The number that speaks for it.
        threshold: What it was compared with.
        certainty: How sure the sign is, 0..1.
        share: How much of the miss it accounts for, up to 1; 0 where that is not known.
        shock_like: Whether a shock to the whole fleet shows the same sign, whatever the name.
    """

    name: str
    statement: str
    value: float
    threshold: float
    certainty: float
    share: float = 0.0
    shock_like: bool = False


def gone(case: Case, without: float | None) -> float:
    """Share of the miss that is gone without the fault; negative where the miss would grow.

    Args:
        case: The case.
        without: The miss that would be left, passengers, of either sign; ``None`` if unknown.
    """
    if without is None or not math.isfinite(without) or case.miss == 0:
        return 0.0
    return 1.0 - abs(without) / abs(case.miss)


def outweighs_noise(case: Case, fault: Fault, rules: ExplainRules) -> bool:
    """Whether a fault explains a miss that lies within the model's own interval.

    The interval may be wide because of the fault. So the fault must account for enough of the miss,
    and the miss must be large by a measure that no single value can widen: `clean_scale`. A
    revision is on record, so that there any large miss will do; a zero counts where the airport had
    none for two seasons.
    """
    if fault.share < rules.revised:
        return False
    if fault.name in ON_RECORD and large(case.miss, case.actual):
        return True
    if fault.name in ("missing", "unpublished"):
        return bool(np.all(case.revised().y[-2 * case.seen.season_length :] > 0))
    scale = clean_scale(case)
    return scale is not None and abs(case.miss) > rules.doubt_z * min(scale, case.scale)
