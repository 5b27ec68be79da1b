"""Flags of what starts a job."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from forecastctl.cli.flags.headings import SCHEDULE
from forecastctl.cli.options import argument, option

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
