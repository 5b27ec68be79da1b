"""One side of ``peers.py``, run by the interpreter that has its libraries.

    python benchmarks/peer_sides.py forecastctl --airports 4 --evals 10

Prints one JSON line: when the first evaluation started and the last result was recorded (seconds
since the epoch), CPU seconds of the objective, and how many results were found recorded.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

WORKERS = 2
BLOCK = bytes(1 << 18)


def burn(milliseconds: float, kind: str) -> tuple[float, float]:
    """Spend that much CPU of this thread, and return when it began and what it spent.

    ``python`` holds the interpreter's lock, as statsmodels does for most of a fit; ``native``
    hashes blocks with the lock released, the best case for threads. A thread's own CPU clock
    stands still while it waits for the lock or for a core, so every evaluation is the same work.
    """
    began, start = time.time(), time.thread_time()
    while time.thread_time() - start < milliseconds / 1000:
        if kind == "native":
            hashlib.sha256(BLOCK).digest()
        else:
            sum(range(5_000))
    return began, time.thread_time() - start


def loss(x: float, y: float) -> float:
    return (x - 0.3) ** 2 + (y - 0.6) ** 2


def space() -> dict[str, Any]:
    from hyperopt import hp

    return {"x": hp.uniform("x", 0.0, 1.0), "y": hp.uniform("y", 0.0, 1.0)}


def search(trials: Any, seed: int, options: argparse.Namespace) -> list[dict[str, Any]]:
    """One airport's TPE search by Hyperopt; ``trials`` says where evaluations run."""
    import numpy as np
    from hyperopt import fmin, tpe

    milliseconds, kind = options.ms, options.objective

    def objective(point: dict[str, float]) -> dict[str, Any]:
        began, cpu = burn(milliseconds, kind)
        value = loss(point["x"], point["y"])
        return {"loss": value, "status": "ok", "began": began, "cpu": cpu, "point": point}

    fmin(
        objective,
        space(),
        algo=tpe.suggest,
        max_evals=options.evals,
        trials=trials,
        rstate=np.random.default_rng(seed),
        show_progressbar=False,
        verbose=False,
    )
    return list(trials.results)


def answer(results: list[dict[str, Any]], finished: float, recorded: int) -> dict[str, float]:
    return {
        "first": min(result["began"] for result in results),
        "finished": finished,
        "cpu": sum(result["cpu"] for result in results),
        "recorded": recorded,
    }


def warm(_task: Any) -> tuple[int, float]:
    """Import what the search needs; long enough that no worker does it twice.

    Returns:
        The worker, and when it was ready.
    """
    import hyperopt  # noqa: F401
    import numpy as np  # noqa: F401

    ready = time.time()
    time.sleep(1)
    return os.getpid(), ready


