"""Adds to an answer what needs the series and a few new fits: verdict, parts, alternatives."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from forecastctl.errors import ForecastctlError, NothingRecordedError
from forecastctl.explain.case import index_of
from forecastctl.explain.parts.attribution import attribute
from forecastctl.explain.question import Actual, Explanation, Subject
from forecastctl.explain.read.case import read_case, read_known, read_seen
from forecastctl.explain.read.gap import find_gap
from forecastctl.explain.read.vintages import previous, vintage_change
from forecastctl.explain.recorded import pick, with_actual, without_actual
from forecastctl.explain.size import off
from forecastctl.explain.standing import ordinary_error
from forecastctl.explain.values import Neighbour, VintageChange
from forecastctl.explain.verdict.rules import find, judge
from forecastctl.explain.verdict.spread import with_tails
from forecastctl.figures import number, period
from forecastctl.models.combination.replay import NOT_STORED, replay
from forecastctl.recording.read import read_forecast, read_model
from forecastctl.recording.run_of import RunOf
from forecastctl.records import ExplainView, Forecast, Replay, VintagePath
from forecastctl.records.schema import Kind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from forecastctl.explain.case import Case
    from forecastctl.explain.read.case import LatestData
    from forecastctl.explain.read.series import Source
    from forecastctl.explain.recorded import Record
    from forecastctl.explain.values import Alternative, Answer
    from forecastctl.explain.verdict.rules import Verdict
    from forecastctl.records import FleetPoint, Series, StoredRun
    from forecastctl.store.port import Tracker

AROUND = 6
"""Neighbouring periods that are shown on each side."""

PATHS_SHOWN = 36


def judged(tracker: Tracker, answer: Answer, record: Record, newer: Source | None) -> Explanation:
    """Add verdict, parts, fleet, alternatives, neighbours, replay, and what changed the forecast.

    Args:
        tracker: The store.
        answer: What the record says alone.
        record: What is stored.
        newer: Rows of a panel that is newer than what the store holds.
    """
    subject = record.subject
    answer = replace(answer, replay=_replay(tracker, subject))
    answer = replace(answer, vintage_change=_change(tracker, record))
    answer, known, case = with_verdict(tracker, answer, record, newer)
    if case is None:
        gone = known is None or known.actual is None
        seen = read_seen(tracker, subject) if gone else None
        return Explanation(answer, _view(tracker, record, known, seen))
    answer = replace(answer, parts=attribute(case), neighbours=_neighbours(case))
    return Explanation(answer, _view(tracker, record, known, case.seen, case.fleet))


def with_verdict(
    tracker: Tracker, answer: Answer, record: Record, newer: Source | None
) -> tuple[Answer, LatestData | None, Case | None]:
    """Add the verdict with its evidence, and nothing that only the page of one airport shows.

    Args:
        tracker: The store.
        answer: What the record says alone.
        record: What is stored.
        newer: Rows of a panel that is newer than what the store holds.

    Returns:
        The answer, the data of the airport as known now, and what was judged; the latter two are
        ``None`` where they cannot be read, and the verdict then says so.
    """
    subject, rules = record.subject, record.question.rules
    answer = replace(answer, rules=rules)
    known = read_known(tracker, subject, newer)
    if known is None or known.actual is None:
        return _without_actual(answer, record, known), known, None
    case, why = _case(tracker, subject, known, newer)
    if case is None:
        return _cannot_tell(answer, why), known, None
    actual = Actual(known.actual, known.source.label)
    freq = RunOf(subject.run).freq
    answer = with_actual(answer, record.chosen, actual, case.model, freq)
    limits = with_tails(rules, case.model.widths)
    findings = find(case, limits)
    verdict = judge(findings, limits)
    answer = replace(
        answer,
        sentence=_sentence(answer, case, verdict),
        verdict=verdict.name,
        confidence=verdict.confidence,
        evidence=verdict.evidence,
        candidates=verdict.candidates,
        next_time=verdict.next_time,
        fleet=findings.fleet,
        break_=findings.broke.facts() if findings.broke else None,
        alternatives=tuple(_with_run(a, answer, case) for a in findings.alternatives),
    )
    return answer, known, case


def _case(
    tracker: Tracker, subject: Subject, known: LatestData, given: Source | None
) -> tuple[Case | None, str]:
    """The case, or a sentence about what it would need and cannot be read."""
    try:
        case = read_case(tracker, subject, known, given)
    except NothingRecordedError as error:
        return None, f"{error.message} {error.hint or 'Keep the artifacts of runs.'}"
    return case, "The series that the model saw cannot be prepared again."


def _without_actual(answer: Answer, record: Record, known: LatestData | None) -> Answer:
    """The answer where there is no actual: why there is none, and how to get one."""
    run, date = record.subject.run, record.chosen.date
    freq = RunOf(run).freq
    if known is not None:
        gap = find_gap(known.source, record.subject.airport, date, freq)
        answer = without_actual(answer, record.chosen, gap, freq)
    when = period(date, freq)
    advice = f"Give --data FILE with a file that holds {when}, or run again once it does."
    if RunOf(run).kind == Kind.GROUP:
        advice = "It is a sum, of which data hold no rows: ask about the airports that it adds up."
    return _cannot_tell(answer, advice)


def _cannot_tell(answer: Answer, advice: str) -> Answer:
    return replace(answer, verdict="cannot_tell", confidence=1.0, next_time=(advice,))


def _sentence(answer: Answer, case: Case, verdict: Verdict) -> str:
    """The whole answer in a sentence."""
    day = dt.date.fromisoformat(answer.date)
    month = f"{day:%B %Y}" if case.seen.freq[0] in "MQ" else str(day)
    return (
        f"{answer.airport}, {month}: {number(case.mean)} forecast, {number(case.actual)} "
        f"came true, {off(case.miss, case.actual)}: {verdict.headline}."
    )


def _replay(tracker: Tracker, subject: Subject) -> Replay:
    """Whether the stored forecast can be made again from stored parameters and states."""
    try:
        stored = read_forecast(tracker, subject.run)
        model = read_model(tracker, subject.model_run)
    except NothingRecordedError as error:
        return Replay(NOT_STORED, None, (error.message,))
    return replay(model, stored)


def _with_run(alternative: Alternative, answer: Answer, case: Case) -> Alternative:
    """An alternative with the run that holds it."""
    if alternative.kind == "champion":
        return replace(alternative, run_id=case.champion_run)
    if alternative.trial is None:
        return alternative
    return replace(alternative, run_id=f"{answer.lineage.tuned_run_id}#{alternative.trial}")


def _neighbours(case: Case) -> tuple[Neighbour, ...]:
    """The airport's own months around the one explained, on the same path."""
    neighbours = []
    for lead in range(max(1, case.lead - AROUND), min(len(case.forecast.mean), case.lead + AROUND)):
        at = index_of(case.known, np.datetime64(case.forecast.ds[lead - 1], "D"))
        if at is None:
            continue
        mean, actual = float(case.forecast.mean[lead - 1]), float(case.known.y[at])
        sd = float(case.forecast.sd[lead - 1])
        usual = ordinary_error(sd, lead, case.model.backtest_errors)
        neighbours.append(
            Neighbour(
                date=str(case.forecast.ds[lead - 1]),
                lead=lead,
                forecast=mean,
                actual=actual,
                miss=mean - actual,
                z=(mean - actual) / usual if usual > 0 else None,
            )
        )
    return tuple(neighbours)


