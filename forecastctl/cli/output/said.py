"""What a command says on stderr: plain lines, or one JSON object a line where that is asked for."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from typing import Final

TEXT: Final = "text"
JSON: Final = "json"
LOGGER: Final = "forecastctl.cli"

_form = TEXT


def use(form: str) -> None:
    """Say everything from now on in this form, ``text`` or ``json``."""
    global _form  # noqa: PLW0603 - stderr is one for the whole process, and so is its form
    _form = form


def is_plain() -> bool:
    """Whether people are to read it."""
    return _form == TEXT


def say(text: str, level: str = "INFO") -> None:
    """Say one thing.

    Args:
        text: One or more lines.
        level: ``INFO``, ``WARNING`` or ``ERROR``; only a JSON line shows it.
    """
    now = datetime.now(UTC).timestamp()
    line = harmless(text) if is_plain() else json_line(now, level, LOGGER, text)
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


def printable(text: str) -> str:
    """A text on one line, and without what speaks to a terminal: names may hold anything."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def harmless(text: str) -> str:
    """As `printable`, of a text that may have several lines."""
    return "\n".join(map(printable, text.split("\n")))


def json_line(
    seconds: float, level: str, logger: str, message: str, traceback: str | None = None
) -> str:
    """One entry of a log, in ASCII whatever the locale is.

    Args:
        seconds: Since the epoch.
        level: Name of the level.
        logger: Who says it.
        message: What is said.
        traceback: Of what was raised, if anything was.
    """
    moment = datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")
    entry = {
        "time": moment.replace("+00:00", "Z"),
        "level": level,
        "logger": logger,
        "message": message,
        **({"traceback": traceback} if traceback else {}),
    }
    return json.dumps(entry)
