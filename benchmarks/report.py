"""How long a report of thousands of airports takes to be written, and to be opened.

Makes up airports, writes their report, and the table of the same airports by pandas'
``DataFrame.to_html``, which is the usual way to a page of it; then opens both in Chromium. Prints
medians: CPU seconds of what is written, seconds of what is opened.
"""

from __future__ import annotations

import argparse
import random
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from forecastctl.report.page.site import site_files
from forecastctl.report.values import (
    AirportFacts,
    Fan,
    Line,
    Report,
    Search,
    TrialPoint,
)
from forecastctl.report.write import write_folder, zipped

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from tests import services
from tests.report.made import job

if TYPE_CHECKING:
    from collections.abc import Callable

MONTHS, HORIZON, TRIALS, FOLDS = 120, 12, 20, 4
DAYS = tuple(map(str, np.arange("2010-01", "2021-01", dtype="datetime64[M]").astype("<M8[D]")))


def airport(number: int, some: random.Random) -> AirportFacts:
    """A made-up airport with as much on record as a real one."""
    size = some.lognormvariate(12, 1.3)
    y = tuple(round(size * some.uniform(0.8, 1.2)) for _ in range(MONTHS))
    mean = tuple(size * some.uniform(0.9, 1.1) for _ in range(HORIZON))
    bands = {
        level: (tuple(m * (1 - w) for m in mean), tuple(m * (1 + w) for m in mean))
        for level, w in ((80, 0.1), (95, 0.2))
    }
    errors = tuple(tuple(some.gauss(0, size / 20) for _ in range(HORIZON)) for _ in range(FOLDS))
    trials = tuple(
        TrialPoint(i, f"HW(A,Ad,M) boxcox 0.{i}", "ok", some.uniform(0.5, 2), None, 1 / TRIALS)
        for i in range(TRIALS)
    )
    return AirportFacts(
        airport=f"A{number:05}",
        status="ok",
        model="mean of 15: SARIMA(0,1,1)(0,1,1) boxcox 0.20 + HW(A,A,M) + Theta(A) + 12 more",
        loss=some.uniform(0.5, 1.5),
        history=Line(DAYS[:MONTHS], y),
        fan=Fan(DAYS[MONTHS - 1], DAYS[MONTHS:], mean, bands),
        search=Search(errors, 1.1, trials, "0" * 32),
        run_id="0" * 32,
    )


def report(airports: int) -> Report:
    """A made-up report."""
    some = random.Random(0)  # noqa: S311 - no secret
    facts = tuple(airport(i, some) for i in range(airports))
    made_up = job(counts={"total": airports}, horizon=HORIZON)
    return Report(made_up, facts)


def table(of: Report) -> pd.DataFrame:
    """The columns of the report's table, without the small lines."""
    rows = [
        (f.airport, f.status, f.model, f.loss, f.history.y[-1], f.fan.mean[0]) for f in of.airports
    ]
    return pd.DataFrame(rows, columns=["airport", "status", "model", "loss", "last", "next"])


def seconds(
    rounds: int, work: Callable[[], object], clock: Callable[[], float] = time.perf_counter
) -> float:
    """Median time of some work."""
    times = []
    for _ in range(rounds):
        begin = clock()
        work()
        times.append(clock() - begin)
    return statistics.median(times)


def opening(page: object, path: Path, last: Callable[[], object]) -> Callable[[], None]:
    """Opens a page, and waits until one can see the last airport on it."""

    def work() -> None:
        page.goto("about:blank")
        page.goto(path.as_uri())
        last()

    return work


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--airports", type=int, default=5000)
    parser.add_argument("--rounds", type=int, default=5)
    asked = parser.parse_args()
    made = report(asked.airports)
    frame, last = table(made), made.airports[-1].airport
    with tempfile.TemporaryDirectory() as name:
        folder, plain = Path(name) / "report", Path(name) / "table.html"
        cpu, rounds = time.process_time, asked.rounds
        written = seconds(rounds, lambda: write_folder(dict(site_files(made)), folder), cpu)
        by_pandas = seconds(rounds, lambda: frame.to_html(plain), cpu)
        site = dict(site_files(made))
        packed = seconds(rounds, lambda: zipped(site), cpu)
        size = sum(map(len, site.values())) / 1e6
        print(f"{asked.airports:,} airports: report written in {written:.2f} s, {size:.0f} MB")
        print(f"packed in {packed:.2f} s, {len(zipped(site)) / 1e6:.0f} MB")
        print(f"table alone by DataFrame.to_html: {by_pandas:.2f} s")
        with services.browser_page() as page:

            def search() -> None:
                page.fill("#search", last)
                page.locator("#rows").get_by_text(last).wait_for()

            first_row = page.locator("#rows tr").first
            opened = seconds(rounds, opening(page, folder / "index.html", first_row.wait_for))
            found = seconds(rounds, opening(page, folder / "index.html", search))
            there = page.get_by_text(last).wait_for
            whole = seconds(rounds, opening(page, plain, there))
        print(f"opened in {opened:.2f} s, the last airport found in {found:.2f} s")
        print(
            f"page of DataFrame.to_html opened in {whole:.2f} s, {whole / opened:.1f} times as long"
        )


if __name__ == "__main__":
    main()
