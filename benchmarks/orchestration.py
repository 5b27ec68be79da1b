"""Measure what a job costs beside the modelling itself.

Runs ``forecastctl run`` on generated airports, recorded in an SQLite store, and in the same run its
peer: the same use case with the same workers, recorded into memory. Prints for each how the CPU
seconds of the objective compare with what the workers could have given, and airports per minute:

- *at work*: between the start of the first airport and the last one recorded;
- *in all*: from the command on, so that reading the data, starting workers and importing libraries
  count. Making the empty store does not.

    python benchmarks/orchestration.py --airports 50 --max-evals 30 --layout flat --charts
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from forecastctl.store.mlflow.open import open_tracker

COST = (
    "wall_seconds",
    "work_seconds",
    "objective_seconds",
    "at_work",
    "in_all",
    "airports_per_minute",
)


def main() -> None:
    options = parse()
    if not options.json:
        introduce(options)
    costs: dict[str, list[dict[str, float]]] = {"sqlite": [], "memory": []}
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "airports.csv"
        command("sample", "--out", str(data), "--airports", str(options.airports))
        for turn in range(options.repeat):
            # Whoever goes first meets colder caches: take turns.
            order = ("sqlite", "memory") if turn % 2 == 0 else ("memory", "sqlite")
            for name in order:
                costs[name].append(measure(name, data, turn, options))
    report(costs, as_json=options.json)


def introduce(options: argparse.Namespace) -> None:
    """Say what is measured, and whether the machine does other things at the same time."""
    print(f"{options.airports} airports x {options.max_evals} trials, {options.jobs} workers,")
    print(f"{options.layout} layout; Python {platform.python_version()}, {os.cpu_count()} cores,")
    print(f"load average before: {os.getloadavg()[0]:.1f}")


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Orchestration efficiency of forecastctl run")
    parser.add_argument("--airports", type=int, default=200)
    parser.add_argument("--max-evals", type=int, default=15)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--layout", choices=("nested", "flat"), default="nested")
    parser.add_argument("--repeat", type=int, default=3, help="runs of each kind")
    parser.add_argument("--charts", action="store_true", help="draw charts too")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--peer", metavar="CSV", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.peer:
        print(json.dumps(in_memory(Path(options.peer), options)))
        sys.exit()
    return options


def command(*arguments: str) -> str:
    """Output of a forecastctl command in a process of its own."""
    return finished([sys.executable, "-m", "forecastctl", *arguments])


def finished(arguments: list[str]) -> str:
    done = subprocess.run(arguments, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(arguments)} ended with {done.returncode}:\n{done.stderr}")
    return done.stdout


def measure(name: str, data: Path, turn: int, options: argparse.Namespace) -> dict[str, float]:
    """One whole process, interpreter start and imports included."""
    shared = ["--max-evals", str(options.max_evals), "--jobs", str(options.jobs)]
    shared += ["--layout", options.layout]
    store = f"sqlite:///{data.with_name(f'store{turn}.db')}"
    if name == "sqlite":
        open_tracker(store, "forecastctl").close()  # makes the store, once for all later jobs
        shared += ["--charts" if options.charts else "--no-charts", "--quiet", "--json"]
        job = [sys.executable, "-m", "forecastctl", "run", "--data", str(data)]
        job += ["--tracking-uri", store, *shared]
    else:
        shared += ["--charts"] if options.charts else []
        job = [sys.executable, __file__, "--peer", str(data), *shared]
    started = time.perf_counter()
    answer = json.loads(finished(job))
    cost = {**answer.get("cost", answer), "process_seconds": time.perf_counter() - started}
    cost["at_work"] = cost.pop("efficiency")
    cost["in_all"] = cost["objective_seconds"] / (cost["wall_seconds"] * options.jobs)
    return cost


def in_memory(data: Path, options: argparse.Namespace) -> dict[str, float]:
    """The peer: the same use case, composed with a tracker that keeps everything in memory."""
    from datetime import UTC, datetime

    from forecastctl.api.compose import data_spec, environment, new_job_id
    from forecastctl.data.prepare.prepare import prepare
    from forecastctl.data.read.files import read_panel
    from forecastctl.execute.loky import make_executor
    from forecastctl.jobs.plan import Request, plan_job
    from forecastctl.jobs.run import run_job
    from forecastctl.settings import load_settings
    from forecastctl.store.memory import MemoryTracker

    started = time.time_ns() // 1_000_000
    flags = {"data.source": str(data), "tune.max_evals": options.max_evals}
    settings = load_settings(flags, environ={})
    spec = data_spec(settings)
    panel = read_panel(spec)
    entries = prepare(panel, spec, as_of=None, today=datetime.now(UTC).date())
    executor = make_executor(options.jobs)
    request = Request(
        command="run",
        job_id=new_job_id(started),
        start_ms=started,
        search=settings.search(),
        levels=settings.forecast.level,
        layout=options.layout,
        charts=options.charts,
        config_digest=settings.result_digest(),
        settings={name: value for name, value, _ in settings.items()},
        jobs=options.jobs,
        batch=settings.run.batch,
    )
    tracker = MemoryTracker()
    job = plan_job(request, panel, entries, environment(), tracker)
    summary = run_job(job, tracker, executor, lambda _result, _total: None, lambda: b"")
    return dict(summary.cost)


def report(costs: dict[str, list[dict[str, float]]], *, as_json: bool) -> None:
    """Medians of each kind, and sqlite over memory."""
    middle = {
        name: {key: statistics.median(r[key] for r in runs) for key in (*COST, "process_seconds")}
        for name, runs in costs.items()
    }
    ratio = middle["sqlite"]["at_work"] / middle["memory"]["at_work"]
    if as_json:
        print(json.dumps({"median": middle, "runs": costs, "ratio": ratio}))
        return
    print(f"{'recorded in':<12}{'wall s':>8}{'work s':>8}{'objective s':>13}", end="")
    print(f"{'at work':>9}{'in all':>8}{'airports/min':>14}")
    for name, cost in middle.items():
        wall, work, objective, at_work, in_all, rate = (cost[key] for key in COST)
        print(f"{name:<12}{wall:>8.1f}{work:>8.1f}{objective:>13.1f}", end="")
        print(f"{at_work:>9.3f}{in_all:>8.3f}{rate:>14.1f}")
    runs = [r["at_work"] for r in costs["sqlite"]]
    print(f"sqlite at work over {len(runs)} runs: {min(runs):.3f} to {max(runs):.3f}")
    print(f"sqlite / memory, at work: {ratio:.3f}")


if __name__ == "__main__":
    main()
