"""Calls into MLflow: without its chatter, and with its errors turned into ours."""

from __future__ import annotations

import logging
import os
import re
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from forecastctl.errors import (
    ForecastctlError,
    NothingRecordedError,
    ReadOnlyError,
    StoreAwayError,
    TrackingError,
)
from forecastctl.store.mlflow.address import display_uri, scrub

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_NOISY = ("mlflow", "alembic", "urllib3")
_QUIET = {
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    # Trying again is our own business, which says what it waits for.
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0",
}
_IMPATIENT = {"MLFLOW_HTTP_REQUEST_TIMEOUT": "10"}
_MAX_REASON = 400

TRANSIENT = (408, 425, 429, 500, 502, 503, 504)
"""Statuses of answers after which a request may succeed later."""
_STATUS = re.compile(r"error code (\d{3})")
_CODES = {
    "TEMPORARILY_UNAVAILABLE",
    "INTERNAL_ERROR",
    "DEADLINE_EXCEEDED",
    "REQUEST_LIMIT_EXCEEDED",
}
_CREDENTIALS = (
    "Check user and password (MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or those in "
    "the address) or the token (MLFLOW_TRACKING_TOKEN)."
)
_UNANSWERED = {"ConnectionError", "Timeout", "ChunkedEncodingError", "RetryError", "ProtocolError"}
_UNANSWERED |= {"OperationalError", "TimeoutError", "IncompleteRead"}


@contextmanager
def calling(
    uri: str,
    doing: str,
    *,
    impatient: bool = False,
    refusal: type[ForecastctlError] = TrackingError,
) -> Iterator[None]:
    """Silence MLflow and translate what it raises.

    Args:
        uri: Address of the store, named in the error without its secrets.
        doing: What is being done, as in "cannot <doing> <uri>".
        impatient: Whether to give up within seconds when a server does not answer.
        refusal: What an argument that MLflow refuses is turned into.

    Raises:
        NothingRecordedError: MLflow knows no such run.
        StoreAwayError: Its database or its server does not answer.
        TrackingError: Anything else that MLflow, its database or its server raised.
    """
    with _CALM.kept({**_QUIET, **(_IMPATIENT if impatient else {})}):
        try:
            yield
        except Exception as error:
            if not _foreign(error):
                raise
            raise _translate(error, uri, doing, refusal) from error


class _Calm:
    """What the user has not set in the environment, and quiet loggers, while anything is called.

    MLflow takes these in no other way. They are there from the first to the last of the calls that
    threads make at the same time.
    """

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._users: dict[str, int] = {}
        self._levels: list[int] = []
        self._depth = 0

    @contextmanager
    def kept(self, defaults: Mapping[str, str]) -> Iterator[None]:
        """Have variables and quiet for a while."""
        ours = self._enter(defaults)
        try:
            yield
        finally:
            self._leave(ours)

    def _enter(self, defaults: Mapping[str, str]) -> list[str]:
        with self._guard:
            ours = [key for key in defaults if key in self._users or key not in os.environ]
            for key in ours:
                self._users[key] = self._users.get(key, 0) + 1
                os.environ[key] = defaults[key]
            self._depth += 1
            if self._depth == 1:
                loggers = [logging.getLogger(name) for name in _NOISY]
                self._levels = [logger.level for logger in loggers]
                for logger in loggers:
                    logger.setLevel(logging.CRITICAL + 1)
            return ours

    def _leave(self, ours: list[str]) -> None:
        with self._guard:
            for key in ours:
                self._users[key] -= 1
                if not self._users[key]:
                    del self._users[key]
                    os.environ.pop(key, None)
            self._depth -= 1
            if not self._depth:
                for name, level in zip(_NOISY, self._levels, strict=True):
                    logging.getLogger(name).setLevel(level)


_CALM = _Calm()


def is_unanswered(error: BaseException) -> bool:
    """Whether what MLflow, its database or its server raised may pass.

    What was asked may have been carried out all the same.
    """
    if isinstance(error, StoreAwayError):
        return True
    if not isinstance(error, Exception) or isinstance(error, ForecastctlError):
        return False
    status = _STATUS.search(str(error))
    if status is not None:
        return int(status[1]) in TRANSIENT
    names = {kind.__name__ for one in _causes(error) for kind in type(one).__mro__}
    if "SSLError" in names:
        return False
    return bool(names & _UNANSWERED) or _is_refused_for_now(error)


def _is_refused_for_now(error: Exception) -> bool:
    """Whether a server answered that it cannot do it now."""
    kinds = {kind.__name__ for kind in type(error).__mro__}
    return "RestException" in kinds and getattr(error, "error_code", "") in _CODES


def _causes(error: BaseException) -> Iterator[BaseException]:
    """An error and all that it came of."""
    one: BaseException | None = error
    while one is not None:
        yield one
        one = one.__cause__ or one.__context__


def _foreign(error: Exception) -> bool:
    """Whether MLflow or what it stands on raised it; a bug of ours is not disguised."""
    roots = {kind.__module__.partition(".")[0] for kind in type(error).__mro__}
    libraries = {"mlflow", "sqlalchemy", "alembic", "requests", "urllib3", "sqlite3", "psycopg2"}
    return bool(roots & libraries) or isinstance(error, OSError)


def _translate(
    error: Exception, uri: str, doing: str, refusal: type[ForecastctlError]
) -> ForecastctlError:
    reason = scrub(str(error), uri)
    if len(reason) > _MAX_REASON:
        reason = reason[:_MAX_REASON] + "\N{HORIZONTAL ELLIPSIS}"
    message = f"MLflow cannot {doing} {display_uri(uri)}: {reason}"
    code = getattr(error, "error_code", "")
    if code == "RESOURCE_DOES_NOT_EXIST":
        return NothingRecordedError(message)
    if code == "INVALID_PARAMETER_VALUE":
        return refusal(message)
    if is_unanswered(error):
        shown = display_uri(uri)
        return StoreAwayError(f"MLflow cannot {doing} {shown}, which does not answer: {reason}")
    return _not_allowed(message, reason, code)


def _not_allowed(message: str, reason: str, code: str) -> TrackingError:
    """What is said where the store answers, and does not do it."""
    found = _STATUS.search(reason)
    status = found[1] if found else ""
    if status == "401":
        return TrackingError(message, _CREDENTIALS)
    if status == "403" or code == "PERMISSION_DENIED":
        return ReadOnlyError(message)
    if "out-of-date database schema" in reason:
        return TrackingError(
            message, "Back the database up, then run 'mlflow db upgrade' with its address."
        )
    return TrackingError(message)
