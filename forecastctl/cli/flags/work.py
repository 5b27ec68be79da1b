"""Flags of how the work is done."""

from __future__ import annotations

from typing import Annotated

from forecastctl.api.named import Sets
from forecastctl.cli import completion
from forecastctl.cli.flags.headings import ASK, EXECUTION
from forecastctl.cli.options import argument, option

Jobs = Annotated[
    int | None,
    option("--jobs -j", "Workers (-1: one per core).", EXECUTION, "N"),
    Sets("run.jobs"),
]
Parallel = Annotated[
    str | None,
    option(
        "--parallel",
        "What is done at the same time: airports, the trials of one, both, or auto.",
        EXECUTION,
        "WHAT",
    ),
    Sets("run.parallel"),
]
Parallelism = Annotated[
    int | None,
    option(
        "--parallelism",
        "Trials of one airport under way at once (as many as there are workers for).",
        EXECUTION,
        "N",
    ),
    Sets("run.parallelism"),
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
Shared = Annotated[
    str | None,
    option(
        "--shared",
        "Where a table of Spark is laid down for the workers of a cluster, who all see it.",
        EXECUTION,
        "FOLDER",
    ),
    Sets("run.shared"),
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
Shard = Annotated[
    str | None,
    option(
        "--shard",
        "Do one of N shares of the airports; others do the rest, the last one closes the job.",
        EXECUTION,
        "I/N",
    ),
    Sets("run.shard"),
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
