"""A line for a crontab."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from forecastctl.errors import HeldError
from forecastctl.schedule.job import LOG_LINES, secrets_note

if TYPE_CHECKING:
    from forecastctl.schedule.job import ScheduledJob


def crontab(job: ScheduledJob) -> str:
    """The line, below comments that say what it does."""
    notes = [
        "For 'crontab -e'. What the job says is added to the log; where it does not end well, the",
        "end of the log is printed as well, which cron mails.",
        f"Exit code {HeldError.exit_code}: another job is at work; 'wait' in [run] waits for it.",
        *secrets_note(job),
    ]
    comments = "".join(f"# {note}\n" for note in notes)
    return f"{comments}{job.times.expression} {in_crontab(shell_line(job))}\n"


def shell_line(job: ScheduledJob) -> str:
    """What the shell is to do."""
    log = shlex.quote(job.log)
    told = (
        'code=$?; echo "forecastctl ended with exit code $code; the end of its log:"; '
        f"tail -n {LOG_LINES} {log}; exit $code"
    )
    work = f"{job.in_shell} >> {log} 2>&1 </dev/null"
    return f"cd {shlex.quote(job.directory)} && {{ {work} || {{ {told}; }}; }}"


def in_crontab(line: str) -> str:
    """A line of the shell as a crontab holds it: cron takes a plain percent sign for a new line."""
    return line.replace("%", r"\%")
