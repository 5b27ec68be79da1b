"""Compare the orchestration of forecastctl with SparkTrials' and Optuna's, in the same minutes.

Every side searches the same number of airports with the same number of evaluations of the same
objective (a fixed CPU cost) by TPE, with 2 workers:

- *forecastctl*: airports in a joblib pool, every trial recorded in MLflow's tables (SQLite);
- *spark*: Hyperopt's SparkTrials on ``local[2]``, which records in memory only;
- *optuna-callback*: Optuna with ``n_jobs=2`` and its MLflowCallback, SQLite;
- *optuna-storage*: the same with MLflow's own MlflowStorage, SQLite;
- *bare*: two processes that do nothing but evaluate, with no search and no record. No side can be
  more efficient than this machine lets these be.

The time is from the start of the first evaluation to the last result recorded. Start-up (imports,
workers, an empty store) is before it, and reported apart; so is what of it is our pool's, next to
two plain interpreters that import the same libraries at the same time.

The peers are no dependencies of forecastctl. They live in an environment of their own::

    python benchmarks/peers.py --peers PEERS/bin/python --evals 10 --airports 4
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

SIDE = Path(__file__).with_name("peer_sides.py")
OURS, BARE = "forecastctl", "bare"
WORKERS = 2
IMPORTS = "import hyperopt, numpy"
NEEDS = {
    "spark": ("hyperopt", "pyspark"),
    "optuna-callback": ("mlflow", "optuna", "optuna_integration"),
    "optuna-storage": ("mlflow", "optuna"),
}
INSTALL = """\
Name with --peers an interpreter that has the peers, in an environment of its own:

    python -m venv PEERS
    PEERS/bin/pip install hyperopt pyspark optuna 'optuna-integration[mlflow]' mlflow
    python benchmarks/peers.py --peers PEERS/bin/python

pyspark needs Java 17 or later."""


def main() -> None:
    options = parse()
    require(options)
    total = options.airports * options.evals
    print(
        f"{options.airports} airports x {options.evals} evaluations of {options.ms:g} ms CPU",
        end="",
    )
    print(f" ({options.objective}), {WORKERS} workers, {os.cpu_count()} cores,")
    print(f"load average before: {os.getloadavg()[0]:.1f}")
    names = (OURS, BARE, *options.against)
    runs: dict[str, list[dict[str, float]]] = {name: [] for name in names}
    imports = []
    for turn in range(options.repeat):
        # Whoever goes first meets colder caches: take turns.
        for name in list(runs) if turn % 2 == 0 else reversed(list(runs)):
            runs[name].append(measure(name, total, options))
        imports.append(importing())
        walls = ", ".join(f"{name} {turns[-1]['wall']:.2f} s" for name, turns in runs.items())
        print(f"round {turn + 1}: {walls}; load average {os.getloadavg()[0]:.1f}", flush=True)
    print()
    report(runs)
    pool = statistics.median(turn["pool"] for turn in runs[OURS])
    plain = statistics.median(imports)
    print(
        f"workers ready after {pool:.2f} s, their imports alone {plain:.2f} s: {pool / plain:.2f}"
    )


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Orchestration against SparkTrials and Optuna")
    parser.add_argument("--peers", metavar="PYTHON", help="interpreter that has the peers")
    parser.add_argument(
        "--against",
        nargs="*",
        choices=tuple(NEEDS),
        default=list(NEEDS),
        help="none to measure forecastctl alone",
    )
    parser.add_argument("--airports", type=int, default=4)
    parser.add_argument("--evals", type=int, default=10, help="evaluations for each airport")
    parser.add_argument("--ms", type=float, default=50.0, help="CPU cost of an evaluation")
    parser.add_argument(
        "--objective",
        choices=("python", "native"),
        default="python",
        help="holds the interpreter's lock (as statsmodels mostly does), or releases it",
    )
    parser.add_argument("--repeat", type=int, default=3, help="rounds")
    return parser.parse_args()


def require(options: argparse.Namespace) -> None:
    """End with 2 and say what to install, where the peers are missing."""
    if not options.against:
        return
    if options.peers is None:
        print(INSTALL, file=sys.stderr)
        sys.exit(2)
    modules = sorted({module for name in options.against for module in NEEDS[name]})
    probe = f"import importlib.util as u; print(*[m for m in {modules} if not u.find_spec(m)])"
    try:
        done = subprocess.run(
            [options.peers, "-c", probe], capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError) as error:
        print(f"{options.peers} cannot be run: {error}\n\n{INSTALL}", file=sys.stderr)
        sys.exit(2)
    if missing := done.stdout.split():
        print(f"{options.peers} lacks {', '.join(missing)}.\n\n{INSTALL}", file=sys.stderr)
        sys.exit(2)


def importing() -> float:
    """Seconds until plain interpreters, as many as there are workers, have imported the same."""
    start = time.perf_counter()
    started = [subprocess.Popen([sys.executable, "-c", IMPORTS]) for _ in range(WORKERS)]
    if any(process.wait() for process in started):
        sys.exit(f"{IMPORTS} failed")
    return time.perf_counter() - start


def measure(name: str, total: int, options: argparse.Namespace) -> dict[str, float]:
    """One side in a process of its own."""
    interpreter = sys.executable if name in (OURS, BARE) else options.peers
    arguments = [interpreter, str(SIDE), name, "--airports", str(options.airports)]
    arguments += ["--evals", str(options.evals), "--ms", str(options.ms)]
    arguments += ["--objective", options.objective]
    launched = time.time()
    done = subprocess.run(arguments, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{name} ended with {done.returncode}:\n{done.stderr}")
    found = json.loads(done.stdout.splitlines()[-1])
    if found["recorded"] != total:
        sys.exit(f"{name} recorded {found['recorded']} of {total} evaluations")
    wall = found["finished"] - found["first"]
    return {
        "startup": found["first"] - launched,
        "pool": found.get("pool", 0.0),
        "wall": wall,
        "efficiency": found["cpu"] / (wall * WORKERS),
    }


def report(runs: dict[str, list[dict[str, float]]]) -> None:
    """Medians and extremes of each side; the ratio is within rounds, as the machine changes."""
    print(f"{'':<16}{'start-up s':>11}{'wall s':>9}{'min..max':>16}", end="")
    print(f"{'efficiency':>12}{'min..max':>14}{'ratio':>8}{'min..max':>14}")
    for name, turns in runs.items():
        ratios = [turn["wall"] / ours["wall"] for turn, ours in zip(turns, runs[OURS], strict=True)]
        walls = [turn["wall"] for turn in turns]
        shares = [turn["efficiency"] for turn in turns]
        startup = statistics.median(turn["startup"] for turn in turns)
        print(f"{name:<16}{startup:>11.1f}", end="")
        print(f"{statistics.median(walls):>9.2f}{extremes(walls, 2):>16}", end="")
        print(f"{statistics.median(shares):>12.3f}{extremes(shares, 3):>14}", end="")
        print(f"{statistics.median(ratios):>8.1f}{extremes(ratios, 1):>14}")


def extremes(values: list[float], digits: int) -> str:
    return f"{min(values):.{digits}f}..{max(values):.{digits}f}"


if __name__ == "__main__":
    main()
