"""Flags of what is asked of the record."""

from __future__ import annotations

from typing import Annotated

from forecastctl.cli import completion
from forecastctl.cli.flags.headings import ASK
from forecastctl.cli.options import argument, dated, option

What = Annotated[str, argument("WHAT", "jobs, airports, trials, models, forecasts or promotions.")]
OneAirport = Annotated[
    str | None, option("--airport", "Only this airport.", ASK, "NAME", completion.airports)
]
Job = Annotated[
    str | None,
    option("--job", "Only this job; latest for the newest.", ASK, "ID", completion.jobs),
]
ReportJob = Annotated[
    str | None,
    option(
        "--job", "Of this job; the newest that forecast when not given.", ASK, "ID", completion.jobs
    ),
]
Status = Annotated[
    str | None,
    option("--status", "Only this status: ok, failed, rejected, running ...", ASK, "NAME"),
]
Since = Annotated[
    str | None,
    option("--since", "Started at or after: YYYY-MM-DD, or 36h, 7d, 2w ago.", ASK, "DATE"),
]
Filter = Annotated[
    str | None,
    option("--filter", "MLflow's own predicates, such as 'metrics.loss < 0.8'.", ASK, "PREDICATES"),
]
Best = Annotated[bool, option("--best", "Lowest loss first.", ASK)]
Compare = Annotated[
    tuple[str, str] | None, option("--compare", "Two runs or jobs side by side.", ASK, "A B")
]
Limit = Annotated[int, option("--limit -n", "Rows at most (20).", ASK, "N")]
Port = Annotated[
    int | None,
    option(
        "--port", "Where a database's pages are served; without: 5000, or a free one.", ASK, "N"
    ),
]
NoBrowser = Annotated[bool, option("--no-browser", "Print the address alone.", ASK)]
TheAirport = Annotated[
    str | None,
    option(
        "--airport",
        "The airport, as spelt in the data; all of them without.",
        ASK,
        "NAME",
        completion.airports,
    ),
]
Date = Annotated[
    str | None,
    dated(
        "--date",
        "2019-08, Aug-2019, 2019-08-15, 2019Q3; without: newest with an actual.",
        ASK,
        whole=True,
    ),
]
Worst = Annotated[
    int | None,
    option("--worst", "Of all airports, only the N largest misses (10 on the screen).", ASK, "N"),
]
Cutoff = Annotated[
    str | None,
    option("--cutoff", "Explain the forecast made from this cutoff, not the newest.", ASK, "DATE"),
]
Between = Annotated[
    tuple[str, str] | None,
    option(
        "--between",
        "Split what changed from the forecast of one cutoff to that of another.",
        ASK,
        "DATE DATE",
    ),
]
Quick = Annotated[bool, option("--quick", "Only what is recorded: no refits, no verdict.", ASK)]
RunOrJob = Annotated[str, argument("RUN", "A job's or a run's id.", completion.jobs)]
Refit = Annotated[
    bool,
    option("--refit", "Also tune and fit anew from the stored panel, and say what differs.", ASK),
]
Origin = Annotated[
    str | None,
    option("--origin", "Which forecasts count: live (default), backtest or all.", ASK, "NAME"),
]

Version = Annotated[
    int | None,
    argument("VERSION", "The version to promote; the challenger when not given."),
]
PromotedJob = Annotated[
    str | None,
    option(
        "--job", "Promote the model of this job, registered or not.", ASK, "ID", completion.jobs
    ),
]
Confidence = Annotated[
    float,
    option("--confidence", "With which it has to be better (0.95).", ASK, "SHARE"),
]
Margin = Annotated[
    float,
    option(
        "--margin",
        "Promote it also where its errors are larger by less than this (0).",
        ASK,
        "PERCENT",
    ),
]
Rollback = Annotated[
    bool, option("--rollback", "Let the version before the champion answer again.", ASK)
]
Force = Annotated[
    bool, option("--force", "Promote it whatever the evidence says, which is recorded.", ASK)
]
DryRunOfPromotion = Annotated[
    bool, option("--dry-run", "Only say what would be decided: nothing is written.", ASK)
]
ServedModel = Annotated[
    str | None,
    option(
        "--model",
        "models:/NAME@ALIAS, models:/NAME/VERSION or runs:/RUN/fleet; without: the champion.",
        ASK,
        "URI",
    ),
]
ServePort = Annotated[int, option("--port", "Port to answer at (5001).", ASK, "N")]
ServeHost = Annotated[
    str, option("--host", "Address to answer at (127.0.0.1: this machine alone).", ASK, "HOST")
]
