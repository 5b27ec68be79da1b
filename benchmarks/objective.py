"""Measure the objective of a search: fit every fold of every trial, forecast, score.

The same list of trials (each family's own starting points, then random points of its space) is
evaluated twice on every airport: by forecastctl, and by a plain loop that fits each fold afresh
through statsmodels' public API. Prints CPU seconds by family, airports per CPU-minute, their ratio,
and the validation MASE of both. With ``--peers PYTHON``, which has statsforecast, also
CPU seconds per airport of its AutoETS beside a search of ours over exponential smoothing alone.
CPU seconds are those of this process, with one BLAS thread; imports and compilation come before.

    python benchmarks/objective.py --data-dir ../shared/data --airports 6 --trials 15
"""

from __future__ import annotations

import argparse
import json
import math
import os
import platform
import subprocess
import sys
import time
import warnings
from collections import defaultdict
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Any

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")

import numpy as np  # noqa: E402 - after the variables it reads

if TYPE_CHECKING:
    from collections.abc import Sequence

    from forecastctl.records import Model, Series
    from forecastctl.search.folds import Split

SEASON, HORIZON, FOLDS = 12, 12, 3

AUTO_ETS = """
import json, sys, time
import numpy as np
from statsforecast.models import AutoETS
airports = [np.array(y) for y in json.load(sys.stdin)]
AutoETS(season_length=12).forecast(airports[0], h=12)
started = time.process_time()
for y in airports:
    AutoETS(season_length=12).forecast(y, h=12)
print((time.process_time() - started) / len(airports))
"""


def main() -> None:
    options = parse()
    warnings.simplefilter("ignore")
    airports = read(Path(options.data_dir), options.airports)
    splits, models = trials_of(airports[0], 30, 0)
    for model in models:  # imports, compiles, warms caches
        ours(airports[0], splits, model)
    plain(airports[0], splits, models[0])
    warnings.simplefilter("ignore")  # again: importing statsmodels turns its own ones on
    seconds: dict[str, dict[str, float]] = {name: defaultdict(float) for name in KINDS}
    losses: dict[str, list[list[float]]] = {name: [] for name in KINDS}
    for number, series in enumerate(airports):
        splits, models = trials_of(series, options.trials, number)
        for name, evaluate in KINDS.items():
            found = []
            for model in models:
                started = time.process_time()
                found.append(evaluate(series, splits, model))
                seconds[name][model.family] += time.process_time() - started
            losses[name].append(found)
        if options.verbose:
            print(series.airport, *(np.nanmin(losses[n][-1]) for n in KINDS), file=sys.stderr)
    answer = summary(len(airports), seconds, losses)
    if options.peers:
        answer["exponential_smoothing"] = against_auto_ets(airports, options)
    print(json.dumps(answer) if options.json else text(answer, options))


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="The objective against a plain statsmodels loop")
    parser.add_argument("--data-dir", default="../shared/data")
    parser.add_argument("--airports", type=int, default=6, help="of each data set")
    parser.add_argument("--trials", type=int, default=15, help="per airport")
    parser.add_argument("--peers", metavar="PYTHON", help="interpreter that has statsforecast")
    parser.add_argument("--verbose", action="store_true")
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


def make_series(airport: str, y: Sequence[float]) -> Series:
    from forecastctl.records import Series

    months = np.datetime64("2001-01", "M") + np.arange(len(y))
    values = np.ascontiguousarray(y, dtype=float)
    return Series(airport, "M", SEASON, months.astype("datetime64[D]"), values, "0" * 64)


