"""Flags of the search."""

from __future__ import annotations

from typing import Annotated

from forecastctl.api.named import Sets
from forecastctl.cli.flags.headings import SEARCH
from forecastctl.cli.options import option

MaxEvals = Annotated[
    int | None,
    option("--max-evals", "Trials per airport at most.", SEARCH, "N"),
    Sets("tune.max_evals"),
]
TpeShare = Annotated[
    float | None,
    option("--tpe-share", "Share of the trials that TPE gets at least.", SEARCH, "SHARE"),
    Sets("tune.tpe_share"),
]
Loss = Annotated[
    str | None,
    option(
        "--loss",
        "mase, rmse, mae, smape, wape or pinball, or another package's.",
        SEARCH,
        "NAME",
    ),
    Sets("tune.loss"),
]
Families = Annotated[
    list[str] | None,
    option("--family", "Search only this model family (repeatable).", SEARCH, "NAME"),
    Sets("tune.families"),
]
Engine = Annotated[
    str | None,
    option(
        "--engine", "What fits: compiled, or statsmodels (the reference, slower).", SEARCH, "NAME"
    ),
    Sets("tune.engine"),
]
Folds = Annotated[
    int | None,
    option("--folds", "Rolling origins per trial at most.", SEARCH, "N"),
    Sets("tune.folds"),
]
Combine = Annotated[
    int | None,
    option("--combine", "Average the best N trials (1: one model alone).", SEARCH, "N"),
    Sets("tune.combine"),
]
Shocks = Annotated[
    str | None,
    option(
        "--shocks",
        "replace stretches out of pattern before fitting, or keep them.",
        SEARCH,
        "POLICY",
    ),
    Sets("tune.shocks"),
]
Timeout = Annotated[
    float | None,
    option("--timeout", "Seconds per airport's search at most.", SEARCH, "SECONDS"),
    Sets("tune.timeout"),
]
EarlyStop = Annotated[
    int | None,
    option("--early-stop", "Stop after N trials without improvement.", SEARCH, "N"),
    Sets("tune.early_stop"),
]
Seed = Annotated[
    int | None, option("--seed", "Seed of the search.", SEARCH, "N"), Sets("tune.seed")
]
Learn = Annotated[
    bool | None,
    option(
        "--learn/--no-learn",
        "Start each search from what earlier ones found, and stop when little is left to find.",
        SEARCH,
    ),
    Sets("tune.learn"),
]
Retune = Annotated[
    str | None,
    option(
        "--retune",
        "always; degraded: only where 'monitor' says so; auto: degraded once it is in use.",
        SEARCH,
        "WHEN",
    ),
    Sets("tune.retune"),
]
