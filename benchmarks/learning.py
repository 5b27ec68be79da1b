"""Measure what a search gains from earlier ones: evaluations, and the loss it stops at.

Every airport is searched in month t twice: cold, with 50 evaluations, and warm, by what earlier
months' jobs recorded (in memory, by the code that ``forecastctl tune --learn`` calls). The first
of the earlier months is searched cold, with 50 evaluations; where there are several, the others
learn as well and stop by themselves. Counted is how many evaluations it takes until the best
trial's loss is that of the cold search's best trial (or within 0.1 % of it), 51 where 50 are not
enough. ``level`` is the number of evaluations after which the mean of the best losses so far, over
the airports and relative to the cold ones, is no higher than the cold one's after 50: what one
airport misses, another makes up for. ``stopped`` is where the rule ends the warm search:
evaluations, and the best trial's loss over the cold one's. The cold search is made with the seed of
the earlier months, or with ``--seed`` another; the same seed proposes much the same models, which
makes the task easier.

With ``--no-own`` every airport is searched as if it had no history of its own.

    python benchmarks/learning.py --data-dir ../shared/data
    python benchmarks/learning.py --months 6 --seed 1
    python benchmarks/learning.py --no-own
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
from typing import TYPE_CHECKING, Any

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
    """One airport: evaluations to the cold loss, and what the rule makes of it."""

    panel: str
    airport: str
    strict: int
    near: int
    cold: int
    stopped: int
    ratio: float
    gaps: tuple[float, ...]
    """Logarithms of the best losses so far over the cold one, after 1 to 50 evaluations."""


def main() -> None:
    options = parse()
    warnings.simplefilter("ignore")
    rows: list[Row] = []
    from forecastctl.execute.loky import make_executor

    executor = make_executor(options.jobs)
    for fleet in fleets(Path(options.data_dir), options.back):
        if options.panel not in (None, fleet.panel):
            continue
        rows += searched(fleet, options, executor)
        print(f"{fleet.panel}: {len(rows)} airports so far", file=sys.stderr)
    if options.json:
        print(json.dumps([row.__dict__ for row in rows]))
    else:
        print(text(rows, options))


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Evaluations that learning from history saves")
    parser.add_argument("--data-dir", default="../shared/data")
    parser.add_argument("--panel", choices=PANELS, help="only this one")
    parser.add_argument("--months", type=int, default=1, help="of history")
    parser.add_argument("--seed", type=int, default=0, help="of the cold search in month t")
    parser.add_argument(
        "--back",
        type=int,
        nargs="+",
        default=PORT_AUTHORITY_BACK,
        help="Port Authority's searches, in months before the end of its data",
    )
    parser.add_argument("--combine", type=int, default=1, help="1: the best trial alone")
    parser.add_argument("--no-own", action="store_true", help="leave out an airport's own history")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


def fleets(folder: Path, port_authority: Sequence[int]) -> list[Fleet]:
    """Port Authority in several months, and samples of TSA and of the tourism competition."""
    port = read(folder / "port_authority.csv")
    tsa = [s for s in read(folder / "tsa_monthly.csv") if s.n == 39]
    tsa = tsa[:: max(len(tsa) // TSA_AIRPORTS, 1)][:TSA_AIRPORTS]
    tourism = read(folder / "tourism_monthly.csv.gz")[::TOURISM_EVERY]
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
    """Record the history of a fleet, then search its month t cold and warm."""
    from forecastctl.jobs.run import run_job
    from forecastctl.records import SearchSpec
    from forecastctl.store.memory import MemoryTracker

    tracker = MemoryTracker()
    search = SearchSpec(max_evals=EVALS, combine=options.combine)
    for months in range(options.months, 0, -1):
        entries = before(fleet.airports, months)
        job = planned(entries, search, tracker, learn=months < options.months)
        run_job(job, tracker, executor, lambda *_: None, lambda: b"")
    warm = planned(fleet.airports, search, tracker, learn=True).tasks
    warm = [task for task in without_own(warm, tracker, options) if task.learned is not None]
    cold = [replace(t, learned=None, plan=replace(t.plan, search=seeded(t, options))) for t in warm]
    # Never stopped: where the rule stops is then read off, it does not change what comes before.
    tasks = [*cold, *(replace(t, learned=replace(known(t), rate=math.inf)) for t in warm)]
    results = done(tasks, executor)
    pairs = zip(warm, results[: len(cold)], results[len(cold) :], strict=True)
    return [row_of(fleet.panel, task, c, w) for task, c, w in pairs]


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
    """The same tasks or, where asked, taught by the other airports alone."""
    if not options.no_own:
        return list(tasks)
    from forecastctl.jobs.learn import searches_by_job, searches_until
    from forecastctl.search.learned.shape import shape
    from forecastctl.search.learned.starts import PastSearches as Past

    found = searches_by_job(
        tracker, tasks[0].plan.search, {t.series.airport: t.series for t in tasks}
    )
    taught = []
    for task in tasks:
        s = task.series
        others = [p for a, p in searches_until(found, s.cutoff).pasts.items() if a != s.airport]
        learned = Past.of(others).learned(s.airport, shape(s.y, s.season_length))
        taught.append(replace(task, learned=learned))
    return taught


def seeded(task: AirportTask, options: argparse.Namespace) -> SearchSpec:
    return replace(task.plan.search, seed=options.seed)


def known(task: AirportTask) -> Any:
    return task.learned


def done(tasks: Sequence[AirportTask], executor: Executor) -> list[TuneResult]:
    from forecastctl.jobs.work import work

    found: dict[int, TuneResult] = {}
    for outcome in executor.map(work, tasks):
        if outcome.value is None or outcome.value.tuned is None:
            sys.exit(f"{tasks[outcome.index].series.airport}: {outcome.failure or outcome.value}")
        found[outcome.index] = outcome.value.tuned
    return [found[index] for index in range(len(tasks))]


def row_of(panel: str, task: AirportTask, cold: TuneResult, warm: TuneResult) -> Row:
    from forecastctl.records.learning import POOL, SUGGESTED
    from forecastctl.search.stopping import UNLIKELY, chance

    target = min(losses(cold))
    trace, rate = losses(warm), known(task).rate
    tried = (*SUGGESTED, *((POOL,) if task.plan.search.combine > 1 else ()))
    forced = 1 + max((t.number for t in warm.trials if t.start in tried), default=0)
    plain = [t.loss for t in warm.trials]
    ends = (n for n in range(forced, len(trace)) if chance(plain[:n], forced, rate) <= UNLIKELY)
    stopped = next(ends, len(trace))
    ratio = min(trace[:stopped]) / target
    reached = (until(trace, target), until(trace, target * NEAR), until(losses(cold), target))
    best = np.minimum.accumulate([*trace, *[math.inf] * (EVALS - len(trace))])
    gaps = np.minimum(np.log(best / target), WORST)
    return Row(panel, task.series.airport, *reached, stopped, ratio, tuple(gaps.tolist()))


def losses(tuned: TuneResult) -> list[float]:
    return [math.inf if t.loss is None else t.loss for t in tuned.trials]


def until(trace: Sequence[float], target: float) -> int:
    return next((n for n, loss in enumerate(trace, start=1) if loss <= target), MISSED)


def text(rows: Sequence[Row], options: argparse.Namespace) -> str:
    columns = ("mean", "median", "50/mean", "50/med", "<= 12", "reached", "near", "cold")
    columns += ("level", "50/lev", "stopped", "50/stop", "loss", "median")
    what = "others' history" if options.no_own else "history"
    head = (
        f"cold search of {EVALS} (seed {options.seed}) against {options.months} month(s) of {what}"
    )
    lines = [
        f"{head}, combine {options.combine}, load average {os.getloadavg()[0]:.1f}",
        f"{'':<16}{'n':>4}" + "".join(f"{c:>9}" for c in columns),
    ]
    for panel in [*dict.fromkeys(row.panel for row in rows), "all"]:
        mine = [row for row in rows if panel in (row.panel, "all")]
        strict, near, cold, stop = (
            np.array([getattr(r, k) for r in mine]) for k in ("strict", "near", "cold", "stopped")
        )
        ratio = np.array([row.ratio for row in mine if math.isfinite(row.ratio)]) - 1.0
        values = (np.mean(strict), np.median(strict), EVALS / np.mean(strict))
        values += (EVALS / np.median(strict),)
        line = f"{panel:<16}{len(mine):>4}" + "".join(f"{v:>9.1f}" for v in values)
        line += f"{np.mean(strict <= 12):>9.0%}{np.mean(strict <= EVALS):>9.0%}"
        level = until(np.mean([row.gaps for row in mine], axis=0).tolist(), 0.0)
        line += f"{EVALS / np.mean(near):>9.1f}{np.mean(cold):>9.1f}"
        line += f"{level:>9}{EVALS / level:>9.1f}{np.mean(stop):>9.1f}"
        line += f"{EVALS / np.mean(stop):>9.1f}{np.mean(ratio):>+9.1%}{np.median(ratio):>+9.1%}"
        lines.append(line)
    lines += [
        "evaluations until the loss of the cold search: mean, median, their ratios to 50, share of",
        "airports in at most 12 and in 50; near: 50 over the mean until within 0.1 %; cold: mean",
        "of the cold search itself; level: evaluations until the mean loss of all is the cold",
        "one's; stopped: evaluations when the rule ends the search, loss there",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
