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
from judging import LEVELS, judged, summary, text  # noqa: E402
from published import published  # noqa: E402

from forecastctl.jobs.pilot import AIRPORTS, fleet_widths  # noqa: E402
from forecastctl.models.combination.widths import PRIOR, calibrated  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Sequence

    from forecastctl.records import SearchSpec, TuneResult, Widths

SEASON = 12
SIDE = Path(__file__).with_name("accuracy_side.py")
PEERS = ("AutoETS", "AutoTheta", "AutoCES")
DEAR = "AutoARIMA"
"""Takes twenty times as long as the others, so that it is asked about a sample alone."""
OURS = "forecastctl"


@dataclass(frozen=True)
class Case:
    """One series: what is known, and what came after."""

    name: str
    start: str
    train: Any
    test: Any
    freq: str = "M"
    season_length: int = SEASON
    fleet: Any = None
    calendar: bool = False

    @property
    def scale(self) -> float:
        """Denominator of MASE."""
        from forecastctl.models.metrics import scale

        return scale(self.train, self.season_length)


def main() -> None:
    options = parse()
    cases = [c for c in read(options) if c.scale > 0]
    rows = {OURS: ours(cases, options)}
    if options.peers:
        rows |= peers(cases, options)
    if options.save:
        Path(options.save).write_text(json.dumps({"series": [c.name for c in cases], **rows}))
    scores = {name: judged(cases, found) for name, found in rows.items()}
    if options.json:
        print(json.dumps(summary(scores, OURS)))
        return
    print(text(cases, scores, OURS))
    if options.peers and options.sample:
        print(sampled(cases, rows, options))
    print(published(Path(options.panel).name))


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Accuracy against statsforecast")
    parser.add_argument("--panel", default="../shared/data/tourism_monthly.csv.gz")
    parser.add_argument("--horizon", type=int, help="default: as long as the test set, or 12")
    parser.add_argument("--until", help="leave out what is later than this date")
    parser.add_argument("--internal", action="store_true", help="hold out training data")
    parser.add_argument("--every", type=int, default=1, help="take every so many-th series")
    parser.add_argument("--half", choices=("odd", "even"), help="of the series, by position")
    parser.add_argument("--evals", type=int, help="trials per series, else the default")
    parser.add_argument("--calendar", action="store_true", help="as [calendar] terms = auto")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=JSON")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--peers", metavar="PYTHON", help="interpreter that has statsforecast")
    parser.add_argument("--models", nargs="+", default=PEERS, choices=(*PEERS, DEAR))
    parser.add_argument("--sample", type=int, metavar="N", help=f"ask {DEAR} about one of N series")
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
    test = y[cut : cut + horizon]
    calendar = getattr(options, "calendar", False)  # not of those who ask without flags
    return Case(str(name), start, y[:cut], test, calendar=calendar)


def search_of(options: argparse.Namespace) -> SearchSpec:
    from forecastctl.records import SearchSpec

    changes = {k: json.loads(v) for k, _, v in (item.partition("=") for item in options.set)}
    changes = {k: tuple(v) if isinstance(v, list) else v for k, v in changes.items()}
    search = replace(SearchSpec(), **changes)
    return replace(search, max_evals=options.evals) if options.evals else search


def ours(cases: list[Case], options: argparse.Namespace) -> list[Any]:
    """Our forecasts, in the order of the cases."""
    search = search_of(options)
    started = time.process_time()
    tasks = in_a_fleet([(c, replace(search, horizon=len(c.test))) for c in cases])
    learning = (time.process_time() - started) / max(len(tasks), 1)
    context = multiprocessing.get_context("spawn")
    with context.Pool(options.jobs, warm) as pool:
        found = pool.map(searched, tasks, chunksize=2)
        tuned = [(result, seconds + learning) for result, seconds in found]
        names = sorted(range(len(cases)), key=lambda i: place(cases[i].name, search.seed))
        widths = fleet_widths(tuned[i][0] for i in names[:AIRPORTS])
        shown = ", ".join(f"{level} %: {width:.2f}" for level, width in widths)
        print(f"widths of the fleet: {shown}", file=sys.stderr)
        return pool.map(forecast, [(*t, *f, widths) for t, f in zip(tasks, tuned, strict=True)])


def in_a_fleet(tasks: list[tuple[Case, SearchSpec]]) -> list[tuple[Case, SearchSpec]]:
    """Cases with what a job learns from all of them together before it searches for any."""
    from forecastctl.jobs.fleet import learn_from_fleet, with_fleet
    from forecastctl.records import AirportTask, Plan

    jobs = [
        AirportTask(Plan(tune=True, train=True, forecast=True, search=search), series_of(case))
        for case, search in tasks
    ]
    fleet = learn_from_fleet([job.series for job in jobs], jobs)
    known = [with_fleet(job, fleet).series.fleet for job in jobs]
    return [(replace(c, fleet=lines), s) for (c, s), lines in zip(tasks, known, strict=True)]


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

    first = np.datetime64(case.start[:7] if case.freq == "M" else case.start, case.freq)
    ds = (first + np.arange(len(case.train))).astype("datetime64[D]")
    series = Series(case.name, case.freq, case.season_length, ds, case.train, "0" * 64)
    return with_calendar(series.with_fleet(case.fleet), case)


def with_calendar(series: Any, case: Case) -> Any:
    """A series with Easter and the days of the month, where that is asked for."""
    if not case.calendar:
        return series
    from forecastctl.data.terms.build import Spanned, TermsAsked, fleet_terms
    from forecastctl.jobs.terms import series_with_terms
    from forecastctl.records.calendar import period_of

    first, horizon = period_of(series.ds[0], series.freq), len(case.test)
    last = first + series.n + horizon + series.season_length
    terms = fleet_terms(TermsAsked(calendar=True), Spanned(series.freq, first, last, [case.name]))
    return series_with_terms(series, terms, horizon)


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


def peers(
    cases: Sequence[Case], options: argparse.Namespace, levels: Sequence[int] = LEVELS
) -> dict[str, list[Any]]:
    job = {
        "series": [c.train.tolist() for c in cases],
        "horizon": max(len(c.test) for c in cases),
        "season_length": cases[0].season_length,
        "levels": levels,
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


def sampled(cases: list[Case], rows: dict[str, list[Any]], options: argparse.Namespace) -> str:
    """The same table on every so many-th series, with `DEAR` as well."""
    few = slice(options.sample // 2, None, options.sample)
    chosen = cases[few]
    known = {name: found[few] for name, found in rows.items()}
    asked = argparse.Namespace(peers=options.peers, models=[DEAR], jobs=options.jobs)
    known |= peers(chosen, asked)
    return text(chosen, {name: judged(chosen, found) for name, found in known.items()}, OURS)


if __name__ == "__main__":
    main()
