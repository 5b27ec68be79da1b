"""From what is known about a miss to one verdict with its confidence and evidence. Pure.

The rules are tried in a fixed order and the first that holds decides. Every number that they
compare is part of the answer, whether it decided or not. docs/explanation/verdicts.md says why this
is the order.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, get_args

from forecastctl.explain.size import (
    INSIDE,
    POOR,
    USUAL,
    WELL,
    usualness,
)
from forecastctl.explain.values import Evidence, VerdictName
from forecastctl.explain.verdict.evidence import evidence, same_side
from forecastctl.explain.verdict.findings import (
    FALLBACK,
    Findings,
    caught,
    find,
    nearest,
    ordinary,
    settled,
    stands_out,
    to_blame,
    widespread,
)
from forecastctl.figures import number, percent
from forecastctl.models.baseline import called

if TYPE_CHECKING:
    from forecastctl.explain.case import Case
    from forecastctl.records import ExplainRules

__all__ = ["VERDICTS", "Evidence", "Findings", "Verdict", "find", "judge"]

VERDICTS: tuple[VerdictName, ...] = get_args(VerdictName)

CAPPED = {INSIDE: 0.7, POOR: 0.6}
"""Highest confidence where only the interval allows for the miss, as there may be a cause."""

PERCENT_UP_TO = 10.0
"""A usual error of more than so many levels is given in times of it."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer.

    Attributes:
        name: One of `VERDICTS`.
        confidence: From 0 to 1: how far the deciding numbers are from their thresholds.
        headline: What happened, as the end of a sentence for people.
        evidence: The numbers that were compared, those that decided first.
        next_time: What to record so that the next question can be answered.
    """

    name: VerdictName
    confidence: float
    headline: str
    evidence: tuple[Evidence, ...]
    next_time: tuple[str, ...] = field(default=())


def judge(findings: Findings, rules: ExplainRules) -> Verdict:
    """The first rule that holds gives the verdict; the last one always does."""
    order = (
        _data,
        _noise,
        _alone,
        _failure,
        _shift,
        _stale,
        _doubtful,
        _system,
        _unplaced,
    )
    for rule in order:
        verdict = rule(findings, rules)
        if verdict is not None:
            return verdict
    return _shock(findings, rules, "local_shock")


def _noise(findings: Findings, rules: ExplainRules) -> Verdict | None:
    """Within the usual error and the stated interval beyond doubt."""
    return _as_noise(findings, rules) if settled(findings, rules) else None


def _doubtful(findings: Findings, rules: ExplainRules) -> Verdict | None:
    """Larger than usual, but neither a cause nor a shock shows."""
    if not ordinary(findings, rules):
        return None
    return _unusual(findings, rules) if findings.case.outside else _as_noise(findings, rules)


def _as_noise(findings: Findings, rules: ExplainRules) -> Verdict:
    """Noise, in words that depend on how large the miss is and how good the model was."""
    case = findings.case
    z = abs(case.z)
    confidence = _certainty(rules.noise_z - z, rules.noise_z)
    kind = usualness(case.miss, case.actual, case.percentile, z / rules.noise_z)
    text = {
        WELL: "well within the error that this model was known to make",
        USUAL: "within the error that this model was known to make",
        INSIDE: "inside its 95 % interval, though its backtest held no such error",
        POOR: f"inside its 95 % interval, but the model was known to be poor here{_usual(case)}",
    }[kind]
    if kind in CAPPED:
        confidence = min(confidence, CAPPED[kind])
    return Verdict("expected_noise", confidence, text, tuple(evidence(findings, rules)))


def _usual(case: Case) -> str:
    """How poor: ``: its usual error is 62 % of the level``."""
    whole, what = min((case.level, "level"), (case.mean, "forecast"))
    if not math.isfinite(case.scale) or not whole > 0:
        return ""
    share = case.scale / whole
    size = f"{percent(share)} of" if share < PERCENT_UP_TO else f"{number(share)} times"
    return f": its usual error is {size} the {what}"


def _unusual(findings: Findings, rules: ExplainRules) -> Verdict:
    """Outside the stated interval without a cause: one ordinary month in twenty is."""
    case = findings.case
    lo, hi = case.stated
    beyond = max(lo - case.actual, case.actual - hi)
    confidence = _certainty(beyond, (hi - lo) / 2.0) if hi > lo else 1.0
    text = "outside its 95 % interval, cause not found; so is one ordinary month in twenty"
    return Verdict("cannot_tell", confidence, text, tuple(evidence(findings, rules, "interval")))


def _data(findings: Findings, rules: ExplainRules) -> Verdict | None:
    """The data explain the miss."""
    fault = to_blame(findings, rules)
    if fault is None:
        return None
    text = f"the data are at fault, not the forecast: {fault.statement}"
    facts = tuple(evidence(findings, rules, f"fault_{fault.name}"))
    return Verdict("data_problem", fault.certainty, text, facts)


def _alone(findings: Findings, rules: ExplainRules) -> Verdict | None:
    """Its change since the cutoff stands out from that of its peers."""
    return _shock(findings, rules, "local_shock") if stands_out(findings, rules) else None


def _failure(findings: Findings, rules: ExplainRules) -> Verdict | None:
    """A later run failed, or a stand-in made the forecast and an alternative came near."""
    case, near = findings.case, nearest(findings, rules)
    if case.failed_since and not widespread(findings, rules):
        text = f"a later run should have made this forecast, but {case.failed_since}"
        return Verdict("run_failure", 0.9, text, tuple(evidence(findings, rules, "status")))
    if case.status != FALLBACK or near is None:
        return None
    text = (
        f"the chosen model failed and {case.model.specification.label} stood in; "
        f"{near.label} would have said {number(near.value)}"
    )
    confidence = _certainty(rules.near - abs(near.miss / case.miss), rules.near)
    facts = tuple(evidence(findings, rules, "status"))
    return Verdict("run_failure", max(confidence, 0.8), text, facts)


def _shift(findings: Findings, rules: ExplainRules) -> Verdict | None:
    """The level had changed before the cutoff, and the model should have followed."""
    broke = findings.broke
    if broke is None or not caught(findings, rules):
        return None
    text = (
        f"the level had changed by {broke.percent:+.0f} % since {broke.began}, "
        f"{broke.before_cutoff} periods before the cutoff: it should have been caught"
    )
    confidence = _certainty(broke.before_cutoff - rules.visible + 1, rules.visible + 1)
    facts = tuple(evidence(findings, rules, "break"))
    return Verdict("level_shift_before_cutoff", confidence, text, facts)


def _stale(findings: Findings, rules: ExplainRules) -> Verdict | None:
    """Another model on record was clearly better, or the model had not seen recent data."""
    case, near = findings.case, nearest(findings, rules)
    unseen = _unseen(findings, rules)
    if unseen is not None:
        return unseen
    if near is None:
        return None
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
    confidence = _certainty(rules.near - abs(near.miss / case.miss), rules.near)
    return Verdict("stale_model", confidence, text, tuple(evidence(findings, rules, "alternative")))


def _unseen(findings: Findings, rules: ExplainRules) -> Verdict | None:
    """The level had changed in data that were there, but that the model had not seen."""
    case, broke = findings.case, findings.broke
    if case.fresh is None or broke is None or (broke.change < 0) != (case.miss > 0):
        return None
    later = int((case.fresh.ds > case.seen.ds[-1]).sum())
    if broke.before_cutoff > 0 or broke.before_cutoff + later < rules.visible:
        return None
    text = (
        f"the model was out of date: it had not seen {later} periods that were there, in which "
        f"the level changed by {broke.percent:+.0f} % from {broke.began} on"
    )
    confidence = _certainty(broke.before_cutoff + later - rules.visible + 1, rules.visible + 1)
    return Verdict("stale_model", confidence, text, tuple(evidence(findings, rules, "break")))


def _system(findings: Findings, rules: ExplainRules) -> Verdict | None:
    """Most of the fleet missed on the same side."""
    return _shock(findings, rules, "system_shock") if widespread(findings, rules) else None


def _shock(findings: Findings, rules: ExplainRules, name: VerdictName) -> Verdict:
    """A shock: of the whole system, or local."""
    fleet, case = findings.fleet, findings.case
    side = "below" if case.miss > 0 else "above"
    if name == "system_shock":
        text = (
            f"a system-wide shock: {percent(fleet.share_same)} of the other airports fell {side} "
            f"their 95 % intervals in the same month, and no recorded alternative came near"
        )
        confidence = _certainty(
            (fleet.share_same or 0.0) - rules.system_share, 1 - rules.system_share
        )
    else:
        text, confidence = _local_text(findings, rules)
    return Verdict(
        name, confidence, f"{text}{_since(findings)}", tuple(evidence(findings, rules, "fleet"))
    )


def _local_text(findings: Findings, rules: ExplainRules) -> tuple[str, float]:
    """A local shock in words, and the confidence in it."""
    fleet, case = findings.fleet, findings.case
    share = fleet.share_same or 0.0
    text = f"a local shock: {same_side(fleet)}"
    if stands_out(findings, rules):
        distance = abs(fleet.stands_out or 0.0)
        text += f", and its change since the cutoff stands {distance:.0f} deviations from theirs"
        return text, _certainty(distance - rules.fleet_z, rules.fleet_z)
    confidence = min(
        _certainty(abs(case.z) - rules.noise_z, rules.noise_z),
        _certainty(rules.system_share - share, rules.system_share),
    )
    return f"{text}, and no recorded alternative came near", confidence


def _unplaced(findings: Findings, rules: ExplainRules) -> Verdict | None:
    """A shock, but too few airports to tell whether it is local."""
    if findings.fleet.airports >= rules.fleet_least:
        return None
    many = "a single airport" if findings.case.panel_airports == 1 else "too few airports"
    text = (
        f"a shock that no recorded alternative came near; with {many} in the data it cannot tell "
        f"local from system-wide{_since(findings)}"
    )
    advice = (
        f"Record at least {rules.fleet_least} airports in one panel, to tell local from "
        "system-wide."
    )
    confidence = _certainty(abs(findings.case.z) - rules.noise_z, rules.noise_z)
    return Verdict(
        "cannot_tell", confidence, text, tuple(evidence(findings, rules, "fleet")), (advice,)
    )


def _since(findings: Findings) -> str:
    """When a shock began and whether it is over, as the end of a sentence."""
    broke = findings.broke
    if broke is None or broke.before_cutoff > 0:
        return ""
    back = f"back since {broke.recovered_on}" if broke.recovered_on else "not back yet"
    return f"; it began {broke.began} and is {back}"


def _certainty(margin: float, scale: float) -> float:
    """From one half at the threshold towards one: ``1 - exp(-2 margin / scale) / 2``."""
    return round(1.0 - 0.5 * math.exp(-2.0 * max(margin, 0.0) / scale), 3)
