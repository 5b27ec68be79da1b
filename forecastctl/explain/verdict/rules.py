"""From what is known about a miss to one verdict with its confidence and evidence. Pure.

All causes are judged side by side: each says how much of the miss it accounts for and how sure it
is, and the one that explains most is the verdict. The others stay part of the answer, and so does
every number that was compared. docs/explanation/verdicts.md says how they are weighed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, get_args

from forecastctl.explain.values import Evidence, VerdictName
from forecastctl.explain.verdict.candidate import confidence, discounted, doubt, ranked
from forecastctl.explain.verdict.causes.data import data_problems
from forecastctl.explain.verdict.causes.feast import feasts
from forecastctl.explain.verdict.causes.fleet import alone, system_wide
from forecastctl.explain.verdict.causes.level import flights_changed, moved_apart
from forecastctl.explain.verdict.causes.model import level_shifts, run_failures, stale_models
from forecastctl.explain.verdict.causes.rest import left_over
from forecastctl.explain.verdict.evidence import evidence
from forecastctl.explain.verdict.findings import Findings, find

if TYPE_CHECKING:
    from forecastctl.explain.values import Candidate
    from forecastctl.records import ExplainRules

__all__ = ["VERDICTS", "Evidence", "Findings", "Verdict", "find", "judge"]

VERDICTS: tuple[VerdictName, ...] = get_args(VerdictName)

MODEL = (run_failures, level_shifts, stale_models)
"""Causes that lie with the model. Each explains away those after it: a run that failed explains why
an old model made the forecast, a break why another model came nearer."""

SHOCKS = (flights_changed, moved_apart, alone, system_wide)
"""What happened to the passengers; of two that explain equally much, the first decides."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer.

    Attributes:
        name: One of `VERDICTS`.
        confidence: How often answers as sure as this one are right, from 0 to 1.
        headline: What happened, as the end of a sentence for people.
        evidence: The numbers that were compared, those that decided first.
        next_time: What to record so that the next question can be answered.
        candidates: Every cause that was judged, that of the verdict first.
    """

    name: VerdictName
    confidence: float
    headline: str
    evidence: tuple[Evidence, ...]
    next_time: tuple[str, ...] = field(default=())
    candidates: tuple[Candidate, ...] = field(default=())


def judge(findings: Findings, rules: ExplainRules) -> Verdict:
    """The cause that explains most; where none is shown, what is left over."""
    causes = _causes(findings, rules)
    explained = max((c.share for c in causes if c.shown), default=0.0)
    (rest,) = discounted([left_over(findings, rules, explained)], doubt(causes))
    order = ranked(causes, rest)
    best = order[0]
    first = best.evidence[0].name if best.evidence else "noise"
    return Verdict(
        best.verdict,
        confidence(best.certainty),
        best.statement,
        tuple(evidence(findings, rules, first)),
        best.next_time,
        order,
    )


def _causes(findings: Findings, rules: ExplainRules) -> list[Candidate]:
    """Every cause; none where the forecast was met exactly.

    A fault of the data explains away all others, as it did not happen to people; what the calendar
    moved is no shock, and nothing that a model could be blamed for.
    """
    if findings.case.met:
        return []
    causes = list(data_problems(findings, rules))
    causes += discounted(feasts(findings, rules), doubt(causes))
    after = left = doubt(causes)
    for cause in MODEL:
        found = discounted(cause(findings, rules), left)
        left *= doubt(found)
        causes += found
    for cause in SHOCKS:
        causes += discounted(cause(findings, rules), after)
    return causes
