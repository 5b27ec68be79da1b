"""What a large panel costs the driver of a job, read there or by the workers.

Whole ``forecastctl run`` commands, each in a process of its own, on generated airports of 240
months that lie in a folder of Parquet: all are read, checked and prepared, the panel is stored, and
one airport is forecast, so that memory is that of the panel and not of the work::

    python benchmarks/tables.py --airports 200 --airports 20000

Prints the driver's peak memory in MB, as a multiple of the smallest panel's, and its CPU seconds;
``--data FOLDER`` reads in the driver, ``--data parquet:FOLDER`` in worker processes.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

sys.path.insert(0, str(Path(__file__).resolve().parent))

from growth import program, watched

MONTHS = 240
PART = 500
"""Airports of a file."""


def write(folder: Path, airports: int) -> None:
    """A folder of files, each with some airports, sorted."""
    folder.mkdir()
    months = np.arange("2000-01", "2020-01", dtype="datetime64[M]").astype("datetime64[D]")
    season = 1 + 0.2 * np.sin(2 * np.pi * np.arange(MONTHS) / 12)
    rng = np.random.default_rng(0)
    for first in range(0, airports, PART):
        names = [f"A{i:05d}" for i in range(first, min(first + PART, airports))]
        level = rng.uniform(1_000, 1_000_000, (len(names), 1))
        noise = rng.normal(1, 0.03, (len(names), MONTHS))
        table = pa.table(
            {
                "airport": pa.array(np.repeat(names, MONTHS)),
                "date": pa.array(np.tile(months, len(names))),
                "passengers": pa.array((level * season * noise).round().ravel()),
            }
        )
        pq.write_table(table, folder / f"{first:06d}.parquet", row_group_size=20 * MONTHS)


def job(data: str, folder: Path, jobs: int) -> dict[str, float]:
    """One command in a fresh store."""
    folder.mkdir()
    work = ["--family", "seasonal_naive", "--max-evals", "1", "--horizon", "12", "--folds", "2"]
    store = ["--tracking-uri", f"sqlite:///{folder}/mlflow.db", "--layout", "flat", "--no-charts"]
    only = ["--airport", "A00000", "--jobs", str(jobs)]
    return watched(program("run", "--data", data, *work, *store, *only), folder)


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--airports", type=int, action="append")
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    sizes = sorted(options.airports or [200, 20_000])
    smallest: dict[str, float] = {}
    print("| airports | rows | read | driver's peak | times the smallest | driver's CPU |")
    print("| --- | --- | --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory() as folder:
        for airports in sizes:
            panel = Path(folder, f"panel{airports}")
            write(panel, airports)
            for read, data in (("in the driver", str(panel)), ("by workers", f"parquet:{panel}")):
                place = Path(folder, f"{airports} {read}")
                found = job(data, place, options.jobs)
                first = smallest.setdefault(read, found["memory"])
                print(
                    f"| {airports:,} | {airports * MONTHS:,} | {read} "
                    f"| {found['memory'] / 1e6:,.0f} MB | {found['memory'] / first:.1f} "
                    f"| {found['driver']:.1f} s |",
                    flush=True,
                )


if __name__ == "__main__":
    main()
