"""How a flag is declared."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

from forecastctl.api.named import settings_of

if TYPE_CHECKING:
    from collections.abc import Callable


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
