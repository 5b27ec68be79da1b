"""What is found about a miss before it is judged, and the questions that rules ask of it. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from forecastctl.explain.case import index_of
from forecastctl.explain.verdict.alternatives import alternatives
from forecastctl.explain.verdict.breaks import find_break, season_changes
from forecastctl.explain.verdict.fault import outweighs_noise
from forecastctl.explain.verdict.faults import faults
from forecastctl.explain.verdict.fleet import view_fleet

if TYPE_CHECKING:
    from forecastctl.explain.case import Case
    from forecastctl.explain.values import Alternative, FleetFacts
    from forecastctl.explain.verdict.breaks import Break
    from forecastctl.explain.verdict.fault import Fault
    from forecastctl.records import ExplainRules

FALLBACK = "ok-with-fallback"
FEW = 8
"""In a fleet of so few a bare half of the others is no majority."""

OWN_Z = 1.5
"""In a system-wide shock this airport's own miss need only be this many ordinary errors."""

DOUBT_FALLBACK = 1.5
"""The same as ``doubt_z`` where a stand-in made the forecast: there is a cause on record."""

OLDEST = 2
"""Seasons before the cutoff that a break may lie back to be to blame."""

CLEAR = 0.14
"""Log change that a break needs to explain a miss that may be noise as well."""

WORTH = 0.25
"""Log ratio of actual and forecast below which distance from the peers alone is no shock."""

WIDESPREAD = ("label_shift", "revision", "unit_seen", "unpublished", "actual_revised")
"""Faults that a shock to the whole fleet does not look like."""

COMPARABLE = 1.25
"""A trial is a fair alternative when its backtest loss is at most this multiple of the best."""


@dataclass(frozen=True, slots=True)
class Findings:
    """What was found about a case before it is judged."""

    case: Case
    fleet: FleetFacts
    broke: Break | None
    alternatives: tuple[Alternative, ...]
    faults: tuple[Fault, ...]
    reset: float | None


def find(case: Case, rules: ExplainRules) -> Findings:
    """Look at everything that the rules may ask for; a break only where the miss needs a cause."""
    fleet = view_fleet(case.fleet, case.miss, case.stands_out)
    found = Findings(case, fleet, None, alternatives(case), faults(case, rules), None)
    if settled(found, replace(rules, doubt_z=min(rules.doubt_z, DOUBT_FALLBACK))):
        return found
    broke = find_break(case.known, case.date, case.seen.ds[-1])
    return replace(found, broke=broke, reset=_reset(case, broke))


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


def settled(found: Findings, rules: ExplainRules) -> bool:
    """Noise beyond doubt, unless the data are at fault: no other cause is looked for."""
    on_record = found.case.status == FALLBACK or found.case.failed_since
    limit = DOUBT_FALLBACK if on_record else rules.doubt_z
    return abs(found.case.z) <= limit and not found.case.outside and ordinary(found, rules)


def to_blame(found: Findings, rules: ExplainRules) -> Fault | None:
    """The fault of the data that explains the miss, if one does; the surest first.

    Where the miss would be noise without it, a fault must outweigh that. Where most of the fleet
    missed as well, it must be one that a shock does not look like.
    """
    usual, shared = settled(found, rules), widespread(found, rules)
    for fault in found.faults:
        if shared and fault.name not in WIDESPREAD:
            continue
        if not usual or outweighs_noise(found.case, fault, rules):
            return fault
    return None


def ordinary(found: Findings, rules: ExplainRules) -> bool:
    """Within the usual error, and the fleet does not say otherwise."""
    if abs(found.case.z) > rules.noise_z:
        return False
    return not widespread(found, rules) and not stands_out(found, rules)


def widespread(found: Findings, rules: ExplainRules) -> bool:
    """Most of the fleet missed on this airport's side, and clearly so."""
    fleet, case = found.fleet, found.case
    if fleet.airports < rules.fleet_least or fleet.share_same is None:
        return False
    typical = (fleet.median_z or 0.0) * math.copysign(1.0, case.miss)
    few = fleet.airports <= FEW and fleet.share_same <= rules.system_share
    if fleet.share_same < rules.system_share or few:
        return False
    return typical >= OWN_Z and abs(case.z) >= OWN_Z


def stands_out(found: Findings, rules: ExplainRules) -> bool:
    """Its change since the cutoff stands far from its peers', on the side of a sizeable miss."""
    distance, case = found.fleet.stands_out, found.case
    if distance is None or abs(distance) < rules.fleet_z or (distance < 0) != (case.miss > 0):
        return False
    if case.actual <= 0 or case.mean <= 0:
        return True
    return abs(math.log(case.actual / case.mean)) >= WORTH


def caught(found: Findings, rules: ExplainRules) -> bool:
    """A break before the cutoff in the direction of the miss, and the level after it came near."""
    case, broke = found.case, found.broke
    if broke is None or found.reset is None or broke.before_cutoff < rules.visible:
        return False
    if broke.before_cutoff > OLDEST * case.seen.season_length:
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
    began = index_of(case.known, np.datetime64(broke.began))
    if began is not None and back >= began:
        return float(case.known.y[back])
    return float(case.known.y[back] * math.exp(sum(known) / len(known)))
