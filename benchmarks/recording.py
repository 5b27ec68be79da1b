"""How fast runs are recorded: MLflow's client against the SQL tracker, in the same minutes.

Child runs with 6 parameters, 3 metrics and 6 tags each, in batches below one parent::

    python benchmarks/recording.py --runs 2000 --store sqlite --store postgresql

A store is an address, ``sqlite`` (a fresh file) or ``postgresql`` (a throw-away server).
The client records fewer runs (``--client-runs``), as it needs so much longer for each.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
import uuid
from contextlib import ExitStack
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from forecastctl.adapters.mlflow_open import display_uri, open_tracker
from forecastctl.records import FINISHED, Metric, Run
from tests import services


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


def measure(uri: str, args: argparse.Namespace) -> list[dict[str, object]]:
    rows = []
    for batch in args.batch:
        client = rate(uri, "client", min(args.client_runs, args.runs), batch)
        sql = rate(uri, "sql", args.runs, batch)
        row = {"store": display_uri(uri).partition(":")[0], "batch": batch}
        rows.append({**row, "client": client, "sql": sql, "ratio": sql / client})
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=2000, help="runs that the SQL tracker records")
    parser.add_argument("--client-runs", type=int, default=200)
    parser.add_argument("--batch", type=int, action="append", help="children a batch (repeatable)")
    parser.add_argument("--store", action="append", help="sqlite, postgresql or an address")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    args.batch = args.batch or [100, 500]
    rows = []
    with ExitStack() as stack:
        home = stack.enter_context(tempfile.TemporaryDirectory(prefix="fctl-bench-"))
        for store in args.store or ["sqlite", "postgresql"]:
            uri = store
            if store == "sqlite":
                uri = f"sqlite:///{home}/mlflow.db"
            elif store == "postgresql":
                try:
                    uri = f"{stack.enter_context(services.postgres(durable=True))}/postgres"
                except services.UnavailableError as reason:
                    print(f"postgresql left out: {reason}", file=sys.stderr)
                    continue
            rows += measure(uri, args)
    if args.json:
        print(json.dumps(rows))
        return
    print(f"{'store':<12}{'batch':>6}{'client runs/s':>15}{'SQL runs/s':>12}{'ratio':>8}")
    for r in rows:
        head = f"{r['store']:<12}{r['batch']:>6}"
        print(f"{head}{r['client']:>15.1f}{r['sql']:>12.0f}{r['ratio']:>7.0f}x")


if __name__ == "__main__":
    main()
