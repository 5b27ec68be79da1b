"""From a panel and the settings to a job: what is to be done with each airport."""

from __future__ import annotations

import difflib
import logging
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from forecastctl.errors import NothingRecordedError, UsageError
from forecastctl.jobs.job import Job
from forecastctl.jobs.learn import add_learned
from forecastctl.jobs.retune import ALWAYS, decide, task
from forecastctl.jobs.summary import rejected, skipped
from forecastctl.jobs.sums.base import plan_sums
from forecastctl.recording.context import Environment, JobContext
from forecastctl.recording.read import (
    latest,
    read_forecast,
    read_model,
    read_tuning,
)
from forecastctl.recording.run_of import RunOf
from forecastctl.records import (
    AirportResult,
    AirportTask,
    Failure,
    Plan,
    Rejection,
    SearchSpec,
    Series,
    Status,
)
from forecastctl.records.schema import Tag

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from forecastctl.data.panel.panel import Panel
    from forecastctl.records import StoredRun
    from forecastctl.store.port import Tracker

log = logging.getLogger(__name__)

STAGES = {
    "tune": ("tune",),
    "train": ("train",),
    "forecast": ("forecast",),
    "run": ("tune", "train", "forecast"),
}


@dataclass(frozen=True, slots=True)
class Request:
    """What the user asks of a job.

    Attributes:
        command: A key of `STAGES`.
        job_id: Id that the job's runs share.
        start_ms: When it was asked, milliseconds since the epoch.
        search: How to search.
        levels: Interval levels in percent.
        layout: ``nested`` or ``flat``.
        charts: Whether to draw a chart per airport.
        airports: Only these, exactly as spelt; empty for all.
        select: Only those that match one of these globs; empty for all.
        skip_unchanged: Leave airports alone whose data and settings have not changed.
        retune: When ``run`` tunes: ``always``, ``degraded`` or ``auto``.
        max_age: Periods after which a specification is tuned again unless ``always``.
        config_digest: SHA-256 of the settings that can change a forecast.
        settings: All settings, for the record.
        jobs: Number of workers.
        batch: Airports per transaction.
        learn: Whether a search starts from what earlier ones found.
        sums: Whether groups and the total are forecast as well.
        reconcile: How the forecasts are then made to add up, or ``none``.
    """

    command: str
    job_id: str
    start_ms: int
    search: SearchSpec
    levels: tuple[int, ...]
    layout: str
    charts: bool
    config_digest: str
    settings: Mapping[str, Any]
    airports: tuple[str, ...] = ()
    select: tuple[str, ...] = ()
    skip_unchanged: bool = False
    retune: str = ALWAYS
    max_age: int = 24
    jobs: int = 1
    batch: int = 8
    learn: bool = False
    sums: bool = False
    reconcile: str = "none"


def plan_job(
    request: Request,
    panel: Panel,
    entries: Sequence[Series | Rejection],
    environment: Environment,
    tracker: Tracker,
) -> Job:
    """Decide for every airport of the panel: a task, a rejection, a failure or a skip.

    Args:
        request: What the user asks.
        panel: The panel as read.
        entries: One prepared series or rejection for each airport of the panel.
        environment: Where the job runs.
        tracker: Where earlier jobs recorded what this one builds on.
    """
    plan = _plan(request)
    airports = [entry.airport for entry in entries]
    chosen = select_airports(airports, request.airports, request.select)
    settled: list[AirportResult] = []
    series: list[Series] = []
    for entry in entries:
        if entry.airport not in chosen:
            settled.append(skipped(entry.airport, "not selected", entry.digest))
        elif isinstance(entry, Rejection):
            settled.append(rejected(entry, request.start_ms))
        else:
            series.append(entry)
    sums = plan_sums(series, panel.groups, settled, request.reconcile) if request.sums else None
    groups = sums.hierarchy.series if sums else []
    late = sums.late if sums else set()
    tasks, early = _tasks(request, plan, [*series, *groups], environment, tracker, late)
    tasks = add_learned(tasks, request.search, tracker) if request.learn else tasks
    context = _context(request, plan, panel, series, environment)
    return Job(
        replace(context, groups=sums.hierarchy.levels) if sums else context,
        airports,
        tasks,
        [*settled, *early],
        request.settings,
        panel.frame,
        request.jobs,
        request.batch,
        sums=sums,
    )


