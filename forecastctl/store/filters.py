"""MLflow's filters and orders, evaluated on runs in memory."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from forecastctl.records.failures import storable
from forecastctl.store.grammar import (
    ATTRIBUTES,
    METRICS,
    NULL_TESTS,
    PARAMS,
    TAGS,
    Order,
    Predicate,
    Value,
    parse_filter,
    parse_order,
)
from forecastctl.store.limits import MAX_PARAM, MAX_TAG

if TYPE_CHECKING:
    from collections.abc import Iterable

    from forecastctl.records import Query, StoredRun

PARENT_TAG = "mlflow.parentRunId"
NAME_TAG = "mlflow.runName"

__all__ = [
    "NAME_TAG",
    "PARENT_TAG",
    "Order",
    "Predicate",
    "conditions",
    "like",
    "matches",
    "order",
    "parse_filter",
    "parse_order",
]


def conditions(query: Query) -> tuple[Predicate, ...]:
    """Everything that a query asks of a run, as predicates.

    A text that no store can hold is looked for as the store holds it.

    Raises:
        UsageError: Its filter cannot be understood.
    """
    wanted = [Predicate(TAGS, str(key), "=", value) for key, value in query.tags.items()]
    if query.parent_id is not None:
        wanted.append(Predicate(TAGS, PARENT_TAG, "=", query.parent_id))
    if query.status is not None:
        wanted.append(Predicate(ATTRIBUTES, "status", "=", query.status))
    if query.since_ms is not None:
        wanted.append(Predicate(ATTRIBUTES, "start_time", ">=", query.since_ms))
    if query.before_ms is not None:
        wanted.append(Predicate(ATTRIBUTES, "start_time", "<", query.before_ms))
    return tuple(map(_as_stored, (*wanted, *parse_filter(query.filter or ""))))


def _as_stored(p: Predicate) -> Predicate:
    if isinstance(p.value, str):
        limits = {TAGS: MAX_TAG, PARAMS: MAX_PARAM} if p.op in ("=", "!=") else {}
        return replace(p, value=storable(p.value, limits.get(p.kind)))
    if isinstance(p.value, tuple):
        return replace(p, value=tuple(map(storable, p.value)))
    return p


def like(pattern: str, *, ignore_case: bool = False) -> re.Pattern[str]:
    """Regular expression of a LIKE pattern: ``%`` any text, ``_`` any character."""
    wild = {"%": ".*", "_": "."}
    body = "".join(wild.get(c) or re.escape(c) for c in pattern)
    return re.compile(body, re.DOTALL | (re.IGNORECASE if ignore_case else 0))


def matches(run: StoredRun, p: Predicate) -> bool:
    """Whether a run meets a predicate.

    A run without the key meets no comparison, not even ``!=``. NaN meets ``!=`` alone.
    """
    actual = _value(run, p.kind, p.key)
    if p.op in NULL_TESTS:
        return (actual is None) == (p.op == "IS NULL")
    if actual is None:
        return False
    if isinstance(p.value, tuple):
        return (actual in p.value) == (p.op == "IN")
    if p.op in ("LIKE", "ILIKE"):
        pattern = like(str(p.value), ignore_case=p.op == "ILIKE")
        return pattern.fullmatch(str(actual)) is not None
    return _compare(actual, p.op, p.value)


def _compare(actual: str | float, op: str, value: Value) -> bool:
    if op == "=":
        return actual == value
    if op == "!=":
        return actual != value
    if isinstance(actual, str) or not isinstance(value, (int, float)):
        return False
    order = {">": actual > value, ">=": actual >= value, "<": actual < value}
    return order.get(op, actual <= value)


def _value(run: StoredRun, kind: str, key: str) -> str | float | None:
    if kind == METRICS:
        return run.metrics.get(key)
    if kind == PARAMS:
        return run.params.get(key)
    if kind == TAGS:
        system = {NAME_TAG: run.name, PARENT_TAG: run.parent_id}
        return system.get(key) or run.tags.get(key)
    attributes: dict[str, str | float | None] = {
        "status": run.status,
        "run_name": run.name,
        "run_id": run.run_id,
        "start_time": run.start_ms,
        "end_time": run.end_ms,
    }
    return attributes[key]


def order(runs: Iterable[StoredRun], order_by: str) -> list[StoredRun]:
    """Runs sorted by a clause, then newest first, then by id.

    Runs without the key come last in either direction, before them those where it is NaN.

    Raises:
        UsageError: The clause cannot be understood.
    """
    by = parse_order(order_by)
    result = sorted(sorted(runs, key=lambda r: r.run_id), key=lambda r: -r.start_ms)
    known: list[tuple[Any, StoredRun]] = []
    nan: list[StoredRun] = []
    missing: list[StoredRun] = []
    for run in result:
        value = _value(run, by.kind, by.key)
        if value is None:
            missing.append(run)
        elif isinstance(value, float) and math.isnan(value):
            nan.append(run)
        else:
            known.append((value, run))
    known.sort(key=itemgetter(0), reverse=not by.ascending)
    return [*(run for _, run in known), *nan, *missing]
