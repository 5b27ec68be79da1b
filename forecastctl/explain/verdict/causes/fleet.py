"""Shocks: of this airport alone, or of the whole fleet. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from forecastctl.explain.verdict.candidate import candidate, certainty
from forecastctl.explain.verdict.evidence import same_side
from forecastctl.explain.verdict.fault import gone
from forecastctl.explain.verdict.findings import new_to_all, stands_out, widespread
from forecastctl.figures import percent

if TYPE_CHECKING:
    from collections.abc import Iterator

    from forecastctl.explain.values import Candidate
    from forecastctl.explain.verdict.findings import Findings
    from forecastctl.records import ExplainRules

LEAST_SHARED = 0.5
"""Share of the miss that a shock to the fleet accounts for at least: airports are hit differently,
and most of them were hit."""


OLD_TO_ALL = 0.5
"""What is left of the certainty of a shock where the fleet has not moved since the cutoff."""


def alone(findings: Findings, rules: ExplainRules) -> Iterator[Candidate]:
    """Its change since the cutoff stands out from that of its peers."""
    distance = findings.fleet.stands_out
    if distance is None:
        return
    size = abs(distance)
    text = (
        f"a local shock: {same_side(findings.fleet)}, and its change since the cutoff stands "
        f"{size:.0f} deviations from theirs{since(findings)}"
    )
    yield candidate(
        findings,
        rules,
        "local_shock",
        "local",
        "fleet",
        shown=stands_out(findings, rules),
        share=1.0,
        sure=certainty(size - rules.fleet_z, rules.fleet_z),
        statement=text,
    )


def system_wide(findings: Findings, rules: ExplainRules) -> Iterator[Candidate]:
    """Most of the fleet missed on the same side."""
    fleet, case = findings.fleet, findings.case
    if not fleet.share_same:
        return
    fell = "fell below" if case.miss > 0 else "rose above"
    text = (
        f"a system-wide shock: {percent(fleet.share_same)} of the other airports {fell} "
        f"their 95 % intervals in the same month{since(findings)}"
    )
    if not case.outside:
        text += "; the interval of this one was so wide that it holds the fall all the same"
    sure = certainty(fleet.share_same - rules.system_share, 1 - rules.system_share)
    yield candidate(
        findings,
        rules,
        "system_shock",
        "system-wide",
        "fleet",
        shown=widespread(findings, rules),
        share=_shared(findings),
        sure=sure if new_to_all(findings) else OLD_TO_ALL * sure,
        statement=text,
    )


def _shared(findings: Findings) -> float:
    """Share of the miss that is gone had this airport come as near as half of the others did."""
    case, ratio = findings.case, findings.fleet.median_ratio
    if ratio is None:
        return LEAST_SHARED
    return max(gone(case, case.mean * ratio - case.actual), LEAST_SHARED)


def since(findings: Findings) -> str:
    """When a shock began and whether it is over, as the end of a sentence."""
    broke, case = findings.broke, findings.case
    if broke is None or broke.before_cutoff > 0 or (broke.change < 0) != (case.miss > 0):
        return ""
    back = f"back since {broke.recovered_on}" if broke.recovered_on else "not back yet"
    return f"; it began {broke.began} and is {back}"
