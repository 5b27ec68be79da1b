"""What a search is worth out of sample: of the combination, and of one model alone.

Every series is searched with what is learned from all of its panel together, as ``accuracy.py``
does, fitted and forecast, recorded nowhere. The error is the mean over series of MASE on the test
set. Differences come with a 95 % bootstrap interval over series, in percent of their panel's mean.

    python benchmarks/searching.py
    python benchmarks/searching.py --half even --thin 8 --budgets 14 20 50
    python benchmarks/searching.py --budgets --families ets theta

First, by budget: the default combination, and one model alone (``--combine 1``). A budget is a
number of evaluations, after a colon the share of them that TPE gets at least. Then, by family, one
model alone with ``--evals`` evaluations: the family's default, what is chosen, and the trial of the
lowest loss. Below 0 % is better than the default.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")

import accuracy  # noqa: E402 - after the variables that numpy reads
import numpy as np  # noqa: E402
from judging import bootstrap  # noqa: E402

from forecastctl.errors import ForecastctlError  # noqa: E402
from forecastctl.models.combination.fit_and_predict import fit, predict  # noqa: E402
from forecastctl.records import Member, SearchSpec, Specification  # noqa: E402
from forecastctl.records.learning import POOL  # noqa: E402
from forecastctl.search.single import default_of  # noqa: E402
from forecastctl.search.tune import tune  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Sequence

PANELS = {"tourism": 3, "m1": 5, "hospital": 6}
"""Of the series of a half, every so many-th: about sixty of each panel."""


FAMILIES = ("holt_winters", "ets", "sarimax", "ces", "theta", "annual")


def main() -> None:
    options = parse()
    cases = {name: read(name, options) for name in options.panels}
    print(", ".join(f"{len(found)} series of {name}" for name, found in cases.items()))
    context = multiprocessing.get_context("spawn")
    with context.Pool(options.jobs, accuracy.warm) as pool:
        by_budget(cases, options, pool)
        by_family(cases, options, pool)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="What a search is worth out of sample")
    parser.add_argument("--folder", type=Path, default=Path("../shared/data"))
    parser.add_argument("--panels", nargs="+", choices=PANELS, default=list(PANELS))
    parser.add_argument("--half", choices=("odd", "even"), default="odd", help="by position")
    parser.add_argument("--thin", type=int, default=1, help="of these series every so many-th")
    parser.add_argument("--budgets", nargs="*", default=["17", "20", "50"])
    parser.add_argument("--families", nargs="*", choices=FAMILIES, default=list(FAMILIES))
    parser.add_argument("--evals", type=int, default=50, help="of one family alone")
    parser.add_argument("--jobs", type=int, default=2)
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
        calendar=False,
    )
    return [case for case in accuracy.read(asked) if case.scale > 0]


def search_of(budget: str) -> SearchSpec:
    """The default search with a budget such as ``20`` or ``20:0.25``."""
    evals, _, share = budget.partition(":")
    search = replace(SearchSpec(), max_evals=int(evals))
    return replace(search, tpe_share=float(share)) if share else search


def by_budget(cases: dict[str, list[accuracy.Case]], options: Any, pool: Any) -> None:
    """Print the error of the combination and of one model, by evaluations."""
    heads = [f"{name} {what}" for name in cases for what in ("mean", "one")]
    print(
        "evaluations".ljust(14) + "".join(f"{head:>15}" for head in heads), "- first, %: mean; one"
    )
    first: list[Any] = []
    for budget in options.budgets:
        search = search_of(budget)
        found = asked(cases, search, pool, averaged_and_alone)
        first = first or found
        told = "; ".join(shown(found, first, column, column) for column in (0, 1))
        print(budget.ljust(14) + means(found, 15), told, flush=True)


def by_family(cases: dict[str, list[accuracy.Case]], options: Any, pool: Any) -> None:
    """Print the error of one model of one family: its default, the chosen, the lowest loss."""
    heads = [f"{name} {what}" for name in cases for what in ("default", "chosen", "lowest")]
    print("family".ljust(14) + "".join(f"{h:>18}" for h in heads), "- default, %: chosen; lowest")
    every: list[list[Any]] = []
    for name in options.families:
        search = replace(SearchSpec(), families=(name,), combine=1, max_evals=options.evals)
        found = asked(cases, search, pool, alone)
        every.append(found)
        told = "; ".join(shown(found, found, column, 0) for column in (1, 2))
        print(name.ljust(14) + means(found, 18), told, flush=True)
    if every:
        found = [np.concatenate(panel) for panel in zip(*every, strict=True)]
        told = "; ".join(shown(found, found, column, 0) for column in (1, 2))
        print("all of these".ljust(14) + means(found, 18), told, flush=True)


def asked(
    cases: dict[str, list[accuracy.Case]], search: SearchSpec, pool: Any, what: Any
) -> list[Any]:
    """Errors by panel, each of shape ``(series, columns)``."""
    found = []
    for panel in cases.values():
        tasks = [(case, replace(search, horizon=len(case.test))) for case in panel]
        found.append(np.array(pool.map(what, accuracy.in_a_fleet(tasks), chunksize=1)))
    return found


def averaged_and_alone(task: tuple[accuracy.Case, SearchSpec]) -> tuple[float, float]:
    """MASE of the default combination, and of one model alone."""
    case, search = task
    series = accuracy.series_of(case)
    mean, one = (tune(series, s).specification for s in (search, replace(search, combine=1)))
    return error(case, mean), error(case, one)


def alone(task: tuple[accuracy.Case, SearchSpec]) -> tuple[float, float, float]:
    """MASE of the family's default, of the chosen model, and of the trial of the lowest loss."""
    case, search = task
    tuned = tune(accuracy.series_of(case), search)
    tried = [trial for trial in tuned.trials if trial.loss is not None]
    pool = frozenset(trial.model.key for trial in tried if trial.start == POOL)
    usual = default_of(tried, pool) or tried[0]
    lowest = min(tried, key=lambda trial: trial.loss)
    models = [Specification((Member(trial.model),)) for trial in (usual, lowest)]
    return error(case, models[0]), error(case, tuned.specification), error(case, models[1])


def error(case: accuracy.Case, specification: Specification) -> float:
    """MASE on the test set; NaN where nothing is forecast."""
    try:
        model, _ = fit(accuracy.series_of(case), specification, horizon=len(case.test))
        mean = predict(model, len(case.test)).mean
    except ForecastctlError:
        return np.nan
    return float(np.mean(np.abs(case.test - mean))) / case.scale


def means(found: Sequence[Any], width: int) -> str:
    return "".join(f"{np.nanmean(c):>{width}.4f}" for panel in found for c in panel.T)


def shown(ours: Sequence[Any], theirs: Sequence[Any], column: int, other: int) -> str:
    """Mean difference of two columns over all series with its interval, in percent."""
    pairs = [(a[:, column], b[:, other]) for a, b in zip(ours, theirs, strict=True)]
    parts = [(a - b) / np.nanmean(b) for a, b in pairs]
    values = (100.0 * value for value in bootstrap(np.concatenate(parts)))
    return "{:+.2f} ({:+.2f} to {:+.2f})".format(*values)


if __name__ == "__main__":
    main()