def read(folder: Path, count: int) -> list[Series]:
    """Whole monthly series, some of each data set; generated ones where there are no files."""
    import pandas as pd

    if not (folder / "port_authority.csv").is_file():
        from forecastctl.data.read.sample import sample_panel

        frame = sample_panel(airports=3 * count)
        groups = frame.groupby(frame.columns[0])
        return [make_series(str(a), g.iloc[:, 2]) for a, g in groups if g.iloc[:, 2].notna().all()]
    found = []
    for name in ("port_authority.csv", "tsa_monthly.csv", "tourism_monthly.csv.gz"):
        frame = pd.read_csv(folder / name)
        if "set" in frame:
            frame = frame[frame.set == "train"].drop(columns="set")
        frame.columns = ["airport", "date", "value"]
        frame = frame.sort_values(["airport", "date"])
        whole = [
            (a, g["value"].to_numpy(float))
            for a, g in frame.groupby("airport")
            if g["value"].notna().all() and len(g) >= 3 * SEASON
        ]
        step = max(len(whole) // count, 1)
        found += [make_series(str(a), y) for a, y in whole[::step][:count]]
    return found


def trials_of(series: Series, count: int, seed: int) -> tuple[tuple[Split, ...], list[Model]]:
    """Splits and models: the families' starts taken in turn, then random points, no model twice."""
    from forecastctl.models import family
    from forecastctl.models.make import make_model
    from forecastctl.search.folds import validation_splits
    from forecastctl.search.space import decode, encode

    splits = validation_splits(series.n, HORIZON, FOLDS, None, SEASON)
    names = ("holt_winters", "ets", "sarimax")
    spaces = {n: family(n).space(series.y, SEASON, splits[0].end) for n in names}
    spaces = {n: space for n, space in spaces.items() if space is not None}
    starts = [[make_model(n, o) for o in family(n).starts if encode(spaces, n, o)] for n in spaces]
    models = [m for row in zip_longest(*starts) for m in row if m is not None][: 2 * count // 3]
    rng, seen = np.random.default_rng(seed), {m.key for m in models}
    while len(models) < count:
        name = list(spaces)[rng.integers(len(spaces))]
        model = decode({"family": name, "options": draw(spaces[name], rng)})
        if model.key not in seen:
            seen.add(model.key)
            models.append(model)
    return splits, models


def draw(space: Any, rng: np.random.Generator) -> dict[str, Any]:
    """A random point of a space."""
    from forecastctl.models import Choice, Uniform

    point = {}
    for key, dimension in space.items():
        if isinstance(dimension, Uniform):
            point[key] = rng.uniform(dimension.low, dimension.high)
        elif isinstance(dimension, Choice):
            value = dimension.values[rng.integers(len(dimension.values))]  # noqa: PD011 - not a frame
            point[key] = draw(value, rng) if hasattr(value, "items") else value
        else:
            point[key] = dimension
    return point


def ours(series: Series, splits: Sequence[Split], model: Model) -> float:
    """Loss of a trial; NaN where it fails."""
    from forecastctl.errors import ModelError
    from forecastctl.search.backtest import backtest, fold_scores

    try:
        paths = backtest(series, model, splits)
    except ModelError:
        return math.nan
    return fold_scores(series, splits, paths)[1]["mase"]


def plain(series: Series, splits: Sequence[Split], model: Model) -> float:
    """The same trial as one would write it with statsmodels alone."""
    from forecastctl.errors import DivergedError
    from forecastctl.models.combination.path import guard
    from forecastctl.models.metrics import mase, scale

    losses = []
    for split in splits:
        y, actual = series.y[: split.end], series.y[split.end : split.end + split.h]
        try:
            mean = np.asarray(STATSMODELS[model.family](y, dict(model.options), split.h))
            guard(mean, np.zeros(split.h), y)
        except (ValueError, ArithmeticError, LookupError, DivergedError):
            return math.nan
        losses.append(mase(actual, np.maximum(mean, 0.0), scale(y, SEASON)))
    return float(np.mean(losses))


def statsmodels_holt_winters(y: Any, o: dict[str, Any], h: int) -> Any:
    from statsmodels.tsa.holtwinters import ExponentialSmoothing

    given, trend, season = o["smoothing"] == "given", o["trend"], o["seasonal"]
    transform = {"none": False, "log": 0.0, "boxcox": o.get("lambda")}[o["transform"]]
    model = ExponentialSmoothing(
        y,
        trend=None if trend == "none" else "add",
        damped_trend=trend == "damped",
        seasonal=None if season == "none" else season,
        seasonal_periods=SEASON if season != "none" else None,
        initialization_method="heuristic" if given else o["initial"],
        use_boxcox=transform,
    )
    if not given:
        return model.fit().forecast(h)
    return model.fit(
        smoothing_level=o["alpha"],
        smoothing_trend=o["beta"] if trend != "none" else None,
        smoothing_seasonal=o["gamma"] if season != "none" else None,
        damping_trend=o["phi"] if trend == "damped" else None,
        optimized=False,
    ).forecast(h)


def statsmodels_ets(y: Any, o: dict[str, Any], h: int) -> Any:
    from statsmodels.tsa.exponential_smoothing.ets import ETSModel

    model = ETSModel(
        y,
        error=o["error"],
        trend=None if o["trend"] == "none" else "add",
        damped_trend=o["trend"] == "damped",
        seasonal=None if o["seasonal"] == "none" else o["seasonal"],
        seasonal_periods=SEASON if o["seasonal"] != "none" else None,
        initialization_method=o["initial"],
    )
    # As many iterations as SARIMAX takes by default; ETSModel's own 1,000 gain it nothing here.
    return model.fit(disp=0, maxiter=50).forecast(h)


def statsmodels_sarimax(y: Any, o: dict[str, Any], h: int) -> Any:
    from statsmodels.tsa.statespace.sarimax import SARIMAX

    logs = o["transform"] == "log"
    model = SARIMAX(
        np.log(y) if logs else y,
        order=(o["p"], o["d"], o["q"]),
        seasonal_order=(o["P"], o["D"], o["Q"], SEASON),
        trend="c" if o["drift"] else "n",
    )
    mean = model.fit(disp=0).forecast(h)
    return np.exp(mean) if logs else mean


STATSMODELS = {
    "holt_winters": statsmodels_holt_winters,
    "ets": statsmodels_ets,
    "sarimax": statsmodels_sarimax,
}

KINDS = {"plain": plain, "ours": ours}


def summary(
    airports: int, seconds: dict[str, dict[str, float]], losses: dict[str, list[list[float]]]
) -> dict[str, Any]:
    """Rates, their ratio, and losses: of each airport's best trial, and of all trials."""
    total = {name: sum(seconds[name].values()) for name in KINDS}
    answer: dict[str, Any] = {
        "airports": airports,
        "seconds_by_family": seconds,
        "airports_per_cpu_minute": {name: 60.0 * airports / total[name] for name in KINDS},
        "ratio": total["plain"] / total["ours"],
        "ratio_by_family": {f: seconds["plain"][f] / seconds["ours"][f] for f in seconds["plain"]},
    }
    best = {name: [float(np.nanmin(row)) for row in losses[name]] for name in KINDS}
    every = {name: np.concatenate(losses[name]) for name in KINDS}
    both = np.isfinite(every["plain"]) & np.isfinite(every["ours"])
    for name in KINDS:
        answer[f"mase_{name}"] = {
            "best_mean": float(np.mean(best[name])),
            "best_median": float(np.median(best[name])),
            "trials_mean": float(np.mean(every[name][both])),
            "trials_median": float(np.median(every[name][both])),
            "failed": int(np.sum(~np.isfinite(every[name]))),
        }
    return answer


def against_auto_ets(airports: list[Series], options: argparse.Namespace) -> dict[str, float]:
    """CPU seconds per airport of AutoETS, and of a whole search of ours over smoothing models."""
    from forecastctl.records import SearchSpec
    from forecastctl.search.tune import tune

    data = json.dumps([series.y.tolist() for series in airports])
    peer = subprocess.run(
        [options.peers, "-c", AUTO_ETS], input=data, capture_output=True, text=True, check=True
    )
    search = SearchSpec(families=("holt_winters", "ets"), max_evals=options.trials)
    tune(airports[0], search)
    started = time.process_time()
    for series in airports:
        tune(series, search)
    mine = (time.process_time() - started) / len(airports)
    return {"auto_ets_seconds": float(peer.stdout), "ours_seconds": mine}


def text(answer: dict[str, Any], options: argparse.Namespace) -> str:
    rate, by_family = answer["airports_per_cpu_minute"], answer["ratio_by_family"]
    machine = f"Python {platform.python_version()}, load average {os.getloadavg()[0]:.1f}"
    columns = ("airports/CPU-min", "best MASE", "median", "all trials", "median", "failed")
    lines = [
        f"{answer['airports']} airports x {options.trials} trials x {FOLDS} folds; {machine}",
        " " * 10 + "".join(f"{c:>17}" if i == 0 else f"{c:>11}" for i, c in enumerate(columns)),
    ]
    for name in KINDS:
        m = answer[f"mase_{name}"]
        means = (m["best_mean"], m["best_median"], m["trials_mean"], m["trials_median"])
        numbers = "".join(f"{v:>11.4f}" for v in means)
        lines.append(f"{name:<10}{rate[name]:>17.2f}{numbers}{m['failed']:>11}")
    parts = ", ".join(f"{name} {ratio:.0f}" for name, ratio in by_family.items())
    lines.append(f"ours / plain: {answer['ratio']:.1f} times as many ({parts})")
    if "exponential_smoothing" in answer:
        es = answer["exponential_smoothing"]
        theirs, mine = 1e3 * es["auto_ets_seconds"], 1e3 * es["ours_seconds"]
        what = "exponential smoothing, CPU ms per airport"
        lines.append(f"{what}: AutoETS {theirs:.0f}, our search {mine:.0f}")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
