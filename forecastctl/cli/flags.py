"""Every flag once: its type, help and the setting that it overrides."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

DATA = "Data"
SEARCH = "Search"
FORECAST = "Forecast"
TRACKING = "Tracking"
EXECUTION = "Execution"
OUTPUT = "Output"
BACKTEST = "Backtest"


@dataclass(frozen=True, slots=True)
class Flag:
    """One flag.

    Attributes:
        annotation: Type and typer option.
        setting: The ``section.key`` that it overrides, or ``None`` where it is no setting.
        default: Value when not given.
    """

    annotation: Any
    setting: str | None = None
    default: Any = None


def _flag(
    kind: Any,
    names: str,
    help_text: str,
    panel: str,
    setting: str | None = None,
    metavar: str | None = None,
    default: Any = None,
) -> Flag:
    option = typer.Option(
        *names.split(), help=help_text, rich_help_panel=panel, metavar=metavar, show_default=False
    )
    return Flag(Annotated[kind, option], setting, default)


FLAGS: dict[str, Flag] = {
    "data": _flag(
        str | None,
        "--data",
        "CSV (.gz), Parquet, SQLAlchemy URL, or 'sample'.",
        DATA,
        "data.source",
        "FILE",
    ),
    "query": _flag(
        str | None, "--query", "SQL query, where --data is a URL.", DATA, "data.query", "SQL"
    ),
    "value": _flag(
        str | None, "--value", "Column that holds the passengers.", DATA, "data.value", "COLUMN"
    ),
    "as_of": _flag(
        str | None,
        "--as-of",
        "Use no observation after this date (YYYY-MM or YYYY-MM-DD).",
        DATA,
        metavar="DATE",
    ),
    "airport": _flag(
        list[str] | None, "--airport", "Only this airport (repeatable).", DATA, metavar="NAME"
    ),
    "select": _flag(
        list[str] | None,
        "--select",
        "Only airports that match this glob (repeatable).",
        DATA,
        metavar="GLOB",
    ),
    "group": _flag(
        list[str] | None,
        "--group",
        "Also forecast the sums over each value of this column, and the total (repeatable).",
        DATA,
        "data.groups",
        "COLUMN",
    ),
    "groups_from": _flag(
        str | None,
        "--groups-from",
        "CSV or Parquet that holds these columns by airport.",
        DATA,
        "data.group_file",
        "FILE",
    ),
    "max_evals": _flag(
        int | None, "--max-evals", "Trials per airport at most.", SEARCH, "tune.max_evals", "N"
    ),
    "loss": _flag(
        str | None,
        "--loss",
        "mase, rmse, mae, smape, wape or pinball.",
        SEARCH,
        "tune.loss",
        "NAME",
    ),
    "family": _flag(
        list[str] | None,
        "--family",
        "Search only this model family (repeatable).",
        SEARCH,
        "tune.families",
        "NAME",
    ),
    "engine": _flag(
        str | None,
        "--engine",
        "What fits: compiled, or statsmodels (the reference, slower).",
        SEARCH,
        "tune.engine",
        "NAME",
    ),
    "folds": _flag(
        int | None, "--folds", "Rolling origins per trial at most.", SEARCH, "tune.folds", "N"
    ),
    "combine": _flag(
        int | None,
        "--combine",
        "Average the best N trials (1: the best alone).",
        SEARCH,
        "tune.combine",
        "N",
    ),
    "shocks": _flag(
        str | None,
        "--shocks",
        "replace stretches out of pattern before fitting, or keep them.",
        SEARCH,
        "tune.shocks",
        "POLICY",
    ),
    "timeout": _flag(
        float | None,
        "--timeout",
        "Seconds per airport's search at most.",
        SEARCH,
        "tune.timeout",
        "SECONDS",
    ),
    "early_stop": _flag(
        int | None,
        "--early-stop",
        "Stop after N trials without improvement.",
        SEARCH,
        "tune.early_stop",
        "N",
    ),
    "seed": _flag(int | None, "--seed", "Seed of the search.", SEARCH, "tune.seed", "N"),
    "horizon": _flag(
        int | None,
        "--horizon -H",
        "Periods ahead, in validation and forecast.",
        FORECAST,
        "forecast.horizon",
        "H",
    ),
    "level": _flag(
        list[int] | None,
        "--level",
        "Interval level in percent (repeatable).",
        FORECAST,
        "forecast.level",
        "PERCENT",
    ),
    "out": _flag(
        str | None,
        "--out -o",
        "Write forecasts to CSV (.gz), Parquet, a SQLAlchemy URL, or - for stdout.",
        FORECAST,
        "forecast.out",
        "TARGET",
    ),
    "charts": _flag(
        bool | None,
        "--charts/--no-charts",
        "Draw and record a chart per airport.",
        FORECAST,
        "forecast.charts",
    ),
    "fallback": _flag(
        bool | None,
        "--fallback/--no-fallback",
        "Let a simpler model stand in, recorded, where the chosen one fails.",
        FORECAST,
        "forecast.fallback",
    ),
    "reconcile": _flag(
        str | None,
        "--reconcile",
        "Make the forecasts of airports, groups and total add up: bottom_up, mint_shrink, ...",
        FORECAST,
        "forecast.reconcile",
        "METHOD",
    ),
    "tracking_uri": _flag(
        str | None, "--tracking-uri", "MLflow store or server.", TRACKING, "tracking.uri", "URI"
    ),
    "experiment": _flag(
        str | None, "--experiment", "MLflow experiment.", TRACKING, "tracking.experiment", "NAME"
    ),
    "layout": _flag(
        str | None,
        "--layout",
        "nested (a run per trial) or flat (a table per airport).",
        TRACKING,
        "tracking.layout",
        "NAME",
    ),
    "jobs": _flag(
        int | None, "--jobs -j", "Workers (-1: one per core).", EXECUTION, "run.jobs", "N"
    ),
    "skip_unchanged": _flag(
        bool | None,
        "--skip-unchanged/--all",
        "Leave airports alone whose data and settings have not changed.",
        EXECUTION,
        "run.skip_unchanged",
    ),
    "config": _flag(
        Path | None,
        "--config",
        "Settings file (default: forecastctl.toml here).",
        OUTPUT,
        metavar="FILE",
    ),
    "as_json": _flag(bool, "--json", "Print the result as JSON.", OUTPUT, default=False),
    "quiet": _flag(bool, "--quiet -q", "No progress, no table.", OUTPUT, default=False),
    "verbose": _flag(bool, "--verbose -v", "Log on stderr.", OUTPUT, default=False),
}

_ASK = "Question"
FLAGS |= {
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
    "one_airport": _flag(str | None, "--airport", "Only this airport.", _ASK, metavar="NAME"),
    "job": _flag(str | None, "--job", "Only this job.", _ASK, metavar="ID"),
    "status": _flag(
        str | None,
        "--status",
        "Only this status: ok, failed, rejected, running ...",
        _ASK,
        metavar="NAME",
    ),
    "since": _flag(
        str | None,
        "--since",
        "Started at or after: YYYY-MM-DD, or 36h, 7d, 2w ago.",
        _ASK,
        metavar="DATE",
    ),
    "filter": _flag(
        str | None,
        "--filter",
        "MLflow's own predicates, such as 'metrics.loss < 0.8'.",
        _ASK,
        metavar="PREDICATES",
    ),
    "best": _flag(bool, "--best", "Lowest loss first.", _ASK, default=False),
    "compare": _flag(
        tuple[str, str] | None, "--compare", "Two runs or jobs side by side.", _ASK, metavar="A B"
    ),
    "limit": _flag(int, "--limit -n", "Rows at most (20).", _ASK, metavar="N", default=20),
    "as_csv": _flag(bool, "--csv", "Print the result as CSV.", OUTPUT, default=False),
    "this_airport": _flag(
        str, "--airport", "The airport, as spelt in the data.", _ASK, metavar="NAME", default=...
    ),
    "date": _flag(str, "--date", "YYYY-MM, or YYYY-MM-DD.", _ASK, metavar="DATE", default=...),
    "sample_out": _flag(
        str, "--out -o", "CSV (.gz) or Parquet to write.", OUTPUT, metavar="FILE", default=...
    ),
    "airports": _flag(int, "--airports", "Number of airports (8).", DATA, metavar="N", default=8),
    "months": _flag(int, "--months", "Months of history (120).", DATA, metavar="N", default=120),
    "sample_seed": _flag(int, "--seed", "Seed of the generator (0).", DATA, metavar="N", default=0),
    "start": _flag(str, "--from", "First origin (YYYY-MM).", BACKTEST, metavar="DATE", default=...),
    "end": _flag(str, "--to", "Last origin (YYYY-MM).", BACKTEST, metavar="DATE", default=...),
    "every": _flag(
        int | None, "--every", "Periods from one origin to the next (1).", BACKTEST, metavar="K"
    ),
    "retune_every": _flag(
        int | None,
        "--retune-every",
        "Tune anew at every K-th origin; train and forecast at each (1).",
        BACKTEST,
        metavar="K",
    ),
    "retune": _flag(
        str | None,
        "--retune",
        "always; degraded: only where 'monitor' says so; auto: degraded once it is in use.",
        SEARCH,
        "tune.retune",
        "WHEN",
    ),
    "learn": _flag(
        bool | None,
        "--learn/--no-learn",
        "Start each search from what earlier ones found, and stop when little is left to find.",
        SEARCH,
        "tune.learn",
    ),
    "cutoff": _flag(
        str | None,
        "--cutoff",
        "Explain the forecast made from this cutoff, not the newest.",
        _ASK,
        metavar="DATE",
    ),
    "between": _flag(
        tuple[str, str] | None,
        "--between",
        "Split what changed from the forecast of one cutoff to that of another.",
        _ASK,
        metavar="DATE DATE",
    ),
    "quick": _flag(
        bool, "--quick", "Only what is recorded: no refits, no verdict.", _ASK, default=False
    ),
    "html": _flag(
        Path | None, "--html", "Write a self-contained page with charts.", OUTPUT, metavar="FILE"
    ),
    "image": _flag(
        Path | None, "--image", "Write the charts as PNG or SVG.", OUTPUT, metavar="FILE"
    ),
    "run_or_job": Flag(
        Annotated[
            str,
            typer.Argument(help="A job's or a run's id.", metavar="RUN", show_default=False),
        ],
        default=...,
    ),
    "refit": _flag(
        bool,
        "--refit",
        "Also tune and fit anew from the stored panel, and say what differs.",
        _ASK,
        default=False,
    ),
    "origin": _flag(
        str | None,
        "--origin",
        "Which forecasts count: live (default), backtest or all.",
        _ASK,
        metavar="NAME",
    ),
}
