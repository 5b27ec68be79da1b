"""How fast runs are recorded: MLflow's client against our own writers, in the same minutes.

Child runs with 6 parameters, 3 metrics and 6 tags each, in batches below one parent::

    python benchmarks/recording.py --runs 2000 --store sqlite --store postgresql

A store is an address, ``sqlite`` (a fresh file), ``postgresql`` (a throw-away server) or ``server``
(a throw-away ``mlflow server`` with its default workers). ``--million`` records into an SQLite file
that holds a million runs already; ``--fleet`` measures what storing the models of a fleet costs.
The client records fewer runs (``--client-runs``), as it needs so much longer for each.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
import uuid
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from forecastctl.records import FINISHED, Artifact, Metric, Run
from forecastctl.store.mlflow.open import open_tracker
from tests import services

if TYPE_CHECKING:
    from collections.abc import Iterator

WORKERS_UP = 15
"""Seconds after the first answer until all workers of a server have imported what they need."""


def child(i: int) -> Run:
    now = time.time_ns() // 1_000_000
    params = {"family": "holt_winters", "trend": "add", "seasonal": "mul", "damped": "true"}
    tags = {"kind": "trial", "airport": f"A{i % 400:03d}", "trial": str(i), "status": "ok"}
    return Run(
        f"A{i % 400:03d} #{i}",
        FINISHED,
        now,
        now + 50,
        params={**params, "alpha": repr(i / 7), "beta": repr(i / 11)},
        metrics=tuple(Metric(key, i / 13, 0, now) for key in ("loss", "rmse", "cpu_seconds")),
        tags={**tags, "model": "HW(A,Ad,M)", "job_id": "20260101T000000-bench"},
    )


def rate(uri: str, writer: str, runs: int, batch: int) -> float:
    """Child runs a second, everything committed."""
    tracker = open_tracker(uri, f"bench {uuid.uuid4().hex[:8]}", writer=writer)
    parent = tracker.start(Run("job", start_ms=time.time_ns() // 1_000_000))
    tracker.record([child(0)], parent_id=parent)  # libraries and connections are there
    batches = [[child(i) for i in range(s, min(s + batch, runs))] for s in range(0, runs, batch)]
    start = time.perf_counter()
    for runs_of_batch in batches:
        tracker.record(runs_of_batch, parent_id=parent)
    return runs / (time.perf_counter() - start)


Rates = dict[str, list[float]]


def row(rates: Rates, writer: str, batch: int, layout: str = "") -> dict[str, object]:
    """One line of the table: medians, and the ratio in each round."""
    ratios = [ours / client for ours, client in zip(rates[writer], rates["client"], strict=True)]
    return {
        "layout": layout,
        "batch": batch,
        "client": statistics.median(rates["client"]),
        "ours": statistics.median(rates[writer]),
        "ratio": statistics.median(ratios),
        "range": (min(ratios), max(ratios)),
    }


def measure(uri: str, args: argparse.Namespace) -> list[dict[str, object]]:
    rows = []
    for batch in args.batch:
        rates: Rates = {"client": [], "sql": []}
        for _ in range(args.rounds):
            rates["client"].append(rate(uri, "client", min(args.client_runs, args.runs), batch))
            rates["sql"].append(rate(uri, "sql", args.runs, batch))
        rows.append(row(rates, "sql", batch))
    return rows


def plain_client(uri: str, runs: int) -> float:
    """Child runs a second by the calls that MLflow's client has for it."""
    from mlflow import MlflowClient
    from mlflow.entities import Metric as MlflowMetric
    from mlflow.entities import Param, RunTag

    os.environ.setdefault("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")
    client = MlflowClient(tracking_uri=uri)
    experiment = client.create_experiment(f"client {uuid.uuid4().hex[:8]}")
    parent = client.create_run(experiment).info.run_id

    def write(run: Run) -> None:
        made = client.create_run(
            experiment, run.start_ms, {"mlflow.parentRunId": parent}, run_name=run.name
        )
        client.log_batch(
            made.info.run_id,
            [MlflowMetric(m.key, m.value, m.timestamp_ms, m.step) for m in run.metrics],
            [Param(key, value) for key, value in run.params.items()],
            [RunTag(key, value) for key, value in run.tags.items()],
        )
        client.set_terminated(made.info.run_id, run.status, run.end_ms)

    write(child(0))
    start = time.perf_counter()
    for i in range(runs):
        write(child(i))
    return runs / (time.perf_counter() - start)


def airport(name: str, trials: int, layout: str) -> Run:
    """An airport with its trials as children, or as a table beside the usual artifacts."""
    run = replace(child(0), name=name)
    if layout == "nested":
        return replace(run, children=tuple(child(i) for i in range(trials)))
    table = [{**child(i).params, **child(i).tags, "loss": i / 13} for i in range(trials)]
    files = {"model.json": 1500, "forecast.json": 2500, "tuning.json": 1000}
    artifacts = [Artifact(path, b"x" * size) for path, size in files.items()]
    return replace(run, artifacts=(*artifacts, Artifact("trials.json", json.dumps(table).encode())))


