"""Predict jobs from smaller ones, run them, and print predicted over actual.

Three comparisons, each in an experiment of its own:

- *tsa*: two jobs of 30 and 90 airports of the TSA panel; then all 438 (39 months each);
- *generated*: two jobs of 40 and 120 generated airports (120 months); then 2,000;
- *backend*: one of these with loky, two small ones with Dask; then 400 with Dask.

CPU seconds are those of models and records, as the job recorded them. The wall is that of an idle
machine: what the job took over how many times longer than their CPU time its airports took.

    python benchmarks/planning.py --panel ../shared/data/tsa_monthly.csv --jobs 2
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pandas as pd

from forecastctl.capacity.answer import plan
from forecastctl.capacity.facts import read_facts
from forecastctl.data.read.sample import sample_panel
from forecastctl.store.open import open_tracker


def main() -> None:
    parser = argparse.ArgumentParser(description="Predicted over actual, of jobs not seen before")
    parser.add_argument("--panel", type=Path, default=Path("../shared/data/tsa_monthly.csv"))
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--only", choices=("tsa", "generated", "backend"))
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    print(f"{options.jobs} workers, load average before: {os.getloadavg()[0]:.1f}")
    for name in [options.only] if options.only else ["tsa", "generated", "backend"]:
        with tempfile.TemporaryDirectory() as folder:
            print(
                json.dumps(compared(name, Path(folder), options))
                if options.json
                else told(name, compared(name, Path(folder), options)),
                flush=True,
            )


def compared(name: str, folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    """One comparison: small jobs, a prediction, the large job."""
    store = f"sqlite:///{folder / 'mlflow.db'}"
    if name == "tsa":
        whole = pd.read_csv(options.panel)
        steps = [(part(whole, 30, 0), "loky"), (part(whole, 90, 1), "loky")]
        final = (whole, "loky")
    elif name == "generated":
        steps = [(sample_panel(40, seed=1), "loky"), (sample_panel(120, seed=2), "loky")]
        final = (sample_panel(2000, seed=3), "loky")
    else:
        steps = [(sample_panel(120, seed=2), "loky"), (sample_panel(40, seed=4), "dask")]
        steps.append((sample_panel(120, seed=5), "dask"))
        final = (sample_panel(400, seed=6), "dask")
    for at, (frame, backend) in enumerate(steps):
        run(frame, folder / f"{at}.csv", store, backend, options.jobs)
    tracker = open_tracker(store, "forecastctl", reading=True)
    facts = read_facts(tracker)
    airports, months = size(final[0])
    # Fewer than in the panel are worked on, where some have too few months.
    run(final[0], folder / "final.csv", store, final[1], options.jobs)
    done = read_facts(open_tracker(store, "forecastctl", reading=True))[0]
    known = plan(
        facts,
        airports=len(done.airports),
        months=months,
        cores=[options.jobs],
        backends=[final[1]],
        price=None,
    )
    said = known.predictions[0]
    wall = done.startup_seconds + done.work_seconds + done.closing_seconds
    cpu = done.cpu_seconds + done.recording_cpu_seconds
    return {
        "airports": len(done.airports),
        "in_panel": airports,
        "months": months,
        "backend": done.backend,
        "cpu_predicted": said.cpu_seconds,
        "cpu_actual": cpu,
        "cpu_ratio": said.cpu_seconds / cpu,
        "wall_predicted": said.wall_seconds,
        "low": said.low,
        "high": said.high,
        "wall_actual": wall,
        "slowness": done.slowness,
        "wall_ratio": said.wall_seconds / (wall / done.slowness),
        "bottleneck": said.bottleneck,
        "parts": said.parts,
        "actual": [done.startup_seconds, done.work_seconds, done.closing_seconds],
        "known": known.to_dict()["known"],
    }


def part(frame: pd.DataFrame, airports: int, seed: int) -> pd.DataFrame:
    """Some airports of a panel, drawn from a seed."""
    column = frame.columns[0]
    drawn = frame[column].drop_duplicates().sample(airports, random_state=seed)
    return frame[frame[column].isin(drawn)]


def size(frame: pd.DataFrame) -> tuple[int, int]:
    """Airports of a panel, and the months of the one in the middle."""
    counts = frame.groupby(frame.columns[0]).size()
    return len(counts), int(counts.median())


def run(frame: pd.DataFrame, path: Path, store: str, backend: str, jobs: int) -> None:
    """A job as a user starts it."""
    frame.to_csv(path, index=False)
    command = [sys.executable, "-m", "forecastctl", "run", "--data", str(path), "--quiet"]
    command += ["--tracking-uri", store, "--backend", backend, "--jobs", str(jobs)]
    command += ["--retune", "always"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode not in (0, 4):
        sys.exit(f"{' '.join(command)} ended with {done.returncode}:\n{done.stderr}")


def told(name: str, found: dict[str, Any]) -> str:
    """A comparison in two lines."""
    return (
        f"{name}: {found['airports']:,} airports of {found['months']} months with "
        f"{found['backend']}\n"
        f"  CPU s predicted {found['cpu_predicted']:.0f}, actual {found['cpu_actual']:.0f}, "
        f"ratio {found['cpu_ratio']:.2f}; wall s predicted {found['wall_predicted']:.0f} "
        f"({found['low']:.0f} to {found['high']:.0f}), actual {found['wall_actual']:.0f} on a "
        f"{found['slowness']:.1f} times slower machine, ratio {found['wall_ratio']:.2f}"
    )


if __name__ == "__main__":
    main()
