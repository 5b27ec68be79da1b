"""How a flag is declared, and which setting it overrides."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, get_args, get_type_hints

import typer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


@dataclass(frozen=True, slots=True)
class Sets:
    """Marks a flag that overrides a setting, named as ``section.key``."""

    setting: str


def settings_of(command: Callable[..., None]) -> dict[str, str]:
    """Those parameters of a command that override a setting, with its name."""
    hints = get_type_hints(command, include_extras=True)
    return {
        name: mark.setting
        for name, hint in hints.items()
        for mark in get_args(hint)
        if isinstance(mark, Sets)
    }


def flags_by_setting(root: Any) -> dict[str, list[str]]:
    """The flags that override each setting, as the commands spell them.

    Args:
        root: The command line, as `typer.main.get_command` makes it.
    """
    found: dict[str, list[str]] = {}
    for command in root.commands.values():
        settings = settings_of(command.callback)
        for param in command.params:
            if param.name in settings:
                names = [max(param.opts, key=len), *param.secondary_opts]
                found[settings[param.name]] = names
    return found


def overrides(command: Callable[..., None], given: Mapping[str, Any]) -> dict[str, Any]:
    """Values that were given for the parameters of a command, by the setting they override."""
    named = settings_of(command).items()
    return {setting: given[name] for name, setting in named if given[name] is not None}


def option(
    names: str,
    meaning: str,
    panel: str,
    metavar: str | None = None,
    complete: Callable[[str], list[str]] | None = None,
) -> Any:
    """An option.

    Args:
        names: Long and short name, with a blank between them.
        meaning: One sentence.
        panel: Heading under which the help shows it.
        metavar: Name of the value in the help.
        complete: Completes a beginning in the shell.
    """
    return typer.Option(
        *names.split(),
        help=meaning,
        rich_help_panel=panel,
        metavar=metavar,
        show_default=False,
        autocompletion=complete,
    )


def dated(name: str, meaning: str, panel: str, *, last: bool = False, whole: bool = False) -> Any:
    """An option whose value is a date, in any form that is understood in a file.

    Args:
        name: Its name.
        meaning: One sentence.
        panel: Heading under which the help shows it.
        last: Whether the last day of a quarter or a week counts, not the first.
        whole: Whether a quarter or a week stays one, where no single day is meant.
    """

    def parsed(text: str) -> str:
        from forecastctl.records.calendar import iso_date  # not for a help: it takes numpy
        from forecastctl.records.spans import asked_date

        return asked_date(text) if whole else iso_date(text, last=last)

    return typer.Option(
        name,
        help=meaning,
        rich_help_panel=panel,
        metavar="DATE",
        show_default=False,
        parser=parsed,
    )


def argument(metavar: str, meaning: str, complete: Callable[[str], list[str]] | None = None) -> Any:
    """A value that is given without a name before it.

    Args:
        metavar: Its name in the help.
        meaning: One sentence.
        complete: Completes a beginning in the shell.
    """
    return typer.Argument(
        help=meaning, metavar=metavar, show_default=False, autocompletion=complete
    )
