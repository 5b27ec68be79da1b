"""All that a report says, read from the store."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from forecastctl.errors import NothingRecordedError
from forecastctl.explain.fleet import FleetQuestion, explain_fleet
from forecastctl.recording.cached import Once
from forecastctl.recording.run_of import RunOf
from forecastctl.records import ExplainRules, MonitorRules
from forecastctl.report.read.airports import Known, airports_of_job, forecasts_made
from forecastctl.report.read.job import changes_of, job_facts, read_summary, reported_job
from forecastctl.report.read.scores import (
    came_out,
    freshness_of,
    group_scores,
    groups_of,
    history_of,
    lead_scores,
    observed_now,
    outcomes_of,
    watched,
)
from forecastctl.report.read.verdicts import explanations_of, past_verdicts
from forecastctl.report.values import Freshness, Report

if TYPE_CHECKING:
    from collections.abc import Callable

    from forecastctl.explain.values import FleetAnswer
    from forecastctl.monitor.data import Observed
    from forecastctl.records import StoredRun
    from forecastctl.store.port import Tracker

log = logging.getLogger(__name__)

NOTHING_SEEN = "What came true is not shown: {}"


@dataclass(frozen=True, slots=True)
class Asked:
    """What a report is asked for.

    Attributes:
        job: The job: its id, how that begins, or ``latest``; ``None`` for the newest one.
        experiment: Name of the experiment.
        options: What commands about it are to be given besides, such as `` --experiment x``.
        rules: Thresholds of the verdicts.
        alarms: Thresholds of the monitor: its window says which periods are scored.
        explained: Of how many of the largest misses the whole explanation is wanted.
    """

    job: str | None = None
    experiment: str = ""
    options: str = ""
    rules: ExplainRules = field(default_factory=ExplainRules)
    alarms: MonitorRules = field(default_factory=MonitorRules)
    explained: int = 0


def read_report(
    tracker: Tracker,
    asked: Asked,
    tell: Callable[[int, int], None] = lambda _done, _of: None,
) -> Report:
    """All that a report says.

    Args:
        tracker: The store.
        asked: What is asked.
        tell: Takes how many steps are done, and of how many: each airport is looked at twice.

    Raises:
        NothingRecordedError: There is no such job, or what it ended with cannot be read.
    """
    once = tracker if isinstance(tracker, Once) else Once(tracker)
    job = reported_job(once, asked.job)
    summary = read_summary(once, job)
    unread: list[str] = []
    observed, freq = _observed(once, job, unread)
    misses = _misses(once, asked.rules, lambda done, of: tell(done, 2 * of))
    past = came_out(once, observed, freq, RunOf(job).origin, asked.alarms.window)
    known = Known(
        made=forecasts_made(once, job),
        histories={o.airport: history_of(o, freq) for o in observed if len(o.periods)},
        misses={line.airport: line for line in misses.airports} if misses else {},
        outcomes={} if past is None else outcomes_of(past, freq),
        verdicts=past_verdicts(once, misses),
    )
    lines = summary["results"]
    # Not through the memory: each airport's files are read once, and thousands of them are large.
    airports, lost = airports_of_job(
        tracker, job, lines, known, lambda done, of: tell(of + done, 2 * of)
    )
    return Report(
        job=job_facts(once, job, summary, asked.experiment, asked.options),
        airports=airports,
        freshness=freshness_of(observed, freq) if observed else Freshness(),
        misses=misses,
        explanations=explanations_of(once, misses, asked.explained, asked.rules),
        leads=() if past is None else lead_scores(past),
        groups=() if past is None else group_scores(past, groups_of(once, job)),
        watched=watched(once),
        changes=changes_of(once, job, summary),
        unread=(*unread, *lost),
    )


def _observed(tracker: Once, job: StoredRun, unread: list[str]) -> tuple[list[Observed], str]:
    """What is known by now; nothing, with a sentence, where no panel can be read."""
    try:
        return observed_now(tracker, job)
    except NothingRecordedError as error:
        log.warning("%s", error.message)
        unread.append(NOTHING_SEEN.format(error.message))
        return [], RunOf(job).freq


def _misses(
    tracker: Once, rules: ExplainRules, tell: Callable[[int, int], None]
) -> FleetAnswer | None:
    """The verdicts about the newest period that came true; ``None`` where none has."""
    try:
        return explain_fleet(tracker, FleetQuestion(rules=rules), tell=tell)
    except NothingRecordedError as error:
        log.info("no verdicts: %s", error.message)
        return None
