"""Why a forecast was so far off: from the record to a verdict with its evidence."""

from __future__ import annotations

import datetime as dt
import logging
from typing import TYPE_CHECKING

from forecastctl.errors import NothingRecordedError, UsageError
from forecastctl.explain.no_forecast import (
    failed_attempt,
    lost_panel,
    nothing,
    reaches,
    recorded_actual,
    without_forecast,
)
from forecastctl.explain.question import Explanation, Question, Subject
from forecastctl.explain.read.gap import recorded_gap
from forecastctl.explain.recorded import RUNS_READ, Record, pick, recorded_answer
from forecastctl.explain.values import Interval, Vintage
from forecastctl.recording import decoding
from forecastctl.recording.cached import Once
from forecastctl.recording.context import airport_key
from forecastctl.recording.read import read_as, read_model
from forecastctl.recording.run_of import RunOf
from forecastctl.records import Query
from forecastctl.records.calendar import iso, position
from forecastctl.records.marks import SET, airport_mark
from forecastctl.records.schema import LIVE, File, Param, Tag
from forecastctl.records.spans import span_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from forecastctl.explain.read.series import Source
    from forecastctl.records import FittedModel, StoredRun
    from forecastctl.store.port import Tracker


log = logging.getLogger(__name__)


def explain(tracker: Tracker, question: Question, newer: Source | None = None) -> Explanation:
    """Everything recorded about the forecast of one airport and period, and the verdict.

    Args:
        tracker: The store.
        question: What is asked.
        newer: Rows of a panel that is newer than what the store holds.

    Raises:
        NothingRecordedError: Nothing of that period is stored.
        DamagedError: The forecast that is to be explained cannot be read.
        UsageError: A date cannot be read, or a forecast is to be compared with itself.
    """
    tracker = tracker if isinstance(tracker, Once) else Once(tracker)
    airport = question.airport
    asked = span_of(question.date)
    day = asked.first
    tags = {airport_mark(airport_key(airport)): SET}
    runs = tracker.find(Query(tags=tags, limit=RUNS_READ))
    runs = [run for run in runs if question.all_attempts or not RunOf(run).superseded]
    fitting = [run for run in runs if asked.fits(RunOf(run).freq)]
    if runs and not fitting:
        raise asked.too_long(RunOf(runs[0]).freq)
    runs = fitting
    vintages, unreadable = _vintages(tracker, runs, day)
    if unreadable:
        _refuse_unreadable(unreadable, vintages, question)
    if not vintages:
        failed = failed_attempt(runs, day)
        if failed is None:
            raise nothing(tracker, airport, question.date, day, runs)
        answer = without_forecast(tracker, airport, day, failed, runs)
        if question.quick or question.verdict_only:
            return Explanation(answer)
        from forecastctl.explain.judged import failed_view

        return Explanation(answer, failed_view(tracker, failed, day, runs))
    _check_between(vintages, question)
    chosen = _choose(vintages, question)
    run = next(r for r in runs if r.run_id == chosen.run_id)
    model_run, model = _model(tracker, run)
    subject = Subject(airport, dt.date.fromisoformat(chosen.date), run, model_run, runs)
    record = Record(question, vintages, chosen, subject)
    actual = recorded_actual(tracker, airport, chosen.date, runs)
    gap = recorded_gap(tracker, airport, chosen.date, runs) if actual is None else None
    if actual is None and newer is None and not question.verdict_only:
        _say_lost(tracker, runs[0])
    answer = recorded_answer(tracker, record, model, actual, gap)
    if question.quick:
        return Explanation(answer)
    from forecastctl.explain.judged import judged, with_verdict

    if question.verdict_only:
        return Explanation(with_verdict(tracker, answer, record, newer)[0])
    return judged(tracker, answer, record, newer)


def _say_lost(tracker: Tracker, newest: StoredRun) -> None:
    """Say that what came true may only seem to be unknown."""
    lost = lost_panel(tracker, newest)
    if lost is not None:
        log.warning("%s What came true may stand in it: --data FILE takes its place.", lost)


