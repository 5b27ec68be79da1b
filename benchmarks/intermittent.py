"""Accuracy and intervals on airports with many zeros, against always zero and statsforecast.

Each series is tuned, fitted and forecast as ``forecastctl run`` does it, recorded nowhere. Made
panels come from a seed (`made`), real ones are the TSA's small checkpoints by day (a missing day is
a day without passengers) and Russia's small airports by month; ``tsa_closed`` are checkpoints of
any size, asked when nobody had come for two weeks for the first time. The error is MASE on the
scale of the seasonal naive, which an expected value loses where most periods are zero; so the bias
of the sum over the horizon, in shares of the true sum, stands beside it, and
``--set loss='"rmse"'`` asks for means instead. Always zero is the peer to beat.

    python benchmarks/intermittent.py --half odd      # for choosing
    python benchmarks/intermittent.py --half even --seed 1 --peers PEERS/bin/python   # asked once
"""

from __future__ import annotations

import argparse
import math
import multiprocessing
import os
import zlib
from argparse import Namespace
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import accuracy
import numpy as np
from accuracy import Case
from judging import LEVELS
from panels import wide

from forecastctl.jobs.pilot import fleet_widths

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pandas as pd

MADE = ("parts", "fading", "starting", "lumpy", "season", "weekdays")
REAL = ("tsa_days", "russia", "tsa_closed")
PEERS = ("CrostonClassic", "CrostonOptimized", "CrostonSBA", "TSB", "ADIDA", "IMAPA")
MONTHS, DAYS, SEASON, WEEK = 51, 200, 12, 7
ZERO = "always zero"


def main() -> None:
    options = parse()
    print(f"half {options.half}, load average {os.getloadavg()[0]:.1f}")
    print(head(), flush=True)
    context = multiprocessing.get_context("spawn")
    with context.Pool(options.jobs, accuracy.warm) as pool:
        for name in options.panels:
            cases = list(cut(name, options))
            rows = {"forecastctl": ours(cases, options, pool), ZERO: zeros(cases)}
            if options.peers:
                known = Namespace(peers=options.peers, models=PEERS, jobs=options.jobs)
                rows |= accuracy.peers(cases, known, levels=())
            for side, found in rows.items():
                print(line(name, side, cases, found), flush=True)


def parse() -> Namespace:
    parser = argparse.ArgumentParser(description="Accuracy on airports with many zeros")
    parser.add_argument("--panels", nargs="+", default=[*MADE, *REAL], choices=[*MADE, *REAL])
    parser.add_argument("--half", choices=("odd", "even"), default="odd", help="by position")
    parser.add_argument("--series", type=int, default=150, help="of each made panel, a half of it")
    parser.add_argument("--seed", type=int, default=0, help="of the made panels")
    parser.add_argument("--evals", type=int, help="trials per series, else the default")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=JSON")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--peers", metavar="PYTHON", help="interpreter that has statsforecast")
    return parser.parse_args()


def cut(name: str, options: Namespace) -> Iterator[Case]:
    """Series of one half whose scale is known, with their last periods held out."""
    if name in MADE:
        count, weekly = 2 * options.series, name == "weekdays"
        every = [(str(k), made(name, k, options.seed)) for k in range(count)]
        start, horizon = "2015-01-01", SEASON
    else:
        weekly, closes = name != "russia", name == "tsa_closed"
        table = days(every=closes) if weekly else russia()
        start, horizon = str(table.index[0].date()), 4 * WEEK if weekly else SEASON
        every = [(str(a), table[a].to_numpy(float)) for a in table]
        if closes:
            every = [(airport, until_closed(y, 2 * WEEK, horizon)) for airport, y in every]
    freq, season = ("D", WEEK) if weekly else ("M", SEASON - (name == "russia"))
    for series, y in every[options.half == "even" :: 2]:
        case = Case(series, start, y[:-horizon], y[-horizon:], freq, season)
        if len(y) and case.scale > 0:
            yield case


