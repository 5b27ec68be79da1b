"""How often the monitor raises an alarm without need, and how soon it raises one with need.

Real series: those of the tourism competition in ``../shared/data`` over their last two years, and
EWR, JFK and LGA in 1992-2000; 1991 stands apart, for the Gulf War emptied the airports from January
to March. Each is tuned once and then fitted and forecast at every origin of
a year, as ``run --retune degraded`` does, and the year is judged after 3, 6 and 12 months: with a
run each month, each quarter, and only at the start. Nothing is known to be wrong with these
series, so that every alarm counts as false, although the real world does change.

The constants of ``forecastctl/monitor/tests_of_errors.py`` were set on every sixth series from the
first; the default here is every sixth from the fourth, which they have not seen.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from forecastctl.models.combination.fit_and_predict import fit, predict
from forecastctl.monitor.tests_of_errors import (
    WIDTHS,
    judge,
    simulate,
    standardised,
)
from forecastctl.records import SearchSpec, Series
from forecastctl.search.tune import tune

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
LEVELS = (0.1, 0.05, 0.01)
YEAR = 12
WAR = 1991
MONTHS = (3, 6, 12)
SCHEDULES = {"each month": 1, "each quarter": 3, "once": YEAR}


def make_series(name: str, frame: pd.DataFrame, value: str) -> Series:
    """A monthly series from rows."""
    ds = pd.to_datetime(frame["date"]).to_numpy().astype("datetime64[M]").astype("datetime64[D]")
    return Series(name, "M", 12, ds, frame[value].to_numpy(float), name)


def years(first: int, every: int) -> Iterator[tuple[str, Series, int]]:
    """Group, series, and observations at the start of each year to be judged."""
    tourism = pd.read_csv(DATA / "tourism_monthly.csv.gz")
    names = sorted(tourism["series"].unique())[first::every]
    for name, rows in tourism[tourism["series"].isin(names)].groupby("series"):
        one = make_series(name, rows, "value")
        if one.n >= 80:
            yield from (("tourism", one, one.n - back) for back in (2 * YEAR, YEAR))
    airports = pd.read_csv(DATA / "port_authority.csv")
    for name in ("EWR", "JFK", "LGA"):
        one = make_series(name, airports[airports["airport"] == name], "passengers")
        for year in range(1991, 2001):
            start = int(np.searchsorted(one.ds, np.datetime64(f"{year}-01-01")))
            group = "port authority 1991" if year == WAR else "port authority 1992-2000"
            yield group, one, start


def head(series: Series, n: int) -> Series:
    """The first observations."""
    return Series(series.airport, "M", 12, series.ds[:n], series.y[:n], series.digest)


def year_of_errors(series: Series, start: int) -> tuple[NDArray[np.float64], float]:
    """Standardised errors by origin and lead, NaN after the year, and half the 95 % interval."""
    tuned = tune(head(series, start), SearchSpec())
    z = np.full((YEAR, YEAR), np.nan)
    for origin in range(YEAR):
        past = head(series, start + origin)
        model, _ = fit(past, tuned.specification, spread=tuned.spread)
        forecast = predict(model, YEAR)
        actual = series.y[start + origin : start + YEAR]
        error = forecast.mean[: len(actual)] - actual
        sd = (forecast.intervals[80][1] - forecast.mean) / WIDTHS[80]
        z[origin, : len(actual)] = standardised(error, sd[: len(actual)])
    wide = (forecast.intervals[95][1] - forecast.mean)[0] / sd[0] if sd[0] > 0 else WIDTHS[95]
    return z, float(wide)


def p_value(z: NDArray[np.float64], wide: float, step: int, months: int) -> float:
    """Verdict after some months where a run was made at every ``step``-th origin."""
    targets = np.arange(1, months + 1)
    origins = (targets - 1) // step * step
    seen = z[origins, targets - origins - 1]
    return judge(seen, origins.tolist(), targets.tolist(), wide=wide).p


def real_rates(first: int, every: int) -> list[dict[str, object]]:
    """Share of years with an alarm, by group, schedule and months."""
    groups: dict[str, list[tuple[NDArray[np.float64], float]]] = {}
    for group, series, start in years(first, every):
        groups.setdefault(group, []).append(year_of_errors(series, start))
    rows = []
    for group, found in groups.items():
        for schedule, step in SCHEDULES.items():
            for months in MONTHS:
                ps = np.array([p_value(z, wide, step, months) for z, wide in found])
                rates = {f"{level:.0%}": float((ps <= level).mean()) for level in LEVELS}
                row = {"group": group, "runs": schedule, "months": months}
                rows.append({**row, "years": len(ps), **rates})
    return rows


def simulated_rates(count: int) -> list[dict[str, object]]:
    """Share of simulated airports with an alarm: without fault, and with one of some size."""
    rng = np.random.default_rng(1)
    faults = {
        "none": lambda z: z,
        "normal errors": lambda z: rng.standard_normal(z.shape),
        "shifted by 1 sd": lambda z: z + 1,
        "shifted by 2 sd": lambda z: z + 2,
        "twice as large": lambda z: 2 * z,
        "three times as large": lambda z: 3 * z,
    }
    rows = []
    for fault, change in faults.items():
        for months in MONTHS:
            pattern = [(i, i + 1) for i in range(months)]
            ends = range(months), range(1, months + 1)
            z = change(simulate(rng, pattern, count))
            ps = np.array([judge(row, *ends).p for row in z])
            rates = {f"{level:.0%}": float((ps <= level).mean()) for level in LEVELS}
            row = {"group": f"simulated: {fault}", "runs": "each month", "months": months}
            rows.append({**row, "years": count, **rates})
    return rows


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--first", type=int, default=3)
    parser.add_argument("--every", type=int, default=6)
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    rows = real_rates(arguments.first, arguments.every) + simulated_rates(arguments.count)
    if arguments.json:
        print(json.dumps(rows))
        return
    print("Share of series with an alarm at a false-alarm rate of 10, 5 and 1 %")
    heads = [f"{level:.0%}" for level in LEVELS]
    print(f"{'series':<33}{'runs':<14}{'months':>7}{'years':>7}", *(f"{h:>7}" for h in heads))
    for row in rows:
        shown = " ".join(f"{100 * float(str(row[h])):>6.1f}%" for h in heads)
        print(f"{row['group']:<33}{row['runs']:<14}{row['months']:>7}{row['years']:>7} {shown}")


if __name__ == "__main__":
    main()
