"""What a search is worth out of sample: error of the combination by evaluations and TPE's share.

Every series is searched with each budget, fitted and forecast, in this process, recorded nowhere.
The error is the mean over series of MASE on the test set, as in ``accuracy.py``, whose choice of
series this is. Differences come with a 95 % bootstrap interval over series. CPU seconds are those
of search, fit and forecast; imports and compilation come before.

    python benchmarks/searching.py
    python benchmarks/searching.py --budgets 14 20 20:0.25 --thin 3

A budget is a number of evaluations, after a colon the share of them that TPE gets at least. Its
difference is that to the first budget and to the one before it.
"""

from __future__ import annotations

import argparse
import os
import time
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")

import accuracy  # noqa: E402 - after the variables that numpy reads
import numpy as np  # noqa: E402
from judging import bootstrap  # noqa: E402

from forecastctl.models.combination.widths import PRIOR  # noqa: E402
from forecastctl.records import SearchSpec  # noqa: E402
from forecastctl.search.tune import tune  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Sequence

PANELS = {"tourism": 3, "m1": 5, "hospital": 6}
"""Of the series of a half, every so many-th: about sixty of each panel."""


@dataclass(frozen=True)
class Found:
    """What one search of one series came to.

    Attributes:
        mase: Of the combination on the test set; NaN where nothing was forecast.
        best: Lowest loss of a trial, in the backtest.
        loss: Loss of the combination there.
        seconds: CPU time.
        proposed: Trials that TPE proposed.
        members: Those of them in the combination.
        repeats: Proposals that were set aside.
    """

    mase: float
    best: float
    loss: float
    seconds: float
    proposed: int
    members: int
    repeats: int


def main() -> None:
    options = parse()
    accuracy.warm()
    cases = {name: read(name, options) for name in options.panels}
    print(", ".join(f"{len(found)} series of {name}" for name, found in cases.items()))
    heads = ("CPU s", "best", "loss", "by TPE", "members", "repeats", "- first, %", "- before, %")
    print(f"{'budget':<10}" + "".join(f"{h:>10}" for h in (*cases, *heads)))
    done: list[list[list[Found]]] = []
    for budget in options.budgets:
        search = search_of(budget)
        done.append([[one(case, search) for case in found] for found in cases.values()])
        print(line(budget, done), flush=True)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="What a search is worth out of sample")
    parser.add_argument("--folder", type=Path, default=Path("../shared/data"))
    parser.add_argument("--panels", nargs="+", choices=PANELS, default=list(PANELS))
    parser.add_argument("--half", choices=("odd", "even"), default="odd", help="by position")
    parser.add_argument("--thin", type=int, default=1, help="of these series every so many-th")
    parser.add_argument(
        "--budgets", nargs="+", default=["14", "20:0", "20:0.25", "50:0", "50:0.72"]
    )
    return parser.parse_args()


def read(name: str, options: argparse.Namespace) -> list[accuracy.Case]:
    """Series of one half of a panel that have a scale."""
    asked = SimpleNamespace(
        panel=options.folder / f"{name}_monthly.csv.gz",
        half=options.half,
        every=PANELS[name] * options.thin,
        horizon=None,
        until=None,
        internal=False,
    )
    return [case for case in accuracy.read(asked) if case.scale > 0]


def search_of(budget: str) -> SearchSpec:
    """The default search with a budget such as ``20`` or ``20:0.25``."""
    evals, _, share = budget.partition(":")
    search = replace(SearchSpec(), max_evals=int(evals))
    return replace(search, tpe_share=float(share)) if share else search


def one(case: accuracy.Case, search: SearchSpec) -> Found:
    """Search, fit and forecast one series."""
    search = replace(search, horizon=len(case.test))
    started = time.process_time()
    tuned = tune(accuracy.series_of(case), search)
    spent = time.process_time() - started
    row = accuracy.forecast((case, search, replace(tuned, trials=()), spent, PRIOR))
    error = np.nan if row is None else float(np.mean(np.abs(case.test - row["mean"]))) / case.scale
    proposed = [trial for trial in tuned.trials if trial.start == "tpe"]
    return Found(
        error,
        min((t.loss for t in tuned.trials if t.loss is not None), default=np.nan),
        np.nan if tuned.loss is None else tuned.loss,
        spent if row is None else row["seconds"],
        len(proposed),
        sum(trial.weight is not None for trial in proposed),
        tuned.repeats or 0,
    )


def line(budget: str, done: Sequence[Sequence[Sequence[Found]]]) -> str:
    """The last budget: MASE by panel, means over all series, and differences in percent."""
    now = done[-1]
    text = f"{budget:<10}" + "".join(f"{np.nanmean([f.mase for f in p]):>10.4f}" for p in now)
    every = [found for panel in now for found in panel]
    for name, form in (("seconds", ".3f"), ("best", ".4f"), ("loss", ".4f")):
        text += f"{np.nanmean([getattr(f, name) for f in every]):>10{form}}"
    for name in ("proposed", "members", "repeats"):
        text += f"{np.mean([getattr(f, name) for f in every]):>10.1f}"
    if len(done) > 1:
        text += "   {:+.2f} ({:+.2f} to {:+.2f})".format(*difference(now, done[0]))
        text += "   {:+.2f} ({:+.2f} to {:+.2f})".format(*difference(now, done[-2]))
    return text


def difference(
    ours: Sequence[Sequence[Found]], theirs: Sequence[Sequence[Found]]
) -> tuple[float, ...]:
    """Mean difference of MASE over series with its interval, in percent of their panel's mean."""
    parts = []
    for mine, other in zip(ours, theirs, strict=True):
        a, b = (np.array([found.mase for found in panel]) for panel in (mine, other))
        parts.append((a - b) / np.nanmean(b))
    return tuple(100.0 * value for value in bootstrap(np.concatenate(parts)))


if __name__ == "__main__":
    main()
