"""docs/reference/settings.md, from forecastctl.settings and the flags of the commands."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import typer

from forecastctl.cli.app import app
from forecastctl.cli.options import flags_by_setting
from forecastctl.settings.described import json_schema, kind_of, sections, toml
from forecastctl.settings.meanings import MEANINGS

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
    found = sections()
    _check_complete(found)
    flags = {
        name: ", ".join(f"`{flag}`" for flag in own)
        for name, own in flags_by_setting(typer.main.get_command(app)).items()
    }
    parts = [_section(name, section, flags) for name, section in found.items()]
    return "\n".join([NOTE + INTRO, *parts])


def _check_complete(sections: Mapping[str, Any]) -> None:
    """Every key has a meaning, and every meaning a key."""
    keys = {f"{name}.{key}" for name, section in sections.items() for key in section["properties"]}
    wrong = keys ^ set(MEANINGS)
    if wrong:
        message = f"forecastctl/settings/meanings.py is out of step: {', '.join(sorted(wrong))}"
        raise SystemExit(message)


def _section(name: str, section: Mapping[str, Any], flags: Mapping[str, str]) -> str:
    text = f"## [{name}]\n\n{section['description']}\n\n"
    first = f"`FORECASTCTL_{name.upper()}__{next(iter(section['properties'])).upper()}`"
    text += f"In the environment: {first} and so on, the key in capitals.\n\n"
    text += "| key | type | default | flag | meaning |\n"
    text += "| --- | --- | --- | --- | --- |\n"
    for key, schema in section["properties"].items():
        setting = f"{name}.{key}"
        cells = [f"`{key}`", kind_of(schema, code=True), _default(schema["default"])]
        cells += [flags.get(setting, ""), MEANINGS[setting]]
        text += f"| {' | '.join(cells)} |\n"
    return text


def _default(value: Any) -> str:
    """The default as it would be written in TOML."""
    return "not set" if value is None else f"`{toml(value)}`"


def schema() -> str:
    """docs/reference/settings.schema.json."""
    return json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n"
