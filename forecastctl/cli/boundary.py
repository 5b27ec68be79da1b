"""The one place where errors end: message and next step on stderr, and the error's exit code."""

from __future__ import annotations

import os
import sys
import traceback
from typing import Any

import typer
from typer.core import TyperGroup

from forecastctl.errors import EXIT_INTERRUPTED, ForecastctlError

EXIT_BROKEN_PIPE = 141


class Boundary(TyperGroup):
    """Command group that turns every exception into a clean end."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command."""
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()
        except ForecastctlError as error:
            _say(f"error: {error.message}")
            if error.hint:
                _say(f"  next: {error.hint}")
            _trace()
            raise typer.Exit(error.exit_code) from None
        except KeyboardInterrupt:
            _say("interrupted: what was recorded so far stays recorded.")
            raise typer.Exit(EXIT_INTERRUPTED) from None
        except BrokenPipeError:
            # The reader has gone; keep the interpreter from complaining at exit.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(EXIT_BROKEN_PIPE) from None
        except Exception as error:  # a bug: say so in one line, keep the rest for --verbose
            if isinstance(error, typer.Exit) or type(error).__module__.startswith(
                ("typer.", "click.")
            ):
                raise
            _say(f"error: unexpected {type(error).__name__}: {error}")
            _say("  next: run again with --verbose and report what it prints.")
            _trace()
            raise typer.Exit(ForecastctlError.exit_code) from None
        return result


def _say(text: str) -> None:
    """Plain text: names from the data may look like markup."""
    typer.echo(text, err=True)


def _trace() -> None:
    if {"--verbose", "-v"} & set(sys.argv):
        _say(traceback.format_exc())
