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
from forecastctl.explain.verdict.flights import flights
from forecastctl.explain.verdict.spread import judged_scale, too_narrow
from forecastctl.explain.verdict.strange import mended

if TYPE_CHECKING:
    from forecastctl.explain.case import Case
    from forecastctl.explain.values import Alternative, FleetFacts
    from forecastctl.explain.verdict.breaks import Break
    from forecastctl.explain.verdict.fault import Fault
    from forecastctl.explain.verdict.flights import Flights
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

NEARLY_ALL = 0.65
"""Share of the fleet whose common fall overrules the wide interval of one airport."""

LEAST_FOLLOWED = 0.1
"""Log ratio of actual and forecast that such an airport must be off by."""

LEAST_RATIO_KNOWN = 1e-3
"""Smaller ratios of actual and forecast count as this one: zero has no logarithm."""

LEAST_MOVED = 0.05
"""Log change of the fleet since the cutoff from which on a shock is a new one."""

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
        flights: Whether the airport closed, opened or reopened.
    """

    case: Case
    fleet: FleetFacts
    broke: Break | None
    alternatives: tuple[Alternative, ...]
    faults: tuple[Fault, ...]
    reset: float | None
    flights: Flights | None = None


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
        flights=flights(case),
    )
    if settled(findings, replace(rules, doubt_z=min(rules.doubt_z, DOUBT_FALLBACK))):
        return findings
    broke = find_break(mended(case.known), case.date, case.seen.ds[-1])
    return replace(findings, broke=broke, reset=_reset(case, broke))


def nearest(findings: Findings, rules: ExplainRules) -> Alternative | None:
    """The fair alternative that came clearly nearer, if one did.

    A trial is fair when the search could have chosen it: its loss is not clearly worse than the
    best one's. The baseline, today's champion and a refit on data that were there always are.
    Nothing comes nearer than a forecast of zero where nobody came.
    """
    case = findings.case
    if case.miss == 0:
        return None
    losses = [a.loss for a in findings.alternatives if a.loss is not None]
    best = min(losses, default=math.inf)
    doubt = abs(case.z) <= rules.noise_z and case.status != FALLBACK
    share = rules.near / 2.0 if doubt else rules.near
    clearly = share * abs(case.miss)
    for a in findings.alternatives:
        limit = clearly if a.kind == "refit" else min(clearly, rules.noise_z * case.scale)
        fair = a.loss is None or a.kind != "trial" or a.loss <= COMPARABLE * best
        if fair and better_before(case, a) and abs(a.miss) <= limit:
            return a
    return None


def better_before(case: Case, alternative: Alternative) -> bool:
    """Whether it was better before as well, so that it is no luck that it came near.

    A trial, and the baseline, must have had a smaller loss in the backtest than every model that
    made the forecast; what is not known counts as so. A later choice, and the same one on data that
    were there, are better by what they know. Where a stand-in made the forecast, no choice did.
    """
    if alternative.kind not in ("trial", "baseline") or case.status == FALLBACK:
        return True
    losses = {t.number: t.loss for t in case.trials if t.loss is not None}
    used = [losses[m.member.trial] for m in case.model.members if m.member.trial in losses]
    if alternative.loss is None or not used:
        return alternative.kind == "trial" or _no_worse_than_model(case)
    return alternative.loss < min(used)


def _no_worse_than_model(case: Case) -> bool:
    """Whether the seasonal naive erred no more in the past than the model's backtest did."""
    errors = [e for fold in case.model.backtest_errors for e in fold]
    naive = naive_error(case)
    return naive is None or not errors or naive <= float(np.sqrt(np.mean(np.square(errors))))


def naive_error(case: Case) -> float | None:
    """Root mean squared error of the seasonal naive over the last two seasons seen, passengers."""
    y, m = case.seen.y, case.seen.season_length
    back = m * math.ceil(case.lead / m)
    if len(y) <= back:
        return None
    errors = (y[back:] - y[:-back])[-2 * m :]
    return float(np.sqrt(np.mean(np.square(errors))))


