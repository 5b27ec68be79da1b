"""The one place where errors end: message and next step on stderr, and the error's exit code."""

from __future__ import annotations

import re
import sys
import time
import traceback
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from typer.core import TyperGroup

from forecastctl.cli.output import metrics, said
from forecastctl.errors import EXIT_INTERRUPTED, EXIT_OK, ForecastctlError, Terminated

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

MOST = 2_000
"""Characters of a message at most, whatever it quotes."""
GOES_ON = "the same command goes on from what is recorded."
_GIVEN = "forecastctl.arguments"
_NEGATIVE = re.compile(r"-\.?\d|-inf|-nan", re.IGNORECASE)
"""What is no flag: a number of seconds that will be refused."""


class Boundary(TyperGroup):
    """Command group that turns every exception into a clean end."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Keep what was given for when something goes wrong."""
        args = _with_wait(args) if "--wait" in args else args
        ctx.meta[_GIVEN] = tuple(args)
        return super().parse_args(ctx, args)

    def invoke(self, ctx: Any) -> Any:
        """Run the command, and write how it ended where that is asked for."""
        said.use(said.TEXT)
        metrics.start(None)
        code = ForecastctlError.exit_code
        try:
            result = self._invoke(ctx)
            code = EXIT_OK
        except Exception as end:
            code = getattr(end, "exit_code", code)
            raise
        finally:
            _measure(code, ctx.meta[_GIVEN])
        return result

    def _invoke(self, ctx: Any) -> Any:
        arguments = ctx.meta[_GIVEN]
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()
        except ForecastctlError as error:
            _report(error.message, error.hint, arguments)
            raise typer.Exit(error.exit_code) from None
        except Terminated as why:
            _say_left(f"ended by {why}", why)
            raise typer.Exit(why.exit_code) from None
        except KeyboardInterrupt as why:
            _say_left("interrupted", why)
            raise typer.Exit(EXIT_INTERRUPTED) from None
        except Exception as error:  # a bug: say so in one line, keep the rest for --verbose
            if isinstance(error, typer.Exit) or type(error).__module__.startswith(
                ("typer.", "click.")
            ):
                _discreet(error, arguments)
                raise
            hint = "run again with --verbose and report what it prints."
            _report(f"unexpected {type(error).__name__}: {error}", hint, arguments)
            raise typer.Exit(ForecastctlError.exit_code) from None
        return result


def _say_left(how: str, why: KeyboardInterrupt) -> None:
    """What a signal has left, and what to do next, as the job has noted it."""
    left, *further = getattr(why, "__notes__", None) or [GOES_ON]
    said.say(f"{how}: {left}", "WARNING")
    for step in further:
        said.say(f"  next: {step}", "WARNING")


def _with_wait(args: Sequence[str]) -> list[str]:
    """Arguments in which ``--wait`` has its seconds: none after it means without end.

    Neither typer nor its version of click knows an option whose value may be missing.
    """
    from forecastctl.settings.sections import MOST_SECONDS

    given: list[str] = []
    for at, word in enumerate(args):
        follower = args[at + 1] if at + 1 < len(args) else "-"
        endless = word == "--wait" and follower.startswith("-") and not _NEGATIVE.match(follower)
        given.append(f"--wait={MOST_SECONDS}" if endless else word)
    return given


def _report(message: str, hint: str, arguments: Sequence[str]) -> None:
    """What is wrong and what to do next, without the secrets of any setting."""
    redact = _redactor(arguments)
    said.say(_cut(redact(f"error: {message}")), "ERROR")
    if hint:
        said.say(_cut(redact(f"  next: {hint}")), "ERROR")
    if {"--verbose", "-v"} & set(arguments):
        said.say(redact(traceback.format_exc()), "ERROR")


def _measure(code: int, arguments: Sequence[str]) -> None:
    """Write the metrics of the command; of one whose settings are wrong, where a flag names them.

    That they cannot be written is said, and is no failure of the command.
    """
    measured = metrics.current()
    if measured is None:
        given = next((a for flag, a in _pairs(arguments) if flag == "--metrics"), None)
        if given is None or code == EXIT_OK or "--dry-run" in arguments:
            return
        measured = metrics.Measured(Path(given), arguments[0], time.time())
    try:
        metrics.write(measured, code)
    except OSError as error:
        reason = error.strerror or error
        said.say(f"warning: the metrics cannot be written to {measured.path}: {reason}.", "WARNING")


def _discreet(error: Exception, arguments: Sequence[str]) -> None:
    """Take secrets out of the message that click will print."""
    message = getattr(error, "message", None)
    if isinstance(message, str):
        error.message = said.harmless(_cut(_redactor(arguments)(message)))  # type: ignore[attr-defined]


def _cut(text: str) -> str:
    """A message that can be read, of whatever it quotes."""
    return text if len(text) <= MOST else f"{text[:MOST]}\N{HORIZONTAL ELLIPSIS}"


def _redactor(arguments: Sequence[str]) -> Callable[[str], str]:
    """Knows what was given on the command line, in the settings file and in the environment.

    It is made here again, and not handed over by the command, because the command may have failed
    before it had settings at all.
    """
    from forecastctl.settings import load_redactor

    config = next((a for flag, a in _pairs(arguments) if flag == "--config"), None)
    return load_redactor(arguments, Path(config) if config else None)


def _pairs(arguments: Sequence[str]) -> list[tuple[str, str]]:
    """Each argument with the one that follows it, or that stands behind its equals sign."""
    cut = [a.partition("=")[::2] for a in arguments]
    return [*pairwise(arguments), *cut]
