"""Flags of the commands that work on a panel, and those that all commands have."""

from __future__ import annotations

from pathlib import Path

from forecastctl.cli.flags.flag import (
    DATA,
    EXECUTION,
    FORECAST,
    OUTPUT,
    SEARCH,
    TRACKING,
    Flag,
    flag,
)

JOB_FLAGS: dict[str, Flag] = {
    "data": flag(
        str | None,
        "--data",
        "CSV (.gz), Parquet, SQLAlchemy URL, or 'sample'.",
        DATA,
        "data.source",
        "FILE",
    ),
    "query": flag(
        str | None, "--query", "SQL query, where --data is a URL.", DATA, "data.query", "SQL"
    ),
    "value": flag(
        str | None, "--value", "Column that holds the passengers.", DATA, "data.value", "COLUMN"
    ),
    "suspects": flag(
        str | None,
        "--suspects",
        "What looks wrong in the data: recent (left out at the end), keep, missing, reject.",
        DATA,
        "data.suspects",
        "POLICY",
    ),
    "as_of": flag(
        str | None,
        "--as-of",
        "Use no observation after this date (YYYY-MM or YYYY-MM-DD).",
        DATA,
        metavar="DATE",
    ),
    "airport": flag(
        list[str] | None, "--airport", "Only this airport (repeatable).", DATA, metavar="NAME"
    ),
    "select": flag(
        list[str] | None,
        "--select",
        "Only airports that match this glob (repeatable).",
        DATA,
        metavar="GLOB",
    ),
    "group": flag(
        list[str] | None,
        "--group",
        "Also forecast the sums over each value of this column, and the total (repeatable).",
        DATA,
        "data.groups",
        "COLUMN",
    ),
    "groups_from": flag(
        str | None,
        "--groups-from",
        "CSV or Parquet that holds these columns by airport.",
        DATA,
        "data.group_file",
        "FILE",
    ),
    "max_evals": flag(
        int | None, "--max-evals", "Trials per airport at most.", SEARCH, "tune.max_evals", "N"
    ),
    "loss": flag(
        str | None,
        "--loss",
        "mase, rmse, mae, smape, wape or pinball.",
        SEARCH,
        "tune.loss",
        "NAME",
    ),
    "family": flag(
        list[str] | None,
        "--family",
        "Search only this model family (repeatable).",
        SEARCH,
        "tune.families",
        "NAME",
    ),
    "engine": flag(
        str | None,
        "--engine",
        "What fits: compiled, or statsmodels (the reference, slower).",
        SEARCH,
        "tune.engine",
        "NAME",
    ),
    "folds": flag(
        int | None, "--folds", "Rolling origins per trial at most.", SEARCH, "tune.folds", "N"
    ),
    "combine": flag(
        int | None,
        "--combine",
        "Average the best N trials (1: the best alone).",
        SEARCH,
        "tune.combine",
        "N",
    ),
    "shocks": flag(
        str | None,
        "--shocks",
        "replace stretches out of pattern before fitting, or keep them.",
        SEARCH,
        "tune.shocks",
        "POLICY",
    ),
    "timeout": flag(
        float | None,
        "--timeout",
        "Seconds per airport's search at most.",
        SEARCH,
        "tune.timeout",
        "SECONDS",
    ),
    "early_stop": flag(
        int | None,
        "--early-stop",
        "Stop after N trials without improvement.",
        SEARCH,
        "tune.early_stop",
        "N",
    ),
    "seed": flag(int | None, "--seed", "Seed of the search.", SEARCH, "tune.seed", "N"),
    "horizon": flag(
        int | None,
        "--horizon -H",
        "Periods ahead, in validation and forecast.",
        FORECAST,
        "forecast.horizon",
        "H",
    ),
    "level": flag(
        list[int] | None,
        "--level",
        "Interval level in percent (repeatable).",
        FORECAST,
        "forecast.level",
        "PERCENT",
    ),
    "out": flag(
        str | None,
        "--out -o",
        "Write forecasts to CSV (.gz), Parquet, a SQLAlchemy URL, or - for stdout.",
        FORECAST,
        "forecast.out",
        "TARGET",
    ),
    "charts": flag(
        bool | None,
        "--charts/--no-charts",
        "Draw and record a chart per airport.",
        FORECAST,
        "forecast.charts",
    ),
    "fallback": flag(
        bool | None,
        "--fallback/--no-fallback",
        "Let a simpler model stand in, recorded, where the chosen one fails.",
        FORECAST,
        "forecast.fallback",
    ),
    "reconcile": flag(
        str | None,
        "--reconcile",
        "Make the forecasts of airports, groups and total add up: bottom_up, mint_shrink, ...",
        FORECAST,
        "forecast.reconcile",
        "METHOD",
    ),
    "tracking_uri": flag(
        str | None, "--tracking-uri", "MLflow store or server.", TRACKING, "tracking.uri", "URI"
    ),
    "experiment": flag(
        str | None, "--experiment", "MLflow experiment.", TRACKING, "tracking.experiment", "NAME"
    ),
    "upgrade_store": flag(
        bool,
        "--upgrade-store",
        "Migrate a store of an older MLflow, so that only newer ones can open it.",
        TRACKING,
        default=False,
    ),
    "layout": flag(
        str | None,
        "--layout",
        "nested (a run per trial) or flat (a table per airport).",
        TRACKING,
        "tracking.layout",
        "NAME",
    ),
    "jobs": flag(
        int | None, "--jobs -j", "Workers (-1: one per core).", EXECUTION, "run.jobs", "N"
    ),
    "airport_timeout": flag(
        float | None,
        "--airport-timeout",
        "Seconds until an airport's work is ended as hung (60 per trial and at least 900).",
        EXECUTION,
        "run.airport_timeout",
        "SECONDS",
    ),
    "skip_unchanged": flag(
        bool | None,
        "--skip-unchanged/--all",
        "Leave airports alone whose data and settings have not changed.",
        EXECUTION,
        "run.skip_unchanged",
    ),
    "config": flag(
        Path | None,
        "--config",
        "Settings file (default: forecastctl.toml here).",
        OUTPUT,
        metavar="FILE",
    ),
    "as_json": flag(bool, "--json", "Print the result as JSON.", OUTPUT, default=False),
    "quiet": flag(bool, "--quiet -q", "No progress, no table.", OUTPUT, default=False),
    "verbose": flag(bool, "--verbose -v", "Log on stderr.", OUTPUT, default=False),
}
