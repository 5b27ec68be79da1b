"""The numbers behind a verdict, in words. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from forecastctl.explain.values import Evidence
from forecastctl.explain.verdict.spread import FAR, LEAST_ERROR, too_narrow, too_wide
from forecastctl.figures import counted, number, percent, period, portion, times

if TYPE_CHECKING:
    from collections.abc import Iterator

    from forecastctl.explain.case import Case
    from forecastctl.explain.values import FleetFacts
    from forecastctl.explain.verdict.findings import Findings
    from forecastctl.records import ExplainRules


APART = 3.0
"""Robust deviations from its peers from which on an airport has moved away from them."""


def evidence(findings: Findings, rules: ExplainRules, first: str = "noise") -> Iterator[Evidence]:
    """Every number that was compared; the one that decided first."""
    facts = list(_all(findings, rules))
    yield from (f for f in facts if f.name.startswith(first))
    yield from (f for f in facts if not f.name.startswith(first))


def _all(findings: Findings, rules: ExplainRules) -> Iterator[Evidence]:
    case, fleet, broke = findings.case, findings.fleet, findings.broke
    yield Evidence("noise", _miss(case), abs(case.z), rules.noise_z)
    yield _interval(case)
    yield from _width(case)
    for fault in findings.faults:
        yield Evidence(f"fault_{fault.name}", fault.statement, fault.value, fault.threshold)
    if case.status != "ok":
        yield Evidence("status", f"{case.status}: {case.reason}", None, None)
    if case.failed_since:
        yield Evidence("status", case.failed_since, None, None)
    yield from _fleet(fleet, rules)
    if findings.flights is not None:
        changed = findings.flights
        text = f"the airport {changed.what} in {period(changed.since, case.seen.freq)}"
        yield Evidence("flights", text, float(changed.before_cutoff), None)
    yield from _apart(case)
    if case.calendar is not None and (case.calendar.effect < 0) == (case.miss > 0):
        one = case.calendar
        yield Evidence("calendar", one.sentence, one.effect, 2.0 * one.se)
    if broke is not None and (broke.change < 0) == (case.miss > 0):
        when = (
            f"{counted(broke.before_cutoff, 'period')} before the cutoff"
            if broke.before_cutoff > 0
            else "after the cutoff"
        )
        began = period(broke.began, case.seen.freq)
        yield Evidence(
            "break",
            f"the level changed by {broke.percent:+.0f} % in {began}, {when}",
            float(broke.before_cutoff),
            float(rules.visible),
        )
    if findings.reset is not None and broke is not None and (broke.change < 0) == (case.miss > 0):
        yield Evidence(
            "break_reset",
            f"the level after the break would have given {number(findings.reset)}",
            abs(findings.reset - case.actual),
            rules.near * abs(case.miss),
        )
    for a in findings.alternatives[:1]:
        among = f"of {len(findings.alternatives)} alternatives"
        yield Evidence(
            "alternative",
            f"{among} {a.label} came nearest with {number(a.value)}",
            abs(a.miss),
            rules.near * abs(case.miss),
        )


def _miss(case: Case) -> str:
    """The miss beside the usual error, either of which may be zero."""
    if case.met:
        return f"the forecast was met exactly; the usual error is {number(case.scale)}"
    if not case.scale > 0:
        return "the usual error is zero, so that no miss is usual"
    return f"the miss is {times(abs(case.z))} the usual error of {number(case.scale)}"


def _interval(case: Case) -> Evidence:
    """Whether the actual lies inside the stated interval, and its nearer end."""
    lo, hi = case.stated
    side = "outside" if case.outside else "inside"
    text = f"the actual lies {side} the stated 95 % interval, {number(lo)} to {number(hi)}"
    return Evidence(
        "interval", text, case.actual, hi if case.actual - lo > hi - case.actual else lo
    )


def _width(case: Case) -> Iterator[Evidence]:
    """What the months vary by, where the interval is far from that; the naive where it is large."""
    wide = too_wide(case)
    if wide is not None:
        text = f"the usual error is {number(wide)} times what the months of this airport vary by"
        yield Evidence("wide", f"{text}: the interval is far too wide", wide, FAR)
    if too_narrow(case):
        share = case.scale / case.level
        text = f"the usual error is {percent(share)} of the level: the interval is too narrow"
        yield Evidence("narrow", text, share, LEAST_ERROR)


def _apart(case: Case) -> Iterator[Evidence]:
    at = case.lead - 1
    apart = case.apart[at] if at < len(case.apart) else None
    if apart is not None:
        text = (
            f"its change from the three periods up to the cutoff is {percent(abs(apart[0]))} from "
            "that of its peers"
        )
        yield Evidence("apart", text, abs(apart[1]), APART)


def same_side(fleet: FleetFacts) -> str:
    """How many others missed as this airport did: ``3 of 8 other airports (38 %) lay ...``."""
    others, share = fleet.airports - 1, fleet.share_same or 0.0
    if not others:
        return "no other airport has a forecast of it"
    if others == 1:
        how = "lay" if share else "did not lie"
        return f"the other airport {how} outside its 95 % interval on the same side"
    who = portion(share, others, "other airports")
    return f"{who} lay outside their 95 % intervals on the same side"


def _fleet(fleet: FleetFacts, rules: ExplainRules) -> Iterator[Evidence]:
    if fleet.share_same is not None:
        yield Evidence(
            "fleet_share",
            same_side(fleet),
            fleet.share_same,
            rules.system_share,
        )
    if fleet.stands_out is not None:
        yield Evidence(
            "fleet_distance",
            f"its change since the cutoff differs from that of its peers by "
            f"{number(abs(fleet.stands_out))} times what is usual among them",
            abs(fleet.stands_out),
            rules.fleet_z,
        )
