"""From a panel and the settings to a job: what is to be done with each airport."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields, replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from forecastctl.errors import UsageError
from forecastctl.hints import did_you_mean
from forecastctl.jobs.earlier import build_on, find_up_to_date
from forecastctl.jobs.fleet import learn_from_fleet, with_fleet
from forecastctl.jobs.job import Job
from forecastctl.jobs.learn import add_learned
from forecastctl.jobs.parallel import Parallel
from forecastctl.jobs.retune import ALWAYS, airport_task, decide_retuning
from forecastctl.jobs.short import ShortWidths
from forecastctl.jobs.summary import rejected, skipped
from forecastctl.jobs.sums.base import plan_sums
from forecastctl.jobs.terms import series_with_terms
from forecastctl.recording.context import Environment, JobContext
from forecastctl.recording.panel import dataset_of
from forecastctl.records import (
    AirportResult,
    AirportTask,
    Plan,
    Rejection,
    SearchSpec,
    Series,
)
from forecastctl.records.schema import Tag

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from forecastctl.data.panel.panel import Panel
    from forecastctl.data.shared.panel import SharedPanel
    from forecastctl.records import FleetTerms
    from forecastctl.store.port import Tracker

STAGES_OF_COMMANDS = {
    "tune": ("tune",),
    "train": ("train",),
    "forecast": ("forecast",),
    "run": ("tune", "train", "forecast"),
}


CHARTED = 100
"""Of so many airports charts are drawn unasked: nobody opens thousands of them."""


@dataclass(frozen=True, slots=True)
class Request:
    """What the user asks of a job.

    Attributes:
        command: A key of `STAGES_OF_COMMANDS`.
        job_id: Id that the job's runs share.
        start_ms: When it began, milliseconds since the epoch.
        search: How to search.
        levels: Interval levels in percent.
        layout: ``nested`` or ``flat``.
        charts: Whether to draw a chart per airport; ``None``: of at most `CHARTED` airports.
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
        curves: Whether runs of airports hold metrics that a store may draw as lines.
        recorded: Airports that an attempt at this job which was cut off has recorded; that does not
            make them unchanged ones.
        parallel: What it does at the same time; what of it decides results is in ``search``.
        terms: Regressors of the airports; what they are made from is in ``config_digest``.
    """

    command: str
    job_id: str
    start_ms: int
    search: SearchSpec
    levels: tuple[int, ...]
    layout: str
    charts: bool | None
    config_digest: str
    settings: Mapping[str, object]
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
    curves: bool = False
    recorded: frozenset[str] = frozenset()
    parallel: Parallel = field(default_factory=Parallel)
    terms: FleetTerms | None = None

    def asked(self) -> dict[str, object]:
        """What decides what the job does with each airport, as plain values."""
        aside = {"job_id", "start_ms", "settings", "jobs", "batch", "recorded", "search", "curves"}
        aside |= {"parallel", "terms"}
        values = {f.name: getattr(self, f.name) for f in fields(self) if f.name not in aside}
        return {**values, "search": asdict(self.search)}


def plan_job(
    request: Request,
    panel: Panel | SharedPanel,
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
    airports = [entry.airport for entry in entries]
    chosen = select_airports(airports, request.airports, request.select)
    plan = _plan(request, len(chosen))
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
    known = [
        series_with_terms(s, request.terms, request.search.horizon) for s in (*series, *groups)
    ]
    tasks, without_work = _tasks(request, plan, known, environment, tracker, late)
    tasks = add_learned(tasks, request.search, tracker) if request.learn else tasks
    short = ShortWidths(entries, request.search)
    fleet = learn_from_fleet(entries, tasks)
    tasks = [with_fleet(short.added(task), fleet) for task in tasks]
    context = _context(request, plan, panel, series, environment)
    return Job(
        context=replace(context, groups=sums.hierarchy.levels) if sums else context,
        order=airports,
        tasks=tasks,
        settled=[*settled, *without_work],
        settings=request.settings,
        snapshot=panel.snapshot,
        jobs=request.jobs,
        batch=request.batch,
        sums=sums,
        parallel=request.parallel,
        fleet=fleet,
        terms=request.terms,
    )


def _plan(request: Request, airports: int) -> Plan:
    """What is done with each of so many airports."""
    stages = STAGES_OF_COMMANDS[request.command]
    return Plan(
        tune="tune" in stages,
        train="train" in stages,
        forecast="forecast" in stages,
        search=request.search,
        levels=tuple(sorted(set(request.levels))),
        charts=airports <= CHARTED if request.charts is None else request.charts,
    )


def _context(
    request: Request,
    plan: Plan,
    panel: Panel | SharedPanel,
    series: Sequence[Series],
    environment: Environment,
) -> JobContext:
    """The job's identity; the frequency is that of the series, which know the as-of date."""
    return JobContext(
        job_id=request.job_id,
        command=request.command,
        layout=request.layout,
        plan=plan,
        environment=environment,
        config_digest=request.config_digest,
        panel_digest=panel.digest,
        start_ms=request.start_ms,
        freq=series[0].freq if series else panel.freq,
        season_length=panel.season_length,
        data=dataset_of(panel),
        curves=request.curves,
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
            hint = did_you_mean(name, airports) or "'forecastctl check' lists them."
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
    """Tasks, and the results of airports that need none.

    Args:
        request: What the user asks.
        plan: What the job does with each airport.
        series: Airports and groups.
        environment: Where the job runs.
        tracker: Where earlier jobs recorded what this one builds on.
        late: Airports that are forecast further than the others, for which an earlier forecast is
            never enough.
    """
    if request.command == "train":
        return build_on(Tag.TUNED, plan, series, tracker)
    if request.command == "forecast":
        return build_on(Tag.TRAINED, plan, series, tracker)
    if request.command == "tune":
        return [AirportTask(plan, s) for s in series], []
    retuning = decide_retuning(request.retune, series, request.search, request.max_age, tracker)
    up_to_date: dict[str, AirportResult] = {}
    unreadable: dict[str, str] = {}
    if request.skip_unchanged:
        candidates = [s for s in series if retuning.reasons.get(s.airport, ALWAYS) == ALWAYS]
        candidates = [s for s in candidates if s.airport not in {*late, *request.recorded}]
        up_to_date, unreadable = find_up_to_date(
            candidates, request.config_digest, environment, tracker
        )
    left = [s for s in series if s.airport not in up_to_date]
    tasks = [airport_task(plan, s, retuning, tracker) for s in left]
    tasks = [replace(task, anew=unreadable.get(task.series.airport)) for task in tasks]
    return tasks, list(up_to_date.values())