def _plan(request: Request) -> Plan:
    stages = STAGES[request.command]
    return Plan(
        "tune" in stages,
        "train" in stages,
        "forecast" in stages,
        request.search,
        tuple(sorted(set(request.levels))),
        request.charts,
    )


def _context(
    request: Request,
    plan: Plan,
    panel: Panel,
    series: Sequence[Series],
    environment: Environment,
) -> JobContext:
    """The job's identity; the frequency is that of the series, which know the as-of date."""
    return JobContext(
        request.job_id,
        request.command,
        request.layout,
        plan,
        environment,
        request.config_digest,
        panel.digest,
        request.start_ms,
        freq=series[0].freq if series else panel.freq,
        season_length=panel.season_length,
    )


def select_airports(
    airports: Sequence[str], names: Sequence[str], globs: Sequence[str]
) -> set[str]:
    """Airports that the user asked for; all of them where nothing was asked.

    Args:
        airports: Those in the data.
        names: Wanted ones, exactly as spelt.
        globs: Patterns of wanted ones.

    Raises:
        UsageError: A name or a pattern without any airport.
    """
    if not names and not globs:
        return set(airports)
    known = set(airports)
    for name in names:
        if name not in known:
            close = difflib.get_close_matches(name, airports, n=1) or [
                a for a in airports if a.lower() == name.lower()
            ]
            hint = f"Did you mean '{close[0]}'?" if close else "'forecastctl check' lists them."
            raise UsageError(f"--airport: there is no airport '{name}' in the data.", hint)
    chosen = set(names)
    for pattern in globs:
        matching = {a for a in airports if fnmatchcase(a, pattern)}
        if not matching:
            raise UsageError(
                f"--select: no airport in the data matches '{pattern}'.",
                "'forecastctl check' lists them; quote the pattern for the shell.",
            )
        chosen |= matching
    return chosen


def _tasks(
    request: Request,
    plan: Plan,
    series: Sequence[Series],
    environment: Environment,
    tracker: Tracker,
    late: Collection[str] = (),
) -> tuple[list[AirportTask], list[AirportResult]]:
    """Tasks, and what needs none; ``late`` is never up to date, as it is forecast further."""
    if request.command == "train":
        return _continue(plan, series, tracker, Tag.TUNED)
    if request.command == "forecast":
        return _continue(plan, series, tracker, Tag.TRAINED)
    if request.command == "tune":
        return [AirportTask(plan, s) for s in series], []
    retuning = decide(request.retune, series, request.search, request.max_age, tracker)
    done: dict[str, AirportResult] = {}
    lost: dict[str, str] = {}
    if request.skip_unchanged:
        due = [s for s in series if retuning.reasons.get(s.airport, ALWAYS) == ALWAYS]
        due = [s for s in due if s.airport not in late]
        done, lost = _up_to_date(request, due, environment, tracker)
    left = [s for s in series if s.airport not in done]
    tasks = [task(plan, s, retuning, tracker) for s in left]
    return [replace(t, anew=lost.get(t.series.airport)) for t in tasks], list(done.values())


def _continue(
    plan: Plan, series: Sequence[Series], tracker: Tracker, stage: Tag
) -> tuple[list[AirportTask], list[AirportResult]]:
    """Build on the newest run of each airport that holds a stage and saw no later data."""
    runs = latest(tracker, stage, {s.airport: s.cutoff for s in series})
    tasks: list[AirportTask] = []
    failed: list[AirportResult] = []
    for one in series:
        run = runs.get(one.airport)
        if run is None:
            failed.append(_without(one, stage))
            continue
        try:
            tasks.append(_task(plan, one, tracker, run, stage))
        except NothingRecordedError as error:
            failed.append(_unreadable(one, run, error))
    return tasks, failed


