"""Standard streams that are always there, and that a reader may leave at any time.

A job that is recorded and written must not count as failed because nobody reads what it prints:
``forecastctl run | head -1``, a terminal that has gone, or ``2>&-`` in a crontab. Anything else
that goes wrong with a stream, such as a full disk behind ``> summary.txt``, is an error.
"""

from __future__ import annotations

import io
import os
import select
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, TextIO

from forecastctl.errors import OutputError

if TYPE_CHECKING:
    from typing_extensions import Buffer

_STANDARD = (0, 1, 2)


class _LeftAlone(io.FileIO):
    """A file descriptor whose reader may go: what is written after that goes nowhere."""

    def __init__(self, descriptor: int, name: str) -> None:
        super().__init__(descriptor, "w", closefd=False)
        self._stream = name
        self._over = False

    def write(self, data: Buffer, /) -> int:
        """Write all of it, also to a pipe that is full for now and does not wait."""
        left = memoryview(data).cast("B")
        whole = left.nbytes
        while left.nbytes and not self._over:
            try:
                written = super().write(left)
            except BrokenPipeError:
                self._over = True
            except OSError as error:
                self._over = True  # the interpreter would try again when it ends
                raise OutputError(
                    f"{self._stream} cannot be written: {error.strerror or error}.",
                    "Send it to a place that takes it, such as a disk with space.",
                ) from None
            else:
                if written is None:
                    select.select([], [self.fileno()], [])
                else:
                    left = left[written:]
        return whole


def open_closed() -> None:
    """Put the null device where a standard stream is closed.

    The next file to be opened, such as a database, would be there otherwise, and be written to by
    whatever prints.
    """
    for descriptor in _STANDARD:
        try:
            os.fstat(descriptor)
        except OSError:
            with suppress(OSError):
                opened = os.open(os.devnull, os.O_RDWR)  # the lowest number that is free
                os.set_inheritable(opened, True)  # workers need it as well
    sys.stdin = sys.stdin or open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stdout = sys.stdout or open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stderr = sys.stderr or open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115


def let_readers_go() -> None:
    """Make stdout and stderr such streams."""
    sys.stdout = _left_alone(sys.stdout, "stdout")
    sys.stderr = _left_alone(sys.stderr, "stderr")


def _left_alone(stream: TextIO, name: str) -> TextIO:
    """The same stream, in the same encoding; what that lacks is written as an escape sequence."""
    raw = _LeftAlone(stream.fileno(), name)
    errors = "backslashreplace" if stream.errors == "strict" else stream.errors
    return io.TextIOWrapper(
        io.BufferedWriter(raw),
        encoding=stream.encoding,
        errors=errors,
        line_buffering=name == "stderr" or stream.isatty(),
        write_through=name == "stderr",
    )
