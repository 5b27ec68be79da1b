"""Every flag once: its type, help and the setting that it overrides."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from forecastctl.cli.flags.flag import (
    ASK,
    BACKTEST,
    DATA,
    OUTPUT,
    SEARCH,
    Flag,
    flag,
)
from forecastctl.cli.flags.job_flags import JOB_FLAGS

FLAGS: dict[str, Flag] = JOB_FLAGS | {
    "what": Flag(
        Annotated[
            str,
            typer.Argument(
                help="jobs, airports, trials, models or forecasts.",
                metavar="WHAT",
                show_default=False,
            ),
        ],
        default="jobs",
    ),
    "one_airport": flag(str | None, "--airport", "Only this airport.", ASK, metavar="NAME"),
    "job": flag(str | None, "--job", "Only this job.", ASK, metavar="ID"),
    "status": flag(
        str | None,
        "--status",
        "Only this status: ok, failed, rejected, running ...",
        ASK,
        metavar="NAME",
    ),
    "since": flag(
        str | None,
        "--since",
        "Started at or after: YYYY-MM-DD, or 36h, 7d, 2w ago.",
        ASK,
        metavar="DATE",
    ),
    "filter": flag(
        str | None,
        "--filter",
        "MLflow's own predicates, such as 'metrics.loss < 0.8'.",
        ASK,
        metavar="PREDICATES",
    ),
    "best": flag(bool, "--best", "Lowest loss first.", ASK, default=False),
    "compare": flag(
        tuple[str, str] | None, "--compare", "Two runs or jobs side by side.", ASK, metavar="A B"
    ),
    "limit": flag(int, "--limit -n", "Rows at most (20).", ASK, metavar="N", default=20),
    "as_csv": flag(bool, "--csv", "Print the result as CSV.", OUTPUT, default=False),
    "this_airport": flag(
        str, "--airport", "The airport, as spelt in the data.", ASK, metavar="NAME", default=...
    ),
    "date": flag(str, "--date", "YYYY-MM, or YYYY-MM-DD.", ASK, metavar="DATE", default=...),
    "sample_out": flag(
        str, "--out -o", "CSV (.gz) or Parquet to write.", OUTPUT, metavar="FILE", default=...
    ),
    "airports": flag(int, "--airports", "Number of airports (8).", DATA, metavar="N", default=8),
    "months": flag(int, "--months", "Months of history (120).", DATA, metavar="N", default=120),
    "sample_seed": flag(int, "--seed", "Seed of the generator (0).", DATA, metavar="N", default=0),
    "start": flag(str, "--from", "First origin (YYYY-MM).", BACKTEST, metavar="DATE", default=...),
    "end": flag(str, "--to", "Last origin (YYYY-MM).", BACKTEST, metavar="DATE", default=...),
    "every": flag(
        int | None, "--every", "Periods from one origin to the next (1).", BACKTEST, metavar="K"
    ),
    "retune_every": flag(
        int | None,
        "--retune-every",
        "Tune anew at every K-th origin; train and forecast at each (1).",
        BACKTEST,
        metavar="K",
    ),
    "retune": flag(
        str | None,
        "--retune",
        "always; degraded: only where 'monitor' says so; auto: degraded once it is in use.",
        SEARCH,
        "tune.retune",
        "WHEN",
    ),
    "learn": flag(
        bool | None,
        "--learn/--no-learn",
        "Start each search from what earlier ones found, and stop when little is left to find.",
        SEARCH,
        "tune.learn",
    ),
    "cutoff": flag(
        str | None,
        "--cutoff",
        "Explain the forecast made from this cutoff, not the newest.",
        ASK,
        metavar="DATE",
    ),
    "between": flag(
        tuple[str, str] | None,
        "--between",
        "Split what changed from the forecast of one cutoff to that of another.",
        ASK,
        metavar="DATE DATE",
    ),
    "quick": flag(
        bool, "--quick", "Only what is recorded: no refits, no verdict.", ASK, default=False
    ),
    "html": flag(
        Path | None, "--html", "Write a self-contained page with charts.", OUTPUT, metavar="FILE"
    ),
    "image": flag(
        Path | None, "--image", "Write the charts as PNG or SVG.", OUTPUT, metavar="FILE"
    ),
    "run_or_job": Flag(
        Annotated[
            str,
            typer.Argument(help="A job's or a run's id.", metavar="RUN", show_default=False),
        ],
        default=...,
    ),
    "refit": flag(
        bool,
        "--refit",
        "Also tune and fit anew from the stored panel, and say what differs.",
        ASK,
        default=False,
    ),
    "origin": flag(
        str | None,
        "--origin",
        "Which forecasts count: live (default), backtest or all.",
        ASK,
        metavar="NAME",
    ),
}