def bare(options: argparse.Namespace, _folder: Path) -> dict[str, float]:
    """The same evaluations in plain processes, without a search or a record: the machine's best."""
    from multiprocessing import get_context

    total = options.airports * options.evals
    shares = [total // WORKERS + (i < total % WORKERS) for i in range(WORKERS)]
    with get_context("spawn").Pool(WORKERS) as pool:
        works = [(count, options.ms, options.objective) for count in shares]
        results = [result for part in pool.map(burns, works, 1) for result in part]
    return answer(results, max(result["ended"] for result in results), len(results))


def burns(work: tuple[int, float, str]) -> list[dict[str, Any]]:
    """So many evaluations, one after the other."""
    count, milliseconds, kind = work
    found = []
    for _ in range(count):
        began, cpu = burn(milliseconds, kind)
        found.append({"began": began, "cpu": cpu, "ended": time.time()})
    return found


def forecastctl(options: argparse.Namespace, folder: Path) -> dict[str, float]:
    """Airports in a joblib pool, each recorded with all its trials as it comes in."""
    from hyperopt import Trials

    from forecastctl.execute.loky import JoblibExecutor
    from forecastctl.records import Query, Run
    from forecastctl.store.mlflow.open import open_tracker

    def work(airport: int) -> list[dict[str, Any]]:
        return search(Trials(), airport, options)

    executor = JoblibExecutor(WORKERS)
    tracker = open_tracker(f"sqlite:///{folder / 'store.db'}", "peers", writer="sql")
    job = tracker.start(Run("job", start_ms=time.time_ns() // 1_000_000))
    asked = time.time()
    workers = dict(outcome.value for outcome in executor.map(warm, range(WORKERS)))
    assert len(workers) == WORKERS, "one worker took both tasks"
    results: list[dict[str, Any]] = []
    for outcome in executor.map(work, range(options.airports)):
        assert outcome.value is not None, outcome.failure
        tree = airport_run(outcome.index, outcome.value, outcome.start_ms, outcome.end_ms)
        tracker.record([tree], parent_id=job)
        results += outcome.value
    finished = time.time()
    found = tracker.find(Query(tags={"kind": "trial"}, limit=len(results) + 1))
    recorded = sum("loss" in run.metrics for run in found)
    return answer(results, finished, recorded) | {"pool": max(workers.values()) - asked}


def airport_run(airport: int, results: list[dict[str, Any]], start: int, end: int) -> Any:
    """The airport's run with a child for each trial, marked as the Optuna peer marks its own."""
    from forecastctl.records import Metric, Run

    children = []
    for number, result in enumerate(results):
        began = int(result["began"] * 1000)
        ended = began + int(result["cpu"] * 1000)
        tags = {"kind": "trial", "number": str(number), "state": "COMPLETE"}
        tags |= {"direction": "MINIMIZE", "airport": str(airport)}
        tags |= {f"{key}_distribution": "uniform(0, 1)" for key in result["point"]}
        params = {key: repr(value) for key, value in result["point"].items()}
        value = (Metric("loss", result["loss"], 0, ended),)
        children.append(
            Run(str(number), start_ms=began, end_ms=ended, params=params, metrics=value, tags=tags)
        )
    tags = {"kind": "airport", "airport": str(airport)}
    return Run(f"A{airport}", start_ms=start, end_ms=end, tags=tags, children=tuple(children))


def spark(options: argparse.Namespace, folder: Path) -> dict[str, float]:
    """SparkTrials on local[2]; its results reach the driver's memory and no store."""
    os.environ["PYSPARK_PYTHON"] = sys.executable
    os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"
    from hyperopt import SparkTrials
    from pyspark.sql import SparkSession

    builder = SparkSession.builder.master(f"local[{WORKERS}]")
    for key, value in {
        "spark.ui.enabled": "false",
        "spark.driver.host": "127.0.0.1",
        "spark.local.dir": str(folder),
        "spark.sql.warehouse.dir": str(folder / "warehouse"),
    }.items():
        builder = builder.config(key, value)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    session.sparkContext.parallelize(range(WORKERS), WORKERS).map(warm).collect()
    results: list[dict[str, Any]] = []
    for airport in range(options.airports):
        results += search(SparkTrials(parallelism=WORKERS), airport, options)
    finished = time.time()
    session.stop()
    return answer(results, finished, sum(result["status"] == "ok" for result in results))


def optuna(options: argparse.Namespace, folder: Path) -> dict[str, float]:
    """A study per airport with ``n_jobs=2``, each trial recorded by MLflow's client."""
    import logging
    import warnings

    import mlflow
    import optuna as library

    warnings.simplefilter("ignore")  # both ways of recording are announced as deprecated or new
    library.logging.set_verbosity(library.logging.WARNING)
    logging.getLogger("mlflow").setLevel(logging.WARNING)
    mlflow.set_tracking_uri(f"sqlite:///{folder / 'store.db'}")
    experiment = mlflow.create_experiment("peers", artifact_location=folder.as_uri())
    mlflow.set_experiment(experiment_id=experiment)
    results: list[dict[str, Any]] = []

    def objective(trial: Any) -> float:
        x, y = trial.suggest_float("x", 0.0, 1.0), trial.suggest_float("y", 0.0, 1.0)
        began, cpu = burn(options.ms, options.objective)
        results.append({"began": began, "cpu": cpu})
        return loss(x, y)

    storage, callbacks = recorder(options.side, experiment)
    for airport in range(options.airports):
        sampler = library.samplers.TPESampler(seed=airport)
        study = library.create_study(storage=storage, sampler=sampler, study_name=f"A{airport}")
        study.optimize(objective, n_trials=options.evals, n_jobs=WORKERS, callbacks=callbacks)
    if storage is not None:
        storage.flush_all_batches()
    finished = time.time()
    # In MLflow's storage a trial is a child run below its study's, in the callback a run alone.
    mine = "metrics.loss >= 0" if storage is None else "tags.mlflow.parentRunId LIKE '%'"
    found = mlflow.MlflowClient().search_runs([experiment], mine, max_results=50_000)
    return answer(results, finished, sum(run.info.status == "FINISHED" for run in found))


def recorder(side: str, experiment: str) -> tuple[Any, list[Any]]:
    """Optuna's storage and callbacks: Optuna's own callback, or MLflow's own storage."""
    if side == "optuna-storage":
        from mlflow.optuna.storage import MlflowStorage

        return MlflowStorage(experiment_id=experiment), []
    from optuna_integration.mlflow import MLflowCallback

    # With its own experiment for each study it would look that up again at every trial.
    chosen = {"experiment_id": experiment}
    return None, [MLflowCallback(metric_name="loss", create_experiment=False, mlflow_kwargs=chosen)]


SIDES = {
    "bare": bare,
    "forecastctl": forecastctl,
    "spark": spark,
    "optuna-callback": optuna,
    "optuna-storage": optuna,
}


def main() -> None:
    parser = argparse.ArgumentParser(description="One side of peers.py")
    parser.add_argument("side", choices=sorted(SIDES))
    parser.add_argument("--airports", type=int, default=4)
    parser.add_argument("--evals", type=int, default=10)
    parser.add_argument("--ms", type=float, default=50.0)
    parser.add_argument("--objective", choices=("python", "native"), default="python")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps(SIDES[options.side](options, Path(folder))), flush=True)


if __name__ == "__main__":
    main()
