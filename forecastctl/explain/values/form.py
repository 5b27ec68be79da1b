"""How the values of an answer become JSON: each field is a key, in the order of its class."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import Field, fields, is_dataclass
from typing import Any

HIDDEN = {"json": "hidden"}
"""Metadata of a field that is no key of the JSON."""

LEFT_OUT = {"json": "left out"}
"""Metadata of a field whose key is left out where the value is ``None``."""

EMPTY = {"json": "empty"}
"""Metadata of a field that is an empty object where the value is ``None``."""


def key_of(field: Field[Any]) -> str:
    """The key of a field: its name, without the underscore that Python's own words need."""
    return field.name.rstrip("_")


def plain(value: Any) -> Any:
    """A value as JSON has it: objects for dataclasses and mappings, lists for tuples."""
    if is_dataclass(value):
        return dict(_pairs(value))
    if isinstance(value, Mapping):
        return {key: plain(one) for key, one in value.items()}
    if isinstance(value, tuple | list):
        return [plain(one) for one in value]
    return value


def _pairs(value: Any) -> list[tuple[str, Any]]:
    pairs = []
    for field in fields(value):
        one, kind = getattr(value, field.name), field.metadata.get("json")
        if kind == "hidden" or (kind == "left out" and one is None):
            continue
        pairs.append((key_of(field), {} if kind == "empty" and one is None else plain(one)))
    return pairs
