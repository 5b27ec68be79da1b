"""Whether an answer of explain is as docs/reference/explain.schema.json says."""

import json
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SCHEMA = json.loads((ROOT / "docs/reference/explain.schema.json").read_text(encoding="utf-8"))
TYPES = {
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "array": list,
    "object": dict,
    "null": type(None),
}


def answered(explanation):
    """The JSON of an answer, after it was held against the schema."""
    found = json.loads(json.dumps(explanation.answer.to_dict()))
    assert list(faults(found)) == []
    return found


def faults(value, schema=SCHEMA, where="answer"):
    """Where a value is not as the schema says; a key that the schema does not name is a fault."""
    if "$ref" in schema:
        yield from faults(value, SCHEMA["$defs"][schema["$ref"].rpartition("/")[2]], where)
    if "anyOf" in schema and all(any(faults(value, one, where)) for one in schema["anyOf"]):
        yield f"{where} is none of several: {value!r}"
    if "enum" in schema and value not in schema["enum"]:
        yield f"{where} is {value!r}, not one of {schema['enum']}"
    if "type" in schema and not any(_is(value, kind) for kind in _listed(schema["type"])):
        yield f"{where} is {value!r}, not {schema['type']}"
    elif isinstance(value, dict):
        yield from _faults_of_object(value, schema, where)
    elif isinstance(value, list) and "items" in schema:
        for at, one in enumerate(value):
            yield from faults(one, schema["items"], f"{where}[{at}]")


def _faults_of_object(value, schema, where):
    if len(value) > schema.get("maxProperties", len(value)):
        yield f"{where} holds keys: {sorted(value)}"
    named = schema.get("properties", {})
    for key in set(schema.get("required", ())) - value.keys():
        yield f"{where} lacks {key}"
    for key, one in value.items():
        if key in named or "additionalProperties" in schema:
            yield from faults(
                one, named.get(key, schema.get("additionalProperties")), f"{where}.{key}"
            )
        elif named:
            yield f"{where}.{key} is not in the schema"


def _listed(kinds):
    return [kinds] if isinstance(kinds, str) else kinds


def _is(value, kind):
    """JSON has no number among its booleans, as Python does."""
    return isinstance(value, TYPES[kind]) and (kind == "boolean" or not isinstance(value, bool))
