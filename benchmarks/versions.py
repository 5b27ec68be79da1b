"""CPU seconds and forecasts of this version beside those of another checkout, pair by pair.

    git worktree add /tmp/before REVISION
    python benchmarks/versions.py --before /tmp/before --pairs 5

Each command runs once in each version, then again, so that other load meets both. Both are run by
this interpreter. The first job has an empty cache of compiled code, the later ones have it. What is
printed are medians, their ratio, and whether the forecasts are the same to the last bit; below it
the size of both packages.
"""

from __future__ import annotations

import argparse
import ast
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parents[1]
RUN = ["-m", "forecastctl", "run", "--data", "sample", "--as-of", "2019-06", "--out", "f.csv"]
EXPLAIN = ["-m", "forecastctl", "explain", "--airport", "WYB", "--date", "2019-09"]
LONG = 300
COMMANDS = {
    "run --data sample": [*RUN, "--quiet"],
    "explain": EXPLAIN,
    "explain --quick": [*EXPLAIN, "--quick"],
    "import mlflow": ["-c", "import mlflow"],
}


def main() -> None:
    parser = argparse.ArgumentParser(description="Two versions beside each other")
    parser.add_argument("--before", type=Path, required=True, help="another checkout")
    parser.add_argument("--pairs", type=int, default=5)
    options = parser.parse_args()
    versions = [options.before.resolve(), HERE]
    with tempfile.TemporaryDirectory() as scratch:
        places = [Path(scratch, name) for name in ("before", "after")]
        for place in places:
            place.mkdir()
        first = [
            seconds(v, p, COMMANDS["run --data sample"])
            for v, p in zip(versions, places, strict=True)
        ]
        line("first job, compiling", first)
        for name, command in COMMANDS.items():
            pairs = [
                [seconds(v, p, command) for v, p in zip(versions, places, strict=True)]
                for _ in range(options.pairs)
            ]
            line(name, [statistics.median(side) for side in zip(*pairs, strict=True)])
        same = len({(place / "f.csv").read_bytes() for place in places}) == 1
        print(f"forecasts are {'the same to the last bit' if same else 'DIFFERENT'}")
    for name, found in zip(("before", "after"), map(size, versions), strict=True):
        print(f"{name}: {found}")


def seconds(version: Path, place: Path, command: list[str]) -> float:
    """CPU seconds of a command and of all that it starts."""
    more = {
        "PYTHONPATH": str(version),
        "NUMBA_CACHE_DIR": str(place / "cache"),
        "MPLBACKEND": "Agg",
    }
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(
        [sys.executable, *command],
        cwd=place,
        env=os.environ | more,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=True,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def line(name: str, pair: list[float]) -> None:
    before, after = pair
    print(f"{name:<22}{before:>8.2f}{after:>8.2f}{after / before:>7.2f}x", flush=True)


def size(version: Path) -> str:
    """Files, lines and lengths of functions of a package."""
    texts = [path.read_text() for path in (version / "forecastctl").rglob("*.py")]
    lengths = sorted(
        node.end_lineno - node.lineno + 1
        for text in texts
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef)
    )
    lines = [text.count("\n") for text in texts]
    middle, tenth = statistics.median(lengths), lengths[int(0.9 * len(lengths))]
    return (
        f"{len(texts)} files, {sum(n > LONG for n in lines)} of them over {LONG} lines; "
        f"{sum(lines):,} lines; {len(lengths):,} functions, median {middle:.0f}, "
        f"90th percentile {tenth}, longest {lengths[-1]} lines"
    )


if __name__ == "__main__":
    main()
