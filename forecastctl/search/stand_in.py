"""What stands in for the result of a search that found nothing, or cannot be made. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from forecastctl.errors import ModelError
from forecastctl.models.baseline import baseline, called
from forecastctl.models.combination.widths import calibrated
from forecastctl.models.make import make_model
from forecastctl.models.pretrained import Pretrained
from forecastctl.records import TOO_FEW, TOO_SHORT, Member, Specification, TuneResult
from forecastctl.search.short import by_rule, network_fits, stand_in

if TYPE_CHECKING:
    from forecastctl.records import SearchSpec, Series, Trial, Widths
    from forecastctl.search.trials import Search


def none_succeeded(run: Search) -> TuneResult:
    """What stands in unvalidated, where that is allowed: of a series of zeros, for example.

    It is the baseline, and the whole pool where most periods are zero, which the last season tells
    little of.
    """
    reasons = "; ".join(sorted({t.reason or "" for t in run.trials}))
    failed = f"all {len(run.trials)} trials failed: {reasons}"
    if not run.search.fallback:
        raise ModelError(
            f"{run.series.airport}: {failed}",
            "Look at the series with 'forecastctl check', or choose another --loss.",
        )
    stopped = run.ended or run.stopped or "max_evals"
    if not run.intermittent:
        naive = Specification((Member(baseline(run.series.n, run.series.season_length)),))
        return _standing_in(naive, _called(naive), failed, tuple(run.trials), stopped)
    models = [make_model(name, options) for name, options in run.pool]
    found = Specification(tuple(Member(model, 1.0 / len(models)) for model in models))
    return _standing_in(found, found.label, failed, tuple(run.trials), stopped)


def too_short(series: Series, search: SearchSpec, widths: Widths) -> TuneResult:
    """What stands in without a search, as wide as the fleet's errors, or a rule, say."""
    network = network_fits(series.y, series.season_length, search)
    rule = by_rule(series.n, series.season_length, network=network)
    found = stand_in(series.n, series.season_length, search, network=network)
    few = f"{series.n} {TOO_FEW}"
    result = _standing_in(found, _called(found), few, (), TOO_SHORT)
    source = "its errors in longer series" if widths and widths != rule else "a plain rule"
    reason = f"{result.reason}, its interval from {source}"
    return calibrated(replace(result, reason=reason), widths or rule)


def _called(specification: Specification) -> str:
    """What stands in, in words: the network, a baseline, or the mean of both."""
    first, *others = specification.members
    if first.model.family != Pretrained.name:
        return called(first.model.label)
    return "the mean of the network and the seasonal naive" if others else "the network"


def _standing_in(
    specification: Specification, name: str, why: str, trials: tuple[Trial, ...], stopped: str
) -> TuneResult:
    """What stands in for a search's result, and why."""
    reason = f"{why}; {name} stands in"
    return TuneResult(
        specification, None, {}, trials, (), reason=reason, stopped=stopped, space=(), repeats=0
    )
