"""docs/reference/cli.md, from the commands themselves."""

from __future__ import annotations

from typing import Any

import typer

from forecastctl.api.named import settings_of
from forecastctl.cli.app import app

NOTE = "<!-- Made by 'make docs' from the commands. Do not edit. -->\n"
INTRO = """# Command line

Every command, argument and option, as `--help` prints them. A flag that overrides a setting names
it; the setting can also be given in `forecastctl.toml` or in the environment
([settings](settings.md)). Results go to stdout, everything else to stderr. The exit codes have
[their own page](exit-codes.md).

`forecastctl` and `python -m forecastctl` are the same command.
"""


def page() -> str:
    """The whole page."""
    root: Any = typer.main.get_command(app)
    names = list(root.commands)
    listed = "\n".join(
        f"| [`{name}`](#forecastctl-{name}) | {root.commands[name].help} |" for name in names
    )
    overview = f"| command | what it does |\n| --- | --- |\n{listed}\n"
    general = "## Options without a command\n\n" + _table(root.params, {})
    parts = [NOTE + INTRO, overview, general, *(_command(root.commands[n]) for n in names)]
    return "\n".join(parts)


def _command(command: Any) -> str:
    settings = settings_of(command.callback)
    options = [p for p in command.params if p.param_type_name == "option"]
    arguments = [p for p in command.params if p.param_type_name == "argument"]
    needed = [f"{p.opts[0]} {p.metavar}" for p in options if p.required]
    usage = ["forecastctl", command.name, *needed, "[OPTIONS]"]
    usage += [a.metavar if a.required else f"[{a.metavar}]" for a in arguments]
    text = f"## forecastctl {command.name}\n\n{command.help}\n\n```text\n{' '.join(usage)}\n```\n"
    for argument in arguments:
        default = f" Default: `{argument.default}`." if argument.default else ""
        text += f"\n`{argument.metavar}`: {argument.help}{default}\n"
    for panel in dict.fromkeys(p.rich_help_panel for p in options):
        mine = [p for p in options if p.rich_help_panel == panel]
        text += f"\n**{panel}**\n\n{_table(mine, settings)}"
    return text


def _table(params: list[Any], settings: dict[str, str]) -> str:
    """Options as a table, with the setting that each overrides where there is one."""
    rows = [(_names(p), _help(p), settings.get(p.name)) for p in params]
    if not any(setting for *_, setting in rows):
        body = "".join(f"| {names} | {text} |\n" for names, text, _ in rows)
        return f"| option | meaning |\n| --- | --- |\n{body}"
    body = "".join(
        f"| {names} | {text} | {f'`{setting}`' if setting else ''} |\n"
        for names, text, setting in rows
    )
    return f"| option | meaning | setting |\n| --- | --- | --- |\n{body}"


def _names(param: Any) -> str:
    """``--out``, ``-o`` with the name of the value; both spellings of a switch."""
    shown = sorted(param.opts, key=len, reverse=True) + list(param.secondary_opts)
    value = f" {param.metavar}" if param.metavar else ""
    return ", ".join(f"`{name}{value}`" for name in shown)


def _help(param: Any) -> str:
    text = str(param.help or "").replace("|", "\\|")
    return f"{text} Required." if param.required else text
