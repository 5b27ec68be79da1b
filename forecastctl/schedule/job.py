"""The job that is started, as plain values."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from forecastctl.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from forecastctl.schedule.times import Times

NAME: Final = "forecastctl"
LOG_LINES: Final = 40


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

    @property
    def command(self) -> tuple[str, ...]:
        """The whole command."""
        return (self.interpreter, "-m", "forecastctl", *self.arguments)

    def texts(self) -> tuple[str, ...]:
        """All that is written into a line or a file."""
        named = (text for pair in self.environment.items() for text in pair)
        return (*self.command, self.directory, self.log, *named)


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
