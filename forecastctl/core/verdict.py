"""From what is known about a miss to one verdict with its confidence and evidence. Pure.

The rules are asked in a fixed order and the first that holds decides; every number that they
looked at is part of the answer, whether it decided or not. docs/explanation/verdicts.md says why
in this order.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from forecastctl.core.alternatives import alternatives
from forecastctl.core.breaks import find_break, season_changes
from forecastctl.core.case import index_of
from forecastctl.core.faults import faults
from forecastctl.core.fleet import view_fleet

if TYPE_CHECKING:
    from collections.abc import Iterator

    from forecastctl.core.alternatives import Alternative
    from forecastctl.core.breaks import Break
    from forecastctl.core.case import Case
    from forecastctl.core.faults import Fault
    from forecastctl.core.fleet import FleetView
    from forecastctl.records import ExplainRules

VERDICTS = (
    "expected_noise",
    "data_problem",
    "level_shift_before_cutoff",
    "stale_model",
    "run_failure",
    "local_shock",
    "system_shock",
    "cannot_tell",
)

FALLBACK = "ok-with-fallback"
FEW = 8
"""In a fleet of so few a bare half of the others is no majority."""

OWN_Z = 1.5
"""In a system-wide shock this airport's own miss need only be this many ordinary errors."""

DOUBT_FALLBACK = 1.5
"""The same as ``doubt_z`` where a stand-in made the forecast: there is a cause on record."""

CLEAR = 0.14
"""Log change that a break needs to explain a miss that may be noise as well."""

WORTH = 0.25
"""Log ratio of actual and forecast below which distance from the peers alone is no shock."""

COMPARABLE = 1.25
"""A trial is a fair alternative when its backtest loss is at most this multiple of the best."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """One number that was looked at: in words, with its threshold."""

    name: str
    statement: str
    value: float | None
    threshold: float | None

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON value."""
        return {key: getattr(self, key) for key in self.__slots__}


@dataclass(frozen=True, slots=True)
class Findings:
    """What was found about a case before it is judged."""

    case: Case
    fleet: FleetView
    broke: Break | None
    alternatives: tuple[Alternative, ...]
    faults: tuple[Fault, ...]
    reset: float | None


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer.

    Attributes:
        name: One of `VERDICTS`.
        confidence: From 0 to 1: how far the deciding numbers are from their thresholds.
        headline: What happened, as the end of a sentence for people.
        evidence: What was looked at; what decided comes first.
        next_time: What to record so that the next question can be answered.
    """

    name: str
    confidence: float
    headline: str
    evidence: tuple[Evidence, ...]
    next_time: tuple[str, ...] = field(default=())


def find(case: Case, rules: ExplainRules) -> Findings:
    """Look at everything that the rules may ask for; a break only where the miss needs a cause."""
    fleet = view_fleet(case.fleet, case.miss, case.stands_out)
    found = Findings(case, fleet, None, alternatives(case), faults(case, rules), None)
    if abs(case.z) <= DOUBT_FALLBACK and _ordinary(found, rules):
        return found
    broke = find_break(case.known, case.date, case.seen.ds[-1])
    return replace(found, broke=broke, reset=_reset(case, broke))


def judge(found: Findings, rules: ExplainRules) -> Verdict:
    """The first rule that holds gives the verdict; the last one always does."""
    order = (
        _noise,
        _data,
        _alone,
        _failure,
        _shift,
        _stale,
        _doubtful,
        _system,
        _unplaced,
    )
    for rule in order:
        verdict = rule(found, rules)
        if verdict is not None:
            return verdict
    return _shock(found, rules, "local_shock")


def nearest(found: Findings, rules: ExplainRules) -> Alternative | None:
    """The fair alternative that came clearly nearer, if one did.

    A trial is fair when the search could have chosen it: its loss is not clearly worse than the
    best one's. The baseline, today's champion and a refit on data that were there always are.
    """
    case = found.case
    losses = [a.loss for a in found.alternatives if a.loss is not None]
    best = min(losses, default=math.inf)
    doubt = abs(case.z) <= rules.noise_z and case.status != FALLBACK
    share = rules.near / 2.0 if doubt else rules.near
    clearly = share * abs(case.miss)
    for a in found.alternatives:
        limit = clearly if a.kind == "refit" else min(clearly, rules.noise_z * case.scale)
        fair = a.loss is None or a.kind != "trial" or a.loss <= COMPARABLE * best
        if fair and abs(a.miss) <= limit:
            return a
    return None


def _ordinary(found: Findings, rules: ExplainRules) -> bool:
    """Within the usual error, and the fleet does not say otherwise."""
    if abs(found.case.z) > rules.noise_z:
        return False
    return not _widespread(found, rules) and not _stands_out(found, rules)


def _widespread(found: Findings, rules: ExplainRules) -> bool:
    fleet, case = found.fleet, found.case
    if fleet.airports < rules.fleet_least or fleet.share_same is None:
        return False
    typical = (fleet.median_z or 0.0) * math.copysign(1.0, case.miss)
    few = fleet.airports <= FEW and fleet.share_same <= rules.system_share
    if fleet.share_same < rules.system_share or few:
        return False
    return typical >= OWN_Z and abs(case.z) >= OWN_Z


def _stands_out(found: Findings, rules: ExplainRules) -> bool:
    """Its change since the cutoff stands far from its peers', on the side of a sizeable miss."""
    distance, case = found.fleet.stands_out, found.case
    if distance is None or abs(distance) < rules.fleet_z or (distance < 0) != (case.miss > 0):
        return False
    if case.actual <= 0 or case.mean <= 0:
        return True
    return abs(math.log(case.actual / case.mean)) >= WORTH


