"""How the cost of an airport grows with the number of airports, recording included.

Whole ``forecastctl run`` commands on generated airports of 60 months, with short searches and
without charts, each in a process of its own and recorded in a fresh SQLite store::

    python benchmarks/growth.py --airports 100 --airports 1000 --airports 10000

Prints CPU seconds (driver and workers) an airport, beyond those of a job of two airports, which are
start-up and imports; and the driver's peak memory. Then what the one model of the whole fleet costs
an airport, in milliseconds and bytes. Small sizes run several times, to show the noise.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import SimpleNamespace

from forecastctl.store.mlflow.open import open_tracker

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

NOTHING = 2
"""Airports of the job that stands for start-up: enough for both workers."""


def program(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "forecastctl", *arguments]


def session_seconds(session: int) -> dict[int, float]:
    """CPU seconds so far of each process of a session."""
    seconds = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue  # it has just ended
            if int(fields[3]) == session:
                ticks = int(fields[11]) + int(fields[12])
                seconds[int(entry.name)] = ticks / os.sysconf("SC_CLK_TCK")
    return seconds


def peak_bytes(process: int) -> int:
    """Highest resident memory of a process so far; 0 when it has ended."""
    try:
        status = Path(f"/proc/{process}/status").read_text()
    except OSError:
        return 0
    lines = [line for line in status.splitlines() if line.startswith("VmHWM:")]
    return int(lines[0].split()[1]) * 1024 if lines else 0


def watched(arguments: list[str], folder: Path) -> dict[str, float]:
    """CPU seconds of a command and of its driver, wall seconds, and the driver's peak memory."""
    start = time.perf_counter()
    with (folder / "err.txt").open("wb") as err:
        process = subprocess.Popen(arguments, stdout=err, stderr=err, start_new_session=True)
    seconds: dict[int, float] = {}
    memory = 0
    while process.poll() is None:
        # What a process has used cannot be asked for once it has ended.
        seconds |= session_seconds(process.pid)
        memory = max(memory, peak_bytes(process.pid))
        time.sleep(0.1)
    if process.returncode not in (0, 1):
        said = (folder / "err.txt").read_text()
        sys.exit(f"{arguments} ended with {process.returncode}: {said}")
    return {
        "cpu": sum(seconds.values()),
        "driver": seconds[process.pid],
        "wall": time.perf_counter() - start,
        "memory": memory,
    }


def job(airports: int, folder: Path, options: argparse.Namespace) -> dict[str, float]:
    """One job on so many airports, in a fresh store that is made beforehand."""
    folder.mkdir(exist_ok=True)
    data, store = folder / f"{airports}.csv", folder / "mlflow.db"
    if not data.exists():
        made = program("sample", "--out", str(data), "--airports", str(airports))
        subprocess.run([*made, "--months", "60"], check=True, capture_output=True)
    store.unlink(missing_ok=True)
    uri = f"sqlite:///{store}"
    open_tracker(uri, "forecastctl").close()
    arguments = ["run", "--data", str(data), "--tracking-uri", uri, "--jobs", "2", "--quiet"]
    arguments += ["--no-charts", "--max-evals", str(options.max_evals), "--layout", options.layout]
    return watched(program(*arguments), folder)


def fleet(folder: Path) -> dict[str, float]:
    """What storing the models of the last job costs an airport: done again, and weighed."""
    import pandas as pd

    from forecastctl.api.compose import environment
    from forecastctl.recording.fleet import fleet_model
    from forecastctl.records import FittedModel, Query, Run, RunUpdate

    tracker = open_tracker(f"sqlite:///{folder / 'mlflow.db'}", "forecastctl")
    [found] = tracker.find(Query(tags={"kind": "job"}, limit=1))
    frame = pd.read_parquet(io.BytesIO(tracker.read_artifact(found.run_id, "fleet/models.parquet")))
    rows = zip(frame["airport"], frame["row"], strict=True)
    models = {airport: FittedModel.from_row(json.loads(row)) for airport, row in rows}
    context = SimpleNamespace(environment=environment(), start_ms=found.start_ms)
    seconds = []
    for _ in range(3):
        run_id = tracker.start(Run("fleet"))
        start = time.perf_counter()
        model = fleet_model(models, context)
        tracker.update(run_id, RunUpdate(model=model))
        seconds.append(time.perf_counter() - start)
    number = len(models)
    size = len(model.content)
    return {
        "models": number,
        "ms": 1000 * statistics.median(seconds) / number,
        "bytes": size / number,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--airports", type=int, action="append", help="repeatable")
    parser.add_argument("--max-evals", type=int, default=3)
    parser.add_argument("--layout", choices=("nested", "flat"), default="nested")
    parser.add_argument("--repeat", type=int, default=3, help="runs of each size but the largest")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    sizes = [NOTHING, *sorted(options.airports or [100, 1000, 10_000])]
    runs: dict[int, list[dict[str, float]]] = {}
    fleets: dict[int, dict[str, float]] = {}
    with tempfile.TemporaryDirectory(prefix="fctl-growth-") as name:
        for turn in range(options.repeat):
            # The largest once, in the middle: what is before and after it shows the noise.
            for size in sizes if turn == options.repeat // 2 else sizes[:-1]:
                folder = Path(name) / str(size)
                runs.setdefault(size, []).append(job(size, folder, options))
                if size > NOTHING:
                    fleets[size] = fleet(folder)
    report(runs, fleets, as_json=options.json)


def report(
    runs: dict[int, list[dict[str, float]]], fleets: dict[int, dict[str, float]], *, as_json: bool
) -> None:
    """Medians by size, over those of the smallest size."""
    if as_json:
        print(json.dumps({"runs": runs, "fleets": fleets}))
        return
    keys = ("cpu", "driver", "wall", "memory")
    middle = {
        n: {k: statistics.median(r[k] for r in made) for k in keys} for n, made in runs.items()
    }
    idle = middle.pop(NOTHING)
    print(f"start-up: {idle['cpu']:.1f} CPU seconds, of which driver {idle['driver']:.1f}")
    print(f"{'airports':>9}{'CPU ms each':>13}{'least':>8}{'most':>8}{'driver ms':>11}", end="")
    print(f"{'over smallest':>15}{'wall s':>8}{'driver MiB':>12}{'model ms':>10}{'bytes':>8}")
    smallest = None
    for n, row in middle.items():
        each = [1000 * (r["cpu"] - idle["cpu"]) / (n - NOTHING) for r in runs[n]]
        cost = statistics.median(each)
        smallest = smallest or cost
        driver = 1000 * (row["driver"] - idle["driver"]) / (n - NOTHING)
        print(f"{n:>9,}{cost:>13.1f}{min(each):>8.1f}{max(each):>8.1f}{driver:>11.1f}", end="")
        print(f"{cost / smallest:>15.2f}{row['wall']:>8.1f}{row['memory'] / 2**20:>12.0f}", end="")
        print(f"{fleets[n]['ms']:>10.2f}{fleets[n]['bytes']:>8.0f}")


if __name__ == "__main__":
    main()
