"""The job: tune, train, forecast, or all of it, over a panel, recorded as it goes."""

from __future__ import annotations

import io
import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from forecastctl.pipeline.coherent import add_up
from forecastctl.pipeline.context import JobContext, cut, json_bytes
from forecastctl.pipeline.ending import abandon_job, close_job, sums_artifacts
from forecastctl.pipeline.fleet import fleet_artifacts
from forecastctl.pipeline.frames import forecast_table
from forecastctl.pipeline.hierarchy import base_of
from forecastctl.pipeline.lineage import airport_run, model_label
from forecastctl.pipeline.memory import past_of, winners
from forecastctl.pipeline.stored import GROUPS, SNAPSHOT, find_snapshot
from forecastctl.pipeline.summary import Line, Summary, job_status
from forecastctl.pipeline.work import clock, work
from forecastctl.records import (
    AirportResult,
    AirportTask,
    Artifact,
    Run,
    RunUpdate,
    Status,
)
from forecastctl.records.marks import JOBS, SET, job_mark, panel_mark

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    import pandas as pd

    from forecastctl.pipeline.hierarchy import Base, Sums
    from forecastctl.ports import Executor, Tracker
    from forecastctl.records import FittedModel, Forecast, Outcome, Past

T = TypeVar("T")

log = logging.getLogger(__name__)

LONGEST_WAIT_MS = 2000


class Progress(Protocol):
    """What a job tells while it runs."""

    def __call__(self, result: AirportResult, total: int) -> None:
        """One more airport has its status."""
        ...


@dataclass(frozen=True, slots=True)
class Job:
    """A job before it runs.

    Attributes:
        context: Its identity.
        order: Every airport of the input, in its order.
        tasks: What workers do, at most one per airport.
        settled: Airports whose status is known before any work (rejected, skipped).
        settings: All settings as recorded, passwords masked.
        snapshot: The panel, or ``None`` where the job reads none.
        jobs: Number of workers, for the record.
        batch: Airports per transaction.
        served: Whether its models are also recorded as one model to be served.
        prefix: What its lines in a log begin with.
        sums: Groups and total, where they are forecast as well.
    """

    context: JobContext
    order: Sequence[str]
    tasks: Sequence[AirportTask]
    settled: Sequence[AirportResult]
    settings: Mapping[str, Any]
    snapshot: pd.DataFrame | None = None
    jobs: int = 1
    batch: int = 8
    served: bool = True
    prefix: str = ""
    sums: Sums | None = None

    @property
    def groups(self) -> list[str]:
        """Names of the groups that are forecast on their own."""
        return [series.airport for series in self.sums.hierarchy.series] if self.sums else []


@dataclass(slots=True)
class Ledger:
    """Results so far: small lines and forecasts, never charts or trials."""

    lines: dict[str, Line] = field(default_factory=dict)
    forecasts: dict[str, Forecast] = field(default_factory=dict)
    models: dict[str, FittedModel] = field(default_factory=dict)
    pasts: list[Past] = field(default_factory=list)
    bases: dict[str, Base] = field(default_factory=dict)
    cpu_seconds: float = 0.0
    objective_seconds: float = 0.0
    first_start_ms: int = 0
    last_recorded_ms: int = 0


def run_job(
    job: Job,
    tracker: Tracker,
    executor: Executor,
    progress: Progress,
    read_log: Callable[[], bytes],
) -> Summary:
    """Execute a job, record every airport whole as it completes, and account for all of them.

    Args:
        job: What to do.
        tracker: Where it is recorded.
        executor: Where it is executed.
        progress: Told about every airport.
        read_log: Returns the job's log so far.

    Raises:
        TrackingError: Something could not be recorded; the job stops.
    """
    context = job.context
    run_id = tracker.start(job_run(job))
    log.info("job %s: run %s, %d airports", context.job_id, run_id, len(job.order))
    try:
        store_inputs(job, tracker, run_id)
        ledger = Ledger()
        for results in batches(_results(job, executor), job.batch):
            record_results(results, job, tracker, run_id, ledger)
            for result in results:
                progress(result, len(job.order) + len(job.groups))
        summary = summarise(job, run_id, ledger)
        files = (*fleet_artifacts(ledger.models, context, run_id), *winners(ledger.pasts, context))
        files += sums_artifacts(summary)
        close_job(tracker, summary, files, read_log)
    except BaseException as error:
        abandon_job(tracker, run_id, error, read_log)
        raise
    return summary


def job_run(job: Job) -> Run:
    """The run of a job, as it is opened."""
    context = job.context
    stages = {"tune": "tuned", "train": "trained", "forecast": "forecast"}
    env = context.environment
    tags = {
        **context.tags(),
        **context.environment_tags(),
        "kind": "job",
        "host": env.host,
        "pid": str(env.pid),
        **{stages[stage]: "true" for stage in context.plan.stages},
        JOBS: SET,
        job_mark(context.job_id): SET,
    }
    if job.sums:
        tags |= {"reconcile": job.sums.method, "groups": str(len(job.sums.hierarchy.groups))}
    params = {k: cut(str(v)) for k, v in job.settings.items()}
    return Run(
        name=f"{context.command} {context.job_id}",
        start_ms=context.start_ms,
        params=params,
        tags=tags,
    )


