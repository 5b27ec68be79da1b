"""Values, sentences and logs that may be, or quote, addresses or parts of them."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus, unquote, unquote_plus

from forecastctl.redaction.addresses import MASK, Shown, structured
from forecastctl.redaction.words import PAIR_NAMES, placeholder

if TYPE_CHECKING:
    from collections.abc import Iterable

_ANYWHERE, _ALONE, _QUOTED = 8, 4, 2
"""Least characters of a secret that is replaced wherever it stands, where it is a word of its own,
and where it stands between quotation marks: shorter ones are parts of words."""

_TEXT = re.compile(
    rf"""
    (?P<address> (?<!\w) (?: [a-z][a-z0-9+.-]{{1,40}}:/ | (?:[a-z][a-z0-9+.-]{{0,40}})? //
        (?= [^\s@"<>:]{{0,500}}+ : [^\s@"<>]{{0,500}}+ @ ) ) [^\s"<>]+ )
    | (?P<name> (?<![\w/.]) [\w.+%~-]{{1,64}}+: ) (?P<password> [^\s"'<>]{{1,200}} ) (?= @[\w\[] )
    | (?P<key> (?<!\w) (?: {PAIR_NAMES} )
        (?: ["']?\s*(?: => | := | = )\s* | ["']\s*:\s* | \s+(?=') ) )
      (?P<value> '(?:[^'\\]|\\.|'')*' | "(?:[^"\\]|\\.)*" | \{{(?:[^}}]|}}}})*}}
        | [^\s;&,)'"}}\]]+ )
    | (?P<by> \b identified\s+by\s+ ) (?P<word> '(?:[^']|'')*' | "[^"]*" | \S+ )
    | (?P<header> \b (?: authorization ["']?\s*[:=]\s*["']? (?: basic | bearer ) | bearer )\s+ )
      (?P<ticket> [\w.~+/-]{{8,}}=* )
    """,
    re.IGNORECASE | re.VERBOSE,
)
_WORTH_A_LOOK = re.compile(
    r"[@=]|:/|pass|pwd|secret|token|key|credential|signature|bearer|identified|authorization",
    re.IGNORECASE,
)
"""What a text with a secret has: most lines of a log have none of it, and are not searched."""
_SECRETS = (("name", "password"), ("key", "value"), ("by", "word"), ("header", "ticket"))
_PUNCTUATION = ".,:;!?'()[]"
_DELIMITER = re.compile(r"[/@:?#&;,%{}\[\]\s]")
_PLAIN_WORDS = frozenset({"true", "false", "none", "null", "require", "prefer", "disable"})


def masked(value: str) -> str:
    """A value that may be an address, an ODBC string or a query, with its secrets masked.

    Scheme, user name, host, path and what else is no secret stay as they are, and so does a value
    without secrets. The user name is masked where it is all the credential that there is over
    http(s), and wherever it looks like a token.
    """
    return parse(value).text


def parse(value: str) -> Shown:
    """As `masked`, with the secrets that were found."""
    return structured(value) or scan(value)


def scrub(text: str) -> str:
    """A text without what looks like a secret in it; everything else stays as it is."""
    return scan(text).text


def scan(text: str) -> Shown:
    """As `scrub`, with the secrets that were found."""
    if not _WORTH_A_LOOK.search(text):
        return Shown(text)
    found: list[str] = []

    def replaced(match: re.Match[str]) -> str:
        if match["address"]:
            address = match["address"].rstrip(_PUNCTUATION)
            inner = structured(address) or Shown(address)
            found.extend(inner.secrets)
            return inner.text + match["address"][len(address) :]
        for name, secret in _SECRETS:
            if match[name]:
                found.append(match[secret])
                return match[name] + _quoted(match[secret])
        return match[0]

    shown = _TEXT.sub(replaced, text)
    return Shown(shown, tuple(found))


def _quoted(value: str) -> str:
    """The mask, within the quotation marks of a value."""
    if placeholder(value):
        return value
    ends = value[0] + value[-1]
    return f"{value[0]}{MASK}{value[-1]}" if ends in ("''", '""', "{}") else MASK


@dataclass(frozen=True, slots=True)
class Redactor:
    """Takes the secrets of some addresses, and what looks like one, out of any text.

    Attributes:
        secrets: What is replaced, in every spelling, longest first.
    """

    secrets: tuple[str, ...] = ()
    _pattern: re.Pattern[str] | None = field(default=None, repr=False, compare=False)

    @classmethod
    def of(cls, values: Iterable[str], secrets: Iterable[str] = ()) -> Redactor:
        """A redactor for what must not be shown.

        Args:
            values: What may hold a secret: settings, arguments, addresses in use.
            secrets: What is one.
        """
        found = {spelling for secret in secrets for spelling in _spellings(secret)}
        for value in values:
            shown = parse(value)
            for secret in shown.secrets:
                found |= {s for s in _spellings(secret) if not _stands_in(s, shown.text)}
        if not found:
            return cls()
        ordered = tuple(sorted(found, key=lambda s: (-len(s), s)))
        return cls(ordered, re.compile("|".join(map(_anywhere, ordered)), re.IGNORECASE))

    def __call__(self, text: str) -> str:
        """The text without them."""
        return scrub(self._pattern.sub(MASK, text) if self._pattern else text)


def _spellings(secret: str) -> set[str]:
    """A secret and its parts as drivers quote them: decoded, encoded, or cut at a delimiter."""
    plain = secret.strip("{}'\"")
    whole = {secret, plain, unquote(plain), unquote_plus(plain)}
    parts = whole | {piece for text in whole for piece in _pieces(text)}
    written = parts | {other for p in whole for other in (*_quoted_for_addresses(p), _escaped(p))}
    return {s for s in written if len(s) >= _QUOTED and s.lower() not in _PLAIN_WORDS}


def _quoted_for_addresses(text: str) -> tuple[str, str, str]:
    """A text as it stands in addresses, whatever bytes the environment gave it."""
    lone = "surrogatepass"
    return (
        quote(text, safe="", errors=lone),
        quote(text, errors=lone),
        quote_plus(text, errors=lone),
    )


def _pieces(text: str) -> set[str]:
    """What is left of a text that is cut at one delimiter, or at all."""
    cuts = [match.start() for match in _DELIMITER.finditer(text)]
    ends = {text[:at] for at in cuts} | {text[at + 1 :] for at in cuts}
    return ends | set(_DELIMITER.split(text))


def _escaped(text: str) -> str:
    return json.dumps(text)[1:-1]


def _stands_in(secret: str, shown: str) -> bool:
    """Whether the masked address shows it: what is also a user or a host cannot be hidden."""
    return bool(re.search(rf"(?<!\w){re.escape(secret)}(?!\w)", shown, re.IGNORECASE))


def _anywhere(secret: str) -> str:
    pattern = re.escape(secret)
    if len(secret) >= _ANYWHERE:
        return pattern
    if len(secret) >= _ALONE:
        return rf"(?<!\w){pattern}(?!\w)"
    return rf"(?<=['\"]){pattern}(?=['\"])"