def _caught(found: Findings, rules: ExplainRules) -> bool:
    """A break before the cutoff in the direction of the miss, and the level after it came near."""
    case, broke = found.case, found.broke
    if broke is None or found.reset is None or broke.before_cutoff < rules.visible:
        return False
    if (broke.change < 0) != (case.miss > 0):
        return False
    doubt = abs(case.z) <= rules.noise_z
    if doubt and (broke.before_cutoff > case.seen.season_length or abs(broke.change) < CLEAR):
        return False
    share = rules.near / 2.0 if doubt else rules.near
    return abs(found.reset - case.actual) <= share * abs(case.miss)


def _reset(case: Case, broke: Break | None) -> float | None:
    """Last value of the same season times the growth seen since the break, up to the cutoff."""
    if broke is None or broke.before_cutoff < 1:
        return None
    m = case.seen.season_length
    changes = season_changes(case.seen.y, m)[-broke.before_cutoff :]
    position = index_of(case.known, case.date)
    known = [c for c in changes if math.isfinite(c)]
    if position is None or not known:
        return None
    back = position - m * math.ceil(case.lead / m)
    if back < 0:
        return None
    began = index_of(case.known, _day(broke.began))
    if began is not None and back >= began:
        return float(case.known.y[back])
    return float(case.known.y[back] * math.exp(sum(known) / len(known)))


def _day(text: str) -> Any:
    import numpy as np

    return np.datetime64(text)


def _noise(found: Findings, rules: ExplainRules) -> Verdict | None:
    """Within the usual error beyond doubt."""
    limit = DOUBT_FALLBACK if found.case.status == FALLBACK else rules.doubt_z
    if abs(found.case.z) > limit or not _ordinary(found, rules):
        return None
    return _as_noise(found, rules)


def _doubtful(found: Findings, rules: ExplainRules) -> Verdict | None:
    """Larger than usual, but neither a cause nor a shock shows."""
    return _as_noise(found, rules) if _ordinary(found, rules) else None


