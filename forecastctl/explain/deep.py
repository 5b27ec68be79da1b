"""The parts of an explanation that need the series again: verdict, attribution, fleet, replay."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from forecastctl.errors import ForecastctlError, NothingRecordedError
from forecastctl.explain.case import index_of
from forecastctl.explain.parts.attribution import attribute
from forecastctl.explain.question import Actual, Explanation
from forecastctl.explain.read.case import (
    Setting,
    read_case,
    read_known,
    read_seen,
)
from forecastctl.explain.read.gap import find_gap
from forecastctl.explain.read.vintages import previous, vintage_change
from forecastctl.explain.recorded import judged, pick
from forecastctl.explain.standing import ordinary_error
from forecastctl.explain.verdict.rules import find, judge
from forecastctl.figures import number, percent
from forecastctl.models.combination.replay import replay
from forecastctl.recording.read import read_forecast, read_model
from forecastctl.records import ExplainView, Forecast, VintagePath

if TYPE_CHECKING:
    from collections.abc import Sequence

    from forecastctl.explain.case import Case
    from forecastctl.explain.question import Question, Vintage
    from forecastctl.explain.read.case import Known
    from forecastctl.explain.read.series import Source
    from forecastctl.explain.verdict.rules import Verdict
    from forecastctl.records import FleetPoint, Series, StoredRun
    from forecastctl.store.port import Tracker

AROUND = 6
"""Neighbouring periods that are shown on each side."""

PATHS_SHOWN = 36


@dataclass(frozen=True, slots=True)
class Asked:
    """The question with what the record gave at once."""

    question: Question
    chosen: Vintage
    vintages: Sequence[Vintage]
    run: StoredRun
    model_run: StoredRun
    runs: Sequence[StoredRun]


def deepen(tracker: Tracker, found: Explanation, asked: Asked, newer: Source | None) -> Explanation:
    """Add verdict, parts, fleet, alternatives, neighbours, replay and what changed."""
    date = dt.date.fromisoformat(asked.chosen.date)
    setting = Setting(asked.question.airport, date, asked.run, asked.model_run, asked.runs)
    facts = {**found.facts, "replay": _replay(tracker, asked)}
    facts["rules"] = asdict(asked.question.rules)
    facts["vintage_change"] = _change(tracker, asked)
    known = read_known(tracker, setting, newer)
    if known is None or known.actual is None:
        facts |= _no_actual(asked, known)
        return Explanation(facts, _view(tracker, asked, known, read_seen(tracker, setting)))
    case, why = _case(tracker, setting, known)
    if case is None:
        advice = f"Keep the artifacts of runs: {why}"
        cannot = {"verdict": "cannot_tell", "confidence": 1.0, "next_time": [advice]}
        return Explanation({**facts, **cannot}, _view(tracker, asked, known, None))
    actual = Actual(known.actual, known.source.label)
    facts |= judged(asked.chosen, asked.vintages, (actual, None), case.model)
    findings = find(case, asked.question.rules)
    facts |= _verdict_facts(asked, case, judge(findings, asked.question.rules))
    facts["parts"] = [part.to_dict() for part in attribute(case)]
    facts["fleet"] = findings.fleet.to_dict()
    facts["break"] = findings.broke.to_dict() if findings.broke else None
    facts["alternatives"] = [
        {**a.to_dict(), "run_id": _run_of(a.kind, a.trial, facts, case)}
        for a in findings.alternatives
    ]
    facts["neighbours"] = _neighbours(case)
    return Explanation(facts, _view(tracker, asked, known, case.seen, case.fleet))


def _case(tracker: Tracker, setting: Setting, known: Known) -> tuple[Case | None, str]:
    """The case, or what is gone or damaged that it would need."""
    try:
        case = read_case(tracker, setting, known)
    except NothingRecordedError as error:
        return None, error.message
    return case, "the series that the model saw cannot be prepared again."


def _no_actual(asked: Asked, known: Known | None) -> dict[str, Any]:
    """No verdict without an actual, why there is none, and how to get one."""
    run, chosen, facts = asked.run, asked.chosen, {}
    if known is not None:
        gap = find_gap(known.source, chosen.airport, chosen.date, run.tags["freq"])
        facts = judged(chosen, asked.vintages, (None, gap), None)
    advice = f"Give --data FILE with a file that holds {chosen.date}, or run again once it does."
    if run.tags.get("kind") == "group":
        advice = "It is a sum, of which data hold no rows: ask about the airports that it adds up."
    return {**facts, "verdict": "cannot_tell", "confidence": 1.0, "next_time": [advice]}


def _verdict_facts(asked: Asked, case: Case, verdict: Verdict) -> dict[str, Any]:
    """The verdict, and the whole answer in a sentence."""
    side = "too high" if case.miss > 0 else "too low"
    share = f" ({percent(abs(case.miss / case.actual))})" if case.actual else ""
    how = f"{number(abs(case.miss))} {side}{share}" if case.miss else "exactly as forecast"
    day = dt.date.fromisoformat(asked.chosen.date)
    month = f"{day:%B %Y}" if case.seen.freq[0] in "MQ" else str(day)
    head = (
        f"{asked.question.airport}, {month}: {number(case.mean)} forecast, {number(case.actual)} "
        f"came true, {how}"
    )
    return {
        "sentence": f"{head}: {verdict.headline}.",
        "verdict": verdict.name,
        "confidence": verdict.confidence,
        "evidence": [e.to_dict() for e in verdict.evidence],
        "next_time": list(verdict.next_time),
    }


def _replay(tracker: Tracker, asked: Asked) -> dict[str, Any]:
    """The stored forecast again from stored parameters and states."""
    try:
        stored = read_forecast(tracker, asked.run.run_id)
        model = read_model(tracker, asked.model_run.run_id)
    except NothingRecordedError as error:
        return {"result": "not stored", "largest_difference": None, "where": [error.message]}
    return replay(model, stored).to_dict()


def _run_of(kind: str, trial: int | None, facts: dict[str, Any], case: Case) -> str | None:
    """Where an alternative is recorded."""
    if kind == "champion":
        return case.champion_run
    owner = facts["lineage"]["tuned_run_id"]
    return None if trial is None else f"{owner}#{trial}"


def _neighbours(case: Case) -> list[dict[str, Any]]:
    """The airport's own months around the one explained, on the same path."""
    rows = []
    for lead in range(max(1, case.lead - AROUND), min(len(case.forecast.mean), case.lead + AROUND)):
        at = index_of(case.known, np.datetime64(case.forecast.ds[lead - 1], "D"))
        if at is None:
            continue
        mean, actual = float(case.forecast.mean[lead - 1]), float(case.known.y[at])
        sd = float(case.forecast.sd[lead - 1])
        usual = ordinary_error(sd, lead, case.model.backtest_errors)
        rows.append(
            {
                "date": str(case.forecast.ds[lead - 1]),
                "lead": lead,
                "forecast": mean,
                "actual": actual,
                "miss": mean - actual,
                "z": (mean - actual) / usual if usual > 0 else None,
            }
        )
    return rows


