"""Overhead of a task under each engine, beside the bare engine in the same run.

The task does nothing but come back with 10 kB, which is about what an airport comes to. For each
engine that is installed, forecastctl's executor and the engine as its own documentation uses it are
started once and take turns:

- loky: `joblib.externals.loky`'s pool, as completed;
- dask: futures of `distributed.Client.map`, as completed;
- ray: tasks, each found with `ray.wait`;
- spark: `mapPartitions` over as many partitions as there are workers, all results at the end.

CPU time is that of this process and of all that come of it (engines' daemons included), because
wall time says little on a machine that does other things as well.

    python benchmarks/engines.py --tasks 500 --rounds 3 --jobs 2
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from forecastctl.bench.processes import tree_cpu
from forecastctl.bench.ways import missing
from forecastctl.execute.port import Executor
from forecastctl.registry import EXECUTORS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CONTENT = 10_000
"""Bytes that a task gets and gives back."""


def nothing(task: bytes) -> bytes:
    """The task."""
    return task


def main() -> None:
    parser = argparse.ArgumentParser(description="Overhead of a task under each engine")
    parser.add_argument("--tasks", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--backends", default="loky,dask,ray,spark")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    tasks = [bytes([n % 256]) * CONTENT for n in range(options.tasks)]
    found: dict[str, Any] = {}
    for backend in options.backends.split(","):
        why = missing(backend, {})
        found[backend] = {"skipped": why} if why else compared(backend, tasks, options)
    report(found, options)


def compared(backend: str, tasks: list[bytes], options: argparse.Namespace) -> dict[str, Any]:
    """Milliseconds a task, ours and bare, by round."""
    measures: dict[str, list[dict[str, float]]] = {"ours": [], "bare": []}
    # One after the other: Ray and Spark have one context a process.
    for name, opened in (("bare", BARE[backend]), ("ours", ours(backend))):
        with opened(options.jobs) as work:
            work(tasks[: 4 * options.jobs])  # workers start and import
            for _ in range(options.rounds):
                measures[name].append(measure(work, tasks))
    return {
        name: {key: statistics.median(r[key] for r in rounds) for key in rounds[0]}
        for name, rounds in measures.items()
    } | {"rounds": measures}


def measure(work: Callable[[list[bytes]], int], tasks: list[bytes]) -> dict[str, float]:
    """One round."""
    cpu, start = tree_cpu(), time.perf_counter()
    done = work(tasks)
    wall = time.perf_counter() - start
    assert done == len(tasks)
    return {
        "cpu_ms": 1000 * (tree_cpu() - cpu) / len(tasks),
        "wall_ms": 1000 * wall / len(tasks),
    }


def ours(backend: str) -> Any:
    """Our executor, opened."""

    @contextmanager
    def opened(jobs: int) -> Iterator[Callable[[list[bytes]], int]]:
        executor: Executor = EXECUTORS.make(backend, Executor, jobs)
        with executor:
            yield lambda tasks: sum(o.value is not None for o in executor.map(nothing, tasks))

    return opened


@contextmanager
def bare_loky(jobs: int) -> Iterator[Callable[[list[bytes]], int]]:
    from concurrent.futures import as_completed

    from joblib.externals.loky import ProcessPoolExecutor

    with ProcessPoolExecutor(jobs) as pool:

        def work(tasks: list[bytes]) -> int:
            futures = [pool.submit(nothing, task) for task in tasks]
            return sum(len(f.result()) == CONTENT for f in as_completed(futures))

        yield work


@contextmanager
def bare_dask(jobs: int) -> Iterator[Callable[[list[bytes]], int]]:
    from distributed import Client, LocalCluster, as_completed

    with (
        LocalCluster(
            n_workers=jobs, threads_per_worker=1, dashboard_address=None, memory_limit=0
        ) as cluster,
        Client(cluster) as client,
    ):

        def work(tasks: list[bytes]) -> int:
            futures = client.map(nothing, tasks, pure=False)
            return sum(len(f.result()) == CONTENT for f in as_completed(futures))

        yield work


@contextmanager
def bare_ray(jobs: int) -> Iterator[Callable[[list[bytes]], int]]:
    import logging

    import ray

    ray.init(
        num_cpus=jobs, include_dashboard=False, log_to_driver=False, logging_level=logging.CRITICAL
    )
    remote = ray.remote(num_cpus=1)(nothing)

    def work(tasks: list[bytes]) -> int:
        waiting, count = [remote.remote(task) for task in tasks], 0
        while waiting:
            done, waiting = ray.wait(waiting)
            count += sum(len(ray.get(one)) == CONTENT for one in done)
        return count

    yield work
    ray.shutdown()


@contextmanager
def bare_spark(jobs: int) -> Iterator[Callable[[list[bytes]], int]]:
    import sys

    from pyspark import SparkConf, SparkContext

    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    conf = SparkConf().setMaster(f"local[{jobs}]").set("spark.ui.enabled", "false")
    context = SparkContext(conf=conf)

    def work(tasks: list[bytes]) -> int:
        rows = context.parallelize(tasks, jobs).mapPartitions(lambda part: map(nothing, part))
        return sum(len(row) == CONTENT for row in rows.collect())

    yield work
    context.stop()


BARE = {"loky": bare_loky, "dask": bare_dask, "ray": bare_ray, "spark": bare_spark}


def report(found: dict[str, Any], options: argparse.Namespace) -> None:
    """Medians of the rounds."""
    if options.json:
        print(json.dumps(found))
        return
    print(f"{options.tasks} tasks of {CONTENT / 1000:g} kB, {options.jobs} workers, medians of")
    print(f"{options.rounds} rounds; Python {platform.python_version()}, {os.cpu_count()} cores,")
    print(f"load average {os.getloadavg()[0]:.1f}; milliseconds a task")
    print(f"{'engine':<8}{'CPU ours':>10}{'bare':>8}{'ratio':>8}{'wall ours':>12}{'bare':>8}")
    for backend, measures in found.items():
        if "skipped" in measures:
            print(f"{backend:<8}left out: {measures['skipped']}")
            continue
        mine, bare = measures["ours"], measures["bare"]
        ratio = mine["cpu_ms"] / bare["cpu_ms"]
        print(f"{backend:<8}{mine['cpu_ms']:>10.2f}{bare['cpu_ms']:>8.2f}{ratio:>8.1f}", end="")
        print(f"{mine['wall_ms']:>12.2f}{bare['wall_ms']:>8.2f}")


if __name__ == "__main__":
    main()
