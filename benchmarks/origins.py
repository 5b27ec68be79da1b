"""What choices are worth over several origins inside the training data, test sets unseen.

One origin is not enough: all series of a panel share its year. Each panel is cut at several, and
the default is compared there with itself without the network, without the models that are pooled
over airports and without both, with the network alone, and with its own forecasts after their
growth was damped: the mean of the first season ahead over that of the last season seen, brought
back to a limit where it is beyond (``limit``), or by a share of its logarithm (``share``).
``--last`` keeps so many observations only, as if airports were new.

    python benchmarks/origins.py
    python benchmarks/origins.py --last 30

Prints the ratio of the mean MASE to that of the default, by origin and in the mean over them; below
1 is better than the default. And what share of the actuals the intervals of the default hold.
"""

from __future__ import annotations

import argparse
import multiprocessing
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import accuracy
import numpy as np
from accuracy import SEASON, Case
from judging import LEVELS

from forecastctl.jobs.pilot import fleet_widths
from forecastctl.models.pretrained import Pretrained
from forecastctl.records import SearchSpec
from forecastctl.search.pool_of_fleet import POOLED

PANELS = {"tourism": (24, 12, 5, 1), "m1": (18, 9, 4, 1), "hospital": (12, 6, 3, 2)}
"""Periods ahead, periods from one origin to the next, origins, and every so many-th series."""

WITHOUT = ((Pretrained.name,), (POOLED,), (Pretrained.name, POOLED))
"""Families that are left out."""

DAMPED = {
    "growth limited to 1.1": lambda g: np.clip(g, 1 / 1.1, 1.1),
    "growth limited to 1.3": lambda g: np.clip(g, 1 / 1.3, 1.3),
    "a tenth of growth off": lambda g: g**0.9,
    "a half of growth off": lambda g: g**0.5,
}


def main() -> None:
    options = parse()
    print(f"{'':34}{'mean':>9}   by origin, the newest first")
    with multiprocessing.get_context("spawn").Pool(options.jobs, accuracy.warm) as pool:
        for name in options.panels:
            fleets = [cut(name, at, options) for at in range(PANELS[name][2])]
            told(name, [compared(fleet, pool) for fleet in fleets if fleet], fleets)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Choices over several origins")
    parser.add_argument("--folder", type=Path, default=Path("../shared/data"))
    parser.add_argument("--panels", nargs="+", choices=PANELS, default=list(PANELS))
    parser.add_argument("--half", choices=("odd", "even"), default="odd")
    parser.add_argument("--last", type=int, help="keep so many observations of each series")
    parser.add_argument("--jobs", type=int, default=2)
    return parser.parse_args()


def cut(name: str, at: int, options: argparse.Namespace) -> list[Case]:
    """A panel as it was known some periods before the end of its training data."""
    horizon, step, _, every = PANELS[name]
    asked = SimpleNamespace(
        panel=options.folder / f"{name}_monthly.csv.gz",
        until=None,
        horizon=None,
        internal=True,
        half=options.half,
        every=every,
    )
    found = []
    for case in accuracy.read(asked):
        y = np.concatenate([case.train, case.test])
        y = y[: len(y) - at * step]
        train = y[:-horizon]
        start = np.datetime64(case.start[:7], "M")
        if options.last and len(train) >= options.last + SEASON:
            start += len(train) - options.last
            train = train[-options.last :]
        elif options.last:
            continue
        case = replace(case, start=f"{start}-01", train=train, test=y[-horizon:])  # noqa: PLW2901
        if len(train) >= 2 * SEASON and case.scale > 0:
            found.append(case)
    return found


def compared(cases: list[Case], pool: Any) -> dict[str, float]:
    """Mean MASE of the default, and of what it is compared with."""
    search = replace(SearchSpec(), horizon=len(cases[0].test))
    whole = forecasts(cases, search, pool)
    default = means(whole)
    rows = {"default": default}
    for left_out in WITHOUT:
        families = tuple(name for name in search.families if name not in left_out)
        named = f"without {' and '.join(left_out)}"
        rows[named] = means(forecasts(cases, replace(search, families=families), pool))
    alone = replace(search, families=(Pretrained.name,), combine=1)
    rows["the network alone"] = means(forecasts(cases, alone, pool))
    for name, damp in DAMPED.items():
        rows[name] = [damped(c, f, damp) for c, f in zip(cases, default, strict=True)]
    found = {name: mase(cases, each) for name, each in rows.items()}
    return found | {f"in {level} %": held(cases, whole, level) for level in LEVELS}


def forecasts(cases: list[Case], search: SearchSpec, pool: Any) -> list[Any]:
    """Forecasts by series, as a job makes them."""
    tasks = accuracy.in_a_fleet([(case, search) for case in cases])
    tuned = pool.map(accuracy.searched, tasks, chunksize=2)
    widths = fleet_widths(found for found, _ in tuned)
    asked = [(*t, *f, widths) for t, f in zip(tasks, tuned, strict=True)]
    rows: list[Any] = pool.map(accuracy.forecast, asked)
    return rows


def means(rows: list[Any]) -> list[Any]:
    """Point forecasts."""
    return [None if row is None else np.array(row["mean"]) for row in rows]


def held(cases: list[Case], rows: list[Any], level: int) -> float:
    """Percent of the actuals of all series that their intervals hold."""
    found = [
        (np.array(row[f"lo-{level}"]) <= case.test) & (case.test <= np.array(row[f"hi-{level}"]))
        for case, row in zip(cases, rows, strict=True)
        if row is not None
    ]
    return float(100.0 * np.mean(np.concatenate(found)))


def damped(case: Case, mean: Any, damp: Any) -> Any:
    """A forecast whose growth from season to season is another one."""
    season = case.train[-SEASON:][: len(case.test)]
    if mean is None or season.mean() <= 0 or mean[:SEASON].mean() <= 0:
        return mean
    growth = mean[: len(season)].mean() / season.mean()
    return mean * damp(growth) / growth


def mase(cases: list[Case], found: list[Any]) -> float:
    """Mean over series of the mean absolute error over its scale."""
    errors = [
        np.mean(np.abs(case.test - mean)) / case.scale
        for case, mean in zip(cases, found, strict=True)
        if mean is not None
    ]
    return float(np.mean(errors))


def told(name: str, rows: list[dict[str, float]], fleets: list[list[Case]]) -> None:
    """The table of one panel."""
    sizes = ", ".join(str(len(fleet)) for fleet in fleets if fleet)
    shown = "  ".join(f"{row['default']:.3f}" for row in rows)
    print(f"{name + ', MASE of the default':<34}{'':>9}   {shown}   ({sizes} series)")
    for choice in rows[0]:
        if choice == "default":
            continue
        if choice.startswith("in "):
            values = [row[choice] for row in rows]
            each = " ".join(f"{value:.1f}" for value in values)
            print(f"  {choice:<32}{np.mean(values):>9.1f}   {each}", flush=True)
            continue
        ratios = [row[choice] / row["default"] for row in rows]
        each = " ".join(f"{ratio:.4f}" for ratio in ratios)
        print(f"  {choice:<32}{np.mean(ratios):>9.4f}   {each}", flush=True)


if __name__ == "__main__":
    main()
