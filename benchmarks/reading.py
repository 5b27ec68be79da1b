"""How long help, history and explain take, on a store of a million runs too.

Makes two SQLite stores with the SQL tracker, a small and a large one, with the same three real
airports in the middle of made-up jobs, and times whole cold commands on both, next to
``python -c "import mlflow"`` in the same round; and ``--help`` next to ``import typer``. Prints
medians and ratios.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from forecastctl.recording.context import airport_key
from forecastctl.records import Metric, Run
from forecastctl.records.marks import AIRPORTS, JOBS, SET, airport_mark, job_mark, search_mark
from forecastctl.store.mlflow.open import open_tracker

TRIALS = 15
AIRPORTS_A_JOB = 200
COMMANDS = {
    "history": ["history"],
    "history airports": ["history", "airports"],
    "history trials": ["history", "trials"],
    "history airports --airport": ["history", "airports", "--airport", "ELA"],
    "explain --quick": ["explain", "--airport", "ELA", "--date", "2019-09", "--quick"],
    "explain": ["explain", "--airport", "ELA", "--date", "2019-09"],
}
PLAIN = {
    "import mlflow": ["-c", "import mlflow"],
    "import typer": ["-c", "import typer"],
    "--help": ["-m", "forecastctl", "--help"],
}


def trial(airport: str, job: str, search: str, number: int, start: int) -> Run:
    """A made-up trial of the usual size: 6 parameters, 3 metrics, 8 tags."""
    values = ((name, 0.5 + number / 100) for name in ("loss", "mase", "rmse"))
    return Run(
        f"{airport} #{number}",
        start_ms=start,
        end_ms=start + 50,
        params={f"option{i}": str(number * i) for i in range(6)},
        metrics=tuple(Metric(key, value, 0, start) for key, value in values),
        tags={
            "kind": "trial",
            "airport": airport,
            "job_id": job,
            "status": "ok",
            "trial": str(number),
            "model": "HW(A,Ad,M)",
            "layout": "nested",
            search_mark(search): SET,
        },
    )


def airport_run(name: str, job: str, start: int) -> Run:
    """A made-up airport with its trials."""
    search = f"{job}{airport_key(name)}"
    marks = (AIRPORTS, airport_mark(airport_key(name)), job_mark(job))
    tags = {"kind": "airport", "airport": name, "job_id": job, "status": "ok", "tuned": "true"}
    return Run(
        name,
        start_ms=start,
        end_ms=start + 900,
        params={"model": "HW(A,Ad,M)"},
        metrics=(Metric("loss", 0.5, 0, start),),
        tags={**tags, "layout": "nested", "fmin_uuid": search, **dict.fromkeys(marks, SET)},
        children=tuple(trial(name, job, search, i, start + i * 60) for i in range(TRIALS)),
    )


def fill(uri: str, runs: int, first_ms: int) -> None:
    """Add made-up jobs until about so many runs are written."""
    tracker = open_tracker(uri, "forecastctl")
    written, number = 0, 0
    while written < runs:
        job, start = f"filler-{first_ms}-{number}", first_ms + number * 1000
        tags = {"kind": "job", "job_id": job, "status": "ok", JOBS: SET, job_mark(job): SET}
        wanted = min(AIRPORTS_A_JOB, max(1, (runs - written) // (TRIALS + 1)))
        children = tuple(airport_run(f"X{i:04d}", job, start + i) for i in range(wanted))
        tracker.record([Run(f"run {job}", start_ms=start, tags=tags, children=children)])
        written += 1 + wanted * (TRIALS + 1)
        number += 1


def make_store(folder: Path, runs: int) -> str:
    """A store of about so many runs with three real airports in the middle."""
    uri = f"sqlite:///{folder / 'mlflow.db'}"
    now = time.time_ns() // 1_000_000
    fill(uri, runs // 2, now - 40_000_000)
    command = ["run", "--data", "sample", "--as-of", "2019-06", "--max-evals", "4", "--no-charts"]
    wanted = [part for name in ("ELA", "WYB", "BAI") for part in ("--airport", name)]
    subprocess.run(
        [sys.executable, "-m", "forecastctl", *command, *wanted, "--tracking-uri", uri, "--quiet"],
        check=True,
        cwd=folder,
    )
    fill(uri, runs - runs // 2, now + 1000)
    return uri


def timed(arguments: list[str], folder: Path) -> float:
    """Wall seconds of one cold process."""
    start = time.perf_counter()
    subprocess.run([sys.executable, *arguments], check=True, cwd=folder, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=1_000_000)
    parser.add_argument("--small", type=int, default=1_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        stores = {}
        for size, runs in (("small", arguments.small), ("large", arguments.runs)):
            (folder / size).mkdir()
            stores[size] = make_store(folder / size, runs)
        seconds: dict[str, list[float]] = {}
        for _ in range(arguments.rounds):
            for label, line in PLAIN.items():
                seconds.setdefault(label, []).append(timed(line, folder))
            for label, command in COMMANDS.items():
                for size, uri in stores.items():
                    line = ["-m", "forecastctl", *command, "--tracking-uri", uri]
                    seconds.setdefault(f"{label} {size}", []).append(timed(line, folder))
    report(seconds, arguments)


def report(seconds: dict[str, list[float]], arguments: argparse.Namespace) -> None:
    """Print medians and ratios."""
    middle = {key: statistics.median(values) for key, values in seconds.items()}
    peer = middle["import mlflow"]
    if arguments.json:
        print(json.dumps(middle))
        return
    print(f"import mlflow: {peer:.2f} s (median of {arguments.rounds} rounds)")
    shown, least = middle["--help"], middle["import typer"]
    print(f"--help: {shown:.3f} s, import typer: {least:.3f} s, ratio {shown / least:.2f}")
    small, large = f"{arguments.small:,} runs s", f"{arguments.runs:,} runs s"
    print(f"{'command':<28}{small:>14}{large:>18}{'large/small':>13}{'large/import':>14}")
    for label in COMMANDS:
        one, two = middle[f"{label} small"], middle[f"{label} large"]
        print(f"{label:<28}{one:>14.2f}{two:>18.2f}{two / one:>13.2f}{two / peer:>14.2f}")


if __name__ == "__main__":
    main()