def _vintages(
    tracker: Tracker, runs: Sequence[StoredRun], day: dt.date
) -> tuple[list[Vintage], list[tuple[StoredRun, NothingRecordedError]]]:
    """Stored forecasts of a day, latest cutoff first, and runs whose forecast cannot be read."""
    vintages: list[Vintage] = []
    unreadable: list[tuple[StoredRun, NothingRecordedError]] = []
    for run in runs:
        try:
            vintage = _vintage(tracker, run, day)
        except NothingRecordedError as error:
            if reaches(run, day):
                unreadable.append((run, error))
            continue
        vintages += [vintage] if vintage else []
    return sorted(vintages, key=lambda v: (v.cutoff, v.made), reverse=True), unreadable


def _refuse_unreadable(
    unreadable: Sequence[tuple[StoredRun, NothingRecordedError]],
    vintages: Sequence[Vintage],
    question: Question,
) -> None:
    """Refuse where the forecast asked for cannot be read; warn of others that cannot.

    Raises:
        NothingRecordedError: The forecast asked for cannot be read.
    """
    cutoff = question.cutoff or ""
    live = next((v for v in vintages if v.origin == LIVE), None)
    newest = live or next(iter(vintages), None)
    for run, error in unreadable:
        key = (RunOf(run).cutoff, iso(run.start_ms))
        newest_key = (
            (newest.cutoff, newest.made)
            if newest and newest.cutoff.startswith(cutoff)
            else ("", "")
        )
        eligible = RunOf(run).origin == LIVE or live is None
        if eligible and key[0].startswith(cutoff) and key > newest_key:
            others = [v.cutoff for v in vintages if not cutoff or not v.cutoff.startswith(cutoff)]
            hint = f"Give --cutoff {others[0]} to explain an older one." if others else None
            raise type(error)(f"The forecast asked for is lost: {error.message}", hint)
    for _, error in unreadable:
        log.warning("a forecast is left out: %s", error.message)


def _check_between(vintages: Sequence[Vintage], question: Question) -> None:
    """Refuse to compare a forecast with itself.

    Raises:
        UsageError: Both cutoffs are those of one forecast.
    """
    first, second = question.between or ("", "")
    if question.between and pick(vintages, first) == pick(vintages, second):
        raise UsageError(
            f"--between: the cutoffs {first} and {second} are those of one forecast, and between "
            "it and itself nothing changed.",
            "Give the cutoffs of two forecasts.",
        )


def _choose(vintages: Sequence[Vintage], question: Question) -> Vintage:
    """The vintage asked for, else the newest live one, else the newest."""
    if question.cutoff is not None:
        return pick(vintages, question.cutoff)
    return next((v for v in vintages if v.origin == LIVE), vintages[0])


def _vintage(tracker: Tracker, run: StoredRun, day: dt.date) -> Vintage | None:
    """The forecast of a run for a day; ``None`` where it has none of this day."""
    if not RunOf(run).holds(Tag.FORECAST) or run.tags.get(Tag.CUTOFF, "") >= str(day):
        return None
    value = read_as(tracker, run, File.FORECAST, decoding.forecast_file)
    at = position([dt.date.fromisoformat(d) for d in value.ds], day, run.params[Param.FREQ])
    if at is None:
        return None
    return Vintage(
        origin=RunOf(run).origin,
        made=iso(run.start_ms),
        cutoff=value.cutoff,
        lead=at + 1,
        mean=value.mean[at],
        sd=value.sd[at],
        intervals={k: Interval(b.lo[at], b.hi[at]) for k, b in value.intervals.items()},
        model=value.model,
        status=RunOf(run).status,
        command=run.tags[Tag.COMMAND],
        job_id=RunOf(run).job_id,
        run_id=run.run_id,
        url=tracker.url(run.run_id),
        date=value.ds[at],
    )


def _model(tracker: Tracker, run: StoredRun) -> tuple[StoredRun, FittedModel | None]:
    """The run that trained the model behind a forecast, and the model."""
    model_run = tracker.get(run.tags[Tag.TRAINED_BY]) if Tag.TRAINED_BY in run.tags else run
    try:
        return model_run, read_model(tracker, model_run)
    except NothingRecordedError:
        return model_run, None
