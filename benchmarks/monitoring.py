"""How often the monitor raises an alarm without need, and how soon it raises one with need.

The series of a group are a fleet, with widths of its own. Each is tuned once and then fitted and
forecast at each of the twelve monthly origins of a year, as ``run --retune degraded`` does, and the
monitor looks after each month from the third on. A year has an alarm where any of these looks has
one. Judged are

- simulated series of 132 months in which nothing changes: a local level, an airline model, and a
  fixed season, each with noise;
- series of the tourism and M1 competitions and of hospitals in ``../shared/data``, over their last
  year, and EWR, JFK and LGA in 1992-2000. The real world does change, so that not every alarm there
  is false;
- the simulated series with a level that falls by 20 % in the first month of the year, and with
  errors twice as large.

``--derive`` prints the three constants of ``forecastctl/monitor/tests_of_errors.py``. They are
derived on other series than those that are judged: the even ones of each group.

    python benchmarks/monitoring.py [--count N] [--every N] [--derive] [--json]
"""

from __future__ import annotations

import argparse
import json
import math
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from forecastctl.jobs.pilot import fleet_widths
from forecastctl.models.combination.fit_and_predict import fit, predict
from forecastctl.models.combination.widths import calibrated
from forecastctl.models.interval_scores import lengths, normal_scores
from forecastctl.monitor.tests_of_errors import FIRST_LOOK, judge
from forecastctl.records import SearchSpec, Series, TuneResult
from forecastctl.search.tune import tune

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
LEVELS = (0.1, 0.05, 0.01)
YEAR = 12
MONTHS = 132
"""Length of a simulated series before the year that is judged."""

SCHEDULES = {"each month": 1, "once": YEAR}
SIMULATED = ("local level", "airline", "fixed season")
REAL = {"tourism": 80, "m1": 60, "hospital": 80}
"""Panels of one value column, and the shortest series that is judged."""

SCALES = np.arange(0.05, 0.55, 0.05)
SHARES = np.arange(0.0, 0.55, 0.05)
ENOUGH = 0.75
"""Share of the groups that need no larger constant than the one that is derived."""

FALL = 0.8
"""What is left of the level after a fall."""


def simulated(kind: str, seed: int, noise: float = 1.0) -> NDArray[np.float64]:
    """A series in which nothing changes but, with ``noise`` other than one, the errors of its year.

    Args:
        kind: One of `SIMULATED`.
        seed: Of its random numbers.
        noise: Factor on the random part of the last year.
    """
    rng = np.random.default_rng([SIMULATED.index(kind), seed])
    n, burn = MONTHS + YEAR, 5 * YEAR
    season = rng.normal(0, 0.15, YEAR)
    larger = np.where(np.arange(n) >= MONTHS, noise, 1.0)
    if kind == "local level":
        log = np.cumsum(larger * rng.normal(0, 0.03, n)) + larger * rng.normal(0, 0.05, n)
    elif kind == "fixed season":
        log = season[np.arange(n) % YEAR] + larger * rng.normal(0, 0.04, n)
    else:  # SARIMA(0,1,1)(0,1,1) with Box and Jenkins's parameters
        e = np.concatenate([np.ones(burn), larger]) * rng.normal(0, 0.04, burn + n)
        w = np.convolve(np.convolve(e, [1, -0.4])[: burn + n], [1, *[0] * 11, -0.6])[: burn + n]
        path = np.zeros(burn + n)
        path[: YEAR + 1] = season[np.arange(YEAR + 1) % YEAR]
        for t in range(YEAR + 1, burn + n):
            path[t] = path[t - 1] + path[t - YEAR] - path[t - YEAR - 1] + w[t]
        log = path[burn:]
    return np.asarray(np.rint(50_000 * np.exp(log)))


def as_series(name: str, y: NDArray[np.float64], first: str = "2000-01") -> Series:
    """A monthly series."""
    ds = (np.datetime64(first, "M") + np.arange(len(y))).astype("datetime64[D]")
    return Series(name, "M", YEAR, ds, y, name)


