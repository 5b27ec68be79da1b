"""``--metrics FILE``: how a command ended, in Prometheus' textfile format, written whole.

One command in a process writes one file, when it ends, however it ends.
"""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Final

from forecastctl.errors import EXIT_FOUND, EXIT_OK, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from prometheus_client import CollectorRegistry

PREFIX: Final = "forecastctl_"
LABELS: Final = ("command", "experiment")
LAST_SUCCESS: Final = "last_success_timestamp_seconds"
SUCCESS: Final = (EXIT_OK, EXIT_FOUND)
MEANINGS: Final = {
    "airports": "Airports of the newest run of the command, by status.",
    "seconds": "How long the newest run of the command took.",
    "exit_code": "Exit code of the newest run of the command.",
    "last_run_timestamp_seconds": "When the command ended last, however it ended.",
    LAST_SUCCESS: "When the command ended last with its work done (exit code 0; monitor also 7).",
    "data_through_timestamp_seconds": "First day of the newest period in the data.",
    "data_age_seconds": "How long before the end of the command that was.",
    "worst_drift_ratio": (
        "Largest ratio, over all airports, of recent errors to those that were expected, "
        "as the monitor found it last."
    ),
}


@dataclass(slots=True)
class Measured:
    """What is known of a command so far.

    Attributes:
        path: Where it is to be written.
        command: Name of the command.
        started: When it started, seconds since the epoch.
        experiment: Where it records, or ``None`` where the settings could not be read.
        airports: Airports by status; none where the command did not come so far.
        data_through: First day of the newest period in the data, likewise.
        worst_drift: See `MEANINGS`, likewise.
    """

    path: Path
    command: str
    started: float
    experiment: str | None = None
    airports: Mapping[str, int] = field(default_factory=dict)
    data_through: date | None = None
    worst_drift: float | None = None

    def newest(self, days: Iterator[str]) -> None:
        """Note the newest of some first days of periods, ``YYYY-MM-DD``."""
        newest = max(days, default=None)
        with suppress(ValueError):
            self.data_through = date.fromisoformat(newest[:10]) if newest else None


def check_path(path: Path) -> None:
    """Refuse a place where no file can be written, before any work is done.

    Raises:
        UsageError: It is a directory, or in none.
    """
    if path.is_dir() or not path.parent.is_dir():
        what = "is a directory" if path.is_dir() else "lies in no directory that exists"
        raise UsageError(f"--metrics: {path} {what}.", "Name a file, such as forecastctl.prom.")


def write(measured: Measured, code: int) -> None:
    """Write the file; a reader sees the old one or the new one.

    Args:
        measured: What is known.
        code: The exit code that the command ends with.

    Raises:
        OSError: It cannot be written.
    """
    from prometheus_client import write_to_textfile

    write_to_textfile(str(measured.path), _registry(measured, code, time.time()))


def _registry(measured: Measured, code: int, now: float) -> CollectorRegistry:
    from prometheus_client import CollectorRegistry, Gauge

    registry = CollectorRegistry()
    earlier, last_success = _earlier(measured.path)
    labels = {"command": measured.command, "experiment": measured.experiment}
    if measured.experiment is None:
        labels["experiment"] = earlier.get("experiment", "")
    for name, value in _values(measured, code, now, last_success).items():
        if value is not None:
            gauge = Gauge(PREFIX + name, MEANINGS[name], LABELS, registry=registry)
            gauge.labels(**labels).set(value)
    if measured.airports:
        names = (*LABELS, "status")
        gauge = Gauge(PREFIX + "airports", MEANINGS["airports"], names, registry=registry)
        for status, count in measured.airports.items():
            if status != "total":
                gauge.labels(**labels, status=status).set(count)
    return registry


def _values(
    measured: Measured, code: int, now: float, last_success: float | None
) -> dict[str, float | None]:
    """Values by name; ``None`` where nothing is known."""
    through = measured.data_through
    moment = None if through is None else datetime(*through.timetuple()[:3], tzinfo=UTC).timestamp()
    return {
        "seconds": max(now - measured.started, 0.0),
        "exit_code": code,
        "last_run_timestamp_seconds": now,
        LAST_SUCCESS: now if code in SUCCESS else last_success,
        "data_through_timestamp_seconds": moment,
        "data_age_seconds": None if moment is None else now - moment,
        "worst_drift_ratio": measured.worst_drift,
    }


def _earlier(path: Path) -> tuple[Mapping[str, str], float | None]:
    """Labels of the file that is replaced, and the last success in it; nothing where none is."""
    from prometheus_client.parser import text_string_to_metric_families

    labels: Mapping[str, str] = {}
    last_success = None
    with suppress(OSError, ValueError):
        for family in text_string_to_metric_families(path.read_text(encoding="utf-8")):
            for sample in family.samples:
                labels = sample.labels
                if sample.name == PREFIX + LAST_SUCCESS:
                    last_success = sample.value
    return labels, last_success


_now: list[Measured] = []
"""The command that runs in this process, if it is to be measured."""


def start(measured: Measured | None) -> None:
    """Measure a command from now on, or none."""
    _now[:] = [measured] if measured else []


def current() -> Measured | None:
    """What is measured."""
    return _now[0] if _now else None
