"""Artifacts, and the versions of what is written into them."""

from __future__ import annotations

from typing import Final

from forecastctl.records.models import MODEL_ROW_VERSION
from forecastctl.records.schema.keys import A_JOB, A_MONITOR, A_PANEL, A_PROMOTION, A_SERIES, Key


class File(Key):
    """Artifacts of a run, by their paths."""

    SETTINGS = "settings.json", A_JOB, "all settings"
    ENVIRONMENT = "environment.json", A_JOB, "versions, CPU and BLAS, git, host, user"
    PANEL = "panel.parquet", A_PANEL, "the panel as read, once per distinct content"
    PANEL_PARTS = (
        "panel_parts.json",
        A_PANEL,
        (
            "of a panel that workers read, in place of the file: its parts, each with its SHA-256 "
            "and its airports"
        ),
    )
    PANEL_PART = "panel/N.parquet", A_PANEL, "rows of some airports, each of them whole"
    WIDTHS = (
        "widths.json",
        A_JOB,
        "how wide the backtests of so many airports led intervals to be, by level, if it tunes",
    )
    POOLED = (
        "pooled.json",
        A_JOB,
        (
            "what the pooled models learned from all airports together: weights, spread, number of "
            "windows and of airports by day and model, if any of them is fitted"
        ),
    )
    TERMS = (
        "terms.json",
        A_JOB,
        (
            "regressors of the calendar, of events and of a file by period, and whose they are, "
            "if there are any: [how](../how-to/calendar.md)"
        ),
    )
    EFFECTS = (
        "effects.json",
        A_SERIES,
        (
            "passengers that each effect adds to the forecast by period, and by one unit of its "
            "regressor the change of the logarithm with its standard error, if there are effects"
        ),
    )
    SEARCHES = (
        "pilot/N.json",
        A_JOB,
        (
            "searches that are made before widths are known, as they are done, so that a job that "
            "is cut off before keeps them; not of a job in shares, which makes them in each share"
        ),
    )
    WINNERS = (
        "winners.json",
        A_JOB,
        (
            "sixteen good models of every airport with their losses, and a few features of its "
            "series: what later searches learn from"
        ),
    )
    RESULTS = "results.json", A_JOB, "the [summary](outputs.md#the-json-summary-of-a-job)"
    FORECASTS = (
        "forecasts.parquet",
        A_JOB,
        "the [forecast table](outputs.md#the-forecast-table), if the job forecasts",
    )
    GROUPS = (
        "groups.json",
        A_JOB,
        "value of each airport by column of groups, where the job has sums",
    )
    HIERARCHY = (
        "hierarchy.json",
        A_JOB,
        (
            "members of each sum, method asked and used, library version, notes, stand-ins, "
            "airports left out"
        ),
    )
    RECONCILED = (
        "reconciled.parquet",
        A_JOB,
        "forecasts of airports, total and groups that add up, with `level` and `base`",
    )
    LOG = "log.txt", A_JOB, "the log"
    REPORT = "report/index.html", A_JOB, "first page of the report, which `report` made of this job"
    REPORT_SITE = "report/site.zip", A_JOB, "the whole report, to be opened from disk"
    REPORT_VERDICTS = (
        "report/verdicts.json",
        A_JOB,
        "the verdicts of the report, for the airports' pages of later ones",
    )
    FLEET = (
        "fleet/models.parquet",
        A_JOB,
        (
            "all models of the job, if it trains; rows of JSON, no pickles. In MLflow `fleet` is "
            "one model: `fleet/MLmodel`, `fleet/requirements.txt` and `fleet/python_env.yaml` "
            "stand beside it"
        ),
    )

    TUNING = (
        "tuning.json",
        A_SERIES,
        "the specification, its metrics, the backtest errors by fold and lead",
    )
    TRIALS = (
        "trials.json",
        A_SERIES,
        "all trials with options, metrics, folds, origin and share, as a table",
    )
    LEARNED = "learned.json", A_SERIES, "with `--learn`: all that the search knew of earlier ones"
    MODEL = (
        "model.json",
        A_SERIES,
        (
            "the fitted model: specification, parameters, states, and the `ceiling` that no "
            "interval exceeds; enough to forecast again"
        ),
    )
    FORECAST = (
        "forecast.json",
        A_SERIES,
        "means, standard deviations and intervals with exact floats",
    )
    CHART = "forecast.png", A_SERIES, "the chart"
    TRACEBACK = "traceback.txt", A_SERIES, "of a failure"
    PAGE = "explain/DATE.html", A_SERIES, "page that `explain` made about a forecast of this run"
    PAGE_PNG = "explain/DATE.png", A_SERIES, "image of the same"
    PAGE_SVG = "explain/DATE.svg", A_SERIES, "image of the same"

    MONITOR = "monitor.json", A_MONITOR, "[the JSON](monitor.md#the-json) without `run_id`"
    MONITOR_TABLE = "monitor_table.json", A_MONITOR, "the results as a table, without single tests"

    PROMOTION = (
        "promotion.json",
        A_PROMOTION,
        "the decision and its evidence: [what `promote --json` prints](../how-to/promote.md)",
    )
    PROMOTION_TABLE = (
        "promotion_table.json",
        A_PROMOTION,
        "errors of both models by airport, where they were compared, as a table",
    )


WINNERS_VERSION: Final = 1
MONITOR_VERSION: Final = 1
PROMOTION_VERSION: Final = 1
FILE_VERSIONS: Final = {
    File.MODEL: MODEL_ROW_VERSION,
    File.WINNERS: WINNERS_VERSION,
    File.MONITOR: MONITOR_VERSION,
    File.PROMOTION: PROMOTION_VERSION,
}
"""Version of what is written into the files that have one; a later version still reads it."""


def searches_path(number: int) -> str:
    """Path of a file with searches of the pilot, counted from 0."""
    return File.SEARCHES.replace("N", str(number))


def panel_part_path(number: int) -> str:
    """Path of a part of a panel, counted from 0."""
    return File.PANEL_PART.replace("N", str(number))


def page_path(date: str, kind: str) -> str:
    """Path of a page or an image (``html``, ``png``, ``svg``) about the forecast of a period."""
    return File(f"explain/DATE.{kind}").replace("DATE", date)
