"""Why the forecasts of a whole fleet were so far off in one period: every airport's verdict."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from forecastctl.errors import NothingRecordedError
from forecastctl.explain.answer import explain
from forecastctl.explain.page import words
from forecastctl.explain.question import Question
from forecastctl.explain.read.period import airports_of, newest_period
from forecastctl.explain.size import off
from forecastctl.explain.values import FleetAnswer, FleetLine
from forecastctl.figures import counted, number
from forecastctl.recording.cached import Once
from forecastctl.records import ExplainRules
from forecastctl.records.spans import span_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from forecastctl.explain.read.series import Source
    from forecastctl.explain.values import Answer
    from forecastctl.store.port import Tracker


@dataclass(frozen=True, slots=True)
class FleetQuestion:
    """What is asked about the fleet.

    Attributes:
        date: As of a `Question`. ``None`` for the newest one that has forecasts and actuals.
        cutoff: Explain the forecasts from this cutoff; ``None`` for the newest live ones.
        rules: Thresholds of the verdict.
        all_attempts: Also forecasts that were made again since in the same job.
    """

    date: str | None = None
    cutoff: str | None = None
    rules: ExplainRules = field(default_factory=ExplainRules)
    all_attempts: bool = False


def explain_fleet(
    tracker: Tracker,
    question: FleetQuestion,
    newer: Source | None = None,
    tell: Callable[[int, int], None] = lambda _done, _of: None,
) -> FleetAnswer:
    """The verdict about every airport that was forecast for a period, and what they sum up to.

    Args:
        tracker: The store; what the airports have in common is read once.
        question: What is asked.
        newer: Rows of a panel that is newer than what the store holds.
        tell: Takes how many airports are done, and of how many.

    Raises:
        NothingRecordedError: No forecast of that period is stored.
        UsageError: A date cannot be read.
    """
    once = tracker if isinstance(tracker, Once) else Once(tracker)
    date = question.date or str(newest_period(once, None, newer))
    airports = airports_of(once, span_of(date))
    if not airports:
        raise NothingRecordedError(
            f"No forecast of {date} is stored.",
            "'forecastctl history' lists the jobs, their cutoffs and horizons.",
        )
    lines = []
    for done, (airport, reason) in enumerate(airports.items()):
        tell(done, len(airports))
        lines.append(_line(once, airport, date, reason, question, newer))
    tell(len(airports), len(airports))
    return _summed(date, lines)


def _line(
    tracker: Tracker,
    airport: str,
    date: str,
    reason: str | None,
    question: FleetQuestion,
    newer: Source | None,
) -> FleetLine:
    """The answer about one airport in a line."""
    asked = Question(
        airport=airport,
        date=date,
        cutoff=question.cutoff,
        rules=question.rules,
        all_attempts=question.all_attempts,
        verdict_only=True,
    )
    try:
        answer = explain(tracker, asked, newer).answer
    except NothingRecordedError as error:
        said = f"{airport}: there is no forecast, {reason}." if reason else error.message
        return FleetLine(airport=airport, sentence=said)
    return line_of(answer)


def line_of(answer: Answer) -> FleetLine:
    """An answer about one airport as a line of the fleet's."""
    return FleetLine(
        airport=answer.airport,
        verdict=answer.verdict,
        label=words.label(answer),
        confidence=answer.confidence,
        forecast=answer.forecast.mean if answer.forecast else None,
        actual=answer.actual,
        miss=answer.miss,
        miss_percent=answer.miss_percent,
        outside=answer.standing.outside if answer.standing else None,
        cutoff=answer.forecast.cutoff if answer.forecast else None,
        sentence=answer.sentence,
    )


def _summed(date: str, lines: Sequence[FleetLine]) -> FleetAnswer:
    """Counts and sums over airports, and the lines by the size of the miss."""
    judged = [line for line in lines if line.miss is not None]
    counts = Counter(line.verdict for line in judged if line.verdict)
    forecast = sum(line.forecast or 0.0 for line in judged)
    actual = sum(line.actual or 0.0 for line in judged)
    outside = [line.miss or 0.0 for line in judged if line.outside]
    answer = FleetAnswer(
        date=str(span_of(date).first),
        sentence="",
        counts=dict(counts.most_common()),
        without_forecast=sum(line.forecast is None for line in lines),
        without_actual=sum(line.forecast is not None and line.actual is None for line in lines),
        forecast=forecast,
        actual=actual,
        miss=forecast - actual,
        outside_high=sum(miss < 0 for miss in outside),
        outside_low=sum(miss > 0 for miss in outside),
        airports=tuple(sorted(lines, key=lambda line: (-abs(line.miss or 0.0), line.airport))),
    )
    return replace(answer, sentence=_sentence(answer))


def _sentence(answer: FleetAnswer) -> str:
    """The whole answer in a sentence, or two."""
    day = dt.date.fromisoformat(answer.date)
    when = f"{day:%B %Y}" if day.day == 1 else answer.date
    judged = sum(line.miss is not None for line in answer.airports)
    if not judged:
        return f"{when}: none of {counted(len(answer.airports), 'airport')} has an actual yet."
    of = f" of {len(answer.airports):,}" if judged < len(answer.airports) else ""
    said = (
        f"{when}: {number(answer.forecast)} forecast at {counted(judged, 'airport')}{of}, "
        f"{number(answer.actual)} came true, {off(answer.miss, answer.actual)}."
    )
    outside = answer.outside_high + answer.outside_low
    if outside:
        said += (
            f" {outside:,} {'lies' if outside == 1 else 'lie'} outside the 95 % interval, "
            f"{answer.outside_low:,} below and {answer.outside_high:,} above"
        )
    else:
        said += " None lies outside its 95 % interval"
    most, count = next(iter(answer.counts.items()))
    return f"{said}; the verdict on {count:,} is: {words.LABELS[most].lower()}."
