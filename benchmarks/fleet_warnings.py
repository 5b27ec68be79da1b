"""How often the warnings about a whole fleet are wrong, and what they find.

Wrong: each month of the real panels in ``../shared/data`` is looked at as a job would have seen
it, and each sentence is counted. Nothing is known to be wrong with these panels, so that every
sentence counts as false, except what is known to be true of them: equal series in M1, and April and
May 2020 at American airports, which were empty.

Found: one fault is put into each of many generated fleets (``tests/panels.py``).

    python benchmarks/fleet_warnings.py [--fleets N] [--every N] [--json]
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import sys
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from forecastctl.data.panel.panel import DataSpec
from forecastctl.data.panel.rows import cut
from forecastctl.data.prepare.fleet_warnings.sentences import WARNINGS, fleet_warnings
from forecastctl.data.prepare.prepare import make_context
from forecastctl.data.prepare.rules import Grid
from forecastctl.data.prepare.suspects.examine import grid_of
from forecastctl.data.read.files import read_panel

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from tests import panels

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
SERIES = {"airport": "series", "totals": "keep"}
REAL: dict[str, tuple[str, dict[str, str]]] = {
    "Port Authority": ("port_authority.csv", {}),
    "TSA": ("tsa_monthly.csv", {}),
    "Russia": ("russia_raw.csv.gz", {}),
    "tourism": ("tourism_monthly.csv.gz", SERIES),
    "M1": ("m1_monthly.csv.gz", SERIES),
    "hospital": ("hospital_monthly.csv.gz", SERIES),
}
YEAR = 12
TRUE = {("M1", "duplicate"): "equal series", ("TSA", "low"): "April and May 2020"}
"""Sentences that are right, by panel and kind."""

AFTER = dt.date(2100, 1, 1)

Fault: TypeAlias = "Callable[[pd.DataFrame, np.random.Generator], None]"


def real(name: str) -> tuple[list[str], list[Grid | None]]:
    """Airports of a real panel, period by period."""
    file, columns = REAL[name]
    spec = DataSpec(str(DATA / file), **columns)
    panel = read_panel(spec)
    view = cut(panel, spec, None)
    context = make_context(view, panel, spec, None, AFTER)
    return [r.airport for r in view.airports], [grid_of(r, context) for r in view.airports]


def up_to(grid: Grid | None, last: int) -> Grid | None:
    """What was known of an airport at the end of a period."""
    if grid is None or grid.start > last:
        return None
    y = grid.y[: last - grid.start + 1]
    known = np.flatnonzero(~np.isnan(y))
    return replace(grid, y=y[: known[-1] + 1]) if len(known) else None


def real_rates(every: int) -> list[dict[str, object]]:
    """Sentences of each kind over the origins of each real panel, and seconds for one origin."""
    rows = []
    for name in REAL:
        names, grids = real(name)
        known = [g for g in grids if g is not None]
        first = min(g.start for g in known)
        last = max(g.start + len(g.y) - 1 for g in known)
        counts: Counter[str] = Counter()
        began, origins = time.process_time(), range(first + YEAR, last + 1, every)
        for origin in origins:
            seen = [up_to(grid, origin) for grid in grids]
            counts.update(fleet_warnings(names, seen, origin, "M", YEAR).keys())
        seconds = (time.process_time() - began) / len(origins)
        kinds = {kind: counts[kind] for kind in WARNINGS}
        false = sum(n for kind, n in kinds.items() if (name, kind) not in TRUE)
        row = {"panel": name, "airports": len(names), "months": len(origins), **kinds}
        rows.append({**row, "false per 100": 100 * false / len(origins), "seconds": seconds})
    return rows


def in_other_unit(factor: float, months: int) -> Fault:
    """The last months of all airports times a factor."""

    def change(table: pd.DataFrame, _rng: np.random.Generator) -> None:
        table.iloc[-months:] *= factor

    return change


def in_part(value: float) -> Fault:
    """The last month of three in ten airports missing, or zero."""

    def change(table: pd.DataFrame, rng: np.random.Generator) -> None:
        n = max(3, table.shape[1] * 3 // 10)
        table.iloc[-1, rng.choice(table.shape[1], n, replace=False)] = value

    return change


def low(share: float, spread: float) -> Fault:
    """The last month of all at a share, more or less."""

    def change(table: pd.DataFrame, rng: np.random.Generator) -> None:
        table.iloc[-1] *= share * np.exp(rng.normal(0, spread, table.shape[1]))

    return change


def twice(months: int) -> Fault:
    """One airport that repeats another's last months."""

    def change(table: pd.DataFrame, rng: np.random.Generator) -> None:
        one, other = rng.choice(table.shape[1], 2, replace=False)
        table.iloc[-months:, one] = table.iloc[-months:, other].to_numpy()

    return change


