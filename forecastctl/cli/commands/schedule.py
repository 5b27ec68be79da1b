"""The schedule command: what starts the job by itself, printed."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from forecastctl.cli import flags
from forecastctl.cli.compose import open_session
from forecastctl.cli.output.render import note
from forecastctl.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from forecastctl.schedule.job import ScheduledJob
    from forecastctl.settings import Settings

USUAL = "05:15"
KINDS = ("cron", "systemd", "kubernetes", "airflow")
_ENVIRONMENT = ("FORECASTCTL_", "MLFLOW_")
READ_BY_LIBRARIES = (
    "MLFLOW_TRACKING_PASSWORD",
    "MLFLOW_TRACKING_TOKEN",
    "PGPASSWORD",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AZURE_STORAGE_ACCESS_KEY",
    "DATABRICKS_TOKEN",
)
"""Secrets that MLflow and the drivers read by themselves: what is scheduled needs them as well."""


def schedule(
    kind: flags.schedule.ScheduleKind,
    at: flags.schedule.At = None,
    cron: flags.schedule.CronExpression = None,
    image: flags.schedule.ContainerImage = "forecastctl",
    log_file: flags.schedule.LogFile = None,
    config: flags.output.Config = None,
) -> None:
    """Print what starts the job every night: for cron, systemd, Kubernetes or Airflow."""
    from forecastctl.schedule import airflow, kubernetes, systemd
    from forecastctl.schedule.cron import crontab

    if kind not in KINDS:
        raise UsageError(f"There is no schedule {kind!r}.", f"One of {', '.join(KINDS)}.")
    session = open_session(schedule, locals())
    if session.settings.data.source is None:
        raise UsageError(
            "No data source is set, and what starts by itself has nobody to name one.",
            "Set source in [data] of forecastctl.toml.",
        )
    job = _job(session.settings, config, at=at, cron=cron, image=image, log=log_file)
    printed = {
        "cron": crontab,
        "systemd": systemd.text,
        "kubernetes": kubernetes.manifest,
        "airflow": airflow.dag,
    }
    sys.stdout.write(printed[kind](job))
    if kind == "kubernetes":
        for name, path in kubernetes.not_held(job).items():
            note(f"{name}, {path}, lies outside of the claim: mount it there as well.")


def _job(
    settings: Settings,
    config: Path | None,
    *,
    at: str | None,
    cron: str | None,
    image: str,
    log: Path | None,
) -> ScheduledJob:
    """The job of the current configuration, with absolute paths."""
    import os

    from forecastctl.api.environment import user
    from forecastctl.schedule import times
    from forecastctl.schedule.job import ScheduledJob, check_printable
    from forecastctl.settings import CONFIG_NAME, files_of

    if at and cron:
        raise UsageError("--at and --cron both say when.", "Give one of them.")
    file = (config or Path(os.environ.get("FORECASTCTL_CONFIG") or CONFIG_NAME)).absolute()
    named = ("--config", str(file)) if file.is_file() else ()
    given, missing = _environment(settings)
    job = ScheduledJob(
        times=times.every(cron) if cron else times.at(at or USUAL),
        interpreter=sys.executable,
        arguments=("run", *named, "--skip-unchanged"),
        directory=str(Path.cwd()),
        log=str((log or Path("forecastctl.log")).absolute()),
        environment=given,
        missing=missing,
        user=user(),
        zone=_zone(),
        image=image,
        grace=settings.run.grace,
        deadline=settings.run.deadline,
        files={name: str(path) for name, path in files_of(settings).items()},
    )
    check_printable(job)
    return job


def _environment(settings: Settings) -> tuple[dict[str, str], tuple[str, ...]]:
    """Variables by which the settings of now are what they are, and names of those with secrets."""
    import os

    from forecastctl.redaction import masked

    names = sorted({o for o in settings.origins.values() if o.startswith(_ENVIRONMENT)})
    names += [name for name in ("PYTHONPATH", "XDG_STATE_HOME") if os.environ.get(name)]
    values: Mapping[str, str] = {name: os.environ[name] for name in names if name in os.environ}
    public = {name: value for name, value in values.items() if masked(value) == value}
    secret = [name for name in values if name not in public]
    return public, (*secret, *(name for name in READ_BY_LIBRARIES if os.environ.get(name)))


def _zone() -> str:
    """Name of the local time zone; that of the universal time where it cannot be told."""
    import os
    from zoneinfo import available_timezones

    link = Path("/etc/localtime")
    told = os.environ.get("TZ") or (str(link.resolve()) if link.is_symlink() else "")
    name = told.partition("zoneinfo/")[2] or told
    return name if name in available_timezones() else "Etc/UTC"
