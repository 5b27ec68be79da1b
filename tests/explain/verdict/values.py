"""Misses made by hand: every number in them is one that a reader can check.

The history is flat, the model is the seasonal naive without drift (it repeats the last year, and
so does a refit), and nothing is estimated. A test changes what it is about and nothing else.
"""

from dataclasses import replace

import numpy as np

from forecastctl.explain.case import Case
from forecastctl.explain.verdict.alternatives import Alternative
from forecastctl.explain.verdict.fault import Fault
from forecastctl.explain.verdict.findings import Findings
from forecastctl.explain.verdict.fleet import view_fleet
from forecastctl.explain.verdict.rules import find, judge
from forecastctl.models.make import make_model
from forecastctl.records import (
    ExplainRules,
    FittedMember,
    FittedModel,
    FleetPoint,
    Forecast,
    Member,
    Series,
)

RULES = ExplainRules()
SNAIVE = make_model("seasonal_naive", {"drift": False})
DRIFT = make_model("seasonal_naive", {"drift": True})
N, H, M, LEVEL = 60, 12, 12, 1000.0
FIRST = np.datetime64("2015-01", "M")
JUST = 1e-6
"""Relative distance of a boundary case from its threshold."""


def months(n, start=0):
    return (FIRST + start + np.arange(n)).astype("datetime64[D]")


def series(y, season_length=M):
    y = np.asarray(y, float)
    return Series("JFK", "M", season_length, months(len(y)), y, "digest")


def flat(n=N):
    return np.full(n, LEVEL)


def wavy(n=N, size=0.1):
    """Flat, but for growth of ``size`` in every other year: changes over a season spread."""
    return LEVEL * np.exp(size * ((np.arange(n) // M) % 2))


def case_of(
    mean=LEVEL,
    sd=10.0,
    actual=LEVEL,
    *,
    lead=1,
    h=H,
    errors=(),
    width=1.96,
    seen=None,
    after=(),
    **more,
):
    """A miss.

    Args:
        mean: Forecast at every lead, or the whole path.
        sd: Its standard deviation.
        actual: What came true at the lead.
        lead: Periods ahead.
        h: Periods of the path.
        errors: Backtest errors by fold and lead.
        width: Half width of the 95 % interval in standard deviations.
        seen: Values that the model saw; flat by default.
        after: Values known after the period explained.
        more: Fields of the case. ``known`` may be a list of values; by default it is what was seen,
            the path up to the lead, the actual, and ``after``.
    """
    path = np.broadcast_to(np.asarray(mean, float), h).copy()
    spread = np.full(h, float(sd))
    band = (np.maximum(path - width * spread, 0.0), path + width * spread)
    y = flat() if seen is None else np.asarray(seen, float)
    known = more.pop("known", None)
    if known is None:
        known = np.concatenate([y, path[: lead - 1], [actual], after])
    forecast = Forecast(str(months(len(y))[-1]), months(h, len(y)), path, spread, {95: band})
    member = FittedMember(Member(SNAIVE), {}, {}, float(sd))
    model = FittedModel((member,), "M", M, forecast.cutoff, len(y), backtest_errors=errors)
    return Case(lead, forecast, float(actual), series(y), series(known), model, **more)


def found_of(case, *, faults=(), alternatives=(), broke=None, reset=None):
    """What was found about a case, as given."""
    view = view_fleet(case.fleet, case.miss, case.stands_out)
    return Findings(case, view, broke, tuple(alternatives), tuple(faults), reset)


def said(case, rules=RULES):
    """The verdict on a case."""
    return judge(find(case, rules), rules)


def named(case, rules=RULES, **found):
    """Name of the verdict on what was found."""
    return judge(found_of(case, **found), rules).name


def fault_of(name, share=1.0, certainty=0.9):
    return Fault(name, f"{name} is wrong", 1.0, 0.5, certainty, share)


def faults_named(case, rules=RULES):
    return [fault.name for fault in find(case, rules).faults]


def near(kind, miss, actual, loss=1.0, trial=1):
    """An alternative that missed by so much."""
    return Alternative(kind, "ETS(A,N,A)", trial, actual + miss, miss, loss)


def others(quiet=0, below=0, above=0, z=9.0):
    """Other airports: ordinary ones, and those outside their intervals on a side."""
    points = [
        *(FleetPoint(f"Q{i}", 0.1, 1.0, False, True) for i in range(quiet)),
        *(FleetPoint(f"B{i}", z, 0.5, True, True) for i in range(below)),
        *(FleetPoint(f"A{i}", -z, 1.5, True, True) for i in range(above)),
    ]
    return tuple(points)


def renewed(case, **changes):
    """The case with other values known now, or seen then."""
    for field in ("seen", "known"):
        if field in changes:
            y = np.asarray(changes[field], float)
            changes[field] = series(y)
    return replace(case, **changes)
