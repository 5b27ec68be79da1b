"""How a cause is weighed: how sure it is, how much it explains, and which decides. Pure."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from forecastctl.explain.values import Candidate
from forecastctl.explain.verdict.evidence import evidence

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from forecastctl.explain.values import VerdictName
    from forecastctl.explain.verdict.findings import Findings
    from forecastctl.records import ExplainRules

NOT_SHOWN = 0.4
"""A cause whose sign does not reach its threshold is at most so sure."""

LEAST_WEIGHT = 0.05
"""A cause that explains less is not worth a line."""


WRONG_OF_UNSURE = 0.65
"""Share of the remaining doubt of a certainty that turned out to be wrong, in the half of the
benchmark's cases that rules may be amended on; chosen there by maximum likelihood."""


def confidence(sure: float) -> float:
    """How often an answer of this certainty is right: ``1 - WRONG_OF_UNSURE (1 - sure)``."""
    return round(1.0 - WRONG_OF_UNSURE * (1.0 - sure), 3)


def certainty(margin: float, scale: float) -> float:
    """From one half at the threshold towards one: ``1 - exp(-2 margin / scale) / 2``.

    Args:
        margin: How far beyond the threshold a number lies; what lies before it counts as zero.
        scale: In what that is measured; where it is zero, nothing is surer.
    """
    if scale <= 0.0:
        return 1.0
    return round(1.0 - 0.5 * math.exp(-2.0 * max(margin, 0.0) / scale), 3)


def candidate(
    findings: Findings,
    rules: ExplainRules,
    verdict: VerdictName,
    cause: str,
    first: str,
    *,
    shown: bool,
    share: float,
    sure: float,
    statement: str,
    next_time: tuple[str, ...] = (),
) -> Candidate:
    """A candidate with the evidence whose name begins with ``first``.

    Args:
        findings: What was found.
        rules: The thresholds.
        verdict: The verdict that it would be.
        cause: Which cause.
        first: How the names of the numbers begin that speak for it.
        shown: Whether its sign is beyond its threshold.
        share: How much of the miss it accounts for; clipped to 0..1.
        sure: How sure it is, 0..1; at most `NOT_SHOWN` where it is not shown.
        statement: What happened, as the end of a sentence.
        next_time: What to record.
    """
    facts = tuple(e for e in evidence(findings, rules) if e.name.startswith(first))
    return Candidate(
        verdict=verdict,
        cause=cause,
        shown=shown,
        share=round(min(max(share, 0.0), 1.0), 3),
        certainty=round(sure if shown else min(sure, NOT_SHOWN), 3),
        statement=statement,
        evidence=facts,
        next_time=next_time,
    )


def doubt(causes: Iterable[Candidate]) -> float:
    """What causes that are shown leave for those that they would explain away, 0..1."""
    return math.prod(1.0 - c.weight for c in causes if c.shown)


def discounted(causes: Iterable[Candidate], left: float) -> list[Candidate]:
    """The causes with only so much of their certainty left."""
    return [replace(c, certainty=round(c.certainty * left, 3)) for c in causes]


def ranked(causes: Iterable[Candidate], rest: Candidate) -> tuple[Candidate, ...]:
    """The candidates, the one that decides first.

    Of the causes that are shown the one with the largest weight decides; what is left over, noise
    or a shock that nothing else explains, decides only where none is shown. Ties keep their order.

    Args:
        causes: What may have caused the miss.
        rest: What it is put down to where no cause is shown.
    """
    order: Sequence[Candidate] = sorted(causes, key=lambda c: (not c.shown, -c.weight))
    shown = [c for c in order if c.shown]
    others = [c for c in order if not c.shown and c.weight >= LEAST_WEIGHT]
    return (*shown, rest, *others)