def simulated_years(
    count: int, first: int, fall: float = 1.0, noise: float = 1.0
) -> Iterator[tuple[str, Series, int]]:
    """Group, series and start of the year, of every second seed from ``first`` on."""
    for kind in SIMULATED:
        for seed in range(first, 2 * count, 2):
            y = simulated(kind, seed, noise)
            y[MONTHS:] = np.rint(fall * y[MONTHS:])
            yield kind, as_series(f"{kind} {seed}", y), MONTHS


def real_years(first: int, every: int) -> Iterator[tuple[str, Series, int]]:
    """Group, series and start of the year, of the real panels."""
    for panel, shortest in REAL.items():
        rows = pd.read_csv(DATA / f"{panel}_monthly.csv.gz")
        names = sorted(rows["series"].unique())[first::every]
        for name, one in rows[rows["series"].isin(names)].groupby("series"):
            y = one["value"].to_numpy(float)
            if len(y) >= shortest:
                yield panel, as_series(str(name), y), len(y) - YEAR


def airport_years() -> Iterator[tuple[str, Series, int]]:
    """The years 1992 to 2000 of New York's airports."""
    rows = pd.read_csv(DATA / "port_authority.csv")
    for name in ("EWR", "JFK", "LGA"):
        one = rows[rows["airport"] == name]
        series = as_series(name, one["passengers"].to_numpy(float), one["date"].iloc[0][:7])
        for year in range(1992, 2001):
            start = int(np.searchsorted(series.ds, np.datetime64(f"{year}-01-01")))
            yield "port authority", series, start


def head(series: Series, n: int) -> Series:
    """The first observations."""
    return Series(series.airport, "M", YEAR, series.ds[:n], series.y[:n], series.digest)


def year_of_scores(series: Series, start: int, tuned: TuneResult) -> NDArray[np.float64]:
    """Normal scores of the errors by origin and lead, NaN after the year."""
    z = np.full((YEAR, YEAR), np.nan)
    for origin in range(YEAR):
        model, _ = fit(
            head(series, start + origin),
            tuned.specification,
            spread=tuned.spread,
            widths=tuned.widths,
        )
        h = YEAR - origin
        forecast = predict(model, h)
        error = forecast.mean - series.y[start + origin : start + YEAR]
        bands = {k: lengths(forecast.mean, *ends) for k, ends in forecast.intervals.items()}
        z[origin, :h] = normal_scores(error, bands)
    return z


def scored(years: Iterator[tuple[str, Series, int]]) -> dict[str, NDArray[np.float64]]:
    """Normal scores of all years by group, shape ``(years, origins, leads)``."""
    groups: dict[str, list[tuple[Series, int, TuneResult]]] = {}
    for group, series, start in years:
        tuned = tune(head(series, start), SearchSpec())
        groups.setdefault(group, []).append((series, start, tuned))
    found = {}
    for group, fleet in groups.items():
        widths = fleet_widths(tuned for _, _, tuned in fleet)
        rows = [year_of_scores(s, start, calibrated(tuned, widths)) for s, start, tuned in fleet]
        found[group] = np.array(rows)
    return found


def looks(z: NDArray[np.float64], step: int, false_alarm: float) -> NDArray[np.bool_]:
    """Whether each look at a year has an alarm, with a run at every ``step``-th origin."""
    targets = np.arange(1, YEAR + 1)
    origins = (targets - 1) // step * step
    seen = z[origins, targets - origins - 1]
    ends = range(FIRST_LOOK, YEAR + 1)
    return np.array(
        [
            judge(seen[:n], origins[:n].tolist(), targets[:n].tolist(), false_alarm).p
            <= false_alarm
            for n in ends
        ]
    )


def rates(
    groups: dict[str, NDArray[np.float64]], what: str, schedules: Sequence[str]
) -> list[dict[str, object]]:
    """Share of years with an alarm in any look, and of all looks with one."""
    rows = []
    for group, years in groups.items():
        for schedule in schedules:
            row: dict[str, object] = {"group": group, "what": what, "runs": schedule}
            row["years"] = len(years)
            for level in LEVELS:
                alarms = np.array([looks(z, SCHEDULES[schedule], level) for z in years])
                row[f"{level:.0%}"] = float(alarms.any(axis=1).mean())
                row[f"look {level:.0%}"] = float(alarms.mean())
            rows.append(row)
    return rows


