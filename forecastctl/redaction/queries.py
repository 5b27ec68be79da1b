"""A query as it may be kept: its shape and a digest, without what is written out in it."""

from __future__ import annotations

import hashlib
import re

from forecastctl.redaction.texts import scrub

_LITERAL = re.compile(
    r"""
      (?P<comment> (?:--|\#)[^\n]* | /\*.*?(?:\*/|\Z) )
    | (?P<quoted> (?:\b[EeNnBbXxUu]&?)? ' (?: [^'] | '' )* (?:'|\Z)
        | " (?: [^"] | "" )* (?:"|\Z)
        | \$(?P<tag>\w*)\$ .*? (?:\$(?P=tag)\$|\Z) )
    | (?P<number> (?<![\w.$`]) (?:0[xX][0-9a-fA-F]+ | \d+(?:\.\d*)?(?:[eE][+-]?\d+)? ) )
    """,
    re.DOTALL | re.VERBOSE,
)
"""In any dialect of SQL: text in double quotes is a name in some and a value in others. A quotation
mark that is never closed takes all the rest."""
_QUOTE = re.compile("['\"]")
_ESCAPED = re.compile(r"\\['\"]")
"""Whether a text ends here is another matter in each database: nothing after the first is shown."""
_IN_QUOTES = re.compile(r"(?P<mark>['\"])(?P<text>.+)(?P=mark)\Z", re.DOTALL)
_DIGEST_LENGTH = 16


def without_literals(query: str) -> str:
    """A query with ``?`` for each value that is written out in it, and a digest of the whole.

    ``SELECT x FROM t WHERE region = 'east'`` becomes
    ``SELECT x FROM t WHERE region = ? (sha256 6ae1...)``: whoever knows a query can tell that it is
    the same, and nobody can read a value of it.
    """
    digest = hashlib.sha256(query.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGEST_LENGTH]
    escaped = _ESCAPED.search(query)
    clear = query[: _QUOTE.search(query).start()] + "'" if escaped else query  # type: ignore[union-attr]
    shape = _LITERAL.sub(lambda match: " " if match["comment"] else "?", clear)
    return f"{scrub(' '.join(shape.split()))} (sha256 {digest})"


def without_values(text: str, query: str) -> str:
    """What a database says of a query, with ``?`` for each value of it that stands in quotes.

    Args:
        text: What it says, such as ``invalid input syntax for type integer: "east"``.
        query: The query.
    """
    for found in _LITERAL.finditer(query):
        value = _IN_QUOTES.search(found["quoted"] or "")
        if value:
            for mark in ("'", '"'):
                text = text.replace(f"{mark}{value['text']}{mark}", "?")
    return text
