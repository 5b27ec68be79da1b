"""``python -m forecastctl.cli.one_way FILE``: a job in one of the ways that ``bench`` compares.

All settings are handed over. Beside those of ``run`` it can hold results back until the last of
them is there, which no command should.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from forecastctl.api.job import Selection
from forecastctl.cli.compose import Session
from forecastctl.cli.job import do_job
from forecastctl.errors import ForecastctlError

if TYPE_CHECKING:
    from collections.abc import Callable

    from forecastctl.execute.port import Executor


def main(asked: Path) -> None:
    """Do the job, and print its summary as JSON.

    Args:
        asked: A file of JSON with ``settings`` by ``section.key``, and ``held``.
    """
    started = born_ms()
    from forecastctl.cli.output import render
    from forecastctl.cli.output.logs import JobLog
    from forecastctl.settings import load_redactor, load_settings

    job = json.loads(asked.read_text(encoding="utf-8"))
    settings = load_settings(job["settings"])
    redact = load_redactor([v for v in job["settings"].values() if isinstance(v, str)], None)
    log = JobLog(verbose=False, redact=redact)
    session = Session(started, settings, log.read, render.warning, as_json=True, quiet=True)
    do_job("run", session, Selection(None, None, None), upgrade=False, around=_held(job["held"]))


def born_ms() -> int:
    """When this process was started, milliseconds since the epoch; now, where that is not told.

    What the interpreter and imports take belongs to the start of a job.
    """
    try:
        ticks = int(
            Path("/proc/self/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[19]
        )
        age = time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError, IndexError, AttributeError):
        age = 0.0
    return time.time_ns() // 1_000_000 - int(1000 * age)


def _held(held: bool) -> Callable[[Executor], Executor] | None:
    if not held:
        return None
    from forecastctl.execute.held import HeldExecutor

    return HeldExecutor


if __name__ == "__main__":
    try:
        main(Path(sys.argv[1]))
    except typer.Exit as end:
        sys.exit(end.exit_code)
    except ForecastctlError as error:
        sys.stderr.write(f"{error.message}\n")
        sys.exit(error.exit_code)
