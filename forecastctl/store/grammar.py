"""MLflow's filter language for runs, read without MLflow.

A filter is a list of predicates joined by AND; the language has no OR and no parentheses around
predicates. A predicate is a key, a comparison and a value::

    metrics.loss < 1.2 AND params.`max evals` = '15' AND tags.airport LIKE 'J%'
    status = 'FINISHED' AND start_time >= 1700000000000 AND run_id IN ('a', 'b')

What is accepted here is a subset of what MLflow 3 accepts, with the same meaning.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TypeAlias

from forecastctl.errors import UsageError

Value: TypeAlias = str | float | tuple[str, ...] | None

METRICS, PARAMS, TAGS, ATTRIBUTES = "metrics", "params", "tags", "attributes"
_KINDS = {
    **dict.fromkeys(("metric", "metrics"), METRICS),
    **dict.fromkeys(("param", "params", "parameter", "parameters"), PARAMS),
    **dict.fromkeys(("tag", "tags"), TAGS),
    **dict.fromkeys(("attribute", "attributes", "attr", "run"), ATTRIBUTES),
}
MOST_PREDICATES = 50
"""Each is a table that the database joins; SQLite joins 64 at most."""
_DIGITS = 18
_SHOWN = 200
NUMERIC_ATTRIBUTES = ("start_time", "end_time")
_ATTRIBUTES = ("status", "run_name", "run_id", *NUMERIC_ATTRIBUTES)
_ALIASES = {"created": "start_time", "Created": "start_time"}

_NUMERIC = ("=", "!=", ">", ">=", "<", "<=")
_TEXT = ("=", "!=", "LIKE", "ILIKE")
NULL_TESTS = ("IS NULL", "IS NOT NULL")
_LIST = ("IN", "NOT IN")

_SPACE = re.compile(r"\s*")
_NAME = re.compile(r"[^\W\d]\w*")
_KEY = re.compile(r"\.(?:`([^`]+)`|\"([^\"]+)\"|([^\W\d]\w*(?:\.[^\W\d]\w*)*))")
_OPERATOR = re.compile(
    r"(?:>=|<=|!=|=|>|<)(?![=<>!])|(?:NOT\s+IN|IN|I?LIKE|IS\s+NOT\s+NULL|IS\s+NULL)\b",
    re.IGNORECASE,
)
_STRING = re.compile(r"'([^']*)'|\"([^\"]*)\"")
_NUMBER = re.compile(r"-?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE]-?\d+)?(?![\w.])")
_AND = re.compile(r"AND\b", re.IGNORECASE)
_ORDER = re.compile(r"(?:ASC|DESC)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Predicate:
    """One comparison.

    Attributes:
        kind: ``metrics``, ``params``, ``tags`` or ``attributes``.
        key: Name of the metric, parameter, tag or attribute.
        op: ``= != > >= < <= LIKE ILIKE IN``, ``NOT IN``, ``IS NULL`` or ``IS NOT NULL``.
        value: Number, text, list of texts for IN, ``None`` for the null tests.
    """

    kind: str
    key: str
    op: str
    value: Value = None


@dataclass(frozen=True, slots=True)
class Order:
    """What runs are sorted by."""

    kind: str
    key: str
    ascending: bool


class _Scanner:
    """Reads one pattern after the other and points at what it cannot read."""

    def __init__(self, text: str, what: str) -> None:
        self.text = text
        self.what = what
        self.at = 0

    def skip(self) -> None:
        match = _SPACE.match(self.text, self.at)
        self.at = match.end() if match else self.at

    def take(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        match = pattern.match(self.text, self.at)
        if match:
            self.at = match.end()
        return match

    def done(self) -> bool:
        self.skip()
        return self.at >= len(self.text)

    def error(self, expected: str, at: int | None = None) -> UsageError:
        at = self.at if at is None else at
        rest = self.text[at : at + 40]
        place = f"at {rest!r} (character {at + 1})" if rest.strip() else "at its end"
        long = len(self.text) > _SHOWN
        shown = f"{self.text[:_SHOWN]}\N{HORIZONTAL ELLIPSIS}" if long else self.text
        return UsageError(
            f"The {self.what} {shown!r} cannot be understood {place}: {expected}.",
            "Filters are MLflow's: metrics.loss < 1.2 AND tags.airport = 'JFK'; "
            "orders are such as 'start_time DESC' or 'metrics.loss ASC'.",
        )


def parse_filter(text: str) -> tuple[Predicate, ...]:
    """Predicates of a filter; none for an empty one.

    Raises:
        UsageError: It is not in the language; the message points at the first bad part.
    """
    scanner = _Scanner(text, "filter")
    predicates: list[Predicate] = []
    while not scanner.done():
        if predicates:
            at = scanner.at
            if not scanner.take(_AND):
                raise scanner.error(_after_predicate(text, at))
            scanner.skip()
        if len(predicates) == MOST_PREDICATES:
            raise scanner.error(f"there are more than {MOST_PREDICATES} predicates")
        predicates.append(_predicate(scanner))
    return tuple(predicates)


def parse_order(text: str) -> Order:
    """What a sort clause says; ascending unless it says DESC.

    Raises:
        UsageError: It is not a sort clause.
    """
    scanner = _Scanner(text, "order")
    scanner.skip()
    kind, key = _identifier(scanner)
    scanner.skip()
    direction = scanner.take(_ORDER)
    if not scanner.done():
        raise scanner.error("expected ASC, DESC or nothing after the key")
    return Order(kind, key, direction is None or direction.group().upper() == "ASC")


def _after_predicate(text: str, at: int) -> str:
    if re.match(r"OR\b", text[at:], re.IGNORECASE):
        return "MLflow's filter language has no OR, only AND"
    if text[at - 1 : at] in ("'", '"') and text[at : at + 1] == text[at - 1 : at]:
        return "a quote cannot be doubled; put the text in the other kind of quotes"
    return "expected AND"


def _identifier(scanner: _Scanner) -> tuple[str, str]:
    start = scanner.at
    name = scanner.take(_NAME)
    if not name:
        raise scanner.error("expected a key such as metrics.loss, params.family, tags.airport")
    word = name.group()
    key = scanner.take(_KEY)
    if key is None:
        return ATTRIBUTES, _attribute(scanner, word, start)
    if word not in _KINDS:
        raise scanner.error(
            f"a key starts with metrics, params, tags or attributes, not {word!r}", start
        )
    text = str(next(g for g in key.groups() if g is not None))
    kind = _KINDS[word]
    return kind, _attribute(scanner, text, start) if kind == ATTRIBUTES else text


def _attribute(scanner: _Scanner, name: str, start: int) -> str:
    if scanner.text[scanner.at : scanner.at + 1] == ".":
        raise scanner.error("expected a key after the dot, in backticks if it is not a plain word")
    name = _ALIASES.get(name, name)
    if name not in _ATTRIBUTES:
        raise scanner.error(
            f"{name!r} is not an attribute of a run (those are {', '.join(_ATTRIBUTES)}); "
            "write metrics., params. or tags. before other keys",
            start,
        )
    return name


def _operators(kind: str, key: str) -> tuple[str, ...]:
    if kind == METRICS or (kind == ATTRIBUTES and key in NUMERIC_ATTRIBUTES):
        return _NUMERIC
    if kind == ATTRIBUTES:
        return (*_TEXT, *_LIST) if key == "run_id" else _TEXT
    return (*_TEXT, *NULL_TESTS)


def _predicate(scanner: _Scanner) -> Predicate:
    kind, key = _identifier(scanner)
    scanner.skip()
    start = scanner.at
    allowed = _operators(kind, key)
    found = scanner.take(_OPERATOR)
    op = " ".join(found.group().upper().split()) if found else ""
    if op not in allowed:
        raise scanner.error(f"expected one of {', '.join(allowed)} after {kind}.{key}", start)
    if op in NULL_TESTS:
        return Predicate(kind, key, op)
    scanner.skip()
    if op in _LIST:
        return Predicate(kind, key, op, _texts(scanner))
    if allowed is _NUMERIC:
        return Predicate(kind, key, op, _number(scanner, f"{kind}.{key}"))
    return Predicate(kind, key, op, _string(scanner, f"{kind}.{key}"))


def _number(scanner: _Scanner, key: str) -> float:
    number = scanner.take(_NUMBER)
    if not number:
        raise scanner.error(f"{key} is compared with a number without quotes")
    text = number.group()
    # No database takes a whole number of more digits than 64 bits have.
    whole = text.lstrip("-").isdigit() and len(text) <= _DIGITS
    return int(text) if whole else float(text)


def _string(scanner: _Scanner, key: str) -> str:
    string = scanner.take(_STRING)
    if not string:
        raise scanner.error(f"{key} is compared with a text in single or double quotes")
    return str(next(g for g in string.groups() if g is not None))


def _texts(scanner: _Scanner) -> tuple[str, ...]:
    opened, comma, closed = (re.compile(re.escape(c)) for c in "(,)")
    if not scanner.take(opened):
        raise scanner.error("expected a list in parentheses, such as ('a', 'b')")
    texts: list[str] = []
    while True:
        scanner.skip()
        texts.append(_string(scanner, "each element of the list"))
        scanner.skip()
        if scanner.take(closed):
            return tuple(texts)
        if not scanner.take(comma):
            raise scanner.error("expected ',' or ')' in the list")
