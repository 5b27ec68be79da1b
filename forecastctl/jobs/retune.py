"""Decides which airports a run tunes anew, and why; the others keep their specification."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from forecastctl.errors import NothingRecordedError
from forecastctl.recording.monitor import is_watched, newest_results
from forecastctl.recording.read import latest, read_tuning
from forecastctl.recording.run_of import RunOf
from forecastctl.records import AirportTask
from forecastctl.records.calendar import PERIOD_WORDS, ordinals
from forecastctl.records.schema import LIVE, Param, Tag

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from forecastctl.recording.monitor import MonitorResult
    from forecastctl.records import Plan, SearchSpec, Series, StoredRun
    from forecastctl.store.port import Tracker

log = logging.getLogger(__name__)

ALWAYS = "always"
DECISIVE_SETTINGS = (
    Param.FAMILIES,
    Param.LOSS,
    Param.MAX_EVALS,
    Param.TPE_SHARE,
    Param.FOLDS,
    Param.STEP,
    Param.COMBINE,
    Param.SHOCKS,
    Param.PARALLELISM,
    Param.TIMEOUT,
    Param.EARLY_STOP,
    Param.SEED,
    Param.HORIZON,
)
"""Settings of the search that decide what it chooses. Engines are left out: they agree."""


@dataclass(frozen=True, slots=True)
class Retuning:
    """What a run does about the specifications.

    Attributes:
        reasons: Why an airport is tuned, for each that is.
        specifications: The run that holds the specification, for each airport that keeps its own.
    """

    reasons: Mapping[str, str]
    specifications: Mapping[str, StoredRun]


def decide_retuning(
    when: str, series: Sequence[Series], search: SearchSpec, max_age: int, tracker: Tracker
) -> Retuning:
    """Which airports to tune.

    Args:
        when: ``always``; ``degraded``; or ``auto``, which is ``degraded`` once the monitor has
            looked at live forecasts in the experiment, and ``always`` before.
        series: What is to be forecast.
        search: How a search would be made now.
        max_age: Periods after which a specification is past its age.
        tracker: The store.
    """
    airports = {s.airport: s.cutoff for s in series}
    if when == ALWAYS or (when == "auto" and not is_watched(tracker)):
        return Retuning(dict.fromkeys(airports, ALWAYS), {})
    specifications = latest(tracker, Tag.TUNED, airports)
    results = newest_results(tracker, set(airports), LIVE)
    reasons: dict[str, str] = {}
    for entry in series:
        run = specifications.get(entry.airport)
        reason = _reason(entry, run, results.get(entry.airport), search, max_age)
        if reason is not None:
            reasons[entry.airport] = reason
    kept = {a: run for a, run in specifications.items() if a not in reasons}
    return Retuning(reasons, kept)


def _reason(
    series: Series,
    run: StoredRun | None,
    result: MonitorResult | None,
    search: SearchSpec,
    max_age: int,
) -> str | None:
    """Why an airport is to be tuned, or ``None``."""
    if run is None:
        return "never tuned"
    if RunOf(run).loss is None:
        return f"its last search chose nothing: {RunOf(run).reason or 'no trial succeeded'}"
    changed = _changed(series, run, search)
    if changed:
        return f"tuned with other settings: {changed}"
    age = _age(series, run)
    if age >= max_age:
        word = PERIOD_WORDS[series.freq[0]]
        return f"tuned on data up to {RunOf(run).cutoff}, {age} {word}s ago; at most {max_age}"
    if result is not None and result.status == "degraded" and run.start_ms <= result.start_ms:
        return f"degraded: {result.reason}"
    return None


def _changed(series: Series, run: StoredRun, search: SearchSpec) -> str:
    """Settings that differ from those of a search: ``max_evals 5, now 15``."""
    now = {name: getattr(search, name) for name in DECISIVE_SETTINGS}
    now |= {Param.FREQ: series.freq, Param.SEASON_LENGTH: series.season_length}
    texts = {
        name: ",".join(value) if isinstance(value, tuple) else str(value)
        for name, value in now.items()
    }
    return "; ".join(
        f"{name} {run.params[name]}, now {text}"
        for name, text in texts.items()
        if run.params.get(name, text) != text
    )


def _age(series: Series, run: StoredRun) -> int:
    """Periods from the data of a search to those of now."""
    days = np.array([RunOf(run).cutoff, series.cutoff], dtype="datetime64[D]").astype(np.int64)
    of_search, of_series = ordinals(days, series.freq)
    return int(of_series - of_search)


def airport_task(plan: Plan, series: Series, retuning: Retuning, tracker: Tracker) -> AirportTask:
    """The task of an airport: to be tuned, or to be trained and forecast as it was tuned before.

    An airport whose specification cannot be read is tuned anew, and its reason says so.
    """
    reason = retuning.reasons.get(series.airport)
    if reason is None:
        run = retuning.specifications[series.airport]
        try:
            tuned = read_tuning(tracker, run)
        except NothingRecordedError as error:
            reason = f"the specification of run {run.run_id} cannot be read: {error.message}"
            log.warning("%s is tuned anew: %s", series.airport, reason)
        else:
            kept = replace(plan, tune=False)
            return AirportTask(kept, series, tuned=tuned, sources={Tag.TUNED_BY: run.run_id})
    return AirportTask(plan, series, retuned=reason)
