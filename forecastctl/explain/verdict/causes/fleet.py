"""Shocks: of this airport alone, or of the whole fleet. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from forecastctl.explain.verdict.candidate import candidate, certainty
from forecastctl.explain.verdict.evidence import same_side
from forecastctl.explain.verdict.fault import gone
from forecastctl.explain.verdict.findings import new_to_all, stands_out, widespread
from forecastctl.figures import number, period, portion

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
        f"a local shock: {same_side(findings.fleet)}, and its change since the cutoff differs "
        f"from theirs by {number(size)} times what is usual among them{since(findings)}"
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
    fell, move = ("fell below", "fall") if case.miss > 0 else ("rose above", "rise")
    others = fleet.airports - 1
    who = portion(fleet.share_same, others, "other airports")
    whom = f"{who} {fell} their 95 % intervals"
    if others == 1:
        whom = f"the other airport {fell} its 95 % interval"
    same = "in the same month" if case.seen.freq.startswith("M") else "at the same time"
    text = f"a system-wide shock: {whom} {same}{since(findings)}"
    if not case.outside:
        text += f"; the interval of this one was so wide that it holds the {move} all the same"
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
    freq, end = case.seen.freq, "is not over yet"
    if broke.recovered_on:
        end = f"was over by {period(broke.recovered_on, freq)}"
    return f"; it began in {period(broke.began, freq)} and {end}"