def exchanged(months: int) -> Fault:
    """Two airports under each other's name, one at least half as large again as the other."""

    def change(table: pd.DataFrame, rng: np.random.Generator) -> None:
        level = table.iloc[-2 * YEAR : -YEAR].median().to_numpy()
        while True:
            one, other = rng.choice(table.shape[1], 2, replace=False)
            if abs(np.log(level[one] / level[other])) >= np.log(1.5):
                break
        swapped = table.iloc[-months:, [other, one]].to_numpy()
        table.iloc[-months:, [one, other]] = swapped

    return change


FAULTS: dict[str, tuple[str | None, Fault]] = {
    "none": (None, lambda _table, _rng: None),
    "last month times 1,000": ("unit", in_other_unit(1000, 1)),
    "last six months a thousandth": ("unit", in_other_unit(0.001, 6)),
    "last month a tenth": ("unit", in_other_unit(0.1, 1)),
    "30 % of airports missing": ("part", in_part(np.nan)),
    "30 % of airports zero": ("part", in_part(0.0)),
    "last month at 50 %": ("low", low(0.5, 0.0)),
    "a shock to 40 %": ("low", low(0.4, 0.2)),
    "one airport twice for a year": ("duplicate", twice(YEAR)),
    "labels swapped, last month": ("swapped", exchanged(1)),
    "labels swapped, six months": ("swapped", exchanged(6)),
}
"""Kind of warning that is right, and what is done to a fleet."""


def warned(table: pd.DataFrame) -> dict[str, str]:
    """What is said of a fleet given as a table with a column for each airport."""
    grids: list[Grid | None] = []
    for name in table:
        y = table[name].to_numpy(float)
        known = np.flatnonzero(~np.isnan(y))
        grids.append(Grid(int(known[0]), y[known[0] : known[-1] + 1]))
    return fleet_warnings(list(table), grids, len(table) - 1, "M", YEAR)


def found_rates(fleets: int) -> list[dict[str, object]]:
    """Share of fleets in which a fault is said, and in which anything else is."""
    rows = []
    for fault, (right, change) in FAULTS.items():
        said: Counter[str] = Counter()
        for seed in range(fleets):
            rng = np.random.default_rng(seed)
            table = panels.make(seed, 12 + seed % 3 * 15, 72, smallest=1000).table.copy()
            change(table, rng)
            kinds = warned(table).keys()
            said["found"] += right in kinds
            said["other"] += bool(kinds - {right})
        rows.append({"fault": fault, "fleets": fleets, **said})
    return rows


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fleets", type=int, default=200)
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args(arguments)
    real_panels, generated = real_rates(chosen.every), found_rates(chosen.fleets)
    if chosen.json:
        print(json.dumps({"real": real_panels, "generated": generated}))
        return
    kinds = [*WARNINGS]
    print("| panel | airports | months |", " | ".join(kinds), "| false per 100 months | CPU s |")
    print("| --- " * (len(kinds) + 5) + "|")
    for row in real_panels:
        counts = " | ".join(str(row[kind]) for kind in kinds)
        rate = f"{row['false per 100']:.2f} | {row['seconds']:.2f}"
        print(f"| {row['panel']} | {row['airports']} | {row['months']} | {counts} | {rate} |")
    print("\n| fault | fleets | found | anything else said |")
    print("| --- | --- | --- | --- |")
    for row in generated:
        print(f"| {row['fault']} | {row['fleets']} | {row.get('found', 0)} | {row['other']} |")


if __name__ == "__main__":
    main()
