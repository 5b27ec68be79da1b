"""Is a store away for a while, so that what is to be recorded can wait for it?"""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

from forecastctl.errors import StoreAwayError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from forecastctl.errors import TrackingError

_PASSING = frozenset(
    getattr(errno, name)
    for name in (
        *("ENOSPC", "EDQUOT", "EIO", "ESTALE", "EROFS", "ENOTCONN", "EPIPE", "ETIMEDOUT"),
        *("ECONNREFUSED", "ECONNRESET", "ECONNABORTED", "EHOSTDOWN", "EHOSTUNREACH"),
        *("ENETDOWN", "ENETUNREACH", "ENETRESET"),
    )
    if hasattr(errno, name)
)
_SQLITE = ("locked", "busy", "full", "disk i/o error", "unable to open", "readonly")
_PSYCOPG = {"psycopg2.OperationalError", "psycopg2.InterfaceError"}
_POSTGRES = (
    "starting up",
    "shutting down",
    "not yet accepting connections",
    "recovery mode",
    "too many clients",
    "connection slots",
    "terminating connection",
    "no space left",
)
_LATER = (408, 429, 500, 502, 503, 504)
"""Answers of a server that is there, and not well."""


def is_away(error: TrackingError) -> bool:
    """Whether an error passes by itself; not one of a wrong address, password, schema or name.

    Args:
        error: What a store raised, with what its library raised as the cause.
    """
    causes = list(_causes(error))
    if any(map(_stays, causes)):
        return False
    return isinstance(error, StoreAwayError) or any(map(_passes, causes))


def _causes(error: BaseException) -> Iterator[BaseException]:
    cause = error.__cause__
    while cause is not None:
        yield cause
        cause = cause.__cause__


def _kinds(error: BaseException) -> set[str]:
    """Names of its classes, each after the package that it is of."""
    return {f"{kind.__module__.partition('.')[0]}.{kind.__name__}" for kind in type(error).__mro__}


def _stays(error: BaseException) -> bool:
    """Whether PostgreSQL is there and refuses: a wrong password, user, database or encryption."""
    text = str(error).lower()
    refused = bool(_kinds(error) & _PSYCOPG) and ("fatal:" in text or "support ssl" in text)
    return refused and not any(words in text for words in _POSTGRES)


def _passes(error: BaseException) -> bool:
    kinds = _kinds(error)
    text = str(error).lower()
    if "sqlite3.OperationalError" in kinds:
        return any(words in text for words in _SQLITE)
    if kinds & _PSYCOPG:
        return True
    if "requests.RequestException" in kinds:
        return bool(kinds & {"requests.ConnectionError", "requests.Timeout"})
    if "mlflow.MlflowException" in kinds:
        return _answered_later(error)
    if isinstance(error, OSError):
        return _no_answer(error)
    return False


def _answered_later(error: BaseException) -> bool:
    """Whether MLflow's client got no answer, or one that says to try again."""
    code = getattr(error, "get_http_status_code", lambda: None)()
    return code in _LATER


def _no_answer(error: OSError) -> bool:
    """Whether what the system or a connection says passes."""
    reason = getattr(error, "reason", None)
    if isinstance(reason, OSError):
        return _no_answer(reason)
    return error.errno in _PASSING or isinstance(error, TimeoutError | ConnectionError)
