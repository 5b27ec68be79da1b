"""What a job keeps of its airports while it runs, and what it ends with."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from forecastctl.jobs.learn import past_of
from forecastctl.jobs.summary import Summary, SummaryLine, job_status
from forecastctl.jobs.sums.base import base_of
from forecastctl.jobs.sums.coherent import add_up
from forecastctl.jobs.tables import forecast_table
from forecastctl.jobs.work import clock
from forecastctl.recording.write import airport_run, model_label
from forecastctl.records import Status
from forecastctl.records.schema import NESTED, MetricKey

if TYPE_CHECKING:
    from collections.abc import Sequence

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
    first_start_ms: int = 0
    last_recorded_ms: int = 0


def record_results(
    results: Sequence[AirportResult], job: Job, tracker: Tracker, run_id: str, ledger: Ledger
) -> dict[str, str]:
    """Write the runs of some airports in one transaction, enter them, and return their ids."""
    context = job.context
    kept = [r for r in results if r.status is not Status.SKIPPED]
    parent = run_id if context.layout == NESTED else None
    ids = tracker.record([airport_run(r, context) for r in kept], parent) if kept else []
    by_airport = dict(zip((r.airport for r in kept), ids, strict=True))
    for r in results:
        _enter(ledger, r, job, by_airport.get(r.airport))
        if job.sums and context.plan.forecast and r.airport in job.sums.series:
            base = base_of(r, job.sums, context.plan, tracker)
            ledger.bases |= {r.airport: base} if base else {}
        reason = f": {r.reason}" if r.reason else ""
        log.info("%s%s: %s%s", job.prefix, r.airport, r.status, reason)
    return by_airport


def _enter(ledger: Ledger, r: AirportResult, job: Job, run_id: str | None) -> None:
    """What is kept of an airport until the job ends."""
    ledger.lines[r.airport] = SummaryLine(
        r.airport,
        str(r.status),
        r.reason,
        r.tuned.loss if r.tuned else None,
        model_label(r),
        run_id,
        r.task.retuned if r.task else None,
        r.suspects,
    )
    ledger.cpu_seconds += r.cpu_seconds
    ledger.objective_seconds += r.objective_seconds
    if r.cpu_seconds:
        ledger.first_start_ms = min(ledger.first_start_ms or r.start_ms, r.start_ms)
    ledger.last_recorded_ms = clock()[0]
    if r.forecast is not None and r.status is not Status.FAILED:
        ledger.forecasts[r.airport] = r.forecast
    grouped = r.airport in job.context.groups
    if r.model is not None and job.context.plan.train and job.served and not grouped:
        ledger.models[r.airport] = r.model
    past = past_of(r, run_id or "") if job.served else None
    ledger.pasts += [past] if past else []


def summarise(job: Job, run_id: str, ledger: Ledger) -> Summary:
    """What a job ended with, once every airport is in."""
    lines = tuple(ledger.lines[airport] for airport in job.order)
    groups = tuple(ledger.lines[name] for name in job.groups)
    forecasts, coherent = None, None
    plan = job.context.plan
    if plan.forecast:
        made = [
            (li.airport, ledger.forecasts[li.airport], li.model or "", li.status)
            for li in lines
            if li.airport in ledger.forecasts
        ]
        forecasts = forecast_table(made, plan.levels)
        if job.sums:
            coherent = add_up(job.sums, ledger.bases, job.order, made, plan)
    return Summary(
        job.context.job_id,
        run_id,
        job_status(lines, groups),
        lines,
        forecasts,
        _cost(job, ledger),
        groups,
        coherent,
        tuple(job.warnings),
    )


def _cost(job: Job, ledger: Ledger) -> dict[str, float]:
    """What the job cost.

    ``work_seconds`` runs from the first task's start to the last result recorded; ``efficiency``
    is the objective's CPU time over what the workers could have given in it.
    """
    wall = max((clock()[0] - job.context.start_ms) / 1000, 1e-3)
    work = max((ledger.last_recorded_ms - ledger.first_start_ms) / 1000, 1e-3)
    work = work if ledger.first_start_ms else 0.0
    worked = sum(line.status != Status.SKIPPED for line in ledger.lines.values())
    return {
        MetricKey.WALL_SECONDS: round(wall, 3),
        MetricKey.WORK_SECONDS: round(work, 3),
        MetricKey.CPU_SECONDS: round(ledger.cpu_seconds, 3),
        MetricKey.OBJECTIVE_SECONDS: round(ledger.objective_seconds, 3),
        MetricKey.AIRPORTS_PER_MINUTE: round(60 * worked / wall, 2),
        MetricKey.EFFICIENCY: round(ledger.objective_seconds / (work * job.jobs), 4)
        if work
        else 0.0,
    }
