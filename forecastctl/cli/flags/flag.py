"""What a flag is: its type, help, panel and the setting that it overrides."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import typer

DATA = "Data"
SEARCH = "Search"
FORECAST = "Forecast"
TRACKING = "Tracking"
EXECUTION = "Execution"
OUTPUT = "Output"
BACKTEST = "Backtest"
ASK = "Question"


@dataclass(frozen=True, slots=True)
class Flag:
    """One flag.

    Attributes:
        annotation: Type and typer option.
        setting: The ``section.key`` that it overrides, or ``None`` where it is no setting.
        default: Value when not given.
    """

    annotation: Any
    setting: str | None = None
    default: Any = None


def flag(
    kind: Any,
    names: str,
    help_text: str,
    panel: str,
    setting: str | None = None,
    metavar: str | None = None,
    default: Any = None,
) -> Flag:
    """A flag with its typer option.

    Args:
        kind: Type of the value.
        names: Long and short name, with a blank between them.
        help_text: One sentence.
        panel: Heading under which the help shows it.
        setting: The ``section.key`` that it overrides, if any.
        metavar: Name of the value in the help.
        default: Value when not given; an ellipsis where it must be.
    """
    option = typer.Option(
        *names.split(), help=help_text, rich_help_panel=panel, metavar=metavar, show_default=False
    )
    return Flag(Annotated[kind, option], setting, default)