def _task(plan: Plan, series: Series, tracker: Tracker, run: StoredRun, stage: Tag) -> AirportTask:
    if stage == Tag.TUNED:
        tuned = read_tuning(tracker, run.run_id)
        return AirportTask(plan, series, tuned=tuned, sources={Tag.TUNED_BY: run.run_id})
    model = read_model(tracker, run.run_id)
    sources: dict[str, str] = {Tag.TRAINED_BY: run.run_id}
    if Tag.TUNED_BY in run.tags or RunOf(run).holds(Tag.TUNED):
        sources[Tag.TUNED_BY] = RunOf(run).tuned_by
    return AirportTask(plan, series, model=model, sources=sources)


def _without(series: Series, stage: Tag) -> AirportResult:
    command, past = {Tag.TUNED: ("tune", "tuned"), Tag.TRAINED: ("train", "trained")}[stage]
    reason = f"never {past} on data up to {series.cutoff}: run 'forecastctl {command}' first"
    return AirportResult(
        series.airport,
        Status.FAILED,
        reason,
        failure=Failure("NotRecorded", reason),
        digest=series.digest,
        notes=series.notes,
        suspects=series.suspects,
    )


def _unreadable(series: Series, run: StoredRun, error: NothingRecordedError) -> AirportResult:
    reason = f"run {run.run_id} cannot be read: {error.message}"
    return AirportResult(
        series.airport,
        Status.FAILED,
        reason,
        failure=Failure(type(error).__name__, reason),
        digest=series.digest,
        notes=series.notes,
        suspects=series.suspects,
    )


def _up_to_date(
    request: Request, series: Iterable[Series], environment: Environment, tracker: Tracker
) -> tuple[dict[str, AirportResult], dict[str, str]]:
    """Airports whose newest forecast saw the same data, settings, versions and machine.

    Returns:
        Those whose forecast is there, and of the others the reason why it is lost.
    """
    by_airport = {s.airport: s for s in series}
    runs = latest(tracker, Tag.FORECAST, {a: s.cutoff for a, s in by_airport.items()})
    wanted: Callable[[Series], dict[str, str]] = lambda s: {  # noqa: E731
        Tag.COMMAND: "run",
        Tag.DATA_DIGEST: s.digest,
        Tag.CUTOFF: s.cutoff,
        Tag.CONFIG_DIGEST: request.config_digest,
        Tag.ENVIRONMENT: environment.digest,
        Tag.LEFT_OUT: ",".join(s.left_out),
    }
    done: dict[str, AirportResult] = {}
    lost: dict[str, str] = {}
    for airport, run in runs.items():
        one = by_airport[airport]
        if not all(run.tags.get(k, "") == v for k, v in wanted(one).items()):
            continue
        try:
            done[airport] = _kept(one, run, tracker)
        except NothingRecordedError as error:
            lost[airport] = error.message
            log.warning("%s is done anew: %s", airport, lost[airport])
    return done, lost


def _kept(series: Series, run: StoredRun, tracker: Tracker) -> AirportResult:
    """An airport whose forecast stays; its model must be there too, for who asks later.

    Raises:
        NothingRecordedError: Something of it cannot be read.
    """
    read_model(tracker, run.run_id)
    return AirportResult(
        series.airport,
        Status.SKIPPED,
        f"up to date: run {run.run_id} has the same data and settings",
        tuned=read_tuning(tracker, RunOf(run).tuned_by),
        forecast=read_forecast(tracker, run.run_id),
        digest=series.digest,
        suspects=series.suspects,
    )