def likeliest(z: NDArray[np.float64]) -> tuple[float, float]:
    """The uncertainty of an airport's scale, and the share of its bias, that make errors likeliest.

    Errors of a year are normal with variance ``s**2`` and correlation ``b`` (a bias that all
    share), and log s is normal; `simulate` draws them likewise.

    Args:
        z: Normal scores one month ahead, shape ``(years, months)``.
    """
    size, n = np.clip(z, -5, 5), z.shape[1]
    mean = size.mean(axis=1)
    within = ((size - mean[:, None]) ** 2).sum(axis=1)
    nodes, weights = np.polynomial.hermite_e.hermegauss(21)
    found = {}
    for scale in SCALES:
        s = np.exp(scale * nodes - scale**2)[:, None]
        for share in SHARES:
            along = 1 - share + n * share
            square = within / (1 - share) + n * mean**2 / along
            log = -0.5 * square / s**2 - n * np.log(s)
            log -= 0.5 * ((n - 1) * np.log(1 - share) + np.log(along))
            at_airport = np.log((weights[:, None] * np.exp(log)).sum(axis=0))
            found[float(scale), float(share)] = float(at_airport.sum())
    return max(found, key=lambda pair: found[pair])


def likeliest_share(z: NDArray[np.float64]) -> float:
    """Share of the variance that errors of one cutoff have in common with those of the next lead.

    Args:
        z: Normal scores of one cutoff by lead, shape ``(years, leads)``.
    """
    size = np.clip(z, -5, 5)
    size = size / np.sqrt((size**2).mean(axis=0))
    found = (size[:, :-1] * size[:, 1:]).mean()
    alike = np.mean([math.sqrt(k / (k + 1)) for k in range(1, YEAR)])
    return float(np.clip(found / alike, 0.0, 1.0))


def derive(count: int, every: int) -> None:
    """Print the constants: each so large that three groups of series in four need no larger one."""
    groups = scored(simulated_years(count, 0)) | scored(real_years(0, 2 * every))
    print(f"{'group':<16}{'years':>6}{'SCALE':>8}{'BIAS':>8}{'SHARED':>8}")
    found = []
    for group, z in groups.items():
        constants = (*likeliest(z[:, np.arange(YEAR), 0]), likeliest_share(z[:, 0, :]))
        found.append(constants)
        print(f"{group:<16}{len(z):>6}", "".join(f"{value:>8.2f}" for value in constants), sep="")
    chosen = np.quantile(found, ENOUGH, axis=0)
    print(f"{'chosen':<22}", "".join(f"{value:>8.2f}" for value in chosen), sep="")


def measure(count: int, every: int) -> list[dict[str, object]]:
    """All rates."""
    quiet = scored(simulated_years(count, 1))
    real = scored(real_years(every, 2 * every)) | scored(airport_years())
    rows = rates(quiet, "nothing", list(SCHEDULES)) + rates(real, "nothing", list(SCHEDULES))
    fallen = scored(simulated_years(count, 1, fall=FALL))
    louder = scored(simulated_years(count, 1, noise=2.0))
    rows += rates(fallen, "level falls by 20 %", ["each month", "once"])
    rows += rates(louder, "noise twice as large", ["each month", "once"])
    twice = {group: 2 * z for group, z in (quiet | real).items()}
    return rows + rates(twice, "errors twice as large", ["each month"])


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--every", type=int, default=12)
    parser.add_argument("--derive", action="store_true")
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args(arguments)
    if chosen.derive:
        derive(chosen.count, chosen.every)
        return
    rows = measure(chosen.count, chosen.every)
    if chosen.json:
        print(json.dumps(rows))
        return
    heads = [f"{level:.0%}" for level in LEVELS]
    print("| series | what happens | a run | years |", " | ".join(heads), "| a look at 1 % |")
    print("| --- " * (len(heads) + 5) + "|")
    for row in rows:
        shown = " | ".join(f"{100 * float(str(row[h])):.1f} %" for h in (*heads, "look 1%"))
        print(f"| {row['group']} | {row['what']} | {row['runs']} | {row['years']} | {shown} |")


if __name__ == "__main__":
    main()
