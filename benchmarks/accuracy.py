"""Accuracy of forecastctl's defaults on a panel with a test set, beside statsforecast's models.

Every series is tuned, fitted and forecast by the code that ``forecastctl run`` calls, in worker
processes, recorded nowhere. The error is the mean over series of MASE (Hyndman and Koehler, 2006;
scale: in-sample seasonal-naive MAE); the intervals are judged by their coverage and by the interval
score (Gneiting and Raftery, 2007, equation 43) over the same scale. CPU seconds are those of the
workers for a series; imports and compilation come before. Differences to a peer come with a
bootstrap interval over series.

    python benchmarks/accuracy.py --panel ../shared/data/tourism_monthly.csv.gz
    python benchmarks/accuracy.py --half even --every 3 --peers PEERS/bin/python

A panel is a CSV with columns for series, date and value, by position or by those names; a column
``set`` (train, test) says what is held out, else the last ``--horizon`` periods are.
``--internal`` leaves the test set alone and holds out the end of the training data: for choosing.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import multiprocessing
import os
import subprocess
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")

import numpy as np  # noqa: E402 - after the variables it reads

from forecastctl.jobs.pilot import AIRPORTS, fleet_widths  # noqa: E402
from forecastctl.models.combination.widths import PRIOR, calibrated  # noqa: E402

if TYPE_CHECKING:
    from forecastctl.records import SearchSpec, TuneResult, Widths

SEASON, LEVELS = 12, (80, 95)
SIDE = Path(__file__).with_name("accuracy_side.py")
PEERS = ("AutoETS", "AutoARIMA", "AutoTheta", "AutoCES")
OURS = "forecastctl"
RESAMPLES = 2000


@dataclass(frozen=True)
class Case:
    """One series: what is known, and what came after."""

    name: str
    start: str
    train: Any
    test: Any

    @property
    def scale(self) -> float:
        """Denominator of MASE."""
        from forecastctl.models.metrics import scale

        return scale(self.train, SEASON)


def main() -> None:
    options = parse()
    cases = [c for c in read(options) if c.scale > 0]
    rows = {OURS: ours(cases, options)}
    if options.peers:
        rows |= peers(cases, options)
    if options.save:
        Path(options.save).write_text(json.dumps({"series": [c.name for c in cases], **rows}))
    scores = {name: judged(cases, found) for name, found in rows.items()}
    print(json.dumps(summary(scores)) if options.json else text(cases, scores))


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Accuracy against statsforecast")
    parser.add_argument("--panel", default="../shared/data/tourism_monthly.csv.gz")
    parser.add_argument("--horizon", type=int, help="default: as long as the test set, or 12")
    parser.add_argument("--until", help="leave out what is later than this date")
    parser.add_argument("--internal", action="store_true", help="hold out training data")
    parser.add_argument("--every", type=int, default=1, help="take every so many-th series")
    parser.add_argument("--half", choices=("odd", "even"), help="of the series, by position")
    parser.add_argument("--evals", type=int, help="trials per series, else the default")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=JSON")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--peers", metavar="PYTHON", help="interpreter that has statsforecast")
    parser.add_argument("--models", nargs="+", default=PEERS, choices=PEERS)
    parser.add_argument("--save", metavar="FILE", help="write every forecast as JSON")
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


def read(options: argparse.Namespace) -> list[Case]:
    """Series of the panel in their order of appearance, those asked for."""
    import pandas as pd

    frame = pd.read_csv(options.panel)
    names = [c for c in frame.columns if c != "set"][:3]
    frame = frame.rename(columns=dict(zip(names, ("series", "date", "value"), strict=True)))
    frame["date"] = pd.to_datetime(frame["date"])
    if options.until:
        frame = frame[frame["date"] <= options.until]
    cases = [c for name, g in frame.groupby("series", sort=False) if (c := case(name, g, options))]
    if options.half:
        cases = cases[options.half == "even" :: 2]
    return cases[:: options.every]


def case(name: Any, group: Any, options: argparse.Namespace) -> Case | None:
    """One series cut in two; ``None`` for one with holes or too short to say anything."""
    group = group.sort_values("date")
    start, y = str(group["date"].iloc[0].date()), group["value"].to_numpy(float)
    horizon, cut = options.horizon or 12, None
    if "set" in group:
        cut = int((group["set"] == "train").sum())
        horizon = options.horizon or len(y) - cut
    if cut is None or options.internal:
        y = y if cut is None else y[:cut]
        cut = len(y) - horizon
    if cut < 2 * SEASON or not np.all(np.isfinite(y)):
        return None
    return Case(str(name), start, y[:cut], y[cut : cut + horizon])


def search_of(options: argparse.Namespace) -> SearchSpec:
    from forecastctl.records import SearchSpec

    changes = {k: json.loads(v) for k, _, v in (item.partition("=") for item in options.set)}
    changes = {k: tuple(v) if isinstance(v, list) else v for k, v in changes.items()}
    search = replace(SearchSpec(), **changes)
    return replace(search, max_evals=options.evals) if options.evals else search


def ours(cases: list[Case], options: argparse.Namespace) -> list[Any]:
    """Our forecasts, in the order of the cases."""
    search = search_of(options)
    tasks = [(c, replace(search, horizon=len(c.test))) for c in cases]
    context = multiprocessing.get_context("spawn")
    with context.Pool(options.jobs, warm) as pool:
        tuned = pool.map(searched, tasks, chunksize=2)
        names = sorted(range(len(cases)), key=lambda i: place(cases[i].name, search.seed))
        widths = fleet_widths(tuned[i][0] for i in names[:AIRPORTS])
        shown = ", ".join(f"{level} %: {width:.2f}" for level, width in widths)
        print(f"widths of the fleet: {shown}", file=sys.stderr)
        return pool.map(forecast, [(*t, *f, widths) for t, f in zip(tasks, tuned, strict=True)])


def place(name: str, seed: int) -> bytes:
    """Where a series stands in the order in which the job draws its pilot."""
    return hashlib.sha256(f"{seed}\n{name}".encode()).digest()


def warm() -> None:
    """Import and compile before anything is timed."""
    from forecastctl.records import SearchSpec

    wave = 100.0 + np.arange(72) + 10.0 * np.sin(np.arange(72.0))
    case = Case("warm", "2001-01-01", wave, wave[:12])
    search = replace(SearchSpec(), folds=2)
    tuned, seconds = searched((case, search))
    forecast((case, search, tuned, seconds, PRIOR))


def series_of(case: Case) -> Any:
    from forecastctl.records import Series

    months = np.datetime64(case.start[:7], "M") + np.arange(len(case.train))
    return Series(case.name, "M", SEASON, months.astype("datetime64[D]"), case.train, "0" * 64)


def searched(task: tuple[Case, SearchSpec]) -> tuple[TuneResult | None, float]:
    """What the search found, and its CPU seconds; ``None`` where it fails."""
    from forecastctl.errors import ForecastctlError
    from forecastctl.search.tune import tune

    case, search = task
    started = time.process_time()
    try:
        tuned = replace(tune(series_of(case), search), trials=())
    except ForecastctlError as error:
        print(f"{case.name}: {error}", file=sys.stderr)
        return None, 0.0
    return tuned, time.process_time() - started


def forecast(
    task: tuple[Case, SearchSpec, TuneResult | None, float, Widths],
) -> dict[str, Any] | None:
    """Fit and forecast with the fleet's widths; ``None`` where something fails."""
    from forecastctl.errors import ForecastctlError
    from forecastctl.models.combination.fit_and_predict import fit, predict

    case, search, searched, seconds, widths = task
    if searched is None:
        return None
    started = time.process_time()
    tuned = calibrated(searched, widths)
    try:
        model, reason = fit(
            series_of(case),
            tuned.specification,
            horizon=search.horizon,
            fallback=search.fallback,
            spread=tuned.spread,
            widths=tuned.widths,
            backtest_errors=tuned.backtest_errors,
            engine=search.engine,
        )
        found = predict(model, search.horizon, LEVELS)
    except ForecastctlError as error:
        print(f"{case.name}: {error}", file=sys.stderr)
        return None
    seconds += time.process_time() - started
    row = {"mean": found.mean.tolist(), "seconds": seconds, "loss": tuned.loss}
    row |= {"reason": tuned.reason or reason, "label": tuned.specification.label}
    for level in LEVELS:
        lo, hi = found.intervals[level]
        row |= {f"lo-{level}": lo.tolist(), f"hi-{level}": hi.tolist()}
    return row


