"""Every error that forecastctl raises on purpose.

::

    ForecastctlError            1   something went wrong
    |-- UsageError              2   the command line or the settings are wrong
    |   `-- SettingsError       2   a wrong key or value in forecastctl.toml or the environment
    |-- DataError               3   the data source cannot be used
    |   `-- AirportError        3   one airport's rows cannot be used (becomes a rejection)
    |-- ModelError              4   a model cannot be fitted or forecasts nonsense
    |   `-- DivergedError       4   a fit or forecast left every plausible range
    |-- TrackingError           5   the tracking store cannot be reached, read or written
    |   |-- StoreAwayError      5   the tracking store does not answer now, or is locked by others
    |   `-- RefusedError        5   no store takes it, however often it is tried
    |-- NothingRecordedError    6   the store holds no answer to the question
    |   `-- DamagedError        6   what a run recorded is there and cannot be read
    |-- ClusterError           10   what does the work cannot be reached, or was lost
    |-- HeldError               8   another job is at work in the same experiment
    `-- OutputError            11   results are there, and cannot be written where they are to go

The number is the exit code. Code 4 is also what a job ends with when some airports failed and
others did not, or were forecast without recent months that look wrong. Code 7 is what ``monitor``
ends with when an airport has degraded, ``reproduce`` when a forecast differs, ``promote`` when it
refuses a challenger, and ``doctor`` when something is wrong. Code 9 is what a job ends with whose
record waits for its store, and 12 one that stopped at its deadline or because too many airports
failed. 130 means interrupted (SIGINT), 129 and 143 told to end (SIGHUP, SIGTERM). ``message`` says
what is wrong and where; ``hint`` says what to do next.
"""

from __future__ import annotations

import signal
from typing import ClassVar

EXIT_OK = 0
EXIT_AIRPORTS_FAILED = 4
EXIT_FOUND = 7
"""The command did its work and found what it looks for: degraded or irreproducible airports, a
challenger that is not promoted, or something that is wrong with the installation."""
EXIT_STOPPED = 12
"""The job ended before all airports were done: at its deadline, or because too many failed."""
EXIT_SPOOLED = 9
"""A job did its work; its record waits on this machine until the store can be written."""
EXIT_INTERRUPTED = 130
EXIT_HUNG_UP = 129
EXIT_TERMINATED = 143


class Terminated(KeyboardInterrupt):
    """SIGTERM or SIGHUP: the command ends as after Ctrl-C, with an exit code of its own.

    Args:
        number: The signal; its exit code is 128 more, as shells count.
    """

    def __init__(self, number: int = signal.SIGTERM) -> None:
        super().__init__(signal.Signals(number).name)
        self.exit_code = 128 + number


def ending_signals() -> tuple[signal.Signals, ...]:
    """The signals that end a command in good order, as far as the system has them.

    SIGHUP comes when the terminal or the connection closes; under nohup it is ignored.
    """
    names = ("SIGINT", "SIGTERM", "SIGHUP")
    return tuple(getattr(signal, name) for name in names if hasattr(signal, name))


class ForecastctlError(Exception):
    """Root of all errors raised on purpose.

    Args:
        message: One paragraph: what is wrong, naming file, row, column or setting.
        hint: The next step for the reader.
    """

    exit_code: ClassVar[int] = 1
    default_hint: ClassVar[str] = "Run again with --verbose for the details."

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = self.default_hint if hint is None else hint

    def __reduce__(self) -> tuple[type[ForecastctlError], tuple[str, str]]:
        """Keep the hint when the error crosses a process."""
        return type(self), (self.message, self.hint)


class UsageError(ForecastctlError):
    """The command line or the settings are wrong."""

    exit_code = 2
    default_hint = "See --help."


class SettingsError(UsageError):
    """A wrong key or value in forecastctl.toml or the environment."""

    default_hint = "'forecastctl settings' shows every key with its value and origin."


class DataError(ForecastctlError):
    """The data source cannot be used."""

    exit_code = 3
    default_hint = "'forecastctl check --data FILE' reports on every airport of a file."


class AirportError(DataError):
    """One airport's rows cannot be used; the others go on."""


class ModelError(ForecastctlError):
    """A model cannot be fitted or forecasts nonsense."""

    exit_code = 4


class DivergedError(ModelError):
    """A fit or a forecast left every plausible range."""


class TrackingError(ForecastctlError):
    """The tracking store cannot be reached, read or written."""

    exit_code = 5
    default_hint = "Check --tracking-uri (or MLFLOW_TRACKING_URI) and that the store is up."


class StoreAwayError(TrackingError):
    """The tracking store does not answer now, or is locked by others; later it may.

    What was asked was not carried out, or may be asked again without harm.
    """


class ReadOnlyError(TrackingError):
    """The store can be read by this user, and not written."""

    default_hint = "Ask whoever keeps the store for the right, or name another one."


class OtherSchemaError(ReadOnlyError):
    """The store is that of another MLflow, and would have to be migrated before it is written."""

    default_hint = TrackingError.default_hint


class RefusedError(TrackingError):
    """No store takes it, however often it is tried."""


class NothingRecordedError(ForecastctlError):
    """The store holds no answer to the question."""

    exit_code = 6
    default_hint = "'forecastctl history' lists what is recorded."


class DamagedError(NothingRecordedError):
    """What a run recorded is there and cannot be read."""

    default_hint = "Do it again with 'forecastctl run', or restore the file from a backup."


class OutputError(ForecastctlError):
    """The results are there, and cannot be written where they are to go."""

    exit_code = 11
    default_hint = "Make room there, or name another place."


class ClusterError(ForecastctlError):
    """What does the work, such as a cluster, cannot be reached or was lost."""

    exit_code = 10
    default_hint = "Check --cluster and that it is up; the same command goes on where it stopped."


class HeldError(ForecastctlError):
    """Another job is at work in the same experiment."""

    exit_code = 8
    default_hint = "Wait for its end with --wait, or run again later."