def _change(tracker: Tracker, asked: Asked) -> dict[str, Any] | None:
    """What changed the number: between the cutoffs asked for, or since the vintage before."""
    pair = asked.question.between
    if pair is not None:
        first, second = (pick(asked.vintages, cutoff) for cutoff in pair)
        return vintage_change(tracker, first, second)
    before = previous(asked.chosen, asked.vintages)
    if before is None:
        return None
    try:
        return vintage_change(tracker, before, asked.chosen)
    except ForecastctlError as error:
        empty = {"difference": asked.chosen.mean - before.mean, "order": [], "parts": []}
        ends = {"from": before.cutoff, "to": asked.chosen.cutoff}
        return {**ends, **empty, "notes": [error.message]}


def _view(
    tracker: Tracker,
    asked: Asked,
    known: Known | None,
    seen: Series | None,
    fleet: tuple[FleetPoint, ...] = (),
) -> ExplainView | None:
    """The series behind the charts; ``None`` where the forecast is gone."""
    try:
        forecast = read_forecast(tracker, asked.run.run_id)
    except NothingRecordedError:
        return None
    paths = []
    for vintage in asked.vintages[:PATHS_SHOWN]:
        try:
            path = read_forecast(tracker, vintage.run_id)
        except NothingRecordedError:
            continue
        paths.append(VintagePath(vintage.cutoff, vintage.origin, path.ds, path.mean))
    return _made_view(asked.run, asked.chosen.date, (seen, known), forecast, tuple(paths), fleet)


def failed_view(
    tracker: Tracker, run: StoredRun, date: dt.date, runs: Sequence[StoredRun]
) -> ExplainView:
    """The series where there is no forecast because the run failed."""
    setting = Setting(run.tags["airport"], date, run, run, runs)
    known = read_known(tracker, setting, None)
    nothing = np.array([])
    empty = Forecast(run.tags["cutoff"], nothing.astype("datetime64[D]"), nothing, nothing, {})
    return _made_view(run, str(date), (read_seen(tracker, setting), known), empty)


def _made_view(
    run: StoredRun,
    date: str,
    series: tuple[Series | None, Known | None],
    forecast: Forecast,
    paths: tuple[VintagePath, ...] = (),
    fleet: tuple[FleetPoint, ...] = (),
) -> ExplainView:
    seen, known = series
    nothing = np.array([])
    days = nothing.astype("datetime64[D]")
    return ExplainView(
        run.tags["airport"],
        date,
        run.tags["freq"],
        int(run.tags["season_length"]),
        days if seen is None else seen.ds,
        nothing if seen is None else seen.y,
        days if known is None else known.series.ds,
        nothing if known is None else known.series.y,
        forecast,
        paths,
        fleet,
    )