def made(kind: str, number: int, seed: int = 0) -> Any:
    """Counts that come with a probability that wanders; the same for equal arguments.

    Args:
        kind: One of `MADE`: ``fading`` stops for good, ``starting`` begins late, ``lumpy`` has
            hundreds at once, ``season`` and ``weekdays`` come at certain times.
        number: Of the series.
        seed: Of the panel.
    """
    rng = np.random.default_rng(zlib.crc32(f"{kind} {number} {seed}".encode()))
    n = DAYS if kind == "weekdays" else MONTHS
    t = np.arange(n)
    share = rng.beta(1.2, 2.0)
    logit = math.log(share / (1.0 - share)) + np.cumsum(rng.normal(0.0, 0.12, n))
    if kind == "fading":
        logit = logit - np.maximum(t - rng.integers(0, n), 0) * rng.uniform(0.02, 0.2)
    elif kind == "starting":
        logit = np.where(t < rng.integers(0, n // 2), -9.0, logit)
    elif kind == "season":
        phase = 2.0 * np.pi * (t - rng.integers(0, SEASON)) / SEASON
        logit = logit + rng.uniform(1.0, 4.0) * np.cos(phase)
    elif kind == "weekdays":
        logit = logit + rng.normal(0.0, 3.0, WEEK)[t % WEEK]
    mean, shape = math.exp(rng.uniform(0.0, 1.2)), 3
    if kind == "lumpy":
        mean, shape = math.exp(rng.uniform(1.0, 5.0)), 1
    size = 1 + rng.negative_binomial(shape, shape / (shape + mean - 1.0 + 1e-9), n)
    return np.where(rng.random(n) < 1.0 / (1.0 + np.exp(-logit)), size, 0).astype(float)


def until_closed(y: Any, quiet: int, horizon: int) -> Any:
    """A series until nobody had come for so long for the first time, and the periods after that.

    Args:
        y: Passengers, shape ``(n,)``.
        quiet: Periods without a passenger, of which four times as many lie before them.
        horizon: Periods after that; a series without them, or that never closes, comes back empty.
    """
    flown = np.flatnonzero(y > 0)
    for at, then in pairwise([*flown.tolist(), len(y)]):
        end = at + 1 + quiet
        if then >= end and at - flown[0] >= 4 * quiet and end + horizon <= len(y):
            return y[flown[0] : end + horizon]
    return y[:0]


def days(*, every: bool) -> pd.DataFrame:
    """Checkpoints: every one, or those without passengers on 5 % of days or more, not always."""
    table = wide("tsa_daily.csv.gz").asfreq("D").fillna(0.0)
    if every:
        return table
    none = (table[: -4 * WEEK] == 0).mean()
    return table.loc[:, (none >= 0.05) & (none < 1.0)]


def russia() -> pd.DataFrame:
    """Airports with months without passengers from their first to the end of 2018.

    Decembers, which hold tonnes of cargo, are left out, so that a season has eleven months.
    """
    table = wide("russia_raw.csv.gz")[:"2018-12-01"].fillna(0.0)  # type: ignore[misc]
    table = table[table.index.month != 12]
    none = (table[:-SEASON] == 0).mean()
    return table.loc[:, (none >= 0.05) & (none < 1.0)]


def ours(cases: Sequence[Case], options: Namespace, pool: Any) -> list[Any]:
    """Our forecasts, in order, with the widths of the panel."""
    search = accuracy.search_of(options)
    tasks = [(case, replace(search, horizon=len(case.test))) for case in cases]
    tuned = pool.map(accuracy.searched, tasks, chunksize=2)
    widths = fleet_widths(found for found, _ in tuned)
    done = [(*task, *found, widths) for task, found in zip(tasks, tuned, strict=True)]
    return list(pool.map(accuracy.forecast, done, chunksize=2))


def zeros(cases: Sequence[Case]) -> list[Any]:
    """Nobody ever comes."""
    return [{"mean": [0.0] * len(case.test), "seconds": 0.0} for case in cases]


def head() -> str:
    names = ("MASE", "median", "bias", *(f"in {x} %" for x in LEVELS), "CPU s", "failed")
    return f"{'panel':<10}{'series':>7}  {'side':<17}" + "".join(f"{name:>10}" for name in names)


def line(name: str, side: str, cases: Sequence[Case], rows: Sequence[Any]) -> str:
    known = [(c, r) for c, r in zip(cases, rows, strict=True) if r and None not in r["mean"]]
    means = [np.array(row["mean"]) for _, row in known]
    pairs = zip(known, means, strict=True)
    errors = [float(np.mean(np.abs(c.test - mean))) / c.scale for (c, _), mean in pairs]
    came = sum(c.test.sum() for c, _ in known)
    bias = f"{sum(mean.sum() for mean in means) / came - 1.0:+.1%}" if came else ""
    held = [share(known, level) for level in LEVELS]
    seconds = np.mean([row["seconds"] for _, row in known])
    cells = [f"{np.mean(errors):.3f}", f"{np.median(errors):.3f}", bias]
    cells += [*held, f"{seconds:.3f}", str(len(cases) - len(known))]
    return f"{name:<10}{len(cases):>7}  {side:<17}" + "".join(f"{cell:>10}" for cell in cells)


def share(known: Sequence[tuple[Case, Any]], level: int) -> str:
    """How many of the actuals an interval holds; nothing where there is none."""
    if f"lo-{level}" not in known[0][1]:
        return ""
    inside = [
        np.mean((np.array(row[f"lo-{level}"]) <= c.test) & (c.test <= row[f"hi-{level}"]))
        for c, row in known
    ]
    return f"{np.mean(inside):.1%}"


if __name__ == "__main__":
    main()
