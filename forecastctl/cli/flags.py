"""Every flag once: its type, its option with the help, and the setting that it overrides.

Commands take them as annotations of their parameters. A flag that overrides a setting is ``None``
where it is not given.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from forecastctl.cli import completion
from forecastctl.cli.options import Sets, argument, dated, option

# Headings under which the help shows them

DATA = "Data"
SEARCH = "Search"
FORECAST = "Forecast"
TRACKING = "Tracking"
EXECUTION = "Execution"
OUTPUT = "Output"
BACKTEST = "Backtest"
ASK = "Question"
SCHEDULE = "Schedule"

# The data

Data = Annotated[
    str | None,
    option(
        "--data",
        "File or folder (CSV, Excel, Parquet, JSON ...), -, address, SQLAlchemy URL, or 'sample'.",
        DATA,
        "FILE",
    ),
    Sets("data.source"),
]
Query = Annotated[
    str | None,
    option("--query", "SQL query, where --data is a URL.", DATA, "SQL"),
    Sets("data.query"),
]
Value = Annotated[
    str | None,
    option("--value", "Column that holds the passengers.", DATA, "COLUMN"),
    Sets("data.value"),
]
Suspects = Annotated[
    str | None,
    option(
        "--suspects",
        "What looks wrong in the data: recent (left out at the end), keep, missing, reject.",
        DATA,
        "POLICY",
    ),
    Sets("data.suspects"),
]
AsOf = Annotated[
    str | None,
    dated(
        "--as-of",
        "Use no observation after this date: 2019-08, Aug-2019, 2019-08-15.",
        DATA,
        last=True,
    ),
]
Airports = Annotated[
    list[str] | None,
    option("--airport", "Only this airport (repeatable).", DATA, "NAME", completion.airports),
]
Select = Annotated[
    list[str] | None,
    option("--select", "Only airports that match this glob (repeatable).", DATA, "GLOB"),
]
Groups = Annotated[
    list[str] | None,
    option(
        "--group",
        "Also forecast the sums over each value of this column, and the total (repeatable).",
        DATA,
        "COLUMN",
    ),
    Sets("data.groups"),
]
GroupsFrom = Annotated[
    str | None,
    option("--groups-from", "CSV or Parquet that holds these columns by airport.", DATA, "FILE"),
    Sets("data.group_file"),
]
FixOut = Annotated[
    str | None,
    option("--fix-out", "Also write the rows that a job can use, in long form.", DATA, "FILE"),
]
SampleAirports = Annotated[int, option("--airports", "Number of airports (8).", DATA, "N")]
SampleMonths = Annotated[int, option("--months", "Months of history (120).", DATA, "N")]
SampleNames = Annotated[
    list[str] | None,
    option("--name", "Name of an airport, not a made-up one (repeatable).", DATA, "NAME"),
]
SampleFrom = Annotated[str | None, dated("--from", "First month (2010-01).", DATA)]
SampleSeed = Annotated[int, option("--seed", "Seed of the generator (0).", DATA, "N")]

# The search

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
    option("--combine", "Average the best N trials (1: the best alone).", SEARCH, "N"),
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

# The forecast

Horizon = Annotated[
    int | None,
    option("--horizon -H", "Periods ahead, in validation and forecast.", FORECAST, "H"),
    Sets("forecast.horizon"),
]
Levels = Annotated[
    list[int] | None,
    option("--level", "Interval level in percent (repeatable).", FORECAST, "PERCENT"),
    Sets("forecast.level"),
]
Out = Annotated[
    str | None,
    option(
        "--out -o",
        "Write forecasts to CSV (.gz), Parquet, a SQLAlchemy URL, or - for stdout.",
        FORECAST,
        "TARGET",
    ),
    Sets("forecast.out"),
]
Charts = Annotated[
    bool | None,
    option("--charts/--no-charts", "Draw and record a chart per airport.", FORECAST),
    Sets("forecast.charts"),
]
Fallback = Annotated[
    bool | None,
    option(
        "--fallback/--no-fallback",
        "Let a simpler model stand in, recorded, where the chosen one fails.",
        FORECAST,
    ),
    Sets("forecast.fallback"),
]
Reconcile = Annotated[
    str | None,
    option(
        "--reconcile",
        "Make the forecasts of airports, groups and total add up: bottom_up, mint_shrink, ...",
        FORECAST,
        "METHOD",
    ),
    Sets("forecast.reconcile"),
]

# The store

TrackingUri = Annotated[
    str | None,
    option(
        "--tracking-uri", "MLflow store or server, or another package's store.", TRACKING, "URI"
    ),
    Sets("tracking.uri"),
]
Experiment = Annotated[
    str | None,
    option("--experiment", "MLflow experiment.", TRACKING, "NAME"),
    Sets("tracking.experiment"),
]
UpgradeStore = Annotated[
    bool,
    option(
        "--upgrade-store",
        "Migrate a store of an older MLflow, so that only newer ones can open it.",
        TRACKING,
    ),
]
Layout = Annotated[
    str | None,
    option("--layout", "nested (a run per trial) or flat (a table per airport).", TRACKING, "NAME"),
    Sets("tracking.layout"),
]

MovedFrom = Annotated[
    str | None,
    option("--moved-from", "Address that the store had when this was recorded.", TRACKING, "URI"),
]

OlderThan = Annotated[
    int,
    option("--older-than", "Delete no job that is younger, in days.", ASK, "DAYS"),
]
Yes = Annotated[bool, option("--yes", "Do it, and not only say what would be done.", EXECUTION)]

# The work

Jobs = Annotated[
    int | None,
    option("--jobs -j", "Workers (-1: one per core).", EXECUTION, "N"),
    Sets("run.jobs"),
]
Backend = Annotated[
    str | None,
    option(
        "--backend",
        "What does the work: loky (processes), serial (this one), threads, dask, ray, spark, or "
        "another package's.",
        EXECUTION,
        "NAME",
    ),
    Sets("run.backend"),
]
Cluster = Annotated[
    str | None,
    option(
        "--cluster",
        "Address of the cluster for dask, ray or spark; without it, one of this machine.",
        EXECUTION,
        "URL",
    ),
    Sets("run.cluster"),
]
AirportTimeout = Annotated[
    float | None,
    option(
        "--airport-timeout",
        "Seconds until an airport's work is ended as hung (60 per trial and at least 900).",
        EXECUTION,
        "SECONDS",
    ),
    Sets("run.airport_timeout"),
]
Wait = Annotated[
    float | None,
    option(
        "--wait",
        "Wait for the end of a job that is at work in the experiment, so long at most.",
        EXECUTION,
        "[SECONDS]",
    ),
    Sets("run.wait"),
]
AirportMemory = Annotated[
    str | None,
    option(
        "--airport-memory",
        "Memory until an airport's work is ended, such as 2GB.",
        EXECUTION,
        "SIZE",
    ),
    Sets("run.airport_memory"),
]
Deadline = Annotated[
    str | None,
    option(
        "--deadline",
        "End by then with the best found so far: a time of day (06:30) or a duration (1h30m).",
        EXECUTION,
        "TIME",
    ),
    Sets("run.deadline"),
]
MaxFailures = Annotated[
    str | None,
    option(
        "--max-failures",
        "End early once more airports failed: a number, or a share of all (5%).",
        EXECUTION,
        "N",
    ),
    Sets("run.max_failures"),
]
Grace = Annotated[
    float | None,
    option(
        "--grace",
        "Seconds that what is in flight may take after Ctrl-C or SIGTERM (0).",
        EXECUTION,
        "SECONDS",
    ),
    Sets("run.grace"),
]
Resume = Annotated[
    str | None,
    option(
        "--resume",
        "Go on with this job that was cut off (id, its beginning, or latest), or say why not.",
        EXECUTION,
        "JOB",
        completion.jobs,
    ),
]
DryRun = Annotated[
    bool,
    option("--dry-run", "Say what would be done, and why; do nothing.", EXECUTION),
]
RetriedJob = Annotated[
    str, argument("JOB", "A job's id, its beginning, or latest.", completion.jobs)
]
RetriedStatus = Annotated[
    list[str] | None,
    option(
        "--status",
        "Do again what is failed (default), rejected or fallback (repeatable).",
        ASK,
        "NAME",
    ),
]
AllAttempts = Annotated[
    bool, option("--all-attempts", "Also what was done again since, by retry for example.", ASK)
]
Fresh = Annotated[
    bool,
    option(
        "--fresh",
        "Start over, instead of going on with the same job where it was cut off.",
        EXECUTION,
    ),
]
SkipUnchanged = Annotated[
    bool | None,
    option(
        "--skip-unchanged/--all",
        "Leave airports alone whose data and settings have not changed.",
        EXECUTION,
    ),
    Sets("run.skip_unchanged"),
]

# The origins of a backtest

Start = Annotated[str, option("--from", "First origin (YYYY-MM).", BACKTEST, "DATE")]
End = Annotated[str, option("--to", "Last origin (YYYY-MM).", BACKTEST, "DATE")]
Every = Annotated[int, option("--every", "Periods from one origin to the next (1).", BACKTEST, "K")]
RetuneEvery = Annotated[
    int,
    option(
        "--retune-every",
        "Tune anew at every K-th origin; train and forecast at each (1).",
        BACKTEST,
        "K",
    ),
]

# What is asked of the record

What = Annotated[str, argument("WHAT", "jobs, airports, trials, models or forecasts.")]
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

# What the doctor does

Fix = Annotated[bool, option("--fix", "Mend what can be mended safely, and say what.", OUTPUT)]

# What starts the job

ScheduleKind = Annotated[str, argument("WHAT", "cron, systemd, kubernetes or airflow.")]
At = Annotated[str | None, option("--at", "Every day at this time (05:15).", SCHEDULE, "HH:MM")]
CronExpression = Annotated[
    str | None,
    option(
        "--cron", "When, in the five fields of a crontab, such as '0 6 2 * *'.", SCHEDULE, "EXPR"
    ),
]
ContainerImage = Annotated[
    str,
    option("--image", "Container image that has forecastctl, for Kubernetes.", SCHEDULE, "NAME"),
]
LogFile = Annotated[
    Path | None,
    option("--log", "Where cron adds what the job says (forecastctl.log here).", SCHEDULE, "FILE"),
]

# What is printed and written

ExplainedSetting = Annotated[
    str | None,
    option(
        "--explain",
        "All about one setting, by its name, variable or flag.",
        ASK,
        "KEY",
        completion.setting_names,
    ),
]
SettingsSchema = Annotated[
    bool, option("--schema", "Print a JSON schema of forecastctl.toml, for editors.", OUTPUT)
]
InitFile = Annotated[
    Path, option("--write", "Settings file to write (forecastctl.toml).", OUTPUT, "FILE")
]
Force = Annotated[bool, option("--force", "Replace what is there.", OUTPUT)]
Config = Annotated[
    Path | None,
    option("--config", "Settings file (default: forecastctl.toml here).", OUTPUT, "FILE"),
]
AsJson = Annotated[bool, option("--json", "Print the result as JSON.", OUTPUT)]
AsCsv = Annotated[bool, option("--csv", "Print the result as CSV.", OUTPUT)]
Quiet = Annotated[bool, option("--quiet -q", "Say nothing unless something is wrong.", OUTPUT)]
Metrics = Annotated[
    str | None,
    option(
        "--metrics",
        "Write how it ended for Prometheus (textfile format), also when it fails.",
        OUTPUT,
        "FILE",
    ),
    Sets("run.metrics"),
]
ReportFolder = Annotated[
    str | None,
    option(
        "--report", "Write a site about the job into this folder, when it is done.", OUTPUT, "DIR"
    ),
    Sets("report.out"),
]
ReportOut = Annotated[
    str | None,
    option(
        "--out -o",
        "Folder to write it into (report.out of the settings, or report).",
        OUTPUT,
        "DIR",
    ),
]
ReportExplained = Annotated[
    int | None,
    option("--explained", "Explain so many of the largest misses in full (10).", OUTPUT, "N"),
    Sets("report.explained"),
]
ReportLog = Annotated[
    bool | None,
    option("--log/--no-log", "Record it with the job, for MLflow's pages.", OUTPUT),
    Sets("report.log"),
]
LogFormat = Annotated[
    str | None,
    option("--log-format", "Lines on stderr and in log.txt: text or json.", OUTPUT, "NAME"),
    Sets("log.format"),
]
Verbose = Annotated[bool, option("--verbose -v", "Log on stderr.", OUTPUT)]
Html = Annotated[
    Path | None, option("--html", "Write a self-contained page with charts.", OUTPUT, "FILE")
]
Image = Annotated[Path | None, option("--image", "Write the charts as PNG or SVG.", OUTPUT, "FILE")]
SampleOut = Annotated[str, option("--out -o", "CSV (.gz) or Parquet to write.", OUTPUT, "FILE")]
