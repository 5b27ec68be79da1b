"""``python -m forecastctl.cli.one_way FILE``: a job in one of the ways that ``bench`` compares.

All settings are handed over. Beside those of ``run`` it can hold results back until the last of
them is there, which no command should, and do the job in shares, each a process like this one.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from forecastctl.api.job import Selection
from forecastctl.cli.compose import Session
from forecastctl.cli.job import do_job
from forecastctl.errors import EXIT_AIRPORTS_FAILED, EXIT_OK, ForecastctlError

if TYPE_CHECKING:
    from collections.abc import Callable

    from forecastctl.execute.port import Executor


def main(asked: Path) -> None:
    """Do the job, and print its summary as JSON.

    Args:
        asked: A file of JSON with ``settings`` by ``section.key``, ``held``, and ``shares``: how
            many, or null for none.
    """
    started = born_ms()
    job = json.loads(asked.read_text(encoding="utf-8"))
    if job["shares"]:
        _in_shares(asked, job, started)
        return
    from forecastctl.cli.output import render
    from forecastctl.cli.output.logs import JobLog
    from forecastctl.settings import load_redactor, load_settings

    settings = load_settings(job["settings"])
    redact = load_redactor([v for v in job["settings"].values() if isinstance(v, str)], None)
    log = JobLog(verbose=False, redact=redact)
    session = Session(started, settings, log.read, render.warning, as_json=True, quiet=True)
    do_job("run", session, Selection(None, None, None), upgrade=False, around=_held(job["held"]))


def _in_shares(asked: Path, job: dict[str, Any], started: int) -> None:
    """Start a process for each share, and print the summary of the one that closed the job.

    Args:
        asked: The file of the whole job; those of its shares lie beside it.
        job: What is in it.
        started: When this process was started.

    Raises:
        typer.Exit: A share did not come to its end, or airports failed.
    """
    begun, before = [], time.time_ns() // 1_000_000 - started
    for number in range(1, job["shares"] + 1):
        share = asked.with_name(f"share-{number}.json")
        settings = {**job["settings"], "run.shard": f"{number}/{job['shares']}"}
        share.write_text(json.dumps({**job, "settings": settings, "shares": None}), "utf-8")
        command = [sys.executable, "-m", "forecastctl.cli.one_way", str(share)]
        with share.with_suffix(".out").open("wb") as out:
            begun.append((share, subprocess.Popen(command, stdout=out)))  # noqa: S603
    codes = {process.wait() for _, process in begun}
    failed = codes - {EXIT_OK, EXIT_AIRPORTS_FAILED}
    if not failed:
        outputs = [share.with_suffix(".out").read_text(encoding="utf-8") for share, _ in begun]
        whole = max(map(json.loads, outputs), key=_extent)
        cost = whole["cost"]
        # Its work began with the first airport of any share, and has just come to its end.
        cost["startup_seconds"] = before / 1000 + cost["wall_seconds"] - cost["work_seconds"]
        sys.stdout.write(json.dumps(whole))
    if code := max(failed or codes):
        raise typer.Exit(code)


def _extent(summary: dict[str, Any]) -> tuple[int, float]:
    """By which the summary of the whole job is told from those of shares: all, and longest."""
    return summary["airports"]["total"], summary["cost"]["work_seconds"]


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
