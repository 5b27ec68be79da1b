"""Signs that the data, not the forecast, are wrong: units, labels, missing and revised values.

Pure; each test returns a `Fault` with the numbers that speak for it, or ``None``.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from forecastctl.explain.case import overlap
from forecastctl.explain.verdict.fault import IN_DOUBT, Fault, gone
from forecastctl.explain.verdict.faults_seen import revision, unit_seen
from forecastctl.explain.verdict.neighbours import calm_neighbours
from forecastctl.explain.verdict.swaps import swapped
from forecastctl.explain.verdict.zeros import missing
from forecastctl.figures import number, percent

if TYPE_CHECKING:
    from forecastctl.explain.case import Case
    from forecastctl.records import ExplainRules

UNITS = (10.0, 100.0, 1000.0, 1e6)
UNIT_SLACK = 0.3
"""How far the rescaled actual may be from the forecast, as a share of the forecast."""

SAME = 1e-6
SHIFT_GAIN = 0.4
"""A shifted series must fit this much better: its error at most this share of the unshifted."""

SHIFT_LEAST = 4
"""Months since the cutoff that a shift must show in."""

MOVED_LEAST = 2
"""Values that stand one period off; that two large numbers are equal by chance is unlikely."""

MOVED_SHARE = 0.6
"""Share of the values since the first revised one that must have moved."""


def faults(case: Case, rules: ExplainRules) -> tuple[Fault, ...]:
    """Every fault that shows, the surest first."""
    tests = (
        unit(case),
        missing(case),
        label_shift(case),
        revision(case, rules),
        unit_seen(case, rules),
        swapped(case, rules),
        late(case, rules),
        in_doubt(case, rules),
    )
    return tuple(sorted((f for f in tests if f), key=lambda f: -f.certainty))


def unit(case: Case) -> Fault | None:
    """The actual is a power of ten away from the forecast while its neighbours are not.

    Where the next month is not known yet, a fall to a tenth may be a shock as well; then the
    other airports must have been ordinary.
    """
    if case.actual <= 0 or case.mean <= 0:
        return None
    for factor in UNITS:
        for scaled, up in ((case.actual * factor, False), (case.actual / factor, True)):
            gap = abs(scaled - case.mean)
            if gap > min(max(2.0 * case.scale, UNIT_SLACK * case.mean), 0.5 * case.mean):
                continue
            calm = calm_neighbours(case, math.log(factor) / 2.0)
            if calm is False or (
                calm is None and not up and factor == UNITS[0] and not others(case)
            ):
                return None
            what = (
                f"the actual divided by {factor:,.0f}" if up else f"{factor:,.0f} times the actual"
            )
            text = f"{what}, {number(scaled)}, is near the forecast of {number(case.mean)}"
            certainty, share = 0.97 if calm else 0.85, gone(case, scaled - case.mean)
            ratio = case.actual / case.mean
            return Fault(
                name="unit",
                statement=text,
                value=ratio,
                threshold=factor if up else 1.0 / factor,
                certainty=certainty,
                share=share,
            )
    return None


def others(case: Case) -> bool:
    """Whether there are other airports and most of them were ordinary."""
    outside = [p.outside for p in case.fleet]
    return len(outside) > 1 and sum(outside) * 2 <= len(outside)


def label_shift(case: Case) -> Fault | None:
    """The newer data equal the older ones, or the forecast, when moved by one period."""
    return _shifted_history(case) or _shifted_future(case)


def _shifted_history(case: Case) -> Fault | None:
    at, values = overlap(case.seen, case.known)
    for step in (-1, 1):
        inside = (at + step >= 0) & (at + step < case.seen.n)
        shifted = _equal(case.seen.y[at[inside] + step], values[inside])
        plain = _equal(case.seen.y[at[inside]], values[inside])
        moved = shifted & ~plain
        since = np.flatnonzero(~plain)
        if len(since) < MOVED_LEAST:
            continue
        share = float(np.mean(shifted[since[0] :]))
        if share >= MOVED_SHARE and moved.sum() >= MOVED_LEAST:
            side = "earlier" if step == 1 else "later"
            text = (
                f"{int(moved.sum())} of the values that the model saw now stand one period {side}"
            )
            other = case.known_at(-step)
            left = None if other is None else case.mean - other
            return Fault(
                name="label_shift",
                statement=text,
                value=share,
                threshold=MOVED_SHARE,
                certainty=0.97,
                share=gone(case, left),
            )
    return None


def _equal(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.asarray(np.abs(a - b) <= SAME * np.maximum(np.abs(a), np.abs(b)))


def _shifted_future(case: Case) -> Fault | None:
    """The months after the cutoff follow the forecast when it is moved by one period."""
    leads = np.arange(len(case.forecast.ds))
    position = np.searchsorted(case.known.ds, case.forecast.ds)
    has_actual = (position < case.known.n) & (
        case.known.ds[np.minimum(position, case.known.n - 1)] == case.forecast.ds
    )
    path, actual = case.forecast.mean, np.full(len(leads), np.nan)
    actual[has_actual] = case.known.y[position[has_actual]]
    plain = np.abs(path - actual)
    for step in (-1, 1):
        moved = np.full(len(path), np.nan)
        moved[max(0, -step) : len(path) - max(0, step)] = path[
            max(0, step) : len(path) + min(0, step)
        ]
        both = np.isfinite(moved) & np.isfinite(actual)
        if both.sum() < SHIFT_LEAST or not both[case.lead - 1]:
            continue
        shifted = np.abs(moved - actual)[both]
        gain = float(np.sum(shifted) / max(float(np.sum(plain[both])), 1e-12))
        left = float(shifted[np.flatnonzero(both) == case.lead - 1][0])
        steady = float(np.mean(shifted < plain[both]))
        if gain <= SHIFT_GAIN and left <= abs(case.miss) / 2 and steady >= 0.75:  # noqa: PLR2004 - three quarters
            side = "late" if step == -1 else "early"
            text = (
                f"the {int(both.sum())} months since the cutoff follow the forecast one period "
                f"{side}: the error would fall to {percent(gain)}"
            )
            return Fault(
                name="label_shift",
                statement=text,
                value=gain,
                threshold=SHIFT_GAIN,
                certainty=0.85,
                share=gone(case, left),
                shock_like=True,  # a fall at the end of the season does the same
            )
    return None


def late(case: Case, rules: ExplainRules) -> Fault | None:
    """The actual has been revised, and its first value would not have been such a miss."""
    first = case.first_actual
    if first is None or first == case.actual or case.miss == 0:
        return None
    share = (first - case.actual) / case.miss
    left = gone(case, case.mean - first)
    small = share < rules.revised or left < rules.revised
    if small or math.isclose(first, case.actual, rel_tol=SAME):
        return None
    text = f"the actual was first recorded as {number(first)} and is {number(case.actual)} now"
    return Fault(
        name="actual_revised",
        statement=text,
        value=share,
        threshold=rules.revised,
        certainty=0.95,
        share=left,
    )


def in_doubt(case: Case, rules: ExplainRules) -> Fault | None:
    """The newest data hold several values of the period, and nothing says which is right.

    Where the choice makes much of the largest of the misses, nothing is known of it until it is
    made. Where all of them are noise, or none is much smaller, it accounts for nothing.
    """
    if not case.in_doubt:
        return None
    misses = [abs(case.mean - value) for value in case.in_doubt]
    least, most = min(misses), max(misses)
    share = 1.0 - least / most if most > rules.noise_z * case.scale else 0.0
    depends = share >= rules.revised
    held = " and ".join(number(value) for value in case.in_doubt)
    what = f"the newest data hold {len(case.in_doubt)} different values of this period, {held}"
    text = (
        f"{what}: whether it was missed depends on which is right"
        if depends
        else f"{what}; the last counts, and with each of them the answer is much the same"
    )
    return Fault(
        name=IN_DOUBT,
        statement=text,
        value=share,
        threshold=rules.revised,
        certainty=0.97,
        share=1.0 if depends else 0.0,
    )
