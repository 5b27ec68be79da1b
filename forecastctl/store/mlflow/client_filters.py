"""Queries in the words that MLflow's client takes."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from forecastctl.store.filters import conditions, parse_order
from forecastctl.store.grammar import ATTRIBUTES, METRICS

if TYPE_CHECKING:
    from forecastctl.records import Query
    from forecastctl.store.filters import Predicate


def render_filter(query: Query) -> tuple[str, tuple[Predicate, ...]]:
    """MLflow's filter for a query, and the predicates to be checked on what it answers.

    MLflow's language has no escapes: a text with both kinds of quotes, or with a backslash at its
    end, cannot be written. And some versions of MLflow take a metric that is NaN for zero.

    Raises:
        UsageError: The query's own filter cannot be understood.
    """
    said: list[str] = []
    check: list[Predicate] = []
    for predicate in conditions(query):
        text = _render(predicate)
        if text is not None:
            said.append(text)
        if text is None or predicate.kind == METRICS:
            check.append(predicate)
    return " AND ".join(said), tuple(check)


def render_order(query: Query) -> str:
    """MLflow's sort clause for a query.

    Raises:
        UsageError: The query's order cannot be understood.
    """
    by = parse_order(query.order_by)
    return f"{by.kind}.`{by.key}` {'ASC' if by.ascending else 'DESC'}"


def _render(p: Predicate) -> str | None:
    if "`" in p.key:
        return None
    left = f"{p.kind}.`{p.key}` {p.op}"
    if p.value is None:
        return left
    if isinstance(p.value, (int, float)):
        # Never an exponent: MLflow's parser does not take all of them.
        whole = p.kind == ATTRIBUTES and float(p.value).is_integer()
        return f"{left} {Decimal(repr(int(p.value) if whole else p.value)):f}"
    if isinstance(p.value, str):
        text = _quote(p.value)
        return None if text is None else f"{left} {text}"
    texts = [_quote(text) for text in p.value]
    return None if None in texts else f"{left} ({', '.join(map(str, texts))})"


def _quote(text: str) -> str | None:
    if text.endswith("\\"):
        return None
    if "'" not in text:
        return f"'{text}'"
    return None if '"' in text else f'"{text}"'
