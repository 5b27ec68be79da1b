"""Calls into MLflow: without its chatter, and with its errors turned into ours."""

from __future__ import annotations

import logging
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from forecastctl.errors import ForecastctlError, NothingRecordedError, TrackingError
from forecastctl.store.mlflow.address import display_uri, scrub

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_NOISY = ("mlflow", "alembic", "urllib3")
_QUIET = {
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
}
_IMPATIENT = {
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "10",
}
_MAX_REASON = 400


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
        TrackingError: Anything else that MLflow, its database or its server raised.
    """
    with _environment({**_QUIET, **(_IMPATIENT if impatient else {})}), _silence():
        try:
            yield
        except Exception as error:
            if not _foreign(error):
                raise
            raise _translate(error, uri, doing, refusal) from error


@contextmanager
def _environment(defaults: Mapping[str, str]) -> Iterator[None]:
    """Set what the user has not set, for a while: MLflow takes these in no other way."""
    ours = {key: value for key, value in defaults.items() if key not in os.environ}
    os.environ.update(ours)
    try:
        yield
    finally:
        for key in ours:
            os.environ.pop(key, None)


@contextmanager
def _silence() -> Iterator[None]:
    loggers = [logging.getLogger(name) for name in _NOISY]
    levels = [logger.level for logger in loggers]
    try:
        for logger in loggers:
            logger.setLevel(logging.CRITICAL + 1)
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


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
    if "out-of-date database schema" in reason:
        return TrackingError(
            message, "Back the database up, then run 'mlflow db upgrade' with its address."
        )
    return TrackingError(message)
