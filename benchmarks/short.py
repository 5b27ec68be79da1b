"""Accuracy on series of one or two years, against the seasonal naive of the same run.

Real series are cut to so many months of history, tuned, fitted and forecast as ``forecastctl run``
does it, recorded nowhere, and compared with the months that came next. The other half of each
panel, with all of its history up to the same month, is the fleet whose errors say how wide the
interval of a series is that is too short for a search.

Printed are, by panel and months of history: the error over that of the seasonal naive (mean WAPE,
and mean MASE on the scale of the whole history), the share of series whose error is more than twice
that of the seasonal naive, which share of the actuals the intervals hold, and the same for
statsforecast's AutoETS where ``--peers`` names an interpreter that has it.

    python benchmarks/short.py --half odd      # for choosing
    python benchmarks/short.py --half even     # asked once
"""

from __future__ import annotations

import argparse
import math
import multiprocessing
import os
from argparse import Namespace
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import accuracy
import numpy as np
from accuracy import SEASON, Case, series_of
from judging import LEVELS, judged

from forecastctl.jobs.pilot import AIRPORTS, fleet_widths
from forecastctl.jobs.short import ShortWidths

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from forecastctl.records import SearchSpec, TuneResult, Widths

FOLDER = Path(__file__).resolve().parents[2] / "shared" / "data"
PANELS: dict[str, tuple[str, tuple[int, ...]]] = {
    "tourism": ("tourism_monthly.csv.gz", (0,)),
    "m1": ("m1_monthly.csv.gz", (0,)),
    "hospital": ("hospital_monthly.csv.gz", (0,)),
    "tsa": ("tsa_monthly.csv", (0,)),
    "port_authority": ("port_authority.csv", (0, 24, 48, 84, 120, 160, 200, 260, 320)),
}
"""By name the file, and how many months before its end the series are cut."""

PEER = "AutoETS"
TWICE = 2.0


@dataclass(frozen=True)
class Short:
    """A series cut to a few months, with all of its history and the fleet around it."""

    case: Case
    whole: Case
    widths: Widths


def main() -> None:
    options = parse()
    context = multiprocessing.get_context("spawn")
    print(f"half {options.half}, {options.horizon} months ahead; {os.getloadavg()[0]:.1f} load")
    print(head(peer=bool(options.peers)), flush=True)
    with context.Pool(options.jobs, accuracy.warm) as pool:
        for name in options.panels:
            for months in options.months:
                series = list(cut(name, months, options))
                if series:
                    rows = ours(series, options, pool)
                    theirs = peers(series, options) if options.peers else None
                    print(line(name, months, series, rows, theirs), flush=True)


def parse() -> Namespace:
    parser = argparse.ArgumentParser(description="Accuracy on series of one or two years")
    parser.add_argument("--panels", nargs="+", default=list(PANELS), choices=list(PANELS))
    parser.add_argument("--months", nargs="+", type=int, default=[12, 14, 18, 24])
    parser.add_argument("--horizon", type=int, default=12)
    parser.add_argument("--half", choices=("odd", "even"), default="odd", help="by position")
    parser.add_argument("--every", type=int, default=5, help="take every so many-th series")
    parser.add_argument("--evals", type=int, help="trials per series, else the default")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=JSON")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--peers", metavar="PYTHON", help="interpreter that has statsforecast")
    return parser.parse_args()


def cut(name: str, months: int, options: Namespace) -> Iterator[Short]:
    """Series of one half, cut to their last months; the other half is their fleet."""
    file, backs = PANELS[name]
    every = 1 if len(backs) > 1 else options.every
    for back in backs:
        halves = [read(file, half, back, options) for half in ("odd", "even")]
        asked, others = halves if options.half == "odd" else halves[::-1]
        fleet = ShortWidths([series_of(case) for case in others], search_of(options))
        for whole in asked[::every]:
            case = replace(whole, train=whole.train[-months:])
            naive = np.abs(case.test - seasonal_naive(case)).sum()
            if case.train.std() > 0 and naive > 0 and case.test.sum() > 0:
                yield Short(case, whole, fleet.of(series_of(case)))


