"""Measure what a search gains from earlier ones: evaluations, and the loss it stops at.

Every airport is searched three times in month t, with 50 evaluations each:

- ``learned``: from the starts that earlier months' jobs recorded (in memory, by the code that
  ``forecastctl tune --learn`` calls), then as Hyperopt proposes.
- ``cold``: from the pool's and the families' starting points, then as Hyperopt proposes. This is
  what ``tune`` does without ``--learn``, and the peer that ``learned`` is compared with.
- the yardstick: cold as well, with another seed. Its best loss is the target of the two others.

A search with the seed of an earlier month proposes much the same models, which would make the
target easy to reach. So the three searches and the earlier months have different seeds.

The first of the earlier months is searched cold; where there are several, the others learn as well
and stop by themselves. With ``--no-own`` an airport learns only from the others.

Counted are the evaluations until the best trial's loss is the target (or within 0.1 % of it), 51
where 50 are not enough. ``level`` is the number of evaluations after which the best losses so far,
each relative to its target, are on average no higher than the targets. ``stopped`` is where the
rule ends the learned search: evaluations, and the best loss there over the target.

    python benchmarks/learning.py --data-dir ../shared/data
    python benchmarks/learning.py --months 6
    python benchmarks/learning.py --no-own
    python benchmarks/learning.py --back 0 42 --thin 5    (a few minutes)
"""

from __future__ import annotations

import argparse
import json
import math
import os
import sys
import warnings
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")

import numpy as np  # noqa: E402 - after the variables it reads
import pandas as pd  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Sequence

    from forecastctl.execute.port import Executor
    from forecastctl.jobs.job import Job
    from forecastctl.records import AirportTask, SearchSpec, Series, TuneResult
    from forecastctl.store.memory import MemoryTracker

EVALS, SEASON, SHORTEST, MISSED = 50, 12, 26, 51
NEAR, WORST = 1.001, 1.0
COLD_SEED, LEARNED_SEED, YARDSTICK_SEED = 1, 2, 3
"""Different from each other and from 0, with which the earlier months are searched."""

COUNTED = ("strict", "near", "stopped")
PANELS = ("port_authority", "tsa_monthly", "tourism_monthly")
PORT_AUTHORITY_BACK = tuple(range(0, 84, 7))
"""Months before the end of the data that are searched: every month of the year once."""

TSA_BACK, TSA_AIRPORTS, TOURISM_EVERY = 2, 80, 4


@dataclass(frozen=True)
class Fleet:
    """Airports as known in month t; those of one fleet learn from each other."""

    panel: str
    airports: tuple[Series, ...]


@dataclass(frozen=True)
class Row:
    """One search of one airport: evaluations to the target, and where it stops."""

    panel: str
    airport: str
    search: str
    strict: int
    near: int
    stopped: int
    ratio: float
    gaps: tuple[float, ...]
    """Logarithms of the best losses so far over the target, after 1 to 50 evaluations."""


def main() -> None:
    options = parse()
    warnings.simplefilter("ignore")
    rows: list[Row] = []
    from forecastctl.execute.loky import make_executor

    executor = make_executor(options.jobs)
    for fleet in fleets(Path(options.data_dir), options.back, options.thin):
        if options.panel not in (None, fleet.panel):
            continue
        rows += searched(fleet, options, executor)
        print(f"{fleet.panel}: {len(rows) // 2} airports so far", file=sys.stderr)
    if options.json:
        print(json.dumps([row.__dict__ for row in rows]))
    else:
        print(text(rows, options))


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Evaluations that learning from history saves")
    parser.add_argument("--data-dir", default="../shared/data")
    parser.add_argument("--panel", choices=PANELS, help="only this one")
    parser.add_argument("--months", type=int, default=1, help="of history")
    parser.add_argument(
        "--back",
        type=int,
        nargs="+",
        default=PORT_AUTHORITY_BACK,
        help="Port Authority's searches, in months before the end of its data",
    )
    parser.add_argument(
        "--thin", type=int, default=1, help="take only every so many of TSA's and tourism's series"
    )
    parser.add_argument("--combine", type=int, default=1, help="1: the best trial alone")
    parser.add_argument("--no-own", action="store_true", help="leave out an airport's own history")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


