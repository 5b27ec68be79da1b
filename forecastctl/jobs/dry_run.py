"""What a job would do with each airport, and why: read from the store, nothing is written."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from forecastctl.errors import NothingRecordedError
from forecastctl.jobs.resumable import changed_code, changed_settings, changes_forecasts
from forecastctl.jobs.work import DEADLINE
from forecastctl.recording.job import job_of
from forecastctl.recording.read import find_snapshot, latest, panel_rows
from forecastctl.recording.run_of import RunOf
from forecastctl.records import Status
from forecastctl.records.schema import Tag

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray

    from forecastctl.data.panel.rows import AirportRows, Grouped
    from forecastctl.jobs.job import Job
    from forecastctl.records import AirportResult, AirportTask, StoredRun
    from forecastctl.store.port import Tracker

NEVER = "never done"
NEW_DATA, REVISED = "new data", "revised data"
SETTINGS, CODE = "new settings", "new code"
DEGRADED, DAMAGED, CUT_SHORT = "degraded", "damaged", "cut short"
UNCHANGED, REJECTED, UNSELECTED, RECORDED = "unchanged", "rejected", "not selected", "recorded"
FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Intent:
    """What a job would do with an airport.

    Attributes:
        airport: As spelt in the data, or the name of a group.
        action: ``tune, train, forecast``, less of these, ``skip`` or ``reject``.
        why: What is the reason for it, the most important first.
        detail: The same in particular.
        run_id: The run that it was compared with, or that holds what it has.
    """

    airport: str
    action: str
    why: tuple[str, ...]
    detail: str | None = None
    run_id: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON value."""
        return {
            "airport": self.airport,
            "action": self.action,
            "why": list(self.why),
            "detail": self.detail,
            "run_id": self.run_id,
        }


def intents(job: Job, rows: Iterable[AirportRows], tracker: Tracker) -> list[Intent]:
    """What a job would do with each airport and group, in the order of the data.

    Args:
        job: The job as it is planned.
        rows: The rows of its airports.
        tracker: Where earlier jobs are recorded.
    """
    cutoffs: dict[str, str | None] = {t.series.airport: t.series.cutoff for t in job.tasks}
    newest = latest(tracker, Tag.FORECAST, cutoffs)
    history = _History(job, {r.airport: r for r in rows}, tracker)
    found = {result.airport: _settled(result) for result in job.settled}
    if job.earlier is not None:
        detail = f"by job {job.context.job_id}, which is gone on with"
        found |= {
            name: Intent(name, "skip", (RECORDED,), detail, run_id)
            for name, (_, run_id) in job.earlier.recorded.items()
        }
    for task in job.tasks:
        airport = task.series.airport
        run = newest.get(airport)
        why, details = history.reasons(task, run)
        stages = ", ".join(task.plan.stages)
        compared = run.run_id if run else None
        found[airport] = Intent(airport, stages, tuple(why), "; ".join(details) or None, compared)
    return [found[name] for name in (*job.order, *job.groups) if name in found]


def counted(found: Iterable[Intent]) -> dict[str, int]:
    """Airports by the first reason."""
    return dict(Counter(intent.why[0] for intent in found))


def _settled(result: AirportResult) -> Intent:
    """Of an airport that needs no work."""
    if result.status is Status.SKIPPED:
        known = result.forecast is not None
        why = UNCHANGED if known else UNSELECTED
        return Intent(result.airport, "skip", (why,), result.reason if known else None)
    if result.status is Status.REJECTED:
        return Intent(result.airport, "reject", (REJECTED,), result.reason)
    return Intent(result.airport, "fail", (FAILED,), result.reason)


class _History:
    """Compares what is to be done with what was done, and reads each job and panel once."""

    def __init__(self, job: Job, rows: Mapping[str, AirportRows], tracker: Tracker) -> None:
        self._job, self._rows, self._tracker = job, rows, tracker
        self._settings: dict[str, str] = {}
        self._panels: dict[str, Grouped | None] = {}

    def reasons(self, task: AirportTask, run: StoredRun | None) -> tuple[list[str], list[str]]:
        """Why an airport is to be done, and the same in particular.

        Args:
            task: What is to be done.
            run: Its newest forecast, if there is any.
        """
        if run is None:
            return [NEVER], []
        context, tags = self._job.context, run.tags
        found: list[tuple[str, str | None]] = []
        if task.anew:
            found.append((DAMAGED, task.anew))
        if task.retuned and task.retuned.startswith(DEGRADED):
            found.append((DEGRADED, task.retuned.removeprefix(f"{DEGRADED}: ")))
        if tags.get(Tag.DATA_DIGEST) != task.series.digest:
            found += self._data(task, run)
        if tags.get(Tag.CONFIG_DIGEST) != context.config_digest:
            found.append((SETTINGS, self._changed_settings(run)))
        if tags.get(Tag.ENVIRONMENT) != context.environment.digest:
            found.append((CODE, changed_code(run, context.environment)))
        if tags.get(Tag.STOPPED) == DEADLINE:
            found.append((CUT_SHORT, "the deadline of a job ended its search"))
        found = found or [(UNCHANGED, None)]
        return [why for why, _ in found], [detail for _, detail in found if detail]

    def _data(self, task: AirportTask, run: StoredRun) -> list[tuple[str, str | None]]:
        """What is new or revised in the data."""
        airport = task.series.airport
        rows, then = self._rows.get(airport), self._panel(RunOf(run).panel_digest)
        if rows is None or then is None:
            later = task.series.cutoff > RunOf(run).cutoff
            return [(NEW_DATA if later else REVISED, None)]
        added, revised = _differences(then.of(airport), rows)
        found: list[tuple[str, str | None]] = []
        if added or not revised:
            word = "period" if added == 1 else "periods"
            found.append((NEW_DATA, f"{added} {word} more" if added else None))
        if revised:
            found.append((REVISED, f"{revised} {'value' if revised == 1 else 'values'} changed"))
        return found

    def _panel(self, digest: str) -> Grouped | None:
        """The rows of a stored panel; ``None`` where they are not stored, or cannot be read."""
        if digest not in self._panels:
            try:
                held = find_snapshot(self._tracker, digest)
                self._panels[digest] = None if held is None else panel_rows(self._tracker, held)
            except NothingRecordedError:
                self._panels[digest] = None
        return self._panels[digest]

    def _changed_settings(self, run: StoredRun) -> str | None:
        """Settings that are others than those of a run's job."""
        job_id = RunOf(run).job_id
        if job_id not in self._settings:
            of_run = job_of(self._tracker, run)
            changes = of_run and changed_settings(
                self._tracker, of_run, self._job.settings, changes_forecasts
            )
            self._settings[job_id] = changes or ""
        return self._settings[job_id] or None


def _differences(then: Grouped, now: AirportRows) -> tuple[int, int]:
    """Periods that one airport has now and had not, and values that are others or gone."""
    before = _values(then.days, then.y)
    after = _values(now.days, now.y)
    added = sum(day not in before for day in after)
    revised = sum(day not in after or after[day] != value for day, value in before.items())
    return added, revised


def _values(days: NDArray[np.int64], y: NDArray[np.float64]) -> dict[int, float]:
    """Values by day, where there are any."""
    known = ~np.isnan(y)
    return dict(zip(days[known].tolist(), y[known].tolist(), strict=True))