def usual(findings: Findings, rules: ExplainRules) -> bool:
    """Whether the miss is usual by what the model states; a fault of the data may outweigh that."""
    case = findings.case
    if too_narrow(case):
        return ordinary(findings, rules)
    limit = _limit(case, rules)
    return abs(case.z) <= limit and not case.outside and ordinary(findings, rules)


def settled(findings: Findings, rules: ExplainRules) -> bool:
    """Whether the miss is noise beyond doubt: no cause that lies with the model may explain it.

    An interval that is far too wide leaves doubt; so does that of a stand-in wherever it is wider
    than what the months vary by.
    """
    case = findings.case
    if not usual(findings, rules) or too_narrow(case):
        return usual(findings, rules)
    scale = judged_scale(case, 1.0) if case.status == FALLBACK else judged_scale(case)
    return abs(case.miss) <= _limit(case, rules) * scale


def _limit(case: Case, rules: ExplainRules) -> float:
    on_record = case.status == FALLBACK or case.failed_since
    return DOUBT_FALLBACK if on_record else rules.doubt_z


def ordinary(findings: Findings, rules: ExplainRules) -> bool:
    """Whether the miss is within the usual error, and the fleet shows no shock."""
    if abs(findings.case.z) > rules.noise_z and not too_narrow(findings.case):
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
    return typical >= OWN_Z and (abs(case.z) >= OWN_Z or followed(findings))


def followed(findings: Findings) -> bool:
    """Whether this airport went the way of nearly all, though its own interval is wide."""
    fleet, case = findings.fleet, findings.case
    if (fleet.share_same or 0.0) < NEARLY_ALL or not fleet.median_ratio or case.mean <= 0:
        return False
    theirs = math.log(max(fleet.median_ratio, LEAST_RATIO_KNOWN))
    own = math.log(max(case.actual / case.mean, LEAST_RATIO_KNOWN))
    return abs(own) >= LEAST_FOLLOWED and own / theirs >= 0.5  # noqa: PLR2004 - half as far


def new_to_all(findings: Findings) -> bool:
    """Whether the fleet moved towards the miss since the cutoff, or that is not known.

    Where it did not, the others missed for something that lay before their cutoff as well.
    """
    change, miss = findings.case.fleet_moved, findings.case.miss
    return change is None or -math.copysign(change, change * miss) >= LEAST_MOVED


def stands_out(findings: Findings, rules: ExplainRules) -> bool:
    """Whether its change since the cutoff is far from its peers', on the side of a large miss."""
    distance, case = findings.fleet.stands_out, findings.case
    if distance is None or abs(distance) < rules.fleet_z or (distance < 0) != (case.miss > 0):
        return False
    if case.actual <= 0 or case.mean <= 0:
        return True
    return abs(math.log(case.actual / case.mean)) >= LEAST_RATIO


def caught(findings: Findings, rules: ExplainRules) -> bool:
    """Whether a break before the cutoff explains the miss.

    It is as large as half of the miss (`near`), whatever comes near by chance; and the level after
    it came near, or a model on record did so that had followed it.
    """
    case, broke = findings.case, findings.broke
    if broke is None or findings.reset is None or broke.before_cutoff < rules.visible:
        return False
    if broke.before_cutoff > OLDEST_BREAK * case.seen.season_length:
        return False
    size = abs(math.expm1(broke.change)) * max(case.mean, case.actual)
    if (broke.change < 0) != (case.miss > 0) or size < rules.near * abs(case.miss):
        return False
    doubt = abs(case.z) <= rules.noise_z
    if doubt and (broke.before_cutoff > case.seen.season_length or abs(broke.change) < CLEAR_BREAK):
        return False
    share = rules.near / 2.0 if doubt else rules.near
    if abs(findings.reset - case.actual) <= share * abs(case.miss):
        return True
    # A model that followed the break came near: it did so because of the break.
    return abs(broke.change) >= CLEAR_BREAK and nearest(findings, rules) is not None


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