def store_inputs(job: Job, tracker: Tracker, run_id: str) -> None:
    """Settings, environment and, once per distinct content, the panel itself."""
    artifacts = [
        Artifact("settings.json", json_bytes(dict(job.settings), readable=True)),
        Artifact("environment.json", json_bytes(job.context.environment.to_dict(), readable=True)),
    ]
    if job.sums:
        artifacts.append(Artifact(GROUPS, json_bytes(job.sums.columns, readable=True)))
    tags: dict[str, str] = {}
    if job.snapshot is not None:
        held = find_snapshot(tracker, job.context.panel_digest)
        if held is None:
            buffer = io.BytesIO()
            job.snapshot.to_parquet(buffer, index=False)
            artifacts.append(Artifact(SNAPSHOT, buffer.getvalue()))
            mark = panel_mark(job.context.panel_digest)
            tags = {"snapshot": "true", "snapshot_run_id": run_id, mark: SET}
        else:
            tags = {"snapshot_run_id": held.run_id}
    tracker.update(run_id, RunUpdate(artifacts=tuple(artifacts), tags=tags))


def _results(job: Job, executor: Executor) -> Iterator[AirportResult]:
    """Settled airports first, then results as workers complete them; largest tasks go first."""
    yield from job.settled
    tasks = sorted(job.tasks, key=lambda task: -task.series.n)
    for outcome in executor.map(work, tasks):
        yield _unwrap(outcome, tasks[outcome.index])


def _unwrap(outcome: Outcome[AirportResult], task: AirportTask) -> AirportResult:
    if outcome.value is not None:
        return outcome.value
    failure = outcome.failure
    reason = f"{failure.type}: {failure.message}" if failure else "no result"
    return AirportResult(
        task.series.airport,
        Status.FAILED,
        reason,
        task=task,
        failure=failure,
        digest=task.series.digest,
        start_ms=outcome.start_ms,
        end_ms=outcome.end_ms,
    )


def batches(results: Iterable[T], size: int) -> Iterator[list[T]]:
    """Results in batches; none waits for long, and an interruption loses none that is there."""
    batch: list[T] = []
    since = clock()[0]
    try:
        for result in results:
            batch.append(result)
            if len(batch) >= size or clock()[0] - since >= LONGEST_WAIT_MS:
                yield batch
                batch, since = [], clock()[0]
    except KeyboardInterrupt:
        if batch:
            yield batch
        raise
    if batch:
        yield batch


def record_results(
    results: Sequence[AirportResult], job: Job, tracker: Tracker, run_id: str, ledger: Ledger
) -> dict[str, str]:
    """Write the runs of some airports in one transaction, enter them, and return their ids."""
    context = job.context
    kept = [r for r in results if r.status is not Status.SKIPPED]
    parent = run_id if context.layout == "nested" else None
    ids = tracker.record([airport_run(r, context) for r in kept], parent) if kept else []
    by_airport = dict(zip((r.airport for r in kept), ids, strict=True))
    for r in results:
        ledger.lines[r.airport] = Line(
            r.airport,
            str(r.status),
            r.reason,
            r.tuned.loss if r.tuned else None,
            model_label(r),
            by_airport.get(r.airport),
            r.task.retuned if r.task else None,
        )
        ledger.cpu_seconds += r.cpu_seconds
        ledger.objective_seconds += r.objective_seconds
        if r.cpu_seconds:
            ledger.first_start_ms = min(ledger.first_start_ms or r.start_ms, r.start_ms)
        if r.forecast is not None and r.status is not Status.FAILED:
            ledger.forecasts[r.airport] = r.forecast
        if job.sums and context.plan.forecast and r.airport in job.sums.series:
            base = base_of(r, job.sums, context.plan, tracker)
            ledger.bases |= {r.airport: base} if base else {}
        grouped = r.airport in context.groups
        if r.model is not None and context.plan.train and job.served and not grouped:
            ledger.models[r.airport] = r.model
        past = past_of(r, by_airport.get(r.airport, "")) if job.served else None
        ledger.pasts += [past] if past else []
        ledger.last_recorded_ms = clock()[0]
        reason = f": {r.reason}" if r.reason else ""
        log.info("%s%s: %s%s", job.prefix, r.airport, r.status, reason)
    return by_airport


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
        "wall_seconds": round(wall, 3),
        "work_seconds": round(work, 3),
        "cpu_seconds": round(ledger.cpu_seconds, 3),
        "objective_seconds": round(ledger.objective_seconds, 3),
        "airports_per_minute": round(60 * worked / wall, 2),
        "efficiency": round(ledger.objective_seconds / (work * job.jobs), 4) if work else 0.0,
    }
