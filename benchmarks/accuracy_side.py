"""The peers' side of ``accuracy.py``, run by the interpreter that has statsforecast.

    python benchmarks/accuracy_side.py < JOB.json

Reads one JSON value (``series``: lists of numbers, ``horizon``, ``season_length``, ``levels``,
``models``, ``jobs``) and prints, by model, a list with mean, intervals and CPU seconds by series.
"""

from __future__ import annotations

import json
import math
import multiprocessing
import os
import sys
import time
import warnings
from typing import Any

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ.setdefault(variable, "1")

import numpy as np  # noqa: E402 - after the variables it reads


def forecast(task: tuple[str, list[float], int, int, list[int]]) -> dict[str, Any] | None:
    """One forecast of one model; ``None`` where the model fails."""
    from statsforecast import models

    name, values, horizon, season_length, levels = task
    y = np.array(values)
    model = getattr(models, name)(**arguments(name, season_length))
    started = time.process_time()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = model.forecast(y, h=horizon, **({"level": levels} if levels else {}))
    except Exception as error:  # noqa: BLE001 - a peer's failure is a figure, not an end
        print(f"{name}: {type(error).__name__}: {error}", file=sys.stderr)
        return None
    seconds = time.process_time() - started
    row = {"mean": plain(found["mean"]), "seconds": seconds}
    for level in levels:
        row[f"lo-{level}"] = plain(found[f"lo-{level}"])
        row[f"hi-{level}"] = plain(found[f"hi-{level}"])
    return row


def arguments(name: str, season_length: int) -> dict[str, Any]:
    """What a model is made with: those for many zeros know no season."""
    if name.startswith("Auto"):
        return {"season_length": season_length}
    return {"alpha_d": 0.1, "alpha_p": 0.1} if name == "TSB" else {}


def plain(values: Any) -> list[float | None]:
    return [float(v) if math.isfinite(v) else None for v in values]


def warm(job: dict[str, Any]) -> None:
    """Import and compile before anything is timed."""
    wave = (100.0 + np.arange(72) + 10.0 * np.sin(np.arange(72.0))).tolist()
    for name in job["models"]:
        forecast((name, wave, job["horizon"], job["season_length"], job["levels"]))


def main() -> None:
    job = json.load(sys.stdin)
    rest = (job["horizon"], job["season_length"], job["levels"])
    answer = {}
    context = multiprocessing.get_context("spawn")
    with context.Pool(job["jobs"], warm, (job,)) as pool:
        for name in job["models"]:
            tasks = [(name, values, *rest) for values in job["series"]]
            answer[name] = pool.map(forecast, tasks, chunksize=4)
    json.dump(answer, sys.stdout)


if __name__ == "__main__":
    main()
