"""The settings command: every setting with its value and where it comes from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer  # noqa: TC002 - it is read when the command is made

from forecastctl.cli import flags
from forecastctl.cli.compose import open_session
from forecastctl.cli.output import render

if TYPE_CHECKING:
    from forecastctl.cli.compose import Session


def settings(
    context: typer.Context,
    explain: flags.output.ExplainedSetting = None,
    schema: flags.output.SettingsSchema = False,
    config: flags.output.Config = None,
    as_json: flags.output.AsJson = False,
) -> None:
    """Show every setting and where it comes from."""
    if schema:
        from forecastctl.settings.described import json_schema

        render.print_json(json_schema())
        return
    session = open_session(settings, locals())
    if explain is not None:
        _explain(session, explain, context)
        return
    rows = [
        {"setting": name, "value": value, "origin": origin}
        for name, value, origin in session.settings.items()
    ]
    if session.as_json:
        render.print_json(rows)
    else:
        render.print_rows(rows, "")


def _explain(session: Session, asked: str, context: typer.Context) -> None:
    """Say all about one setting."""
    from forecastctl.cli.options import flags_by_setting
    from forecastctl.settings import described

    flags_of = flags_by_setting(context.find_root().command)
    name = described.find(asked, flags_of)
    schema = described.schema_of(name)
    value, origin = next((v, o) for n, v, o in session.settings.items() if n == name)
    section, _, key = name.partition(".")
    default = schema["default"]
    found = {
        "setting": name,
        "meaning": described.meaning(name),
        "value": value,
        "origin": origin,
        "type": described.kind_of(schema),
        "default": default,
        "environment": described.variable(name),
        "flags": flags_of.get(name, []),
    }
    if session.as_json:
        render.print_json(found)
        return
    render.print_line(found["meaning"])
    lines = {
        "value": f"{described.toml(value) if value is not None else 'not set'} ({origin})",
        "type": found["type"],
        "default": "not set" if default is None else described.toml(default),
        "file": f"{key} = ... in [{section}]",
        "environment": found["environment"],
        "flag": ", ".join(found["flags"]) or "none",
    }
    for what, text in lines.items():
        render.print_line(f"  {what:<12} {text}")
