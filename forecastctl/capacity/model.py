"""The model behind a plan: simple enough to be checked by hand. Pure.

A job starts, works at its airports, and closes. While it works, `W` workers share the CPU time of
the models, and one driver writes the records; what takes longer decides::

    work = max((N * (model + writing) + W * warm) / W, N * record) + 2 * model * (W - 1) / W

`model` and `writing` are CPU seconds an airport, of the models and of the driver for a record; a
chart counts as part of the model where one is drawn.
`record` is how long the latter takes, with its waits for the store. `warm` is what the first
airports of a worker take more than others, for imports. The last term is the wait for the last
airport, twice: the first hundred are searched before all others. What recorded jobs took beyond
that is added as a line, a constant and something in proportion, and so are start and end in the
number of airports.

All times are those of a machine that does nothing else: walls of recorded jobs are divided by how
many times longer than their CPU time their airports took.
"""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from forecastctl.capacity.facts import JobFacts

WARM = 2.0
"""From so many times the median on, an airport of a worker's first two is one that imported."""
APART = 2.0
"""Sizes that differ less than so many times tell nothing of a slope."""
LEAST_UNSURE = 0.1
"""Half of the range of a prediction at least, as a share of it."""
ALONE = ("serial", "threads")
"""Backends that use one core, whatever there is."""

Line = tuple[float, float]
"""Constant and slope, neither negative."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """What recorded jobs of one backend say.

    Attributes:
        backend: Which.
        jobs: How many jobs.
        months: The shortest and the longest series on record.
        model: CPU seconds an airport by its months, as a line.
        record: Seconds of the driver an airport, with its waits for the store.
        writing: CPU seconds of the driver in that.
        warm: CPU seconds of a worker for its start.
        drawing: CPU seconds of a chart; zero where none is on record.
        startup: Seconds until the first airport is begun, by the number of airports.
        extra: Seconds beyond the model, by seconds of the model.
        closing: Seconds after the last airport is recorded, by the number of airports.
        largest: Airports of the largest job, and the most workers.
        unsure: How far recorded jobs are from what is said of them, as a share.
    """

    backend: str
    jobs: int
    months: tuple[int, int]
    model: Line
    record: float
    writing: float
    warm: float
    drawing: float
    startup: Line
    extra: Line
    closing: Line
    largest: tuple[int, int]
    unsure: float


@dataclass(frozen=True, slots=True)
class Prediction:
    """What a job will take.

    Attributes:
        backend: What does the work.
        cores: Workers at the same time.
        wall_seconds: From start to end, on a machine that does nothing else.
        low: The least of it that is likely.
        high: The most.
        cpu_seconds: CPU time of models and records.
        parts: Seconds of the wall by what they go into: ``starting``, ``models``, ``recording``,
            ``closing``; models and recording overlap.
        bottleneck: Which of them decides.
        cores_worth: From so many cores on, recording decides, and more of them help nothing.
    """

    backend: str
    cores: int
    wall_seconds: float
    low: float
    high: float
    cpu_seconds: float
    parts: dict[str, float]
    bottleneck: str
    cores_worth: int | None

    def cost(self, price: float | None) -> float | None:
        """What the cores cost that are kept for it, at a price of one for an hour."""
        return None if price is None else price * self.cores * self.wall_seconds / 3600


def calibrate(facts: Sequence[JobFacts], backend: str) -> Calibration:
    """What recorded jobs say of a backend.

    Airports cost the same CPU time wherever they are worked on, and records are written by the same
    driver: these are taken from all jobs, the rest from those of the backend.

    Args:
        facts: Jobs with equal settings, of any backend.
        backend: One of which there is a job.
    """
    model = cost_by_months(facts)
    recorded = sum(len(job.airports) for job in facts)
    mine = [job for job in facts if job.backend == backend]
    warm = statistics.fmean(_warm(job, model) for job in mine)
    plain = Calibration(
        backend=backend,
        jobs=len(mine),
        months=_span(n for job in facts for n, _ in job.airports),
        model=model,
        record=sum(map(_recording, facts)) / recorded,
        writing=sum(job.recording_cpu_seconds for job in facts) / recorded,
        warm=warm,
        drawing=statistics.median([s for job in facts for s in job.drawing] or [0.0]),
        startup=line((len(job.airports), job.startup_seconds / job.slowness) for job in mine),
        extra=(0.0, 0.0),
        closing=line((len(job.airports), job.closing_seconds / job.slowness) for job in mine),
        largest=(max(len(job.airports) for job in mine), max(job.workers for job in mine)),
        unsure=0.0,
    )
    walls = [
        (_work(plain, _models(job, plain), len(job.airports), job.workers), job) for job in mine
    ]
    extra = line((wall, job.work_seconds / job.slowness - wall) for wall, job in walls)
    off = [
        abs(wall + extra[0] + extra[1] * wall - job.work_seconds / job.slowness)
        / max(job.work_seconds / job.slowness, 1e-9)
        for wall, job in walls
    ]
    return Calibration(
        **{
            name: getattr(plain, name)
            for name in plain.__slots__
            if name not in ("extra", "unsure")
        },
        extra=extra,
        unsure=max(off),
    )


def predict(
    known: Calibration, airports: int, months: int, cores: int, *, charts: bool = False
) -> Prediction:
    """What a job will take.

    Args:
        known: What recorded jobs say of the backend.
        airports: How many.
        months: Months of each.
        cores: Workers, one for each core.
        charts: Whether each gets a chart.
    """
    each = known.model[0] + known.model[1] * months + (known.drawing if charts else 0.0)
    workers = 1 if known.backend in ALONE else min(cores, airports)
    work = _work(known, airports * each, airports, workers)
    work += known.extra[0] + known.extra[1] * work
    starting = known.startup[0] + known.startup[1] * airports
    closing = known.closing[0] + known.closing[1] * airports
    parts = {
        "starting": starting + known.warm + known.extra[0],
        "models": airports * each / workers,
        "recording": airports * known.record,
        "closing": closing,
    }
    wall = starting + work + closing
    unsure = _unsure(known, airports, months, workers)
    return Prediction(
        backend=known.backend,
        cores=cores,
        wall_seconds=wall,
        low=wall * (1 - min(unsure, 0.9)),
        high=wall * (1 + unsure),
        cpu_seconds=airports * (each + known.writing) + workers * known.warm,
        parts=parts,
        bottleneck=max(parts, key=lambda name: parts[name]),
        cores_worth=math.ceil(each / known.record) + 1 if known.record > 0 else None,
    )


def cost_by_months(facts: Iterable[JobFacts]) -> Line:
    """CPU seconds of an airport by its months, without what a worker takes for its start."""
    points = []
    for job in facts:
        usual = statistics.median(cpu for _, cpu in job.airports)
        imports = sorted((cpu for _, cpu in job.airports), reverse=True)[: 2 * job.workers]
        dear = {cpu for cpu in imports if cpu > WARM * usual}
        kept = [(n, cpu) for n, cpu in job.airports if cpu not in dear]
        by_months: dict[int, list[float]] = {}
        for n, cpu in kept:
            by_months.setdefault(n, []).append(cpu)
        points += [(n, statistics.fmean(cpus), len(cpus)) for n, cpus in by_months.items()]
    return line(((n, cpu) for n, cpu, _ in points), [count for _, _, count in points])


def line(points: Iterable[tuple[float, float]], weights: Sequence[float] | None = None) -> Line:
    """The line of least squares through points, with neither part negative.

    Where the points lie at about the same place, or the slope would be negative, their mean.

    Args:
        points: Place and value.
        weights: Of each, one by default.
    """
    x, y = np.asarray(list(points), dtype=float).T
    w = np.ones_like(x) if weights is None else np.asarray(weights, dtype=float)
    level = max(float(np.average(y, weights=w)), 0.0)
    if x.max() < APART * max(x.min(), 1e-9):
        return level, 0.0
    from scipy.optimize import nnls

    root = np.sqrt(w)
    (constant, slope), _ = nnls(np.column_stack([root, root * x]), root * y)
    return float(constant), float(slope)


def _work(known: Calibration, models: float, airports: int, workers: int) -> float:
    """Seconds of work, as the model has it."""
    each = models / airports
    shared = (models + airports * known.writing) / workers + known.warm
    waiting = 2 * each * (workers - 1) / workers
    return max(shared, airports * known.record) + waiting


def _models(job: JobFacts, known: Calibration) -> float:
    """CPU seconds of a job's models and charts, without what its workers took for their start."""
    spent = sum(cpu for _, cpu in job.airports) + len(job.drawing) * known.drawing
    return max(spent - job.workers * _warm(job, known.model), 1e-9)


