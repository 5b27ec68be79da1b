"""What earlier reports said of each airport's periods, and the whole answers about some."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Final

from forecastctl.errors import ForecastctlError, NothingRecordedError
from forecastctl.explain.answer import explain
from forecastctl.explain.question import Question
from forecastctl.recording import decoding
from forecastctl.recording.read import read_as
from forecastctl.recording.run_of import RunOf
from forecastctl.records import Query
from forecastctl.records.digests import recorded
from forecastctl.records.marks import JOBS, SET
from forecastctl.records.schema import LIVE, File, Tag
from forecastctl.report.outcomes import PastVerdict

if TYPE_CHECKING:
    from collections.abc import Iterable

    from forecastctl.explain.question import Explanation
    from forecastctl.explain.values import FleetAnswer, FleetLine
    from forecastctl.recording.shapes import VerdictLine
    from forecastctl.records import ExplainRules
    from forecastctl.store.port import Tracker

log = logging.getLogger(__name__)

REPORTS_READ: Final = 24
"""Newest reports whose verdicts are read."""
JOBS_READ: Final = 400


def verdicts_file(answer: FleetAnswer) -> bytes:
    """The verdicts of a report, for those that come later.

    Args:
        answer: The verdicts about one period.
    """
    lines = [
        {
            "airport": line.airport,
            "label": line.label,
            "confidence": line.confidence,
            "miss_percent": line.miss_percent,
            "sentence": line.sentence,
        }
        for line in _judged(answer)
    ]
    return json.dumps({"date": answer.date, "airports": lines}, separators=(",", ":")).encode()


def _judged(answer: FleetAnswer) -> list[FleetLine]:
    """The airports that there is a verdict about."""
    return [line for line in answer.airports if line.label is not None and line.miss is not None]


def past_verdicts(tracker: Tracker, now: FleetAnswer | None) -> dict[str, tuple[PastVerdict, ...]]:
    """What this report and earlier ones say, by airport, oldest period first.

    Of several reports on one period the newest counts: it knew most.

    Args:
        tracker: The store.
        now: The verdicts of this report.
    """
    found: dict[str, dict[str, PastVerdict]] = {}
    if now is not None:
        _take(now.date, _judged(now), found)
    jobs = tracker.find(Query(tags={JOBS: SET, Tag.ORIGIN: LIVE}, limit=JOBS_READ))
    reported = [job for job in jobs if File.REPORT_VERDICTS in recorded(job.tags)]
    for job in reported[:REPORTS_READ]:
        try:
            file = read_as(tracker, job, File.REPORT_VERDICTS, decoding.verdicts)
        except NothingRecordedError as error:
            log.warning("verdicts of job %s are left out: %s", RunOf(job).job_id, error.message)
        else:
            _take(file.date, file.airports, found)
    return {
        airport: tuple(verdicts[day] for day in sorted(verdicts))
        for airport, verdicts in found.items()
    }


def _take(
    date: str,
    lines: Iterable[FleetLine | VerdictLine],
    found: dict[str, dict[str, PastVerdict]],
) -> None:
    """Add the verdicts of one report, where no newer one has spoken."""
    for line in lines:
        of_airport = found.setdefault(line.airport, {})
        if date not in of_airport:
            of_airport[date] = PastVerdict(
                date, line.label or "", line.confidence, line.miss_percent, line.sentence
            )


def explanations_of(
    tracker: Tracker, answer: FleetAnswer | None, count: int, rules: ExplainRules
) -> dict[str, Explanation]:
    """The whole answers about the largest misses, by airport.

    Args:
        tracker: The store.
        answer: The verdicts, the largest miss first.
        count: How many are wanted.
        rules: Thresholds of the verdicts.
    """
    if answer is None:
        return {}
    found = {}
    for line in [line for line in answer.airports if line.miss is not None][:count]:
        try:
            question = Question(airport=line.airport, date=answer.date, rules=rules)
            found[line.airport] = explain(tracker, question)
        except ForecastctlError as error:
            log.warning("%s is not explained: %s", line.airport, error.message)
    return found
