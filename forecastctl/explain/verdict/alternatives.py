"""Forecasts of other models on record: trials, the baseline, today's champion. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from forecastctl.explain.parts.attribution import value_at
from forecastctl.explain.values import Alternative
from forecastctl.models.baseline import BASELINE, baseline
from forecastctl.records import Member, Specification

if TYPE_CHECKING:
    from collections.abc import Iterator

    from forecastctl.explain.case import Case
    from forecastctl.explain.values import AlternativeKind
    from forecastctl.records import Series, Trial

MOST = 40
"""Trials that are fitted again at most."""


def alternatives(case: Case) -> tuple[Alternative, ...]:
    """Every recorded alternative, nearest to the actual first.

    Each is fitted again to the data as the model saw them; what cannot be fitted is left out.
    """
    others = [
        Alternative(
            kind=kind,
            label=specification.label,
            trial=trial.number if trial else None,
            value=value,
            miss=value - case.actual,
            loss=trial.loss if trial else None,
            start=trial.start if trial else None,
        )
        for kind, specification, trial, series in _candidates(case)
        if (value := value_at(case, series, specification)) is not None
    ]
    return tuple(sorted(others, key=lambda a: (abs(a.miss), a.trial is None, a.trial or 0)))


def _candidates(
    case: Case,
) -> Iterator[tuple[AlternativeKind, Specification, Trial | None, Series]]:
    used = case.model.specification
    alone = {m.model.key for m in used.members} if len(used.members) == 1 else set()
    for trial in _distinct(case):
        if trial.model.key in alone:
            continue
        kind: AlternativeKind = "baseline" if trial.model.family == BASELINE else "trial"
        yield kind, Specification((Member(trial.model),)), trial, case.seen
    if not any(t.model.family == BASELINE for t in case.trials):
        naive = Specification((Member(baseline(case.seen.n, case.seen.season_length)),))
        if {m.model.key for m in naive.members} != alone:
            yield "baseline", naive, None, case.seen
    if case.champion is not None:
        yield "champion", case.champion, None, case.seen
    if case.fresh is not None:  # it ends before the period explained
        yield "refit", used, None, case.fresh


def _distinct(case: Case) -> list[Trial]:
    """Successful trials without repetitions, best loss first."""
    good = [t for t in case.trials if t.loss is not None and t.duplicate_of is None]
    return sorted(good, key=lambda t: (t.loss or 0.0, t.number))[:MOST]