def _warm(job: JobFacts, model: Line) -> float:
    """CPU seconds that a worker took for its start: what is beyond the usual at its first two."""
    usual = statistics.median(cpu for _, cpu in job.airports)
    dear = sorted(((cpu, n) for n, cpu in job.airports), reverse=True)[: 2 * job.workers]
    beyond = (cpu - model[0] - model[1] * n for cpu, n in dear if cpu > WARM * usual)
    return sum(max(seconds, 0.0) for seconds in beyond) / job.workers


def _recording(job: JobFacts) -> float:
    """Seconds of the driver for a job's records, on a machine that does nothing else."""
    return max(job.recording_cpu_seconds, job.recording_seconds / job.slowness)


def _unsure(known: Calibration, airports: int, months: int, workers: int) -> float:
    """Half of the range, as a share: more, the further from what is recorded."""
    most, busiest = known.largest
    beyond = 0.05 * max(math.log10(airports / most), 0.0)
    wider = 0.05 * max(math.log2(workers / busiest), 0.0)
    shortest, longest = known.months
    other = max(months / longest, shortest / months, 1.0) - 1.0
    return math.hypot(LEAST_UNSURE, known.unsure, beyond, wider, 0.2 * other)


def _span(values: Iterable[int]) -> tuple[int, int]:
    found = list(values)
    return min(found), max(found)
