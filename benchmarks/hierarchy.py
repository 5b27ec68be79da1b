"""What reconciling does to accuracy, on two real hierarchies and rolling origins.

Every airport, group and total is tuned, fitted and forecast by the code that ``forecastctl run``
calls, recorded nowhere, from data up to each origin; then the forecasts are made to add up by each
method. Shown are MASE (Hyndman and Koehler, 2006; scale: in-sample seasonal-naive MAE up to the
origin; mean over series and origins) by level, and how many actuals the 95 % intervals hold.

    python benchmarks/hierarchy.py
    python benchmarks/hierarchy.py --airports 20 --max-evals 8

``port_authority``: EWR, JFK, LGA and their total, from yearly origins of 1985 to 1999. ``tsa``: the
busiest US airports, grouped by size (a quarter of the traffic of 2019 each) and added up to a
total, from origins in 2021, with the recovery from the epidemic ahead.
"""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path
from typing import Any

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")

import numpy as np  # noqa: E402 - after the variables it reads
import pandas as pd  # noqa: E402

METHODS = ("none", "bottom_up", "ols", "wls_struct", "wls_var", "mint_shrink")
LEVEL = 95
NEW_YORK = ("EWR", "JFK", "LGA")


def port_authority(folder: Path) -> tuple[pd.DataFrame, dict[str, dict[str, str]], list[str], int]:
    frame = pd.read_csv(folder / "port_authority.csv")
    frame = frame[frame["airport"].isin(NEW_YORK)]
    origins = [f"{year}-12" for year in range(1985, 2000)]
    return frame, {}, origins, 12


def tsa(folder: Path, count: int) -> tuple[pd.DataFrame, dict[str, dict[str, str]], list[str], int]:
    frame = pd.read_csv(folder / "tsa_monthly.csv")
    whole = frame.groupby("airport")["date"].transform("size") == frame["date"].nunique()
    frame = frame[whole & (frame.groupby("airport")["passengers"].transform("min") > 0)]
    size = frame[frame["date"] < "2020"].groupby("airport")["passengers"].sum()
    size = size.sort_values(ascending=False)[:count]
    quarter = np.ceil(4 * size.cumsum() / size.sum()).astype(int)
    classes = {airport: f"{q}" for airport, q in quarter.items()}
    frame = frame[frame["airport"].isin(classes)]
    return frame, {"size": classes}, ["2021-03", "2021-06", "2021-09"], 6


def measured(panel: Any, search: Any, jobs: int) -> pd.DataFrame:
    """Absolute scaled errors and hits of every method, one row per series, origin and period."""
    from forecastctl.data.panel.build import from_frame
    from forecastctl.data.panel.panel import DataSpec
    from forecastctl.data.prepare.prepare import prepare
    from forecastctl.execute.loky import make_executor
    from forecastctl.jobs.sums.base import plan_sums
    from forecastctl.jobs.work import work
    from forecastctl.records import AirportTask, Plan

    frame, groups, origins, _ = panel
    spec = DataSpec(source="memory")
    data = from_frame(frame["airport"], frame["date"], frame["passengers"], spec, "memory")
    actual = frame.pivot_table(index="date", columns="airport", values="passengers")
    plan = Plan(tune=True, train=True, forecast=True, search=search, levels=(LEVEL,), charts=False)
    executor, rows = make_executor(jobs), []
    for origin in origins:
        series = prepare(data, spec, as_of=origin, today=pd.Timestamp("2026-01-01").date())
        sums = plan_sums(series, groups, [], METHODS[0])
        tasks = [AirportTask(plan, s) for s in sums.series.values()]
        outcomes = list(executor.map(work, tasks))
        results = [o.value for o in outcomes if o.value is not None]
        rows += scores(sums, results, plan, actual, origin)
    return pd.DataFrame(rows)


def scores(sums: Any, results: Any, plan: Any, actual: pd.DataFrame, origin: str) -> list[Any]:
    from dataclasses import replace

    from forecastctl.jobs.sums.base import base_of
    from forecastctl.jobs.sums.coherent import add_up
    from forecastctl.models.metrics import scale
    from forecastctl.store.memory import MemoryTracker

    store = MemoryTracker()
    bases = {r.airport: base_of(r, sums, plan, store) for r in results}
    bases = {name: base for name, base in bases.items() if base is not None}
    members = {g.name: list(g.members) for g in sums.hierarchy.groups}
    rows = []
    for method in METHODS:
        table = add_up(replace(sums, method=method), bases, sums.hierarchy.airports, [], plan).table
        for name, mine in table.groupby("airport"):
            if name not in sums.series:
                continue
            truth = actual[members.get(name, [name])].sum(axis=1, min_count=1).reindex(mine["date"])
            y, unit = truth.to_numpy(), scale(sums.series[name].y, 12)
            error = np.abs(mine["mean"].to_numpy() - y) / unit
            hit = (mine[f"lo-{LEVEL}"].to_numpy() <= y) & (y <= mine[f"hi-{LEVEL}"].to_numpy())
            level = mine["level"].iloc[0]
            rows.append(
                {
                    "method": "base" if method == "none" else method,
                    "level": level,
                    "origin": origin,
                    "mase": error.mean(),
                    "held": 100 * hit.mean(),
                }
            )
    return rows


def shown(name: str, rows: pd.DataFrame, seconds: float) -> None:
    made = rows.pivot_table(index="method", columns="level", values=["mase", "held"], sort=False)
    levels = list(dict.fromkeys(rows["level"]))
    per_level = rows[rows["method"] == "base"].groupby("level").size()
    counted = ", ".join(f"{per_level[level]} of {level}" for level in levels)
    origins = rows["origin"].nunique()
    print(f"\n{name}: {origins} origins, forecasts: {counted}; {seconds:.0f} s")
    heads = [f"MASE {x}" for x in levels] + [f"{LEVEL} % {x}" for x in levels]
    print(f"{'':12}" + "".join(f"{head:>14}" for head in heads))
    for method, row in made.iterrows():
        cells = [f"{row['mase', x]:14.3f}" for x in levels]
        cells += [f"{row['held', x]:14.0f}" for x in levels]
        print(f"{method:12}" + "".join(cells))


def main() -> None:
    from dataclasses import replace

    from forecastctl.records import SearchSpec

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--airports", type=int, default=150)
    parser.add_argument("--max-evals", type=int, default=SearchSpec().max_evals)
    parser.add_argument("--jobs", type=int, default=-1)
    asked = parser.parse_args()
    search = SearchSpec(max_evals=asked.max_evals)
    panels = {
        "port_authority": port_authority(asked.data),
        f"tsa, {asked.airports} airports": tsa(asked.data, asked.airports),
    }
    for name, panel in panels.items():
        start = time.perf_counter()
        rows = measured(panel, replace(search, horizon=panel[3]), asked.jobs)
        shown(name, rows, time.perf_counter() - start)


if __name__ == "__main__":
    main()
