"""Do intervals hold what they say? Coverage and interval score by panel and third of the horizon.

Every series is tuned, fitted and forecast as ``forecastctl run`` does it, its fleet's widths
included. Beside that the same forecasts with widths that the panel had no part in: the geometric
mean of those of all other panels (``others``), which is what a fleet of one unknown airport gets.
The interval score (Gneiting and Raftery, 2007, equation 43) is over the in-sample seasonal-naive
error.

    python benchmarks/intervals.py --internal
    python benchmarks/intervals.py --panels tourism m1 hospital

``--internal`` holds out the end of the training data instead of the test sets: for choosing.
Simulated fleets have 144 months, of which the last twelve are held out.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
from argparse import Namespace
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import accuracy
import numpy as np
from accuracy import Case, place
from judging import LEVELS, judged

from forecastctl.jobs.pilot import AIRPORTS, fleet_widths
from forecastctl.models.combination.widths import PRIOR

if TYPE_CHECKING:
    from collections.abc import Sequence

    from forecastctl.records import Widths

FOLDER = Path(__file__).resolve().parents[2] / "shared" / "data"
SEED = 20_261_126
SIMULATED = 100


@dataclass(frozen=True)
class Panel:
    """A file with the dates that it is cut at; ``None`` cuts at the test set's start."""

    file: str
    cuts: tuple[str | None, ...] = (None,)
    horizon: int | None = None
    every: int = 1


PANELS = {
    "tourism": Panel("tourism_monthly.csv.gz"),
    "m1": Panel("m1_monthly.csv.gz"),
    "hospital": Panel("hospital_monthly.csv.gz"),
    "airports to 2015": Panel(
        "port_authority.csv", tuple(f"{year}-12-01" for year in range(1990, 2015, 2)), 12
    ),
    "checkpoints 2021": Panel("tsa_monthly.csv", ("2021-09-01", "2021-12-01", "2022-03-01"), 3, 3),
}
PROCESSES = ("airline", "level", "seasonal")


def main() -> None:
    options = parse()
    context = multiprocessing.get_context("spawn")
    with context.Pool(options.jobs, accuracy.warm) as pool:
        found = {name: tuned(cases(name, options), pool) for name in options.panels}
        known = {name: widths_of(fleet) for name, fleet in found.items()}
        rows = []
        for name, fleets in found.items():
            others = mean_widths([w for other, w in known.items() if other != name])
            rows.append(row(name, "own", fleets, [own_widths(f) for f in fleets], pool))
            rows.append(row(name, "others", fleets, [others] * len(fleets), pool))
    print(json.dumps(rows) if options.json else text(rows, known))


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Coverage of intervals")
    every = [*PANELS, *PROCESSES]
    parser.add_argument("--panels", nargs="+", choices=every, default=every)
    parser.add_argument("--internal", action="store_true", help="hold out training data")
    parser.add_argument("--every", type=int, default=1, help="take every so many-th series")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


Fleet = tuple[list[Case], list[Any], list[Any]]
"""Cases, their tasks, and what their searches found."""


def cases(name: str, options: argparse.Namespace) -> list[list[Case]]:
    """The fleets of a panel, one for each date that it is cut at."""
    if name in PROCESSES:
        return [simulated(name)[:: options.every]]
    panel = PANELS[name]
    fleets = []
    for until in panel.cuts:
        asked = Namespace(
            panel=FOLDER / panel.file,
            until=until,
            horizon=panel.horizon,
            internal=options.internal,
            half=None,
            every=panel.every * options.every,
        )
        fleets.append([case for case in accuracy.read(asked) if case.scale > 0])
    return fleets


