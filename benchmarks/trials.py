"""Measure what it brings to do the trials of one airport at the same time.

Two airports of daily data are searched with models that take long (SARIMAX through statsmodels), by
``forecastctl tune`` with one worker, with two workers that share the airports or the trials of one,
and by a peer: Hyperopt's SparkTrials with two workers where pyspark is installed, its own ``fmin``
else, with the same objective, space and seed. The peer records nothing, and stops no trial after
its first fold. Prints wall and CPU seconds of all processes, from the start of the interpreter to
its end, and how they compare with one worker.

    python benchmarks/trials.py --max-evals 30
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import tempfile
from datetime import date
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from forecastctl.bench.processes import measured

HORIZON, FOLDS, WORKERS = 14, 2, 2
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
"""As workers have it, for the peer too."""


def main() -> None:
    options = parse()
    if options.peer:
        peer(options)
        return
    print(f"{options.airports} airports of {options.days} days x {options.max_evals} trials;")
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores,")
    print(f"load average before: {os.getloadavg()[0]:.1f}", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "daily.csv"
        data.write_text(panel(options.airports, options.days))
        print(f"{'':28}{'wall s':>8}{'CPU s':>8}{'wall x':>8}{'CPU x':>8}", flush=True)
        alone: tuple[float, float] | None = None
        for name in WAYS:
            wall, cpu = measure(name, data, options)
            alone = alone or (wall, cpu)
            ratios = f"{wall / alone[0]:8.2f}{cpu / alone[1]:8.2f}"
            print(f"{called(name):28}{wall:8.1f}{cpu:8.1f}{ratios}", flush=True)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Trials of one airport at the same time")
    parser.add_argument("--airports", type=int, default=2)
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--max-evals", type=int, default=30)
    parser.add_argument("--peer", metavar="CSV", help=argparse.SUPPRESS)
    return parser.parse_args()


WAYS: dict[str, tuple[str, ...]] = {
    "airports, 1 worker": ("--parallel", "airports", "--jobs", "1"),
    f"airports, {WORKERS} workers": ("--parallel", "airports", "--jobs", str(WORKERS)),
    f"trials, {WORKERS} workers": ("--parallel", "trials", "--jobs", str(WORKERS)),
    "peer": (),
}


def called(name: str) -> str:
    """What is shown of a way."""
    if name != "peer":
        return name
    return (
        f"SparkTrials, {WORKERS} workers" if find_spec("pyspark") else "Hyperopt's fmin, 1 worker"
    )


def panel(airports: int, days: int) -> str:
    """Passengers a day with a week and noise, as CSV."""
    import numpy as np

    lines = ["airport,date,passengers"]
    dates = np.datetime64("2023-01-01") + np.arange(days)
    for airport in range(airports):
        noise = np.random.default_rng(airport).normal(0, 60, days).cumsum() / 4
        week = 300 * np.sin(2 * np.pi * np.arange(days) / 7)
        values = np.maximum(4000 + 2 * np.arange(days) + week + noise, 1).round()
        lines += [f"A{airport},{d},{y:.0f}" for d, y in zip(dates, values, strict=True)]
    return "\n".join(lines) + "\n"


def measure(name: str, data: Path, options: argparse.Namespace) -> tuple[float, float]:
    """Wall and CPU seconds of one whole command with all its processes."""
    if name == "peer":
        command = [sys.executable, __file__, "--peer", str(data)]
        command += ["--max-evals", str(options.max_evals)]
    else:
        command = [sys.executable, "-m", "forecastctl", "tune", "--data", str(data), *WAYS[name]]
        command += ["--family", "sarimax", "--engine", "statsmodels", "--tpe-share", "1"]
        command += ["--max-evals", str(options.max_evals), "--folds", str(FOLDS)]
        command += ["--horizon", str(HORIZON), "--combine", "1", "--quiet"]
        command += ["--tracking-uri", f"sqlite:///{data.with_name(name.replace(' ', ''))}.db"]
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        taken = measured(command, {**os.environ, **ONE_THREAD}, out, err)
        err.seek(0)
        if taken.code:
            sys.exit(f"{' '.join(command)} ended with {taken.code}:\n{err.read().decode()}")
    return taken.wall_seconds, taken.cpu_seconds or float("nan")


def peer(options: argparse.Namespace) -> None:
    """Hyperopt alone: one ``fmin`` after the other, with the same objective and space."""
    from forecastctl.data.panel.panel import DataSpec
    from forecastctl.data.prepare.prepare import prepare
    from forecastctl.data.read.files import read_panel

    spec = DataSpec(source=options.peer)
    for series in prepare(read_panel(spec), spec, as_of=None, today=date(2024, 1, 1)):
        search(series, options.max_evals)


def search(series: Any, max_evals: int) -> None:
    """Search one airport with Hyperopt's own means."""
    import hyperopt
    import numpy as np

    from forecastctl.models import family
    from forecastctl.records import SearchSpec, no_clock
    from forecastctl.search.evaluation import Evaluation, evaluate
    from forecastctl.search.folds import search_splits
    from forecastctl.search.hyperopt import hyperopt_space
    from forecastctl.search.space import decode
    from forecastctl.search.tune import airport_seed

    spec = SearchSpec(("sarimax",), horizon=HORIZON, folds=FOLDS, engine="statsmodels")
    shortest = search_splits(series.n, spec, series.season_length)[0].end

    def objective(sample: dict[str, Any]) -> dict[str, Any]:
        found = evaluate(series, spec, Evaluation(0, decode(sample), "tpe"), no_clock)
        if found.trial is None or found.trial.loss is None:
            return {"status": hyperopt.STATUS_FAIL}
        return {"status": hyperopt.STATUS_OK, "loss": found.trial.loss}

    space = family("sarimax").space(series.y, series.season_length, shortest)
    spread = find_spec("pyspark") is not None
    hyperopt.fmin(
        objective,
        hyperopt_space({"sarimax": space or {}}),
        algo=hyperopt.partial(hyperopt.tpe.suggest, n_startup_jobs=0),
        max_evals=max_evals - 1,  # the baseline is one of ours
        trials=hyperopt.SparkTrials(parallelism=WORKERS) if spread else hyperopt.Trials(),
        rstate=np.random.default_rng(airport_seed(0, series.airport)),
        return_argmin=False,
        show_progressbar=False,
        verbose=False,
    )


if __name__ == "__main__":
    main()
