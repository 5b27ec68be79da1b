"""The calendar as a cause of a miss: a feast that moved, or the days of the month. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from forecastctl.explain.verdict.candidate import candidate
from forecastctl.explain.verdict.fault import gone

if TYPE_CHECKING:
    from collections.abc import Iterator

    from forecastctl.explain.values import Candidate
    from forecastctl.explain.verdict.findings import Findings
    from forecastctl.records import ExplainRules


def feasts(findings: Findings, rules: ExplainRules) -> Iterator[Candidate]:
    """What the calendar moved, where a forecast that knew it would have come near.

    It is no shock, however many airports it moved passengers at, and no noise either, where the
    miss is at least a usual error.
    """
    case, effect = findings.case, findings.case.calendar
    if effect is None:
        return
    share = gone(case, case.miss + effect.effect)
    yield candidate(
        findings,
        rules,
        "calendar",
        effect.feast,
        "calendar",
        shown=share >= rules.near and (abs(case.z) >= 1.0 or case.outside),
        share=share,
        sure=effect.certainty,
        statement=f"the calendar moved passengers: {effect.sentence}",
    )
