"""Causes that lie with the model: it failed, it lagged behind a break, a better one was there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from forecastctl.explain.size import large
from forecastctl.explain.verdict.candidate import candidate, certainty
from forecastctl.explain.verdict.fault import gone
from forecastctl.explain.verdict.findings import (
    FALLBACK,
    caught,
    nearest,
    new_to_all,
    settled,
    stands_out,
    widespread,
)
from forecastctl.figures import counted, number, period
from forecastctl.models.baseline import called
from forecastctl.records import TOO_FEW

if TYPE_CHECKING:
    from collections.abc import Iterator

    from forecastctl.explain.values import Candidate
    from forecastctl.explain.verdict.findings import Findings
    from forecastctl.records import ExplainRules

ON_RECORD = 0.9
"""How sure it is that a run failed that should have made the forecast: the store says so."""

STOOD_IN = 0.8
"""How sure it is at least that a stand-in is to blame where an alternative came near."""


STOOD_IN_ALONE = 0.6
"""How sure that is where no alternative is known to have come near."""

UNKNOWN_FROM = 0.05
"""Share of the actual from which on a miss is put down to a history that was too short to choose a
model: there was no backtest, and nobody knows which miss would have been usual."""


def own_part(findings: Findings, rules: ExplainRules) -> float:
    """What is left of the certainty of a cause that lies with this airport's model alone.

    Where most of the fleet moved since the cutoff and missed in the same month, it is the share of
    those that did not, with two more counted among them as there may be few: such a cause would
    have left the others where they were.
    """
    if not widespread(findings, rules) or not new_to_all(findings):
        return 1.0
    others = findings.fleet.airports - 1
    missed = (findings.fleet.share_same or 0.0) * others
    return 1.0 - missed / (others + 2)


def run_failures(findings: Findings, rules: ExplainRules) -> Iterator[Candidate]:
    """A later run failed, or a stand-in made the forecast and an alternative came near."""
    case, usual, part = findings.case, settled(findings, rules), own_part(findings, rules)
    if case.failed_since:
        yield candidate(
            findings,
            rules,
            "run_failure",
            "failed run",
            "status",
            shown=not usual and part == 1.0,
            share=1.0,
            sure=ON_RECORD * part,
            statement=f"a later run should have made this forecast, but {case.failed_since}",
        )
    if case.status == FALLBACK:
        yield _stand_in(findings, rules)


def _stand_in(findings: Findings, rules: ExplainRules) -> Candidate:
    """A stand-in made the forecast.

    Where no alternative came near, nobody knows what a model that was chosen would have said; then
    a large miss is put down to the stand-in with less certainty. Of a history that was too short
    for any model to be chosen, nobody knows either; there smaller ones are, and surely.
    """
    case, near = findings.case, nearest(findings, rules)
    label, part = case.model.specification.label, own_part(findings, rules)
    short = TOO_FEW in (case.reason or "")
    if near is None or short:
        why = "its history was too short" if short else f"{label} stood in for a chosen model"
        return candidate(
            findings,
            rules,
            "run_failure",
            "stand-in",
            "status",
            shown=large(case.miss, case.actual)
            or case.outside
            or (short and abs(case.miss) > UNKNOWN_FROM * case.actual),
            share=1.0,
            sure=(STOOD_IN if short else STOOD_IN_ALONE) * part,
            statement=f"{why}: {case.reason or case.status}",
        )
    left = abs(near.miss / case.miss)
    return candidate(
        findings,
        rules,
        "run_failure",
        "stand-in",
        "status",
        shown=not settled(findings, rules),
        share=1.0 - left,
        sure=max(certainty(rules.near - left, rules.near), STOOD_IN) * part,
        statement=(
            f"the chosen model failed and {label} stood in; "
            f"{near.label} would have said {number(near.value)}"
        ),
    )


def level_shifts(findings: Findings, rules: ExplainRules) -> Iterator[Candidate]:
    """The level had changed before the cutoff, and the model should have followed.

    The older the break, the surer it could be seen, and from a season on the less it explains why
    the model should lag behind it still: after two seasons half as sure.
    """
    broke, case = findings.broke, findings.case
    if broke is None or broke.before_cutoff < 1:
        return
    text = (
        f"the level had changed by {broke.percent:+.0f} % since "
        f"{period(broke.began, case.seen.freq)}, "
        f"{counted(broke.before_cutoff, 'period')} before the cutoff: it should have been caught"
    )
    sure = certainty(broke.before_cutoff - rules.visible + 1, rules.visible + 1)
    sure *= 1.0 - max(broke.before_cutoff / case.seen.season_length - 1.0, 0.0) / 2.0
    near = nearest(findings, rules)
    left = [abs(findings.reset - case.actual)] if findings.reset is not None else []
    left += [abs(near.miss)] if near is not None else []
    yield candidate(
        findings,
        rules,
        "level_shift_before_cutoff",
        "break",
        "break",
        shown=not settled(findings, rules) and caught(findings, rules),
        share=gone(case, min(left, default=None)),
        sure=sure * own_part(findings, rules),
        statement=text,
    )


def stale_models(findings: Findings, rules: ExplainRules) -> Iterator[Candidate]:
    """Another model on record was clearly better, or the model had not seen recent data."""
    yield from _unseen(findings, rules)
    case, near = findings.case, nearest(findings, rules)
    if near is None:
        return
    name = {
        "trial": f"trial {near.trial}, {near.label},",
        "baseline": called(near.label),
        "champion": f"today's specification, {near.label},",
        "refit": "the same specification on the data that were there",
    }[near.kind]
    text = (
        f"another model on record was clearly better: {name} would have said {number(near.value)}, "
        f"{number(abs(near.miss))} off instead of {number(abs(case.miss))}"
    )
    sure = certainty(rules.near - abs(near.miss / case.miss), rules.near)
    yield candidate(
        findings,
        rules,
        "stale_model",
        "alternative",
        "alternative",
        shown=not settled(findings, rules) and not stands_out(findings, rules),
        share=1.0 - abs(near.miss / case.miss),
        sure=sure * own_part(findings, rules),
        statement=text,
    )


def _unseen(findings: Findings, rules: ExplainRules) -> Iterator[Candidate]:
    """The level had changed in data that were there, but that the model had not seen."""
    case, broke = findings.case, findings.broke
    if case.fresh is None or broke is None or (broke.change < 0) != (case.miss > 0):
        return
    later = int((case.fresh.ds > case.seen.ds[-1]).sum())
    if broke.before_cutoff > 0 or broke.before_cutoff + later < rules.visible:
        return
    text = (
        f"the model was out of date: it had not seen {later} periods that were there, in which "
        f"the level changed by {broke.percent:+.0f} % from "
        f"{period(broke.began, case.seen.freq)} on"
    )
    sure = certainty(broke.before_cutoff + later - rules.visible + 1, rules.visible + 1)
    yield candidate(
        findings,
        rules,
        "stale_model",
        "unseen data",
        "break",
        shown=not settled(findings, rules),
        share=1.0,
        sure=sure * own_part(findings, rules),
        statement=text,
    )