def read(file: str, half: str, back: int, options: Namespace) -> list[Case]:
    """Series of at least three years whose last months, before ``back``, are held out."""
    known = Namespace(
        panel=FOLDER / file, horizon=None, until=None, internal=False, every=1, half=half
    )
    wholes = accuracy.read(known)
    joined = [np.concatenate([c.train, c.test]) for c in wholes]
    ends = [len(y) - back - options.horizon for y in joined]
    return [
        Case(c.name, c.start, y[:end], y[end : end + options.horizon])
        for c, y, end in zip(wholes, joined, ends, strict=True)
        if end >= 2 * SEASON and c.scale > 0
    ]


def search_of(options: Namespace) -> SearchSpec:
    return replace(accuracy.search_of(options), horizon=options.horizon)


def ours(series: Sequence[Short], options: Namespace, pool: Any) -> list[Any]:
    """Our forecasts, in order."""
    search = search_of(options)
    tuned = pool.map(searched, [(one, search) for one in series], chunksize=4)
    order = sorted(range(len(series)), key=lambda i: accuracy.place(series[i].case.name, 0))
    pilot = [i for i in order if not series[i].widths][:AIRPORTS]
    widths = fleet_widths(tuned[i] for i in pilot)
    tasks = [
        (one.case, search, found, 0.0, one.widths or widths)
        for one, found in zip(series, tuned, strict=True)
    ]
    return list(pool.map(accuracy.forecast, tasks, chunksize=4))


def searched(task: tuple[Short, SearchSpec]) -> TuneResult:
    from forecastctl.search.tune import tune

    one, search = task
    return replace(tune(series_of(one.case), search, widths=one.widths), trials=())


def peers(series: Sequence[Short], options: Namespace) -> list[Any]:
    known = Namespace(peers=options.peers, models=[PEER], jobs=options.jobs)
    return accuracy.peers([one.case for one in series], known)[PEER]


def seasonal_naive(case: Case) -> Any:
    """The last season repeated; below one season the last value."""
    season = case.train[-SEASON:] if len(case.train) >= SEASON else case.train[-1:]
    return np.resize(season, len(case.test))


def errors(series: Sequence[Short], rows: Sequence[Any]) -> Any:
    """Sum of absolute errors by series; NaN where there is no forecast."""
    return np.array(
        [
            math.nan
            if row is None or None in row["mean"]
            else np.abs(one.case.test - np.array(row["mean"][: len(one.case.test)])).sum()
            for one, row in zip(series, rows, strict=True)
        ]
    )


def against(series: Sequence[Short], found: Any) -> tuple[float, float, float, int]:
    """WAPE and MASE over those of the seasonal naive, share over twice as bad, and failures."""
    naive = np.array([np.abs(s.case.test - seasonal_naive(s.case)).sum() for s in series])
    known = np.isfinite(found)
    by_actual = 1.0 / np.array([s.case.test.sum() for s in series])
    by_scale = 1.0 / np.array([s.whole.scale for s in series])
    ratios = [
        float((found * by)[known].mean() / (naive * by)[known].mean())
        for by in (by_actual, by_scale)
    ]
    twice = float(np.mean(found[known] > TWICE * naive[known]))
    return ratios[0], ratios[1], twice, int((~known).sum())


def head(*, peer: bool) -> str:
    names = ["WAPE", "MASE", "> twice", *(f"in {level} %" for level in LEVELS), "stood in"]
    names += [f"{PEER} WAPE", "MASE", "> twice"] if peer else []
    return f"{'panel':<16}{'months':>7}{'series':>8}" + "".join(f"{n:>14}" for n in names)


def line(
    name: str, months: int, series: Sequence[Short], rows: list[Any], theirs: list[Any] | None
) -> str:
    wape, mase, twice, failed = against(series, errors(series, rows))
    assert not failed, "every series must be forecast"
    scores = judged([replace(s.case, train=s.whole.train) for s in series], rows)
    held = [float(np.nanmean(scores[f"cover-{level}"])) for level in LEVELS]
    stands = np.mean([row["reason"] is not None for row in rows])
    cells = [f"{wape:.3f}", f"{mase:.3f}", f"{twice:.1%}"]
    cells += [*(f"{share:.1%}" for share in held), f"{stands:.0%}"]
    if theirs is not None:
        wape, mase, twice, failed = against(series, errors(series, theirs))
        cells += [f"{wape:.3f}", f"{mase:.3f}", f"{twice:.1%}"]
        cells += [f"{failed} failed"] if failed else []
    return f"{name:<16}{months:>7}{len(series):>8}" + "".join(f"{cell:>14}" for cell in cells)


if __name__ == "__main__":
    main()
