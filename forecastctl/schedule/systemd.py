"""A service and a timer for systemd."""

from __future__ import annotations

from typing import TYPE_CHECKING

from forecastctl.schedule.job import NAME, secrets_note

if TYPE_CHECKING:
    from forecastctl.schedule.job import ScheduledJob

FOLDER = "/etc/systemd/system"


def units(job: ScheduledJob) -> dict[str, str]:
    """Content by file name."""
    return {f"{NAME}.service": _service(job), f"{NAME}.timer": _timer(job)}


def text(job: ScheduledJob) -> str:
    """Both files, each below its path, and how they are put to work."""
    files = "\n".join(f"# {FOLDER}/{name}\n{body}" for name, body in units(job).items())
    return (
        f"{files}\n# Then: systemctl daemon-reload && systemctl enable --now {NAME}.timer\n"
        f"# What it said: journalctl -u {NAME}.service\n"
    )


def _service(job: ScheduledJob) -> str:
    """Systemd does not start a service that still runs: no lock is needed."""
    notes = "".join(f"# {note}\n" for note in secrets_note(job))
    variables = "".join(
        f"Environment={_quoted(f'{name}={value}')}\n" for name, value in job.environment.items()
    )
    return (
        "[Unit]\n"
        "Description=Forecasts of forecastctl\n"
        "Wants=network-online.target\n"
        "After=network-online.target\n"
        "\n"
        "[Service]\n"
        "Type=oneshot\n"
        f"User={job.user}\n"
        f"WorkingDirectory={_directory(job.directory)}\n"
        f"{notes}{variables}"
        f"ExecStart={' '.join(_argument(word) for word in job.command)}\n"
        "# What is in flight when it is stopped is finished, as far as this allows.\n"
        f"TimeoutStopSec={job.stop_seconds}\n"
        "Nice=10\n"
    )


def _timer(job: ScheduledJob) -> str:
    moments = "".join(f"OnCalendar={moment}\n" for moment in job.times.on_calendar())
    return (
        "[Unit]\n"
        "Description=Starts the forecasts of forecastctl\n"
        "\n"
        "[Timer]\n"
        f"{moments}"
        "# After a night without power it is made up for.\n"
        "Persistent=true\n"
        "\n"
        "[Install]\n"
        "WantedBy=timers.target\n"
    )


def _directory(path: str) -> str:
    """A directory, which cannot be quoted: a blank at its end would go, a backslash go on."""
    return _specifiers(f"{path}/." if path.endswith((" ", "\\")) else path)


def _specifiers(value: str) -> str:
    """Systemd replaces what stands behind a percent sign."""
    return value.replace("%", "%%")


def _quoted(value: str) -> str:
    escaped = _specifiers(value).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _argument(value: str) -> str:
    """One word of a command line, in which variables would be replaced."""
    return _quoted(value).replace("$", "$$")
