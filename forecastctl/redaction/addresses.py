"""An address taken apart: what of it may be shown, and which of its parts are secrets.

The parts are those of RFC 3986, cut by hand, because an address with an unescaped password is
refused or misread by every library (``urllib`` also drops characters). Where it is in doubt where
a password ends, it ends at the last ``@``: better a part of a path hidden than of a password shown.
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from typing import Literal, TypeAlias
from urllib.parse import quote_plus, unquote, unquote_plus

from forecastctl.redaction.words import announces, names_user, opaque, placeholder

MASK = "***"

_Kind: TypeAlias = Literal["http", "files", "other"]

_ADDRESS = re.compile(
    r"(\s*(?:[A-Za-z][A-Za-z0-9+.-]+:|(?:[A-Za-z][A-Za-z0-9+.-]*)?(?=//[^@:]*+:[^@]*+@)))(/+)(.*)",
    re.DOTALL,
)
"""Also one whose colon, or whose scheme, was forgotten, if it may hold a password."""
_PAIRS = re.compile(r"\s*[A-Za-z][\w .-]*=[^=]*;")
_AUTHORITY = re.compile(r"[^/?#]*")
_PATH = re.compile(r"[^?&;#]*")
_PAIR = re.compile(
    r"(?P<mark>[?&;#])(?P<key>[^=&;#]*)"
    r"(?P<value>=(?:\s*\{(?:[^}]|\}\})*\}(?=\s*(?:[&;#]|$))|[^&;#]*))?"
)
_KEY = re.compile(r"[?&;#]([^=?&;#]*)=")
_HOST = r"(?:\[[^\]\s]*\]|[^:\[\],\s]*)(?::(?:\d*|PORT))?"
_HOSTS = re.compile(f"{_HOST}(?:,{_HOST})*")

_DEPTH = 4
"""How often an address may stand in the query of another one; what is deeper is not shown."""
_CONTAINERS = frozenset({"abfs", "abfss", "wasb", "wasbs"})
"""Schemes whose user is the name of a container."""
_FILES = _CONTAINERS | {
    *("dbfs", "duckdb", "file", "gcs", "gs", "hdfs", "mlflow-artifacts", "models", "runs"),
    *("s3", "s3a", "sqlite", "viewfs"),
}
"""Schemes of files: an ``@`` in a path is a part of a name."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A text as it may be shown.

    Attributes:
        text: Its secrets replaced by `MASK`.
        secrets: What was replaced, as it was written.
    """

    text: str
    secrets: tuple[str, ...] = ()

    def __add__(self, other: Shown) -> Shown:
        """One text after the other."""
        return Shown(self.text + other.text, self.secrets + other.secrets)


def structured(value: str, depth: int = 0) -> Shown | None:
    """An address, or an ODBC string, as it may be shown; ``None`` for anything else."""
    whole = _ADDRESS.fullmatch(value)
    if whole:
        return _address(*whole.groups(), depth=depth)
    return _pairs(value, depth) if _PAIRS.match(value) else None


def _address(head: str, slashes: str, rest: str, *, depth: int) -> Shown:
    scheme = head.strip().removesuffix(":").lower().partition("+")[0]
    kind: _Kind = "http" if scheme in ("http", "https") else "other"
    if scheme in _FILES:
        kind = "files"
        slashes, rest = slashes[:2], slashes[2:] + rest
        if len(slashes) == 1:
            slashes, rest = "", slashes + rest
    at = _user_ends(rest, kind)
    shown = Shown(head + slashes)
    if at >= 0:
        shown += _user(rest[:at], kind, container=scheme in _CONTAINERS) + Shown("@")
        rest = rest[at + 1 :]
    authority = _AUTHORITY.match(rest)[0]  # type: ignore[index]  # it matches anything
    if len(slashes) > len("//"):  # no authority but, maybe, a misplaced one
        return shown + Shown(authority) + _tail(rest[len(authority) :], depth)
    if _HOSTS.fullmatch(authority):
        return shown + Shown(authority) + _tail(rest[len(authority) :], depth)
    # What is no port may be a password whose host is missing: nothing after it is sure.
    host, colon, unsure = rest.partition(":")
    return shown + Shown(host + colon) + _hidden(unsure)


def _user_ends(rest: str, kind: _Kind) -> int:
    """Position of the ``@`` that ends user and password; -1 where there are none."""
    rest = rest[: _first_secret(rest)]
    authority = _AUTHORITY.match(rest)[0]  # type: ignore[index]
    inside, last = authority.rfind("@"), rest.rfind("@")
    if kind == "files":
        clear = _HOSTS.fullmatch(authority[inside + 1 :]) and ":" not in authority[: inside + 1]
        return inside if clear else last
    if ":" in rest[: last + 1]:
        return last
    if inside >= 0:
        return inside
    named = kind == "http" and ("." in authority or authority == "localhost")
    return -1 if named else rest.partition("?")[0].rfind("@")


def _first_secret(rest: str) -> int:
    """Where the first pair begins that announces a secret, which may have an ``@`` of its own."""
    pairs = (pair.start() for pair in _KEY.finditer(rest) if announces(pair[1]))
    return next(pairs, len(rest))


def _user(text: str, kind: _Kind, *, container: bool) -> Shown:
    """User and password."""
    name, colon, password = text.partition(":")
    alone = kind == "http" and not password
    shown = _hidden(name) if alone or (opaque(name) and not container) else Shown(name)
    if not colon:
        return shown
    shown += Shown(":") + _hidden(password)
    if kind == "http" and not placeholder(password):  # as it stands in a header
        pair = f"{unquote(name)}:{unquote(password)}".encode("utf-8", "surrogatepass")
        shown += Shown("", (base64.b64encode(pair).decode(),))
    return shown


def _tail(text: str, depth: int = 0) -> Shown:
    """Path, query and fragment; of pairs of names and values the secret ones are masked."""
    path = _PATH.match(text)[0]  # type: ignore[index]
    shown, secret = Shown(path), False
    for pair in _PAIR.finditer(text, len(path)):
        mark, key, value = pair["mark"], pair["key"], pair["value"]
        if secret and key and not (value or "").strip("="):
            # What follows a secret and has no value was cut off it by a character of its own.
            shown += Shown("", (key,))
        elif value is None:
            shown += Shown(mark + key)
        else:
            hidden = _value(key, value[1:], depth)
            secret = announces(key) or hidden.text == MASK
            shown += Shown(f"{mark}{key}=") + hidden
    return shown


def _pairs(text: str, depth: int = 0) -> Shown:
    inner = _tail(f";{text}", depth)
    return Shown(inner.text[1:], inner.secrets)


def _value(key: str, value: str, depth: int) -> Shown:
    if depth > _DEPTH:
        return _hidden(value)
    decoded = unquote_plus(value)
    if announces(key) or (names_user(key) and opaque(decoded)):
        return _hidden(value)
    if "=" in decoded or ":" in decoded:
        inner = structured(decoded, depth + 1) or _pairs(decoded, depth + 1)
        if inner.text != decoded:
            return Shown(quote_plus(inner.text, safe="*"), inner.secrets)
    return Shown(value)


def _hidden(text: str) -> Shown:
    return Shown(text) if placeholder(text) else Shown(MASK, (text,))
