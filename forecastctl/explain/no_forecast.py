"""The answer where there is no forecast: the run that failed, or how to make one."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from forecastctl.errors import NothingRecordedError
from forecastctl.explain.question import Actual
from forecastctl.explain.read.period import WITHOUT_FORECAST
from forecastctl.explain.recorded import attempts, lineage
from forecastctl.explain.suggestion import how_to_make
from forecastctl.explain.values import Answer, Evidence, ModelFacts
from forecastctl.figures import number
from forecastctl.recording.airports import not_recorded
from forecastctl.recording.read import (
    airport_rows,
    held_panel,
    panel_rows,
    panel_runs,
    read_observations,
)
from forecastctl.recording.run_of import RunOf
from forecastctl.records import Status
from forecastctl.records.calendar import period_after
from forecastctl.records.schema import Tag

if TYPE_CHECKING:
    from collections.abc import Sequence

    from forecastctl.records import StoredRun
    from forecastctl.store.port import Tracker


def failed_attempt(runs: Sequence[StoredRun], day: dt.date) -> StoredRun | None:
    """The newest failed run that would have forecast the day."""
    failed = (run for run in runs if run.tags.get(Tag.STATUS) == Status.FAILED)
    return next((run for run in failed if reaches(run, day)), None)


def reaches(run: StoredRun, day: dt.date) -> bool:
    """Whether a day lies after a run's cutoff and within its horizon."""
    cutoff = run.tags.get(Tag.CUTOFF, "")
    if not cutoff or cutoff >= str(day):
        return False
    last, horizon = dt.date.fromisoformat(cutoff), RunOf(run).horizon(0)
    for _ in range(horizon):
        last = period_after(last, RunOf(run).freq)
    return day < period_after(last, RunOf(run).freq)


def without_forecast(
    tracker: Tracker, airport: str, day: dt.date, failed: StoredRun, runs: Sequence[StoredRun]
) -> Answer:
    """The answer where the run that should have made the forecast failed."""
    actual = recorded_actual(tracker, airport, str(day), runs)
    reason, job = RunOf(failed).reason or "no reason recorded", RunOf(failed).job_id
    statement = f"the run of job {job} failed: {reason}"
    return Answer(
        airport=airport,
        date=str(day),
        sentence=f"{airport}, {day:%B %Y}: there is no forecast, {statement}.",
        actual=None if actual is None else actual.value,
        actual_source=None if actual is None else actual.source,
        verdict="run_failure",
        confidence=1.0,
        evidence=(Evidence("status", statement, None, None),),
        model=ModelFacts(label=None),
        lineage=lineage(tracker, failed, failed),
        without_forecast=attempts(runs),
    )


def nothing(
    tracker: Tracker, airport: str, date: str, day: dt.date, runs: Sequence[StoredRun]
) -> NothingRecordedError:
    """The error that says what is missing, why if that is recorded, and which command makes it."""
    if not runs:
        return not_recorded(tracker, airport)
    cutoffs = sorted({RunOf(r).cutoff for r in runs if RunOf(r).holds(Tag.FORECAST)})
    held = f" Stored forecasts start from {', '.join(cutoffs[-5:])}." if cutoffs else ""
    bad = next((r for r in runs if r.tags.get(Tag.STATUS) in WITHOUT_FORECAST), None)
    message = f"No forecast of {date} is stored for airport '{airport}'.{held}"
    if bad:
        status, job, reason = (bad.tags.get(k) for k in ("status", "job_id", "reason"))
        message += f" It was {status} in job {job}: {reason}."
    observed = _observed(tracker, airport, runs[0])
    return NothingRecordedError(message, how_to_make(airport, day, RunOf(runs[0]).freq, observed))


def _observed(tracker: Tracker, airport: str, run: StoredRun) -> tuple[dt.date, dt.date] | None:
    """First and last day with a value in the panel that a run saw; ``None`` where it is not known.

    It would only help with a suggestion, so that a panel that cannot be read is none.
    """
    try:
        held = held_panel(tracker, RunOf(run).panel_digest)
        rows = airport_rows(tracker, held, airport)
    except NothingRecordedError:
        return None
    if not rows.observed.any():
        return None
    days = rows.days[rows.observed].astype("datetime64[D]")
    return dt.date.fromisoformat(str(days.min())), dt.date.fromisoformat(str(days.max()))


def lost_panel(tracker: Tracker, run: StoredRun) -> str | None:
    """Why the panel of a run cannot be read; ``None`` where it can."""
    try:
        panel_rows(tracker, held_panel(tracker, RunOf(run).panel_digest))
    except NothingRecordedError as error:
        return error.message
    return None


def recorded_actual(
    tracker: Tracker, airport: str, date: str, runs: Sequence[StoredRun]
) -> Actual | None:
    """The observation in the newest stored panel that has one; of several values the last one.

    That there are several is said: which of them is right only its keeper can say.
    """
    first = dt.date.fromisoformat(date)
    seen: set[str] = set()
    for run in panel_runs(tracker, runs):
        after = period_after(first, RunOf(run).freq)
        digest = RunOf(run).panel_digest
        if digest in seen:
            continue
        seen.add(digest)
        try:
            values = read_observations(tracker, digest, airport, first, after)
        except NothingRecordedError:
            continue
        if values:
            source = f"panel {digest[:12]} stored by job {RunOf(run).job_id}"
            different = list(dict.fromkeys(map(number, values)))
            if len(different) > 1:
                source += f", the last of its values of this period: {', '.join(different)}"
            return Actual(values[-1], source)
    return None
