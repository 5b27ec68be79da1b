"""What can be set, described: for the screen, for editors, for the reference. Pure."""

from __future__ import annotations

import json
import re
import textwrap
from typing import TYPE_CHECKING, Any, Final

from forecastctl.errors import UsageError
from forecastctl.hints import did_you_mean
from forecastctl.settings.meanings import MEANINGS
from forecastctl.settings.sections import SECTIONS, Settings

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

DIALECT: Final = "http://json-schema.org/draft-07/schema#"
"""What editors of TOML understand."""
WIDTH: Final = 96
_LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)")
_BOUNDS: Final = {"minimum": "at least", "exclusiveMinimum": "above", "maximum": "at most"}
_KINDS: Final = {
    "string": "text",
    "integer": "whole number",
    "number": "number",
    "boolean": "yes/no",
    "object": "table",
}


def sections() -> dict[str, dict[str, Any]]:
    """JSON schema of each section, in the order of the settings file."""
    schema = Settings.model_json_schema()["$defs"]
    return {name: schema[name.capitalize()] for name in SECTIONS}


def names() -> list[str]:
    """Every setting as ``section.key``."""
    return [
        f"{name}.{key}" for name, section in sections().items() for key in section["properties"]
    ]


def schema_of(name: str) -> dict[str, Any]:
    """JSON schema of one setting, with its default."""
    section, _, key = name.partition(".")
    found: dict[str, Any] = sections()[section]["properties"][key]
    return found


def meaning(name: str) -> str:
    """What a setting means, in plain text: one or a few sentences."""
    return _LINK.sub(r"\1", MEANINGS[name]).replace("`", "'")


def find(asked: str, flags: Mapping[str, Iterable[str]]) -> str:
    """The setting that a name means: its own, its key alone, its variable or its flag.

    Args:
        asked: What was typed.
        flags: Flags by setting.

    Raises:
        UsageError: There is none, or the key stands in several sections.
    """
    known = names()
    by_other = {variable(name): name for name in known}
    by_other |= {flag: name for name, given in flags.items() for flag in given}
    by_key = [name for name in known if name.partition(".")[2] == asked]
    if asked in known:
        return asked
    if asked in by_other:
        return by_other[asked]
    if len(by_key) == 1:
        return by_key[0]
    if by_key:
        raise UsageError(
            f"'{asked}' stands in several sections.", f"Name one of {', '.join(by_key)}."
        )
    keys = [name.partition(".")[2] for name in known]
    raise UsageError(
        f"There is no setting '{asked}'.",
        did_you_mean(asked, [*known, *by_other, *keys]) or "'forecastctl settings' lists all.",
    )


def variable(name: str) -> str:
    """The environment variable of a setting."""
    section, _, key = name.partition(".")
    return f"FORECASTCTL_{section.upper()}__{key.upper()}"


def kind_of(schema: Mapping[str, Any], *, code: bool = False) -> str:
    """The type of a setting in words, with its bounds.

    Args:
        schema: Its JSON schema.
        code: Whether values are set as code.
    """
    kinds = schema.get("anyOf", [schema])
    return _one_kind(next(k for k in kinds if k.get("type") != "null"), "`" if code else "")


def _one_kind(kind: Mapping[str, Any], mark: str) -> str:
    if "enum" in kind:
        return ", ".join(f"{mark}{v}{mark}" for v in kind["enum"])
    if kind["type"] == "array":
        return f"list of: {_one_kind(kind['items'], mark)}"
    limits = [f"{words} {kind[b]:g}" for b, words in _BOUNDS.items() if b in kind]
    return ", ".join([_KINDS[kind["type"]], *limits])


def toml(value: Any) -> str:
    """A value as it is written in TOML."""
    return json.dumps(value, ensure_ascii=False)


def json_schema() -> dict[str, Any]:
    """JSON schema of ``forecastctl.toml``, for editors that complete and check what is typed."""
    properties: dict[str, Any] = {}
    for name, section in sections().items():
        keys = {
            key: {**_described(schema), "description": meaning(f"{name}.{key}")}
            for key, schema in section["properties"].items()
        }
        properties[name] = {
            "type": "object",
            "description": section["description"],
            "properties": keys,
            "additionalProperties": False,
        }
    listed = {**properties["events"]["properties"]["list"], "description": "One table each."}
    properties["events"] = {"anyOf": [listed, properties["events"]]}
    return {
        "$schema": DIALECT,
        "title": "forecastctl.toml",
        "type": "object",
        "properties": properties,
        "additionalProperties": False,
    }


def _described(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The schema of a key in TOML, which has no null: what is not set is not there."""
    kinds = [kind for kind in schema.get("anyOf", [schema]) if kind.get("type") != "null"]
    found = dict(kinds[0]) if len(kinds) == 1 else {"anyOf": kinds}
    found.pop("title", None)
    if schema.get("default") is None:
        found.pop("default", None)
    else:
        found["default"] = schema["default"]
    return found


def settings_file(values: Mapping[str, Any], shown: Iterable[str], said: Iterable[str]) -> str:
    """A settings file with comments.

    Args:
        values: What is set, by ``section.key``.
        shown: Settings that are there with their default, as a comment, for whoever looks for them.
        said: What stands above all, a line each.
    """
    lines = [f"# {line}".rstrip() for line in said]
    wanted = [*values, *shown]
    for section in SECTIONS:
        found = [name for name in names() if name in wanted and name.startswith(f"{section}.")]
        if not found:
            continue
        lines += ["", f"[{section}]"]
        for name in found:
            lines += [f"# {line}" for line in textwrap.wrap(meaning(name), WIDTH)]
            key = name.partition(".")[2]
            if name in values:
                lines.append(f"{key} = {toml(values[name])}")
            else:
                default = schema_of(name)["default"]
                lines.append(f"# {key} = {'...' if default is None else toml(default)}")
    return "\n".join(lines) + "\n"