def remote_rate(uri: str, layout: str, airports: int, trials: int) -> float:
    """Trials a second in airports of some trials, recorded in one batch."""
    tracker = open_tracker(uri, f"bench {uuid.uuid4().hex[:8]}")
    parent = tracker.start(Run("job", start_ms=time.time_ns() // 1_000_000))
    above = parent if layout == "nested" else None
    tracker.record([airport("first", 2, layout)], above)
    runs = [airport(f"A{i:03d}", trials, layout) for i in range(airports)]
    start = time.perf_counter()
    tracker.record(runs, above)
    return airports * trials / (time.perf_counter() - start)


def measure_server(uri: str, args: argparse.Namespace) -> list[dict[str, object]]:
    """Client and both layouts by turns."""
    rates: Rates = {"client": [], "nested": [], "flat": []}
    airports = {"nested": max(args.server_runs // args.trials, 1), "flat": 40}
    for _ in range(args.rounds):
        rates["client"].append(plain_client(uri, args.server_runs // 4))
        for layout, number in airports.items():
            rates[layout].append(remote_rate(uri, layout, number, args.trials))
    return [row(rates, layout, args.trials, f" {layout}") for layout in airports]


def answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"{address}/health", timeout=5):  # noqa: S310 - our own
            return True
    except OSError:
        return False


@contextmanager
def default_server(store: str, home: Path) -> Iterator[str]:
    """MLflow's server as ``mlflow server`` starts it: with four workers."""
    address = f"http://127.0.0.1:{services.free_port()}"
    command = [sys.executable, "-m", "mlflow", "server", "--backend-store-uri", store]
    command += ["--artifacts-destination", str(home / "served"), "--port", address.split(":")[2]]
    log = (home / "server.log").open("wb")
    server = subprocess.Popen(command, cwd=home, stdout=log, stderr=log, start_new_session=True)
    try:
        while not answers(address):
            if server.poll() is not None:
                sys.exit((home / "server.log").read_text(errors="replace")[-2000:])
            time.sleep(0.2)
        time.sleep(WORKERS_UP)
        yield address
    finally:
        os.killpg(server.pid, signal.SIGKILL)
        server.wait(20)


def stores(args: argparse.Namespace, stack: ExitStack) -> Iterator[tuple[str, str]]:
    """Name and address of each store that is asked for, made when its turn comes."""
    home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="fctl-bench-")))
    for store in args.store or ([] if args.million else ["sqlite", "postgresql", "server"]):
        if store == "sqlite":
            yield store, f"sqlite:///{home}/mlflow.db"
        elif store == "server":
            (home / "server").mkdir()
            behind = f"sqlite:///{home}/server/mlflow.db"
            yield store, stack.enter_context(default_server(behind, home / "server"))
        elif store == "postgresql":
            try:
                yield store, f"{stack.enter_context(services.postgres(durable=True))}/postgres"
            except services.UnavailableError as reason:
                print(f"postgresql left out: {reason}", file=sys.stderr)
        else:
            yield store, store
    if args.million:
        from benchmarks.reading import fill

        uri = f"sqlite:///{home}/million.db"
        fill(uri, args.million, time.time_ns() // 1_000_000 - 40_000_000)
        yield f"sqlite, {args.million:,} runs", uri


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=2000, help="runs that the SQL tracker records")
    parser.add_argument("--client-runs", type=int, default=200)
    parser.add_argument("--server-runs", type=int, default=200, help="trials through a server")
    parser.add_argument("--trials", type=int, default=25, help="trials an airport on a server")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--batch", type=int, action="append", help="children a batch (repeatable)")
    parser.add_argument("--store", action="append", help="sqlite, postgresql, server or an address")
    parser.add_argument(
        "--million",
        type=int,
        nargs="?",
        const=1_000_000,
        help="an SQLite file that holds that many runs",
    )
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    args.batch = args.batch or [100, 500]
    return args


def main() -> None:
    args = parse()
    rows = []
    with ExitStack() as stack:
        for name, uri in stores(args, stack):
            act = measure_server if uri.startswith("http") else measure
            rows += [{**row, "store": f"{name}{row['layout']}"} for row in act(uri, args)]
    if args.json:
        print(json.dumps(rows))
        return
    print(f"{'store':<24}{'batch':>6}{'client runs/s':>15}{'ours runs/s':>13}{'ratio':>8}  rounds")
    for r in rows:
        low, high = r["range"]
        print(f"{r['store']:<24}{r['batch']:>6}{r['client']:>15.1f}{r['ours']:>13.0f}", end="")
        print(f"{r['ratio']:>7.1f}x  ({low:.1f} to {high:.1f})")


if __name__ == "__main__":
    main()
