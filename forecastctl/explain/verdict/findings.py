"""The findings about a miss, and the conditions on them that rules are made of. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from forecastctl.explain.case import index_of
from forecastctl.explain.verdict.alternatives import alternatives
from forecastctl.explain.verdict.breaks import find_break, season_changes
from forecastctl.explain.verdict.faults import faults
from forecastctl.explain.verdict.fleet import view_fleet

if TYPE_CHECKING:
    from forecastctl.explain.case import Case
    from forecastctl.explain.values import Alternative, FleetFacts
    from forecastctl.explain.verdict.breaks import Break
    from forecastctl.explain.verdict.fault import Fault
    from forecastctl.records import ExplainRules

FALLBACK = "ok-with-fallback"
SMALL_FLEET = 8
"""In a fleet of at most so many airports, exactly the system's share of the others is too few."""

OWN_Z = 1.5
"""In a system-wide shock this airport's own miss need only be this many ordinary errors."""

DOUBT_FALLBACK = 1.5
"""Takes the place of ``doubt_z`` where a cause is on record: a stand-in, or a failed run."""

OLDEST_BREAK = 2
"""Seasons before the cutoff, at most, that a break may have happened to explain the miss."""

CLEAR_BREAK = 0.14
"""Log change that a break needs to explain a miss that may be noise as well."""

LEAST_RATIO = 0.25
"""Log ratio of actual and forecast below which distance from the peers alone is no shock."""

COMPARABLE = 1.25
"""A trial is a fair alternative when its backtest loss is at most this multiple of the best."""


@dataclass(frozen=True, slots=True)
class Findings:
    """What was found about a case before it is judged.

    Attributes:
        case: The miss.
        fleet: The other airports in the same period.
        broke: The change of level that the miss belongs to, where one was looked for and found.
        alternatives: Other models on record, the nearest first.
        faults: Suspected faults of the data, the surest first.
        reset: What the level after the break would have given, passengers.
    """

    case: Case
    fleet: FleetFacts
    broke: Break | None
    alternatives: tuple[Alternative, ...]
    faults: tuple[Fault, ...]
    reset: float | None


def find(case: Case, rules: ExplainRules) -> Findings:
    """Find all that the rules need; a break only where the miss needs a cause."""
    fleet = view_fleet(case.fleet, case.miss, case.stands_out)
    findings = Findings(
        case=case,
        fleet=fleet,
        broke=None,
        alternatives=alternatives(case),
        faults=faults(case, rules),
        reset=None,
    )
    if settled(findings, replace(rules, doubt_z=min(rules.doubt_z, DOUBT_FALLBACK))):
        return findings
    broke = find_break(case.known, case.date, case.seen.ds[-1])
    return replace(findings, broke=broke, reset=_reset(case, broke))


def nearest(findings: Findings, rules: ExplainRules) -> Alternative | None:
    """The fair alternative that came clearly nearer, if one did.

    A trial is fair when the search could have chosen it: its loss is not clearly worse than the
    best one's. The baseline, today's champion and a refit on data that were there always are.
    """
    case = findings.case
    losses = [a.loss for a in findings.alternatives if a.loss is not None]
    best = min(losses, default=math.inf)
    doubt = abs(case.z) <= rules.noise_z and case.status != FALLBACK
    share = rules.near / 2.0 if doubt else rules.near
    clearly = share * abs(case.miss)
    for a in findings.alternatives:
        limit = clearly if a.kind == "refit" else min(clearly, rules.noise_z * case.scale)
        fair = a.loss is None or a.kind != "trial" or a.loss <= COMPARABLE * best
        if fair and abs(a.miss) <= limit:
            return a
    return None


def settled(findings: Findings, rules: ExplainRules) -> bool:
    """Whether the miss is noise beyond doubt: only a fault of the data may still explain it."""
    on_record = findings.case.status == FALLBACK or findings.case.failed_since
    limit = DOUBT_FALLBACK if on_record else rules.doubt_z
    return abs(findings.case.z) <= limit and not findings.case.outside and ordinary(findings, rules)


def ordinary(findings: Findings, rules: ExplainRules) -> bool:
    """Whether the miss is within the usual error, and the fleet shows no shock."""
    if abs(findings.case.z) > rules.noise_z:
        return False
    return not widespread(findings, rules) and not stands_out(findings, rules)


def widespread(findings: Findings, rules: ExplainRules) -> bool:
    """Whether most of the fleet missed on this airport's side, by more than noise."""
    fleet, case = findings.fleet, findings.case
    if fleet.airports < rules.fleet_least or fleet.share_same is None:
        return False
    typical = (fleet.median_z or 0.0) * math.copysign(1.0, case.miss)
    few = fleet.airports <= SMALL_FLEET and fleet.share_same <= rules.system_share
    if fleet.share_same < rules.system_share or few:
        return False
    return typical >= OWN_Z and abs(case.z) >= OWN_Z


def stands_out(findings: Findings, rules: ExplainRules) -> bool:
    """Whether its change since the cutoff is far from its peers', on the side of a large miss."""
    distance, case = findings.fleet.stands_out, findings.case
    if distance is None or abs(distance) < rules.fleet_z or (distance < 0) != (case.miss > 0):
        return False
    if case.actual <= 0 or case.mean <= 0:
        return True
    return abs(math.log(case.actual / case.mean)) >= LEAST_RATIO


def caught(findings: Findings, rules: ExplainRules) -> bool:
    """Whether a break before the cutoff explains the miss: the level after it came near."""
    case, broke = findings.case, findings.broke
    if broke is None or findings.reset is None or broke.before_cutoff < rules.visible:
        return False
    if broke.before_cutoff > OLDEST_BREAK * case.seen.season_length:
        return False
    if (broke.change < 0) != (case.miss > 0):
        return False
    doubt = abs(case.z) <= rules.noise_z
    if doubt and (broke.before_cutoff > case.seen.season_length or abs(broke.change) < CLEAR_BREAK):
        return False
    share = rules.near / 2.0 if doubt else rules.near
    return abs(findings.reset - case.actual) <= share * abs(case.miss)


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
    season_ago = position - m * math.ceil(case.lead / m)
    if season_ago < 0:
        return None
    began = index_of(case.known, np.datetime64(broke.began))
    if began is not None and season_ago >= began:
        return float(case.known.y[season_ago])
    return float(case.known.y[season_ago] * math.exp(sum(known) / len(known)))
