"""docs/reference/explain.schema.json, from the values that explain answers with."""

from __future__ import annotations

import inspect
import json
import re
import types
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from forecastctl.explain.values import Answer
from forecastctl.explain.values.form import key_of

DIALECT = "https://json-schema.org/draft/2020-12/schema"
SIMPLE: dict[Any, dict[str, Any]] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    float: {"type": "number"},
    bool: {"type": "boolean"},
    type(None): {"type": "null"},
    Any: {},
}
ATTRIBUTE = re.compile(r"^    (\w+): (.*)$")


def page() -> str:
    """The schema as text."""
    return json.dumps(schema(), indent=2) + "\n"


def schema() -> dict[str, Any]:
    """JSON schema of the whole answer; keys that it does not name may be added later."""
    named: dict[str, dict[str, Any]] = {}
    whole = _object(Answer, named)
    note = "Made by 'make docs' from forecastctl/explain/values. Do not edit."
    return (
        {"$schema": DIALECT, "$comment": note, "title": "The JSON of explain"}
        | whole
        | {"$defs": dict(sorted(named.items()))}
    )


def _object(kind: type, named: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Schema of a dataclass; those that it is made of go into ``named``."""
    hints, said = get_type_hints(kind), meanings(kind)
    properties, required = {}, []
    for field in fields(kind):
        how = field.metadata.get("json")
        if how == "hidden":
            continue
        one = _schema(hints[field.name], named)
        if how == "empty":
            nothing = {"type": "object", "maxProperties": 0}
            one = {"anyOf": [_schema(get_args(hints[field.name])[0], named), nothing]}
        if how == "left out":
            one = _schema(get_args(hints[field.name])[0], named)
        else:
            required.append(key_of(field))
        properties[key_of(field)] = {"description": said[field.name], **one}
    return {
        "description": purpose(kind),
        "type": "object",
        "properties": properties,
        "required": required,
    }


def _schema(hint: Any, named: dict[str, dict[str, Any]]) -> dict[str, Any]:
    if hint in SIMPLE:
        return SIMPLE[hint]
    if is_dataclass(hint) and isinstance(hint, type):
        if hint.__name__ not in named:
            named[hint.__name__] = _object(hint, named)
        return {"$ref": f"#/$defs/{hint.__name__}"}
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Literal:
        return {"enum": list(arguments)}
    if origin in (Union, types.UnionType):
        return _either([_schema(one, named) for one in arguments])
    if origin is tuple:
        return {"type": "array", "items": _schema(arguments[0], named)}
    if origin is Mapping:
        return {"type": "object", "additionalProperties": _schema(arguments[1], named)}
    message = f"no JSON schema for {hint}"
    raise SystemExit(message)


def _either(schemas: list[dict[str, Any]]) -> dict[str, Any]:
    """One of several: several types, where they are no more than that."""
    if all(set(one) == {"type"} for one in schemas):
        return {"type": [one["type"] for one in schemas]}
    return {"anyOf": schemas}


def purpose(kind: type) -> str:
    """First paragraph of a class's docstring."""
    return _plain((inspect.getdoc(kind) or "").split("\n\n")[0])


def meanings(kind: type) -> dict[str, str]:
    """What each field means, from the section ``Attributes`` of the docstring."""
    text = (inspect.getdoc(kind) or "").partition("\nAttributes:\n")[2].split("\n\n")[0]
    said: dict[str, str] = {}
    for line in text.splitlines():
        start = ATTRIBUTE.match(line)
        if start:
            name, said[start[1]] = start[1], start[2]
        else:
            said[name] += f" {line.strip()}"
    missing = [field.name for field in fields(kind) if field.name not in said]
    if missing:
        message = f"{kind.__name__} does not say what {', '.join(missing)} means"
        raise SystemExit(message)
    return {name: _plain(meaning) for name, meaning in said.items()}


def _plain(text: str) -> str:
    """Text of a docstring in Markdown, with values as JSON has them."""
    return " ".join(text.replace("``None``", "``null``").replace("``", "`").split())
