"""What stands in for a search's result, where there was none or nothing came of it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from forecastctl.errors import ModelError
from forecastctl.models.baseline import baseline, called
from forecastctl.models.combination.widths import calibrated
from forecastctl.records import TOO_FEW, TOO_SHORT, Member, Specification, Trial, TuneResult
from forecastctl.search.short import by_rule

if TYPE_CHECKING:
    from forecastctl.records import Series, Widths
    from forecastctl.search.trials import Search


def none_succeeded(run: Search) -> TuneResult:
    """The baseline unvalidated, where a fallback is allowed: a series of zeros, for example."""
    reasons = "; ".join(sorted({t.reason or "" for t in run.trials}))
    failed = f"all {len(run.trials)} trials failed: {reasons}"
    if not run.search.fallback:
        raise ModelError(
            f"{run.series.airport}: {failed}",
            "Look at the series with 'forecastctl check', or choose another --loss.",
        )
    return _baseline(run.series, failed, tuple(run.trials), run.ended or run.stopped or "max_evals")


def too_short(series: Series, widths: Widths) -> TuneResult:
    """The baseline, as wide as the fleet's errors, or a rule, say."""
    rule = by_rule(series.n, series.season_length)
    few = f"{series.n} {TOO_FEW}"
    found = _baseline(series, few, (), TOO_SHORT)
    source = "its errors in longer series" if widths and widths != rule else "a plain rule"
    reason = f"{found.reason}, its interval from {source}"
    return calibrated(replace(found, reason=reason), widths or rule)


def _baseline(series: Series, why: str, trials: tuple[Trial, ...], stopped: str) -> TuneResult:
    """What stands in for a search's result, and why."""
    model = baseline(series.n, series.season_length)
    reason = f"{why}; {called(model.label)} stands in"
    specification = Specification((Member(model),))
    return TuneResult(
        specification, None, {}, trials, (), reason=reason, stopped=stopped, space=(), repeats=0
    )
