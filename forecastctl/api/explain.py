"""Why a forecast was so far off, by the settings."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from forecastctl.api.compose import read

if TYPE_CHECKING:
    from forecastctl.api.compose import Session
    from forecastctl.explain.question import Explanation, Question
    from forecastctl.explain.read.series import Source
    from forecastctl.store.port import Tracker


def answered(
    session: Session, tracker: Tracker, question: Question, newer: Source | None
) -> Explanation:
    """The answer to a question about one airport, with the thresholds of the settings.

    Args:
        session: Its settings.
        tracker: The store.
        question: What is asked; without a date, about the newest period that can be answered.
        newer: Data that are newer than what the store holds.

    Raises:
        NothingRecordedError: Nothing of that period is recorded.
    """
    from forecastctl.explain.answer import explain
    from forecastctl.explain.read.period import newest_period

    date = question.date or str(newest_period(tracker, question.airport, newer))
    rules = session.settings.rules()
    return explain(tracker, replace(question, date=date, rules=rules), newer)


def newer_data(session: Session) -> Source:
    """The data that the user names."""
    from forecastctl.data.panel.rows import group
    from forecastctl.explain.read.series import Source
    from forecastctl.settings import shown

    panel, spec = read(session)
    return Source(group(panel.frame), spec, str(shown(spec.source)))
