"""Lasting changes of one airport by name: closed, reopened, or moved away from its peers. Pure."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from forecastctl.explain.case import index_of
from forecastctl.explain.verdict.candidate import candidate, certainty
from forecastctl.explain.verdict.causes.model import own_part
from forecastctl.explain.verdict.evidence import APART
from forecastctl.explain.verdict.fault import gone
from forecastctl.figures import counted, number, period

if TYPE_CHECKING:
    from collections.abc import Iterator

    from forecastctl.explain.case import Case
    from forecastctl.explain.values import Candidate
    from forecastctl.explain.verdict.findings import Findings
    from forecastctl.explain.verdict.flights import Flights
    from forecastctl.records import ExplainRules

BY_ITS_ZEROS = 0.95
"""How sure a change is that the airport's own zeros tell."""

WORTH = 0.1
"""Share of the forecast, or of the actual, that a miss must be for it to be a change of level."""

LASTING = 3
"""Periods in a row, that of the miss among them, that a lasting change must show in."""

LEAST_APART = 0.1
"""Mean log distance from its peers."""

SUDDEN = 0.5
"""Share of that distance that the period before may show; drifting apart is no change of level."""


def flights_changed(findings: Findings, rules: ExplainRules) -> Iterator[Candidate]:
    """The airport closed, opened or reopened."""
    found, case = findings.flights, findings.case
    if found is None:
        return
    before = found.before_cutoff > 0
    since = period(found.since, case.seen.freq)
    text = {
        "closed": f"the airport has had no passengers since {since}: closed since then",
        "reopened": f"the airport reopened in {since}, after months without passengers",
        "opened": f"the airport opened in {since}: its first passengers in these data",
    }[found.what]
    if before:
        text += f"; that was {counted(found.before_cutoff, 'period')} before the cutoff"
    yield candidate(
        findings,
        rules,
        "level_shift_before_cutoff" if before else "local_shock",
        found.what,
        "flights",
        shown=_towards(found, case) and abs(case.miss) >= WORTH * max(case.mean, case.actual),
        share=1.0,
        sure=BY_ITS_ZEROS * own_part(findings, rules),
        statement=text,
    )


def _towards(found: Flights, case: Case) -> bool:
    return case.miss > 0 if found.what == "closed" else case.miss < 0


def moved_apart(findings: Findings, rules: ExplainRules) -> Iterator[Candidate]:
    """It moved away from its peers at once and has stayed there, however wide its interval is."""
    case = findings.case
    run = _run(case)
    if run is None:
        return
    first, size, deviations = run
    since = case.forecast.ds[first]
    if case.fresh is not None and since <= case.fresh.ds[-1]:
        return  # the model could have seen it
    text = (
        f"a lasting change at this airport alone: its level has been {100 * math.expm1(size):+.0f} "
        f"% from where its peers went since {period(str(since), case.seen.freq)}, "
        f"{number(deviations)} times what is usual among them"
    )
    if not case.outside:
        text += "; its interval was so wide that it holds the change all the same"
    share = gone(case, case.mean * math.exp(size) - case.actual)
    yield candidate(
        findings,
        rules,
        "local_shock",
        "lasting",
        "apart",
        shown=share >= rules.near,
        share=share,
        sure=certainty(deviations - APART, APART),
        statement=text,
    )


def _run(case: Case) -> tuple[int, float, float] | None:
    """First lead of the run of periods far from the peers, their mean distance, and deviations."""
    at, sign = case.lead - 1, -math.copysign(1.0, case.miss)
    if at >= len(case.apart) or index_of(case.known, case.date) is None:
        return None
    far = [a is not None and a[1] * sign >= APART for a in case.apart]
    if not far[at]:
        return None
    first = stop = at
    while first > 0 and far[first - 1]:
        first -= 1
    while stop < len(far) and far[stop]:
        stop += 1
    distances = [a for a in case.apart[first:stop] if a is not None]
    size = sum(a[0] for a in distances) / len(distances)
    before = case.apart[first - 1] if first else (0.0, 0.0)
    sudden = before is not None and before[0] * sign <= SUDDEN * abs(size)
    if stop - first < LASTING or abs(size) < LEAST_APART or not sudden:
        return None
    return first, size, sum(abs(a[1]) for a in distances) / len(distances)
