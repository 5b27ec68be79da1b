"""A failure as a value: short enough and plain enough for every store, whatever was raised."""

from __future__ import annotations

import re
import traceback
from dataclasses import dataclass

from forecastctl.errors import ForecastctlError
from forecastctl.redaction import own

MAX_TYPE = 200
MAX_MESSAGE = 2_000
"""Characters of a failure's message at most."""
MAX_TRACEBACK = 32_000
"""Characters of a traceback at most: its beginning and its end, which say the most."""

RAISED_BY_TASKS = (Exception, SystemExit, GeneratorExit)
"""What a task may raise where a user may press Ctrl-C: nothing tells a `KeyboardInterrupt` that it
raised itself from the user's. In a worker, which no Ctrl-C reaches, it may raise anything."""

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Failure:
    """A failure that can cross processes and be recorded.

    Its texts are bounded, can be stored and hold no secret, however long or odd those are that it
    is made of: they are cut here, in the worker, before anything sends or searches them.

    Attributes:
        type: Name of the error's class, or of what else happened.
        message: What it said, at most `MAX_MESSAGE` characters.
        traceback: Where it happened, at most `MAX_TRACEBACK` characters.
    """

    type: str
    message: str
    traceback: str = ""

    def __post_init__(self) -> None:
        for name, limit in (("type", MAX_TYPE), ("message", MAX_MESSAGE)):
            object.__setattr__(self, name, storable(_discreet(getattr(self, name)), limit))
        object.__setattr__(
            self, "traceback", storable(_both_ends(own()(_both_ends(self.traceback))))
        )

    @classmethod
    def of(cls, error: BaseException) -> Failure:
        """The failure of an error, even of one that raises when its text is asked for."""
        try:
            where = "".join(traceback.format_exception(error))
        except BaseException:  # noqa: BLE001 - no error may keep another one from being recorded
            where = ""
        return cls(type(error).__name__, _message(error), where)


def described(error: BaseException) -> str:
    """An error in one line of bounded length."""
    message = storable(_discreet(_message(error)), MAX_MESSAGE)
    if isinstance(error, ForecastctlError):
        return message
    return f"{storable(type(error).__name__, MAX_TYPE)}: {message}"


def storable(text: str, limit: int | None = None) -> str:
    """A text as any store can hold it: the same text, where possible.

    Args:
        text: Any text, such as a member of an enumeration, which becomes plain text; NUL and lone
            surrogates become U+FFFD.
        limit: Characters at most; a longer text is cut and ends in an ellipsis.
    """
    if limit is not None and len(text) > limit:
        text = text[: limit - 1] + "\N{HORIZONTAL ELLIPSIS}"
    return _UNSTORABLE.sub("\N{REPLACEMENT CHARACTER}", str(text))


def _message(error: BaseException) -> str:
    """What an error says, or that it cannot say it."""
    try:
        return error.message if isinstance(error, ForecastctlError) else str(error)
    except BaseException as second:  # noqa: BLE001 - as above
        return f"its message cannot be read: {type(second).__name__}"


def _discreet(text: str) -> str:
    """A message without secrets; what is far beyond its limit is not even searched."""
    return own()(text[: 4 * MAX_MESSAGE])


def _both_ends(text: str) -> str:
    """A traceback with its middle left out where it is too long."""
    if len(text) <= MAX_TRACEBACK:
        return text
    half = MAX_TRACEBACK // 2 - 50
    left_out = len(text) - 2 * half
    return f"{text[:half]}\n... {left_out} characters are left out here ...\n{text[-half:]}"