def fleets(folder: Path, port_authority: Sequence[int], thin: int) -> list[Fleet]:
    """Port Authority in several months, and samples of TSA and of the tourism competition."""
    port = read(folder / "port_authority.csv")
    tsa = [s for s in read(folder / "tsa_monthly.csv") if s.n == 39]
    tsa = tsa[:: max(len(tsa) // TSA_AIRPORTS, 1)][:TSA_AIRPORTS:thin]
    tourism = read(folder / "tourism_monthly.csv.gz")[:: TOURISM_EVERY * thin]
    found = [Fleet("port_authority", before(port, back)) for back in port_authority]
    found += [Fleet("tsa_monthly", before(tsa, TSA_BACK)), Fleet("tourism_monthly", tuple(tourism))]
    return found


def read(path: Path) -> list[Series]:
    """Series of a panel in their order, each from its last hole on."""
    from forecastctl.records import Series

    frame = pd.read_csv(path)
    if "set" in frame:
        frame = frame[frame["set"] == "train"].drop(columns="set")
    frame.columns = pd.Index(["airport", "date", "value"])
    found = []
    for airport, group in frame.groupby("airport", sort=False):
        rows = group.sort_values("date")
        if rows["value"].isna().any():
            continue
        months = rows["date"].to_numpy("datetime64[M]")
        holes = np.flatnonzero(np.diff(months).astype(int) != 1)
        start = int(holes[-1]) + 1 if len(holes) else 0
        ds, y = months[start:].astype("datetime64[D]"), rows["value"].to_numpy(float)[start:]
        found.append(Series(str(airport), "M", SEASON, ds, y, f"{airport}-{len(y)}"))
    return found


def before(airports: Sequence[Series], months: int) -> tuple[Series, ...]:
    """The airports as they were some months earlier, those that are long enough."""
    cut = [
        replace(s, ds=s.ds[: s.n - months], y=s.y[: s.n - months], digest=f"{s.digest}-{months}")
        for s in airports
    ]
    return tuple(s for s in cut if s.n >= SHORTEST)


def searched(fleet: Fleet, options: argparse.Namespace, executor: Executor) -> list[Row]:
    """Record the history of a fleet, then search its month t three times."""
    from forecastctl.jobs.run import run_job
    from forecastctl.records import SearchSpec
    from forecastctl.store.memory import MemoryTracker

    tracker = MemoryTracker()
    search = SearchSpec(max_evals=EVALS, combine=options.combine)
    for months in range(options.months, 0, -1):
        entries = before(fleet.airports, months)
        job = planned(entries, search, tracker, learn=months < options.months)
        run_job(job, tracker, executor, lambda *_: None, lambda: b"")
    tasks = planned(fleet.airports, search, tracker, learn=True).tasks
    tasks = [task for task in without_own(tasks, tracker, options) if task.learned is not None]
    cold = [replace(seeded(task, COLD_SEED), learned=None) for task in tasks]
    yardstick = [replace(seeded(task, YARDSTICK_SEED), learned=None) for task in tasks]
    learned = [endless(seeded(task, LEARNED_SEED)) for task in tasks]
    results = done([*cold, *learned, *yardstick], executor)
    n = len(tasks)
    rows = []
    for task, c, w, y in zip(tasks, results[:n], results[n : 2 * n], results[2 * n :], strict=True):
        target = min(losses(y))
        rows += [row_of(fleet.panel, task, "cold", c, target)]
        rows += [row_of(fleet.panel, task, "learned", w, target)]
    return rows


def planned(
    entries: Sequence[Series], search: SearchSpec, tracker: MemoryTracker, *, learn: bool
) -> Job:
    """A job as the command plans it."""
    from forecastctl.data.panel.build import make_panel
    from forecastctl.data.panel.panel import DataSpec
    from forecastctl.jobs.plan import Request, plan_job
    from forecastctl.recording.context import Environment
    from forecastctl.records import Query

    one = entries[0]
    frame = pd.DataFrame({"airport": one.airport, "ds": one.ds.astype("datetime64[s]"), "y": one.y})
    frame = frame.assign(row=range(len(frame)), problem=None)
    panel = make_panel(frame, DataSpec(source="benchmark"), "benchmark")
    start = 1_600_000_000_000 + 60_000 * len(tracker.find(Query(tags={"kind": "job"})))
    environment = Environment({}, {}, "", git_dirty=False, host="", pid=1, user="")
    request = Request(
        "tune", f"job-{start}", start, search, (80,), "flat", False, "config", {}, learn=learn
    )
    return replace(plan_job(request, panel, entries, environment, tracker), snapshot=None)


def without_own(
    tasks: Sequence[AirportTask], tracker: MemoryTracker, options: argparse.Namespace
) -> list[AirportTask]:
    """The same tasks or, where asked, with what the other airports alone suggest."""
    if not options.no_own:
        return list(tasks)
    from forecastctl.jobs.learn import searches_by_job, searches_until
    from forecastctl.search.learned.shape import shape
    from forecastctl.search.learned.starts import PastSearches

    series = {task.series.airport: task.series for task in tasks}
    jobs = searches_by_job(tracker, tasks[0].plan.search, series)
    found = []
    for task in tasks:
        s = task.series
        others = [p for a, p in searches_until(jobs, s.cutoff).pasts.items() if a != s.airport]
        learned = PastSearches.of(others).learned(s.airport, shape(s.y, s.season_length))
        found.append(replace(task, learned=learned))
    return found


def seeded(task: AirportTask, seed: int) -> AirportTask:
    """The same task with another seed of its search."""
    return replace(task, plan=replace(task.plan, search=replace(task.plan.search, seed=seed)))


def endless(task: AirportTask) -> AirportTask:
    """The same task without the stopping rule.

    Where the rule stops is read off afterwards; it does not change what comes before.
    """
    return replace(task, learned=replace(task.learned, rate=math.inf)) if task.learned else task


def done(tasks: Sequence[AirportTask], executor: Executor) -> list[TuneResult]:
    from forecastctl.jobs.work import work

    found: dict[int, TuneResult] = {}
    for outcome in executor.map(work, tasks):
        if outcome.value is None or outcome.value.tuned is None:
            sys.exit(f"{tasks[outcome.index].series.airport}: {outcome.failure or outcome.value}")
        found[outcome.index] = outcome.value.tuned
    return [found[index] for index in range(len(tasks))]


def row_of(panel: str, task: AirportTask, search: str, tuned: TuneResult, target: float) -> Row:
    trace = losses(tuned)
    stopped = stops(task, tuned) if search == "learned" else len(trace)
    best = np.minimum.accumulate([*trace, *[math.inf] * (EVALS - len(trace))])
    gaps = np.minimum(np.log(best / target), WORST)
    return Row(
        panel,
        task.series.airport,
        search,
        until(trace, target),
        until(trace, target * NEAR),
        stopped,
        min(trace[:stopped]) / target,
        tuple(gaps.tolist()),
    )


def stops(task: AirportTask, tuned: TuneResult) -> int:
    """Trials after which the rule ends a learned search that was not ended by it."""
    from forecastctl.records.learning import POOL, SUGGESTED
    from forecastctl.search.stopping import UNLIKELY, chance

    required = (*SUGGESTED, *((POOL,) if task.plan.search.combine > 1 else ()))
    first = 1 + max((t.number for t in tuned.trials if t.start in required), default=0)
    trace = [t.loss for t in tuned.trials]
    rate = task.learned.rate if task.learned else math.inf
    ends = (n for n in range(first, len(trace)) if chance(trace[:n], first, rate) <= UNLIKELY)
    return next(ends, len(trace))


def losses(tuned: TuneResult) -> list[float]:
    return [math.inf if t.loss is None else t.loss for t in tuned.trials]


def until(trace: Sequence[float], target: float) -> int:
    return next((n for n, loss in enumerate(trace, start=1) if loss <= target), MISSED)


def text(rows: Sequence[Row], options: argparse.Namespace) -> str:
    columns = ["mean", "median", "50/mean", "50/med", "<= 12", "reached", "near", "level"]
    columns += ["stopped", "loss", "median"]
    what = "others' history" if options.no_own else "history"
    head = f"searches of {EVALS}, {options.months} month(s) of {what}, combine {options.combine}"
    lines = [
        f"{head}, load average {os.getloadavg()[0]:.1f}",
        f"{'':<16}{'search':<8}{'n':>4}" + "".join(f"{c:>9}" for c in columns),
    ]
    for panel in [*dict.fromkeys(row.panel for row in rows), "all"]:
        for search in ("cold", "learned"):
            mine = [row for row in rows if panel in (row.panel, "all") and row.search == search]
            lines.append(f"{panel:<16}{search:<8}" + line(mine))
    lines += [
        "evaluations until the best loss of a cold search with another seed: mean, median, their",
        "ratios to 50, share of airports in at most 12 and in 50; near: 50 over the mean until",
        "within 0.1 %; level: evaluations until the mean of all is at the target; stopped:",
        "evaluations when the search ends, and its loss there over the target",
    ]
    return "\n".join(lines)


def line(rows: Sequence[Row]) -> str:
    strict, near, stop = (np.array([getattr(r, k) for r in rows]) for k in COUNTED)
    ratio = np.array([row.ratio for row in rows if math.isfinite(row.ratio)]) - 1.0
    counts = (np.mean(strict), np.median(strict), EVALS / np.mean(strict))
    found = f"{len(rows):>4}" + "".join(f"{v:>9.1f}" for v in (*counts, EVALS / np.median(strict)))
    found += f"{np.mean(strict <= 12):>9.0%}{np.mean(strict <= EVALS):>9.0%}"
    level = until(np.mean([row.gaps for row in rows], axis=0).tolist(), 0.0)
    found += f"{EVALS / np.mean(near):>9.1f}{level:>9}{np.mean(stop):>9.1f}"
    return found + f"{np.mean(ratio):>+9.1%}{np.median(ratio):>+9.1%}"


if __name__ == "__main__":
    main()