def peers(cases: list[Case], options: argparse.Namespace) -> dict[str, list[Any]]:
    job = {
        "series": [c.train.tolist() for c in cases],
        "horizon": max(len(c.test) for c in cases),
        "season_length": SEASON,
        "levels": LEVELS,
        "models": options.models,
        "jobs": options.jobs,
    }
    done = subprocess.run(
        [options.peers, str(SIDE)],
        input=json.dumps(job),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    found: dict[str, list[Any]] = json.loads(done.stdout)
    return found


def judged(cases: list[Case], rows: list[Any]) -> dict[str, Any]:
    """MASE, coverage, interval score and CPU seconds by series; NaN where there is no forecast."""
    columns: dict[str, list[float]] = {"mase": [], "seconds": []}
    for level in LEVELS:
        columns |= {f"cover-{level}": [], f"score-{level}": []}
        columns |= {f"cover-{level}-third-{third}": [] for third in (1, 2, 3)}
    for case, row in zip(cases, rows, strict=True):
        if row is None or None in row["mean"]:
            for values in columns.values():
                values.append(math.nan)
            continue
        y, h = case.test, len(case.test)
        columns["mase"].append(float(np.mean(np.abs(y - row["mean"][:h]))) / case.scale)
        columns["seconds"].append(row["seconds"])
        for level in LEVELS:
            bounds = tuple(
                np.array(row[f"{side}-{level}"][:h], dtype=float) for side in ("lo", "hi")
            )
            inside, score = interval(y, *bounds, level)
            columns[f"cover-{level}"].append(inside)
            for third, held in enumerate(thirds(y, *bounds), 1):
                columns[f"cover-{level}-third-{third}"].append(held)
            columns[f"score-{level}"].append(score / case.scale)
    return {name: np.array(values) for name, values in columns.items()}


def interval(y: Any, lo: Any, hi: Any, level: int) -> tuple[float, float]:
    """Share of actuals inside, and mean interval score."""
    tail = 1.0 - level / 100.0
    score = hi - lo + 2.0 / tail * (np.maximum(lo - y, 0.0) + np.maximum(y - hi, 0.0))
    return float(np.mean((lo <= y) & (y <= hi))), float(np.mean(score))


def thirds(y: Any, lo: Any, hi: Any) -> list[float]:
    """Share of actuals inside, in each third of the horizon; NaN for a third without any."""
    inside = (lo <= y) & (y <= hi)
    parts = np.array_split(inside, 3)
    return [float(np.mean(part)) if len(part) else math.nan for part in parts]


def summary(scores: dict[str, dict[str, Any]]) -> dict[str, Any]:
    answer = {}
    for name, found in scores.items():
        row = {key: float(np.nanmean(values)) for key, values in found.items()}
        row["median"] = float(np.nanmedian(found["mase"]))
        row["failed"] = int(np.sum(~np.isfinite(found["mase"])))
        if name != OURS:
            row["difference"] = bootstrap(scores[OURS]["mase"] - found["mase"])
        answer[name] = row
    return answer


def bootstrap(differences: Any) -> tuple[float, float, float]:
    """Mean of the differences with a 95 % percentile interval over resampled series."""
    known = differences[np.isfinite(differences)]
    rng = np.random.default_rng(0)
    means = [float(np.mean(rng.choice(known, len(known)))) for _ in range(RESAMPLES)]
    low, high = np.quantile(means, (0.025, 0.975))
    return float(np.mean(known)), float(low), float(high)


def text(cases: list[Case], scores: dict[str, dict[str, Any]]) -> str:
    head = ("MASE", "median", "CPU s", *(f"{x} %" for x in LEVELS), *(f"IS {x}" for x in LEVELS))
    lines = [
        f"{len(cases)} series, load average {os.getloadavg()[0]:.1f}",
        " " * 12
        + "".join(f"{h:>9}" for h in (*head, "failed"))
        + "".join(f"{f'{x} by third':>12}" for x in LEVELS)
        + "   ours - theirs (95 %)",
    ]
    for name, row in summary(scores).items():
        shares = [100.0 * row[f"cover-{level}"] for level in LEVELS]
        widths = [row[f"score-{level}"] for level in LEVELS]
        line = f"{name:<12}{row['mase']:>9.4f}{row['median']:>9.4f}{row['seconds']:>9.3f}"
        line += "".join(f"{v:>9.1f}" for v in shares) + "".join(f"{v:>9.3f}" for v in widths)
        line += f"{row['failed']:>9}"
        by_third = [
            "/".join(f"{100.0 * row[f'cover-{level}-third-{third}']:.0f}" for third in (1, 2, 3))
            for level in LEVELS
        ]
        line += "".join(f"{shares:>12}" for shares in by_third)
        if "difference" in row:
            line += "   {:+.4f} ({:+.4f} to {:+.4f})".format(*row["difference"])
        lines.append(line)
    return "\n".join(lines)


if __name__ == "__main__":
    main()
