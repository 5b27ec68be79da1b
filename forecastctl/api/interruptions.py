"""What a signal does to a job that is at work."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Self

from forecastctl.errors import Terminated, ending_signals

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def end_at_once(error: KeyboardInterrupt) -> None:
    """End the command.

    Raises:
        KeyboardInterrupt: ``error``.
    """
    raise error


class Interruptions:
    """Hands signals over to who knows how to end, but not while something must not be disturbed.

    Args:
        act: Told of each signal, in the signal's handler; by default the command ends at once.
    """

    def __init__(self, act: Callable[[KeyboardInterrupt], None] = end_at_once) -> None:
        self._act = act
        self._depth = 0
        self._pending: KeyboardInterrupt | None = None
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            for number in ending_signals():
                if callable(signal.getsignal(number)):  # it ends the command, and is not ignored
                    self._before[number] = signal.signal(number, self._interrupt)
        return self

    def __exit__(self, *_: object) -> None:
        for number, before in self._before.items():
            signal.signal(number, before)

    def _interrupt(self, number: int, _frame: object) -> None:
        why = KeyboardInterrupt() if number == signal.SIGINT else Terminated(number)
        if self._depth:
            self._pending = why
        else:
            self._act(why)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold an interruption back until the end of the block."""
        self._depth += 1
        try:
            yield
        finally:
            self._depth -= 1
        if self._pending and not self._depth:
            why, self._pending = self._pending, None
            self._act(why)
