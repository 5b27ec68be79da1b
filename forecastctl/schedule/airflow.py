"""A DAG for Airflow 2.4 or newer."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from forecastctl.errors import UsageError
from forecastctl.schedule.job import NAME, secrets_note

if TYPE_CHECKING:
    from forecastctl.schedule.job import ScheduledJob

AGAIN = 2
_RAW, _END_RAW = "{% raw %}", "{% endraw %}"


def dag(job: ScheduledJob) -> str:
    """The Python file.

    The directory and the variables stand in the command, because an operator's ``cwd`` and ``env``
    are templates as well, and taken for names of files where they end in ``.sh``. Python takes the
    place of the shell, so that Airflow waits for it when it ends a task.

    Raises:
        UsageError: A path holds what ends a text that Jinja leaves as it is.
    """
    command = f"cd {shlex.quote(job.directory)} && exec {job.in_shell}"
    if "endraw" in command:
        raise UsageError(
            "A path holds the word 'endraw', which Airflow would take for its own.", "Rename it."
        )
    notes = "".join(f"# {note}\n" for note in secrets_note(job))
    return f'''\
"""Forecasts of forecastctl. Made by 'forecastctl schedule airflow'."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from airflow import DAG

try:
    from airflow.providers.standard.operators.bash import BashOperator
except ImportError:  # Airflow 2
    from airflow.operators.bash import BashOperator

{notes}with DAG(
    dag_id={f"{NAME}_run"!r},
    schedule={job.times.expression!r},
    start_date=datetime(2026, 1, 1, tzinfo=ZoneInfo({job.zone!r})),
    catchup=False,
    max_active_runs=1,
{_retries(job)}):
    BashOperator(
        task_id="run",
        bash_command={_RAW + command + _END_RAW!r},
    )
'''


def _retries(job: ScheduledJob) -> str:
    """How often it is tried again; a second try would begin the time up to a deadline anew."""
    if job.deadline is not None:
        return (
            "    # What its deadline leaves over is left to the next night.\n"
            '    default_args={"retries": 0},\n'
        )
    return (
        "    # The same command goes on where it was cut off.\n"
        f'    default_args={{"retries": {AGAIN}, "retry_delay": timedelta(minutes=10)}},\n'
    )