def _as_noise(found: Findings, rules: ExplainRules) -> Verdict:
    z = abs(found.case.z)
    usual = "well within" if z <= rules.noise_z / 2 else "within"
    text = f"{usual} the error that this model was known to make"
    sure = _certainty(rules.noise_z - z, rules.noise_z)
    return Verdict("expected_noise", sure, text, tuple(_facts(found, rules)))


WIDESPREAD = ("label_shift", "revision", "unpublished", "actual_revised")
"""Faults that a shock to the whole fleet does not look like."""


def _data(found: Findings, rules: ExplainRules) -> Verdict | None:
    if not found.faults:
        return None
    fault = found.faults[0]
    if _widespread(found, rules) and fault.name not in WIDESPREAD:
        return None
    text = f"the data are at fault, not the forecast: {fault.statement}"
    return Verdict("data_problem", fault.certainty, text, tuple(_facts(found, rules, "fault")))


def _alone(found: Findings, rules: ExplainRules) -> Verdict | None:
    return _shock(found, rules, "local_shock") if _stands_out(found, rules) else None


def _failure(found: Findings, rules: ExplainRules) -> Verdict | None:
    case, near = found.case, nearest(found, rules)
    if case.status != FALLBACK or near is None:
        return None
    text = (
        f"the chosen model failed and {case.model.specification.label} stood in; "
        f"{near.label} would have said {near.value:,.0f}"
    )
    sure = _certainty(rules.near - abs(near.miss / case.miss), rules.near)
    facts = tuple(_facts(found, rules, "status"))
    return Verdict("run_failure", max(sure, 0.8), text, facts)


def _shift(found: Findings, rules: ExplainRules) -> Verdict | None:
    broke = found.broke
    if broke is None or not _caught(found, rules):
        return None
    text = (
        f"the level had changed by {broke.percent:+.0f} % since {broke.began}, "
        f"{broke.before_cutoff} periods before the cutoff: it should have been caught"
    )
    sure = _certainty(broke.before_cutoff - rules.visible + 1, rules.visible + 1)
    facts = tuple(_facts(found, rules, "break"))
    return Verdict("level_shift_before_cutoff", sure, text, facts)


def _stale(found: Findings, rules: ExplainRules) -> Verdict | None:
    case, near = found.case, nearest(found, rules)
    if near is None:
        return None
    name = {
        "trial": f"trial {near.trial}, {near.label},",
        "baseline": "the seasonal naive",
        "champion": f"today's specification, {near.label},",
        "refit": "the same specification on the data that were there",
    }[near.kind]
    text = (
        f"another model on record was clearly better: {name} would have said {near.value:,.0f}, "
        f"{abs(near.miss):,.0f} off instead of {abs(case.miss):,.0f}"
    )
    sure = _certainty(rules.near - abs(near.miss / case.miss), rules.near)
    return Verdict("stale_model", sure, text, tuple(_facts(found, rules, "alternative")))


def _system(found: Findings, rules: ExplainRules) -> Verdict | None:
    return _shock(found, rules, "system_shock") if _widespread(found, rules) else None


def _shock(found: Findings, rules: ExplainRules, name: str) -> Verdict:
    fleet, case = found.fleet, found.case
    side = "below" if case.miss > 0 else "above"
    if name == "system_shock":
        text = (
            f"a system-wide shock: {fleet.share_same:.0%} of the other airports fell {side} "
            f"their 95 % intervals in the same month, and no recorded alternative came near"
        )
        sure = _certainty((fleet.share_same or 0.0) - rules.system_share, 1 - rules.system_share)
    else:
        text, sure = _local_text(found, rules)
    return Verdict(name, sure, f"{text}{_since(found)}", tuple(_facts(found, rules, "fleet")))


def _local_text(found: Findings, rules: ExplainRules) -> tuple[str, float]:
    fleet, case = found.fleet, found.case
    share = fleet.share_same or 0.0
    text = f"a local shock: {share:.0%} of the other airports missed on the same side"
    if _stands_out(found, rules):
        distance = abs(fleet.stands_out or 0.0)
        text += f", and its change since the cutoff stands {distance:.0f} deviations from theirs"
        return text, _certainty(distance - rules.fleet_z, rules.fleet_z)
    sure = min(
        _certainty(abs(case.z) - rules.noise_z, rules.noise_z),
        _certainty(rules.system_share - share, rules.system_share),
    )
    return f"{text}, and no recorded alternative came near", sure


