"""docs/reference/settings.md, from forecastctl.settings and the flags of the commands."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import typer

from docs._tools.meanings import MEANINGS
from forecastctl.cli.app import app
from forecastctl.cli.options import settings_of
from forecastctl.settings import SECTIONS, Settings

if TYPE_CHECKING:
    from collections.abc import Mapping

NOTE = "<!-- Made by 'make docs' from forecastctl/settings. Do not edit. -->\n"
INTRO = """# Settings

Every setting can be given in three places. Later ones win:

1. `forecastctl.toml` in the working directory, or the file that `--config` or
   `FORECASTCTL_CONFIG` names;
2. the environment;
3. a flag, where there is one.

`forecastctl settings` shows every setting with its value and where it came from. An unknown key is
an error, with the nearest known one as a suggestion. The example
[forecastctl.toml](../../examples/forecastctl.toml) holds all of them with comments.

- Relative paths in `forecastctl.toml` are relative to that file, so that the working directory of
  cron does not matter. Relative paths in the environment and in flags are relative to the working
  directory.
- A list in the environment is separated by commas: `FORECASTCTL_FORECAST__LEVEL=80,95`.
- `MLFLOW_TRACKING_URI` and `MLFLOW_EXPERIMENT_NAME` are honoured; the names below win over them.
- Secrets are replaced by `***` wherever settings are shown or recorded
  ([which](../how-to/tracking-stores.md#secrets)).
"""


def page() -> str:
    """The whole page."""
    schema = Settings.model_json_schema()["$defs"]
    sections = [schema[name.capitalize()] for name in SECTIONS]
    _check_complete(dict(zip(SECTIONS, sections, strict=True)))
    flags = _flags()
    parts = [_section(n, s, flags) for n, s in zip(SECTIONS, sections, strict=True)]
    return "\n".join([NOTE + INTRO, *parts])


def _check_complete(sections: Mapping[str, Any]) -> None:
    """Every key has a meaning, and every meaning a key."""
    keys = {f"{name}.{key}" for name, section in sections.items() for key in section["properties"]}
    wrong = keys ^ set(MEANINGS)
    if wrong:
        message = f"docs/_tools/meanings.py is out of step: {', '.join(sorted(wrong))}"
        raise SystemExit(message)


def _flags() -> dict[str, str]:
    """Flag by the setting that it overrides, as the commands spell it."""
    root: Any = typer.main.get_command(app)
    found: dict[str, str] = {}
    for command in root.commands.values():
        settings = settings_of(command.callback)
        for param in command.params:
            if param.name in settings:
                names = [max(param.opts, key=len), *param.secondary_opts]
                found[settings[param.name]] = ", ".join(f"`{name}`" for name in names)
    return found


def _section(name: str, section: Mapping[str, Any], flags: Mapping[str, str]) -> str:
    text = f"## [{name}]\n\n{section['description']}\n\n"
    text += "| key | type | default | environment | flag | meaning |\n"
    text += "| --- | --- | --- | --- | --- | --- |\n"
    for key, schema in section["properties"].items():
        setting = f"{name}.{key}"
        environment = f"`FORECASTCTL_{name.upper()}__{key.upper()}`"
        cells = [f"`{key}`", _type(schema), _default(schema["default"]), environment]
        cells += [flags.get(setting, ""), MEANINGS[setting]]
        text += f"| {' | '.join(cells)} |\n"
    return text


def _type(schema: Mapping[str, Any]) -> str:
    """The type in words, with its bounds."""
    kinds = schema.get("anyOf", [schema])
    return _one_type(next(k for k in kinds if k.get("type") != "null"))


def _one_type(kind: Mapping[str, Any]) -> str:
    if "enum" in kind:
        return ", ".join(f"`{v}`" for v in kind["enum"])
    if kind["type"] == "array":
        return f"list of: {_one_type(kind['items'])}"
    names = {"string": "text", "integer": "whole number", "number": "number", "boolean": "yes/no"}
    bounds = {"minimum": "at least", "exclusiveMinimum": "above", "maximum": "at most"}
    limits = [f"{words} {kind[b]:g}" for b, words in bounds.items() if b in kind]
    return ", ".join([names[kind["type"]], *limits])


def _default(value: Any) -> str:
    """The default as it would be written in TOML."""
    return "not set" if value is None else f"`{json.dumps(value)}`"