def simulated(process: str) -> list[Case]:
    """A fleet of one process; all errors are normal.

    ``airline``: seasonal differences of differences are a moving average (Box and Jenkins, 1976);
    ``level``: a random walk with noise; ``seasonal``: a fixed season on a straight line with noise.
    """
    rng = np.random.default_rng([SEED, PROCESSES.index(process)])
    fleet = []
    for number in range(SIMULATED):
        warm, n = 40, 184
        e, t = rng.normal(size=n), np.arange(n)
        if process == "airline":
            change = np.convolve(np.convolve(e, [1, -0.4]), [1, *[0] * 11, -0.6])[:n]
            x = np.zeros(n)
            x[:13] = rng.normal(size=13)
            for k in range(13, n):
                x[k] = x[k - 1] + x[k - 12] - x[k - 13] + change[k]
            y = np.exp(11 + 0.03 * x)
        elif process == "level":
            y = 1e5 * (1 + 0.03 * (np.cumsum(0.3 * rng.normal(size=n)) + e))
        else:
            y = 1e5 * (1 + rng.normal(0, 0.2, 12)[t % 12] + 0.002 * t + 0.04 * e)
        y = np.maximum(y[warm:], 1.0)
        fleet.append(Case(f"{process}{number}", "2008-01-01", y[:-12], y[-12:]))
    return fleet


def tuned(fleets: list[list[Case]], pool: Any) -> list[Fleet]:
    """Fleets with what the searches found."""
    search = accuracy.search_of(Namespace(set=[], evals=None))
    found = []
    for fleet in fleets:
        asked = [(c, accuracy.replace(search, horizon=len(c.test))) for c in fleet]
        tasks = accuracy.in_a_fleet(asked)
        found.append((fleet, tasks, pool.map(accuracy.searched, tasks, chunksize=2)))
    return found


def own_widths(fleet: Fleet) -> Widths:
    """The widths that a job with this fleet takes."""
    cases, _, found = fleet
    order = sorted(range(len(cases)), key=lambda i: place(cases[i].name, 0))
    return fleet_widths(found[i][0] for i in order[:AIRPORTS])


def widths_of(fleets: list[Fleet]) -> Widths:
    """The widths of a panel over all dates that it is cut at."""
    return mean_widths([own_widths(fleet) for fleet in fleets])


def mean_widths(known: Sequence[Widths]) -> Widths:
    """Geometric mean by level; what is built in where there is nothing."""
    if not known:
        return PRIOR
    logs = np.log([[width for _, width in widths] for widths in known])
    levels = [level for level, _ in known[0]]
    return tuple(zip(levels, np.exp(logs.mean(axis=0)).tolist(), strict=True))


def row(
    name: str, widths: str, fleets: list[Fleet], of_fleet: Sequence[Widths], pool: Any
) -> dict[str, Any]:
    """Coverage by third and interval score of one panel."""
    parts = []
    for (fleet, tasks, found), taken in zip(fleets, of_fleet, strict=True):
        asked = [(*task, *one, taken) for task, one in zip(tasks, found, strict=True)]
        parts.append(judged(fleet, pool.map(accuracy.forecast, asked, chunksize=4)))
    score = {key: np.concatenate([part[key] for part in parts]) for key in parts[0]}
    means = {key: float(np.nanmean(values)) for key, values in score.items()}
    return {"panel": name, "widths": widths, "series": len(score["mase"]), **means}


def text(rows: Sequence[dict[str, Any]], known: dict[str, Widths]) -> str:
    head = [f"{level} %  by third" for level in LEVELS]
    lines = ["panel".ljust(18) + "widths  series  " + "".join(f"{h:>24}" for h in head) + "   IS"]
    for r in rows:
        line = f"{r['panel']:<18}{r['widths']:<8}{r['series']:>6}  "
        for level in LEVELS:
            shares = [100 * r[f"cover-{level}-third-{third}"] for third in (1, 2, 3)]
            by_third = "/".join(f"{share:.1f}" for share in shares)
            line += f"{100 * r[f'cover-{level}']:>8.1f}  {by_third:>14}"
        lines.append(line + "".join(f"{r[f'score-{level}']:>9.3f}" for level in LEVELS))
    lines.append("")
    for name, widths in known.items():
        lines.append(f"{name}: " + ", ".join(f"{level} %: {w:.2f}" for level, w in widths))
    return "\n".join(lines)


if __name__ == "__main__":
    main()
