"""Faults of the data as causes of a miss. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from forecastctl.explain.verdict.candidate import candidate
from forecastctl.explain.verdict.fault import IN_DOUBT, outweighs_noise
from forecastctl.explain.verdict.findings import usual, widespread

if TYPE_CHECKING:
    from collections.abc import Iterator

    from forecastctl.explain.values import Candidate
    from forecastctl.explain.verdict.findings import Findings
    from forecastctl.records import ExplainRules

WIDESPREAD = (
    "label_shift",
    "revision",
    "unit_seen",
    "unpublished",
    "actual_revised",
    IN_DOUBT,
    "swap",
)
"""Faults that a shock to the whole fleet does not look like, but for those marked `shock_like`."""


CHOOSE = "Mend the file, or set [data] duplicates to say which of several values counts."


def data_problems(findings: Findings, rules: ExplainRules) -> Iterator[Candidate]:
    """Every suspected fault of the data.

    Where the miss would be noise without it, a fault must outweigh that. Where most of the fleet
    missed as well, it must be one that a shock does not look like. Where the newest data hold
    several values of the period, which of them is right goes before both.
    """
    unclear, shared = usual(findings, rules), widespread(findings, rules)
    for fault in findings.faults:
        like = shared and (fault.shock_like or fault.name not in WIDESPREAD)
        shown = not like and (not unclear or outweighs_noise(findings.case, fault, rules))
        doubted = fault.name == IN_DOUBT
        says = "the actual is in doubt" if doubted else "the data are at fault, not the forecast"
        yield candidate(
            findings,
            rules,
            "data_problem",
            fault.name,
            f"fault_{fault.name}",
            shown=fault.share > 0 if doubted else shown,
            share=fault.share,
            sure=fault.certainty,
            statement=f"{says}: {fault.statement}",
            next_time=(CHOOSE,) if doubted else (),
        )
