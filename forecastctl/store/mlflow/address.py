"""Addresses of tracking stores: which are taken, how they are normalised and how they are shown."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias
from urllib.parse import urlsplit, urlunsplit

from forecastctl.errors import UsageError
from forecastctl.redaction import Redactor, masked

Kind: TypeAlias = Literal["sqlite", "postgresql", "http"]

DEFAULT_URI = "sqlite:///mlflow.db"
"""MLflow's own default store, so that ``mlflow ui`` in the same directory shows it."""

_HINT = (
    "Give sqlite:///FILE.db, postgresql://USER:PASSWORD@HOST/DATABASE, "
    "the http(s) address of an MLflow server, or one of a store that another package adds."
)
_POSTGRES = ("postgres", "postgresql", "postgresql+psycopg2")


@dataclass(frozen=True, slots=True)
class Address:
    """A tracking store.

    Attributes:
        kind: What stands behind it.
        uri: Normalised form, as MLflow takes it, with its password.
        shown: The same for people, passwords masked.
        path: Absolute path of an SQLite file, else ``None``.
    """

    kind: Kind
    uri: str
    shown: str
    path: Path | None = None


def display_uri(uri: str) -> str:
    """The address with passwords and other secrets replaced by ``***``."""
    return masked(uri)


def public_uri(uri: str) -> str:
    """An http address without user, password and query, as a link may show it."""
    parts = urlsplit(uri)
    plain = parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment="")
    return masked(urlunsplit(plain))


def scrub(text: str, uri: str) -> str:
    """One line of text without the secrets of an address."""
    return " ".join(Redactor.of((uri,))(text).split())


def resolve(uri: str | None) -> Address:
    """Normalise an address.

    Args:
        uri: What the user gave; ``None`` for `DEFAULT_URI`.

    Raises:
        UsageError: No tracking store has such an address.
    """
    given = DEFAULT_URI if uri is None else uri.strip()
    scheme, found, rest = given.partition("://")
    scheme = scheme.lower()
    if found and scheme in ("http", "https"):
        return _http(given)
    if found and scheme == "sqlite":
        return _sqlite(given, rest)
    if found and scheme in _POSTGRES:
        normal = f"postgresql+psycopg2://{rest}"
        return Address("postgresql", normal, display_uri(given))
    raise UsageError(_refusal(given), _HINT)


def _http(given: str) -> Address:
    try:
        parts = urlsplit(given)
        host, _ = parts.hostname, parts.port  # which is read only when it is asked for
    except ValueError:
        host = None
    if not host:
        raise UsageError(
            f"The tracking address {display_uri(given)} names no host, or no port.", _HINT
        )
    uri = given.rstrip("/")
    return Address("http", uri, display_uri(uri))


def _sqlite(given: str, rest: str) -> Address:
    name, _, query = rest.removeprefix("/").partition("?")
    if not rest.startswith("/") or not name or name == ":memory:" or name.startswith("file:"):
        raise UsageError(
            f"The tracking address {display_uri(given)} names no file; a store in memory would "
            "forget everything when the command ends.",
            f"Give a file, such as {DEFAULT_URI}.",
        )
    if name.endswith("/") or Path(name).expanduser().is_dir():
        raise UsageError(
            f"The tracking address {display_uri(given)} names a directory, not a file.",
            f"Add a file name, such as sqlite:///{name.rstrip('/')}/mlflow.db.",
        )
    # A shell expands no ~ behind sqlite:///, and nobody means a directory of that name.
    path = (Path(name).expanduser() if name.startswith("~/") else Path(name)).absolute()
    uri = f"sqlite:///{path}" + (f"?{query}" if query else "")
    return Address("sqlite", given if "?" in str(path) else uri, display_uri(given), path)


def _refusal(given: str) -> str:
    shown = display_uri(given)
    if not given:
        return "The tracking address is empty."
    if given.lower().startswith("file:"):
        return (
            f"The tracking address {shown} is a directory of files, which MLflow no longer keeps "
            "up; a database file such as sqlite:///mlflow.db takes its place."
        )
    if "://" not in given:
        suggestion = f"sqlite:///{given}" if Path(given).suffix else "sqlite:///mlflow.db"
        return f"The tracking address {shown} is a plain path; did you mean {suggestion}?"
    return f"No tracking store of the kind {shown.partition('://')[0]}:// is supported ({shown})."


@dataclass(frozen=True, slots=True)
class Experiment:
    """Where runs go.

    Attributes:
        id: Number of the experiment.
        location: Directory or URI under which its runs keep their artifacts.
    """

    id: int
    location: str
