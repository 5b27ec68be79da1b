"""What is recorded of earlier jobs, as plain numbers."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from forecastctl.errors import NothingRecordedError
from forecastctl.jobs.parallel import AIRPORTS
from forecastctl.recording.run_of import RunOf
from forecastctl.records import ALL_RUNS, FINISHED, Query
from forecastctl.records.marks import JOBS, SET, job_mark
from forecastctl.records.schema import LIVE, TRUE, Kind, MetricKey, Param, Tag

if TYPE_CHECKING:
    from forecastctl.records import StoredRun
    from forecastctl.store.port import Tracker

JOBS_READ = 20
"""The newest jobs that count."""
_SETTINGS = (
    *(Param.MAX_EVALS, Param.FAMILIES, Param.FOLDS, Param.COMBINE, Param.LOSS),
    *(Param.ENGINE, Param.TPE_SHARE),
)
"""What decides how long a search takes, besides the length of the series."""
_WHOLE: dict[str, str] = dict.fromkeys((Tag.TUNED, Tag.TRAINED, Tag.FORECAST), TRUE)
DRAWING = MetricKey.DRAWING_SECONDS
_EXECUTOR = re.compile(r"(\w+), (\d+) worker")


@dataclass(frozen=True, slots=True)
class JobFacts:
    """A job that tuned, trained and forecast its airports, and came to its end in one go.

    Attributes:
        job_id: Its id.
        backend: What did the work.
        workers: Airports at the same time, at most.
        airports: Months and CPU seconds of each airport, without its chart.
        startup_seconds: Until the first airport was begun, without compiling the models.
        work_seconds: From then to the last one recorded.
        closing_seconds: From then to the end of the job's run.
        worked_seconds: Wall time of all workers at airports.
        cpu_seconds: CPU time of all workers at airports.
        recording_seconds: Wall time of the driver writing them.
        recording_cpu_seconds: CPU time of the driver in that.
        settings: What decides how long a search takes, by name.
        drawing: CPU seconds of each chart.
        charts: Whether charts were asked for; ``None`` where the number of airports decided.
    """

    job_id: str
    backend: str
    workers: int
    airports: tuple[tuple[int, float], ...]
    startup_seconds: float
    work_seconds: float
    closing_seconds: float
    worked_seconds: float
    cpu_seconds: float
    recording_seconds: float
    recording_cpu_seconds: float
    settings: tuple[tuple[str, str], ...] = ()
    drawing: tuple[float, ...] = ()
    charts: bool | None = None

    @property
    def slowness(self) -> float:
        """How many times longer than its CPU time an airport took, because of other work there.

        Where threads share a core, they wait for each other too, and it is not told from that.
        """
        if self.backend == "threads" or not self.cpu_seconds:
            return 1.0
        return max(self.worked_seconds / self.cpu_seconds, 1.0)


def read_facts(tracker: Tracker) -> list[JobFacts]:
    """The newest jobs that tell something, those with the settings of the newest of them.

    Raises:
        NothingRecordedError: There is none.
    """
    query = Query(tags={**_WHOLE, JOBS: SET, Tag.ORIGIN: LIVE}, status=FINISHED, limit=JOBS_READ)
    found = [facts for run in tracker.find(query) if (facts := _facts(tracker, run))]
    if not found:
        raise NothingRecordedError(
            "No job is recorded that says how long one takes.",
            "Run one first, of a few dozen airports: forecastctl run --data FILE --select 'A*'. "
            "Jobs of earlier versions did not measure all that is needed.",
        )
    return [facts for facts in found if facts.settings == found[0].settings]


def _facts(tracker: Tracker, job: StoredRun) -> JobFacts | None:
    """What a job tells; nothing where it was gone on with, left something, or did not measure."""
    executor = _EXECUTOR.match(job.tags.get(Tag.EXECUTOR, ""))
    measured = job.metrics.get(MetricKey.WORKED_SECONDS)
    if not executor or not measured or RunOf(job).attempt > 1 or job.tags.get(Tag.LEFT, "0") != "0":
        return None
    if job.tags.get(Tag.PARALLEL, AIRPORTS) != AIRPORTS:  # its workers had no airport each
        return None
    tags = {**_WHOLE, job_mark(RunOf(job).job_id): SET, Tag.KIND: Kind.AIRPORT}
    runs = tracker.find(Query(tags=tags, limit=ALL_RUNS))
    if not runs:
        return None
    numbers = job.metrics
    whole = ((job.end_ms or job.start_ms) - job.start_ms) / 1000
    return JobFacts(
        job_id=RunOf(job).job_id,
        backend=executor[1],
        workers=min(int(executor[2]), len(runs)),
        airports=tuple(map(_cost, runs)),
        startup_seconds=numbers[MetricKey.STARTUP_SECONDS],
        work_seconds=numbers[MetricKey.WORK_SECONDS],
        closing_seconds=max(whole - numbers[MetricKey.WALL_SECONDS], 0.0),
        worked_seconds=measured,
        cpu_seconds=numbers[MetricKey.CPU_SECONDS],
        recording_seconds=numbers[MetricKey.RECORDING_SECONDS],
        recording_cpu_seconds=numbers[MetricKey.RECORDING_CPU_SECONDS],
        settings=tuple((name, runs[0].params.get(name, "")) for name in _SETTINGS),
        drawing=tuple(r.metrics[DRAWING] for r in runs if DRAWING in r.metrics),
        charts={"True": True, "False": False}.get(job.params.get("forecast.charts", "")),
    )


def _cost(run: StoredRun) -> tuple[int, float]:
    """Months and CPU seconds of an airport, without its chart."""
    drawing = run.metrics.get(DRAWING, 0.0)
    return int(run.params[Param.N]), max(run.metrics[MetricKey.CPU_SECONDS] - drawing, 0.0)
