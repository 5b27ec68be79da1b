"""What a job keeps of its airports while it runs, and the summary that it makes of it."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from forecastctl.jobs.learn import past_of
from forecastctl.jobs.summary import REJECTED_SETTING, Summary, SummaryLine, job_status, skipped
from forecastctl.jobs.sums.base import base_of
from forecastctl.jobs.sums.coherent import add_up
from forecastctl.jobs.tables import forecast_table
from forecastctl.jobs.work import NOT_BEGUN, clock
from forecastctl.recording.write import airport_run, model_label
from forecastctl.records import RunUpdate, Status
from forecastctl.records.schema import NESTED, MetricKey, Tag
from forecastctl.store.port import Keeps

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from forecastctl.jobs.job import Job
    from forecastctl.jobs.sums.base import Base
    from forecastctl.records import AirportResult, FittedModel, Forecast, Past
    from forecastctl.store.port import Tracker

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Ledger:
    """Results so far: small lines and forecasts, never charts or trials."""

    lines: dict[str, SummaryLine] = field(default_factory=dict)
    forecasts: dict[str, Forecast] = field(default_factory=dict)
    models: dict[str, FittedModel] = field(default_factory=dict)
    pasts: list[Past] = field(default_factory=list)
    bases: dict[str, Base] = field(default_factory=dict)
    cpu_seconds: float = 0.0
    objective_seconds: float = 0.0
    worked_seconds: float = 0.0
    recording_seconds: float = 0.0
    recording_cpu_seconds: float = 0.0
    compiled_ms: int = 0
    first_start_ms: int = 0
    last_recorded_ms: int = 0


def record_results(
    results: Sequence[AirportResult], job: Job, tracker: Tracker, run_id: str, ledger: Ledger
) -> dict[str, str]:
    """Write the runs of some airports in one transaction, enter them, and return their ids."""
    context = job.context
    to_record = [result for result in results if result.status is not Status.SKIPPED]
    parent = run_id if context.layout == NESTED else None
    begun_ms, cpu = clock()
    ids = (
        tracker.record([airport_run(result, context) for result in to_record], parent)
        if to_record
        else []
    )
    ended_ms, cpu_end = clock()
    ledger.recording_seconds += (ended_ms - begun_ms) / 1000
    ledger.recording_cpu_seconds += cpu_end - cpu
    by_airport = dict(zip((result.airport for result in to_record), ids, strict=True))
    for airport, newer in by_airport.items():
        if newer and airport in context.again:
            update = RunUpdate(tags={Tag.SUPERSEDED_BY: newer})
            tracker.update(context.again[airport], update)
    for result in results:
        enter(ledger, result, job, by_airport.get(result.airport) or None, tracker)
        reason = f": {result.reason}" if result.reason else ""
        log.info("%s%s: %s%s", job.prefix, result.airport, result.status, reason)
    return by_airport


def kept(
    results: Iterable[AirportResult], job: Job, tracker: Tracker, run_id: str
) -> Iterator[AirportResult]:
    """Results, each of which lies on the disk of this machine before anything is done with it."""
    parent = run_id if job.context.layout == NESTED else None
    for result in results:
        if isinstance(tracker, Keeps) and result.status is not Status.SKIPPED:
            tracker.keep(airport_run(result, job.context), parent)
        yield result


def enter(
    ledger: Ledger, result: AirportResult, job: Job, run_id: str | None, tracker: Tracker
) -> None:
    """Enter in the ledger what the end of the job needs of an airport."""
    airport = result.airport
    if job.sums and job.context.plan.forecast and airport in job.sums.series:
        base = base_of(result, job.sums, job.context.plan, tracker)
        ledger.bases |= {airport: base} if base else {}
    ledger.lines[airport] = SummaryLine(
        airport=airport,
        status=str(result.status),
        reason=result.reason,
        loss=result.tuned.loss if result.tuned else None,
        model=model_label(result),
        run_id=run_id,
        retuned=result.task.retuned if result.task else None,
        suspects=result.suspects,
    )
    ledger.cpu_seconds += result.cpu_seconds
    ledger.objective_seconds += result.objective_seconds
    ledger.worked_seconds += result.worked_seconds
    if result.cpu_seconds:
        first = ledger.first_start_ms or result.start_ms
        ledger.first_start_ms = min(first, result.start_ms)
    ledger.last_recorded_ms = clock()[0]
    if result.forecast is not None and result.status is not Status.FAILED:
        ledger.forecasts[airport] = result.forecast
    is_group = airport in job.context.groups
    if result.model is not None and job.context.plan.train and job.served and not is_group:
        ledger.models[airport] = result.model
    past = past_of(result, run_id or "") if job.served else None
    ledger.pasts += [past] if past else []


def leave(job: Job, ledger: Ledger, reason: str, tracker: Tracker) -> int:
    """Enter those that were not done when the job ended early, and count all that are left.

    Args:
        job: The job.
        ledger: Results so far.
        reason: Why those have no result that nobody has begun or that were dropped.
        tracker: The store.
    """
    for series in (task.series for task in job.tasks):
        if series.airport not in ledger.lines:
            enter(ledger, skipped(series.airport, reason, series.digest), job, None, tracker)
    return sum(line.reason in (reason, NOT_BEGUN) for line in ledger.lines.values())


def summarise(job: Job, run_id: str, ledger: Ledger) -> Summary:
    """The summary of a job whose airports are all recorded."""
    lines = tuple(ledger.lines[airport] for airport in job.order)
    groups = tuple(ledger.lines[name] for name in job.groups)
    forecasts, coherent = None, None
    plan = job.context.plan
    if plan.forecast:
        rows = [
            (line.airport, ledger.forecasts[line.airport], line.model or "", line.status)
            for line in lines
            if line.airport in ledger.forecasts
        ]
        forecasts = forecast_table(rows, plan.levels)
        if job.sums:
            coherent = add_up(job.sums, ledger.bases, job.order, rows, plan)
    return Summary(
        job_id=job.context.job_id,
        run_id=run_id,
        status=job_status(lines, groups, strict=job.settings.get(REJECTED_SETTING) == "fail"),
        lines=lines,
        forecasts=forecasts,
        cost=_cost(job, ledger),
        groups=groups,
        coherent=coherent,
        warnings=tuple(job.warnings),
    )


def _cost(job: Job, ledger: Ledger) -> dict[str, float]:
    """What the job cost.

    ``startup_seconds`` runs to the first task's start, without what compiling the models took,
    which only the first job of a machine does, ``work_seconds`` from there to the last
    result recorded; ``efficiency`` is the objective's CPU time over what the workers could have
    given in that time.
    """
    wall = max((clock()[0] - job.context.start_ms) / 1000, 1e-3)
    work = max((ledger.last_recorded_ms - ledger.first_start_ms) / 1000, 1e-3)
    work = work if ledger.first_start_ms else 0.0
    begun_ms = job.context.start_ms + ledger.compiled_ms
    startup = max((ledger.first_start_ms - begun_ms) / 1000, 0.0)
    airports = sum(line.status != Status.SKIPPED for line in ledger.lines.values())
    return {
        MetricKey.WALL_SECONDS: round(wall, 3),
        MetricKey.STARTUP_SECONDS: round(startup if work else wall, 3),
        MetricKey.WORK_SECONDS: round(work, 3),
        MetricKey.CPU_SECONDS: round(ledger.cpu_seconds, 3),
        MetricKey.OBJECTIVE_SECONDS: round(ledger.objective_seconds, 3),
        MetricKey.WORKED_SECONDS: round(ledger.worked_seconds, 3),
        MetricKey.RECORDING_SECONDS: round(ledger.recording_seconds, 3),
        MetricKey.RECORDING_CPU_SECONDS: round(ledger.recording_cpu_seconds, 3),
        MetricKey.AIRPORTS_PER_MINUTE: round(60 * airports / wall, 2),
        MetricKey.EFFICIENCY: round(ledger.objective_seconds / (work * job.jobs), 4)
        if work
        else 0.0,
    }
