"""What a miss is put down to where no cause is shown: noise, or a shock that nothing explains."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from forecastctl.explain.size import INSIDE, POOR, USUAL, WELL, large, usualness
from forecastctl.explain.verdict.candidate import candidate, certainty
from forecastctl.explain.verdict.causes.fleet import since
from forecastctl.explain.verdict.evidence import same_side
from forecastctl.explain.verdict.findings import naive_error, ordinary
from forecastctl.explain.verdict.spread import (
    ALLOWED,
    LEAST_ERROR,
    clean_scale,
    too_narrow,
    too_wide,
)
from forecastctl.figures import number, percent

if TYPE_CHECKING:
    from forecastctl.explain.case import Case
    from forecastctl.explain.values import Candidate
    from forecastctl.explain.verdict.findings import Findings
    from forecastctl.records import ExplainRules

WIDE = "wide"
CAPPED = {INSIDE: 0.7, POOR: 0.6, WIDE: 0.6}
"""Highest certainty where only the interval allows for the miss, as there may be a cause."""

PERCENT_UP_TO = 10.0
"""A usual error of more than so many levels is given in times of it."""


def left_over(findings: Findings, rules: ExplainRules, explained: float) -> Candidate:
    """What the part of the miss is that no cause explains.

    Args:
        findings: What was found.
        rules: The thresholds.
        explained: Largest share of the miss that a cause that is shown accounts for.
    """
    rest, case = 1.0 - explained, findings.case
    if case.met:
        return _met(findings, rules)
    if ordinary(findings, rules):
        return _ordinary(findings, rules, rest)
    if findings.fleet.airports < rules.fleet_least:
        return _unplaced(findings, rules, rest)
    return _local(findings, rules, rest)


def _ordinary(findings: Findings, rules: ExplainRules, rest: float) -> Candidate:
    """A miss that needs no cause: noise, a poor model, or one outside the interval."""
    case = findings.case
    if too_narrow(case):
        return _narrow(findings, rules, rest)
    if case.outside:
        return _unusual(findings, rules, rest)
    if large(case.miss, case.actual):
        return _poor(findings, rules, rest)
    return _noise(findings, rules, rest)


def _met(findings: Findings, rules: ExplainRules) -> Candidate:
    """A forecast that came true to the passenger."""
    return candidate(
        findings,
        rules,
        "expected_noise",
        "noise",
        "noise",
        shown=True,
        share=1.0,
        sure=1.0,
        statement="there is no miss to explain",
    )


def _inside(case: Case) -> str:
    """What speaks for a miss that no error of the backtest speaks for."""
    if case.percentile is None:
        return "inside its 95 % interval; there was no backtest to compare it with"
    return "inside its 95 % interval, though its backtest held no such error"


def _noise(findings: Findings, rules: ExplainRules, rest: float) -> Candidate:
    """Noise, in words that depend on how large the miss is and how good the model was."""
    case = findings.case
    z, wide = abs(case.z), too_wide(case)
    sure = certainty(rules.noise_z - z, rules.noise_z)
    kind = usualness(case.miss, case.actual, case.percentile, z / rules.noise_z)
    text = {
        WELL: "well within the error that this model was known to make",
        USUAL: "within the error that this model was known to make",
        INSIDE: _inside(case),
    }[kind]
    if wide is not None:
        text = (
            f"inside its 95 % interval, but that is {number(wide)} times as wide as the months of "
            "this airport vary, so that it tells little"
        )
    return candidate(
        findings,
        rules,
        "expected_noise",
        "noise",
        "noise",
        shown=True,
        share=rest,
        sure=min(sure, CAPPED[WIDE] if wide is not None else CAPPED.get(kind, 1.0)),
        statement=text,
    )


def _narrow(findings: Findings, rules: ExplainRules, rest: float) -> Candidate:
    """As near as forecasts of months come; the interval alone was narrower than that."""
    case = findings.case
    text = (
        f"a miss of {percent(abs(case.miss) / case.level)} of the level is noise; the interval was "
        f"too narrow, as its usual error is {percent(case.scale / case.level)} of the level"
    )
    limit = ALLOWED * LEAST_ERROR * case.level
    return candidate(
        findings,
        rules,
        "expected_noise",
        "narrow interval",
        "narrow",
        shown=True,
        share=rest,
        sure=certainty(limit - abs(case.miss), limit),
        statement=text,
    )


def _poor(findings: Findings, rules: ExplainRules, rest: float) -> Candidate:
    """A large miss inside the interval: the model was poor, or the history tells no better."""
    case = findings.case
    z, varies = abs(case.z), clean_scale(case)
    sure = min(certainty(rules.noise_z - z, rules.noise_z), CAPPED[POOR])
    swings = varies is None or abs(case.miss) <= rules.doubt_z * varies
    poor = f"the model was known to be poor here{_usual(case)}{_beside_naive(case)}"
    if not swings:
        return candidate(
            findings,
            rules,
            "weak_forecast",
            "weak model",
            "noise",
            shown=True,
            share=rest,
            sure=sure,
            statement=f"inside its 95 % interval, but {poor}",
        )
    why = (
        "the history is too short to tell"
        if varies is None
        else f"its months change by {_of_level(varies, case)} from season to season"
    )
    return candidate(
        findings,
        rules,
        "cannot_tell",
        "history",
        "noise",
        shown=True,
        share=rest,
        sure=sure,
        statement=f"inside its 95 % interval, but {poor}; {why}, so that nothing can be told",
        next_time=("Record more history: forecasts of this airport can be no surer than it is.",),
    )


def _beside_naive(case: Case) -> str:
    """Whether repeating the last season had erred more: ``, more than the seasonal naive``."""
    naive = naive_error(case)
    if naive is None or not math.isfinite(case.scale):
        return ""
    return ", more than the seasonal naive's" if case.scale > naive else ", less than the naive's"


def _of_level(size: float, case: Case) -> str:
    return percent(size / case.level) if case.level > 0 else number(size)


def _usual(case: Case) -> str:
    """How poor: ``: its usual error is 62 % of the level``."""
    whole, what = min((case.level, "level"), (case.mean, "forecast"))
    if not math.isfinite(case.scale) or not whole > 0:
        return ""
    share = case.scale / whole
    size = f"{percent(share)} of" if share < PERCENT_UP_TO else f"{number(share)} times"
    return f": its usual error is {size} the {what}"


def _unusual(findings: Findings, rules: ExplainRules, rest: float) -> Candidate:
    """Outside the stated interval without a cause: one ordinary month in twenty is."""
    case = findings.case
    lo, hi = case.stated
    beyond = max(lo - case.actual, case.actual - hi)
    return candidate(
        findings,
        rules,
        "cannot_tell",
        "unusual",
        "interval",
        shown=True,
        share=rest,
        sure=certainty(beyond, (hi - lo) / 2.0),
        statement="outside its 95 % interval, cause not found; so is one ordinary month in twenty",
    )


def _unplaced(findings: Findings, rules: ExplainRules, rest: float) -> Candidate:
    """A shock, but too few airports to tell whether it is local."""
    many = "a single airport" if findings.case.panel_airports == 1 else "too few airports"
    text = (
        f"a shock that no recorded alternative came near; with {many} in the data it cannot tell "
        f"local from system-wide{since(findings)}"
    )
    advice = (
        f"Record at least {rules.fleet_least} airports in one panel, to tell local from "
        "system-wide."
    )
    return candidate(
        findings,
        rules,
        "cannot_tell",
        "shock",
        "noise",
        shown=True,
        share=rest,
        sure=certainty(abs(findings.case.z) - rules.noise_z, rules.noise_z),
        statement=text,
        next_time=(advice,),
    )


def _local(findings: Findings, rules: ExplainRules, rest: float) -> Candidate:
    """A shock that the fleet did not share and no recorded alternative came near."""
    fleet = findings.fleet
    sure = min(
        certainty(abs(findings.case.z) - rules.noise_z, rules.noise_z),
        certainty(rules.system_share - (fleet.share_same or 0.0), rules.system_share),
    )
    text = f"a local shock: {same_side(fleet)}, and no recorded alternative came near"
    return candidate(
        findings,
        rules,
        "local_shock",
        "local",
        "fleet",
        shown=True,
        share=rest,
        sure=sure,
        statement=f"{text}{since(findings)}",
    )