def _unplaced(found: Findings, rules: ExplainRules) -> Verdict | None:
    if found.fleet.airports >= rules.fleet_least:
        return None
    many = "a single airport" if found.case.panel_airports == 1 else "too few airports"
    text = (
        f"a shock that no recorded alternative came near; with {many} in the data it cannot tell "
        f"local from system-wide{_since(found)}"
    )
    advice = (
        f"Record at least {rules.fleet_least} airports in one panel, to tell local from "
        "system-wide."
    )
    sure = _certainty(abs(found.case.z) - rules.noise_z, rules.noise_z)
    return Verdict("cannot_tell", sure, text, tuple(_facts(found, rules, "fleet")), (advice,))


def _since(found: Findings) -> str:
    broke = found.broke
    if broke is None or broke.before_cutoff > 0:
        return ""
    back = f"back since {broke.recovered_on}" if broke.recovered_on else "not back yet"
    return f"; it began {broke.began} and is {back}"


def _facts(found: Findings, rules: ExplainRules, first: str = "noise") -> Iterator[Evidence]:
    """Every number that was looked at; the deciding one first."""
    facts = list(_all_facts(found, rules))
    yield from (f for f in facts if f.name.startswith(first))
    yield from (f for f in facts if not f.name.startswith(first))


def _all_facts(found: Findings, rules: ExplainRules) -> Iterator[Evidence]:
    case, fleet, broke = found.case, found.fleet, found.broke
    yield Evidence(
        "noise",
        f"the miss is {abs(case.z):.1f} times the usual error of {case.scale:,.0f}",
        abs(case.z),
        rules.noise_z,
    )
    for fault in found.faults:
        yield Evidence(f"fault_{fault.name}", fault.statement, fault.value, fault.threshold)
    if case.status != "ok":
        yield Evidence("status", f"{case.status}: {case.reason}", None, None)
    yield from _fleet_facts(fleet, rules)
    if broke is not None:
        when = (
            f"{broke.before_cutoff} periods before the cutoff"
            if broke.before_cutoff > 0
            else "after the cutoff"
        )
        yield Evidence(
            "break",
            f"the level changed by {broke.percent:+.0f} % in {broke.began}, {when}",
            float(broke.before_cutoff),
            float(rules.visible),
        )
    if broke is not None and found.reset is not None:
        yield Evidence(
            "break_reset",
            f"the level after the break would have given {found.reset:,.0f}",
            abs(found.reset - case.actual),
            rules.near * abs(case.miss),
        )
    for a in found.alternatives[:1]:
        yield Evidence(
            "alternative",
            f"of {len(found.alternatives)} alternatives {a.label} came nearest with {a.value:,.0f}",
            abs(a.miss),
            rules.near * abs(case.miss),
        )


def _fleet_facts(fleet: FleetView, rules: ExplainRules) -> Iterator[Evidence]:
    if fleet.share_same is not None:
        yield Evidence(
            "fleet_share",
            f"{fleet.share_same:.0%} of {fleet.airports - 1} other airports missed on the same "
            "side",
            fleet.share_same,
            rules.system_share,
        )
    if fleet.stands_out is not None:
        yield Evidence(
            "fleet_distance",
            f"its change since the cutoff stands {abs(fleet.stands_out):.1f} robust deviations "
            "from that of its peers",
            abs(fleet.stands_out),
            rules.fleet_z,
        )


def _certainty(margin: float, scale: float) -> float:
    """From one half at the threshold towards one: ``1 - exp(-2 margin / scale) / 2``."""
    return round(1.0 - 0.5 * math.exp(-2.0 * max(margin, 0.0) / scale), 3)