def _change(tracker: Tracker, record: Record) -> VintageChange | None:
    """What changed the forecast: between the cutoffs asked for, or since the vintage before."""
    airport, pair = record.subject.airport, record.question.between
    if pair is not None:
        first, second = (pick(record.vintages, cutoff) for cutoff in pair)
        return vintage_change(tracker, airport, first, second)
    before = previous(record.chosen, record.vintages)
    if before is None:
        return None
    try:
        return vintage_change(tracker, airport, before, record.chosen)
    except ForecastctlError as error:
        difference = record.chosen.mean - before.mean
        ends = before.cutoff, record.chosen.cutoff
        return VintageChange(*ends, difference, notes=(error.message,))


def _view(
    tracker: Tracker,
    record: Record,
    known: LatestData | None,
    seen: Series | None,
    fleet: tuple[FleetPoint, ...] = (),
) -> ExplainView | None:
    """The series behind the charts; ``None`` where the forecast cannot be read."""
    try:
        forecast = read_forecast(tracker, record.subject.run)
    except NothingRecordedError:
        return None
    paths = []
    for vintage in record.vintages[:PATHS_SHOWN]:
        try:
            path = read_forecast(tracker, vintage.run_id)
        except NothingRecordedError:
            continue
        paths.append(VintagePath(vintage.cutoff, vintage.origin, path.ds, path.mean))
    return _made_view(
        record.subject.run, record.chosen.date, (seen, known), forecast, tuple(paths), fleet
    )


def failed_view(
    tracker: Tracker, run: StoredRun, date: dt.date, runs: Sequence[StoredRun]
) -> ExplainView:
    """The series where there is no forecast because the run failed."""
    subject = Subject(RunOf(run).airport, date, run, run, runs)
    known = read_known(tracker, subject, None)
    nothing = np.array([])
    empty = Forecast(RunOf(run).cutoff, nothing.astype("datetime64[D]"), nothing, nothing, {})
    return _made_view(run, str(date), (read_seen(tracker, subject), known), empty)


def _made_view(
    run: StoredRun,
    date: str,
    series: tuple[Series | None, LatestData | None],
    forecast: Forecast,
    paths: tuple[VintagePath, ...] = (),
    fleet: tuple[FleetPoint, ...] = (),
) -> ExplainView:
    seen, known = series
    nothing = np.array([])
    days = nothing.astype("datetime64[D]")
    return ExplainView(
        airport=RunOf(run).airport,
        date=date,
        freq=RunOf(run).freq,
        season_length=RunOf(run).season_length,
        history_ds=days if seen is None else seen.ds,
        history_y=nothing if seen is None else seen.y,
        known_ds=days if known is None else known.series.ds,
        known_y=nothing if known is None else known.series.y,
        forecast=forecast,
        vintages=paths,
        fleet=fleet,
    )
