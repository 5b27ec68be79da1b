"""Five jobs on made data that use every command, each in a folder and a store of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.golden import panels

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.golden.product import Product

QUICK = ("--max-evals", "5", "--folds", "2", "--quiet")
NO_CHARTS = "--no-charts"


def stages(product: Product) -> None:
    """Data with faults, charts, losses and engines, and the stages of `run` one by one."""
    workers = product.workers()
    faulty = panels.write(product.folder / "faulty.csv", panels.faulty())
    product.ask("settings", "settings")
    product.make(
        "sample", "sample", "--airports", "5", "--months", "60", "--out", "s.csv", out="s.csv"
    )
    product.ask("check", "check", "--data", faulty)
    product.ask(
        "sample run",
        *("run", "--data", "sample", "--as-of", "2018-12", *QUICK, *workers),
        *("--out", "sample_run.csv"),
        out="sample_run.csv",
    )
    product.ask(
        "faulty run",
        *("run", "--data", faulty, *QUICK, *workers, NO_CHARTS, "--horizon", "6"),
        *("--loss", "pinball", "--level", "50", "--level", "90"),
    )
    product.ask(
        "long search",
        *("run", "--data", faulty, "--airport", "GAP", *workers, NO_CHARTS, "--quiet"),
        *("--max-evals", "30", "--folds", "2", "--combine", "1", "--early-stop", "25"),
        *("--family", "ets", "--family", "sarimax", "--horizon", "6"),
    )
    product.ask(
        "reference",
        *("run", "--data", faulty, "--airport", "GOOD", *QUICK, *workers, NO_CHARTS),
        *("--engine", "statsmodels", "--family", "holt_winters", "--family", "ets"),
        *("--horizon", "6"),
    )
    _one_by_one(product)


def _one_by_one(product: Product) -> None:
    """Tune and train on old data, forecast with new: the model is stale when it is asked about."""
    workers = product.workers()
    _, end, _ = panels.eventful()
    fleet = {name: end[name] for name in ("CALM", "SHIFT", "LOUD")}
    old = panels.write(product.folder / "old.csv", panels.until(fleet, "2015-09"))
    new = panels.write(product.folder / "new.csv", panels.until(fleet, "2016-03"))
    later = panels.write(product.folder / "later.csv", fleet)
    common = (*workers, "--quiet")
    product.ask(
        "tune",
        *("tune", "--data", old, *common, "--max-evals", "16", "--folds", "3", "--horizon", "9"),
    )
    product.ask("train", "train", "--data", old, *common)
    product.ask("forecast", "forecast", "--data", new, *common, NO_CHARTS, "--horizon", "12")
    asked = ("--airport", "SHIFT", "--date", "2016-06", "--data", later)
    product.ask("why stale", "explain", *asked)


def events(product: Product) -> None:
    """Two jobs with groups, before and after a revision, and a question for every verdict."""
    first, end, states = panels.eventful()
    folder, workers = product.folder, product.workers()
    one = panels.write(folder / "one.csv", panels.until(first, "2015-12"), states)
    two = panels.write(folder / "two.csv", panels.until(first, "2016-03"), states)
    later = panels.write(folder / "later.csv", end, states)
    common = (*QUICK, *workers, NO_CHARTS, "--horizon", "12")
    grouped = (*common, "--group", "state", "--reconcile", "mint_shrink")
    product.ask("first run", "run", "--data", one, *grouped)
    product.ask("second run", "run", "--data", two, *grouped)
    product.ask(
        "naive run",
        *("run", "--data", two, *common, "--airport", "SHIFT", "--family", "seasonal_naive"),
    )
    product.ask(
        "run out of time",
        *("run", "--data", panels.write(folder / "three.csv", panels.until(end, "2016-05"))),
        *(*common, "--airport", "LATE", "--airport-timeout", "0.001", "--max-evals", "500"),
    )
    _questions(product, later)


def _questions(product: Product, later: str) -> None:
    """Ask `explain` in all its ways."""
    for airport in ("CALM", "FALL", "UNIT", "REVISED", "SHIFT", "LATE", "HOLE"):
        asked = ("--airport", airport, "--date", "2016-06", "--data", later)
        product.ask(f"why {airport}", "explain", *asked)
    calm = ("explain", "--airport", "CALM", "--date")
    product.ask("why all", "explain", "--airport", "LOUD", "--date", "2016-10", "--data", later)
    product.ask("why without data", *calm, "2016-03", "--html", "page.html")
    product.ask(
        "why quick",
        *("explain", "--airport", "YOUNG", "--date", "2016-05", "--quick", "--data", later),
    )
    product.ask("why then", *calm, "2016-05", "--cutoff", "2015-12", "--data", later)
    product.ask(
        "what changed",
        *("explain", "--airport", "REVISED", "--date", "2016-06", "--data", later),
        *("--between", "2015-12", "2016-03"),
    )
    product.ask("nothing stored", *calm, "2019-01", "--data", later)
    product.ask(
        "why a group", "explain", "--airport", "state=north", "--date", "2016-06", "--data", later
    )


def learning(product: Product) -> None:
    """Two searches that learn, the second from the first."""
    fleet = {name: panels.series(name) for name in ("ONE", "TWO", "THREE", "FOUR")}
    data = panels.write(product.folder / "fleet.csv", fleet)
    common = ("--data", data, *product.workers(), NO_CHARTS, "--quiet", "--learn")
    search = ("--max-evals", "18", "--folds", "2", "--combine", "3", "--horizon", "6")
    product.ask("first", "run", *common, *search, "--as-of", "2015-12")
    product.ask("second", "run", *common, *search, "--as-of", "2016-03")
    product.ask(
        "tune",
        *("tune", "--data", data, *product.workers(), "--quiet", "--learn"),
        *(*search, "--as-of", "2016-06", "--airport", "ONE"),
    )
    product.ask(
        "own starts",
        *("history", "trials", "--filter", "tags.start = 'own'", "--limit", "200"),
        ordered=False,
    )


def backtest(product: Product) -> None:
    """A backtest, gone on with, asked about and watched; the flat layout."""
    fleet = panels.ageing()
    data = panels.write(product.folder / "fleet.csv", fleet)
    common = ("--data", data, *QUICK, *product.workers(), "--layout", "flat", "--horizon", "6")
    origins = ("--from", "2015-01", "--every", "3", "--retune-every", "2")
    product.ask(
        "backtest",
        *("backtest", *common, *origins, "--to", "2015-07", "--out", "backtest.csv"),
        out="backtest.csv",
    )
    product.ask("more of it", "backtest", *common, *origins, "--to", "2016-01")
    product.ask("jobs", "history", "--filter", "tags.origin = 'backtest'")
    product.ask("why", "explain", "--airport", "GROWS", "--date", "2015-03", "--data", data)
    product.ask("monitor", "monitor", "--data", data, "--as-of", "2015-12", "--origin", "backtest")
    product.ask("models", "history", "models", "--airport", "GROWS", "--best")


def watching(product: Product) -> None:
    """A year of cron: run, monitor, retune, skip; then look back, compare and reproduce."""
    data = panels.write(product.folder / "fleet.csv", panels.ageing())
    common = ("--data", data, *QUICK, *product.workers(), NO_CHARTS)
    product.ask("run", "run", *common, "--as-of", "2014-12")
    product.ask("monitor", "monitor", "--data", data, "--as-of", "2015-10")
    product.ask("retune", "run", *common, "--as-of", "2015-10")
    product.ask("skip", "run", *common, "--as-of", "2015-10", "--skip-unchanged")
    product.ask("monitor later", "monitor", "--data", data, "--as-of", "2016-06")
    product.ask("reproduced", "reproduce", product.job("retune"))
    product.ask(
        "refitted",
        *("reproduce", product.job("retune"), "--refit", *product.workers()),
        *("--airport", "FIRM", "--airport", "GROWS"),
    )
    product.ask("jobs", "history")
    for what in ("airports", "trials", "models", "forecasts"):
        product.ask(what, "history", what, "--limit", "500", ordered=False)
    product.ask("best", "history", "trials", "--airport", "FIRM", "--best", "--limit", "5")
    product.ask("compared", "history", "--compare", product.job("run"), product.job("retune"))
    product.ask("why", "explain", "--airport", "FADES", "--date", "2015-08", "--data", data)


MADE: Mapping[str, Callable[[Product], None]] = {
    "stages": stages,
    "events": events,
    "learning": learning,
    "backtest": backtest,
    "watching": watching,
}
"""The jobs by name."""
