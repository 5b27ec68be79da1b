"""The settings command: every setting with its value and where it comes from."""

from __future__ import annotations

from forecastctl.cli import flags
from forecastctl.cli.compose import open_session
from forecastctl.cli.output import render


def settings(
    config: flags.Config = None,
    as_json: flags.AsJson = False,
) -> None:
    """Show every setting and where it comes from."""
    session = open_session(settings, locals())
    rows = [
        {"setting": name, "value": value, "origin": origin}
        for name, value, origin in session.settings.items()
    ]
    if session.as_json:
        render.print_json(rows)
    else:
        render.print_rows(rows, "")
