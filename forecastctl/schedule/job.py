"""The job that is started, as plain values."""

from __future__ import annotations

import math
import shlex
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from forecastctl.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from forecastctl.schedule.times import Times

NAME: Final = "forecastctl"
LOG_LINES: Final = 40
_STOP_SECONDS: Final = 120
_TO_RECORD_SECONDS: Final = 60
"""What recording may take once the grace of a job is over."""


@dataclass(frozen=True, slots=True)
class ScheduledJob:
    """What is started, when and where.

    Attributes:
        times: When.
        interpreter: Absolute path of Python.
        arguments: What follows ``forecastctl``.
        directory: Absolute path of the working directory.
        environment: Variables that it needs; secrets are not among them.
        missing: Names of variables that hold secrets, to be given to it by other means.
        log: Absolute path of the file that its output is added to, where no journal takes it.
        user: Whom it is run as.
        zone: Time zone, such as ``Europe/Berlin``.
        image: Container image.
        grace: Seconds that what is in flight may take once the job is told to end.
        deadline: Its deadline as the settings have it, a duration or a time of day, if any.
        files: Absolute paths of files and folders that settings name, by the setting.
    """

    times: Times
    interpreter: str
    arguments: tuple[str, ...]
    directory: str
    log: str
    environment: Mapping[str, str] = field(default_factory=dict)
    missing: tuple[str, ...] = ()
    user: str = "root"
    zone: str = "Etc/UTC"
    image: str = "forecastctl"
    grace: float = 0.0
    deadline: str | None = None
    files: Mapping[str, str] = field(default_factory=dict)

    @property
    def command(self) -> tuple[str, ...]:
        """The whole command."""
        return (self.interpreter, "-m", "forecastctl", *self.arguments)

    @property
    def in_shell(self) -> str:
        """The same with its variables, as a shell reads it."""
        variables = [f"{name}={value}" for name, value in self.environment.items()]
        return shlex.join([*(["env", *variables] if variables else []), *self.command])

    @property
    def stop_seconds(self) -> int:
        """What it is to be given to end by itself before it is killed; longer than its grace."""
        return max(_STOP_SECONDS, math.ceil(self.grace) + _TO_RECORD_SECONDS)

    def texts(self) -> tuple[str, ...]:
        """All that is written into a line or a file."""
        named = (text for pair in self.environment.items() for text in pair)
        return (*self.command, self.directory, self.log, *named, *self.files.values())


def check_printable(job: ScheduledJob) -> None:
    """Refuse what cannot stand on one line.

    Raises:
        UsageError: A path or a value has a line break or another control character.
    """
    for text in job.texts():
        if any(ord(c) < ord(" ") or c == "\x7f" for c in text):
            raise UsageError(
                f"{text!r} holds a control character, which no crontab and no unit can hold.",
                "Rename it.",
            )


def secrets_note(job: ScheduledJob) -> list[str]:
    """What has to be given by hand."""
    if not job.missing:
        return []
    names = ", ".join(job.missing)
    return [f"{names}: set here, not shown because it is secret; give it to the job as well."]
