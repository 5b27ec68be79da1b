"""What a signal does to a job that is at work."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Self

from forecastctl.errors import Terminated, ending_signals

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from forecastctl.jobs.stopping import Stopping


def end_at_once(error: KeyboardInterrupt) -> None:
    """End the command.

    Raises:
        KeyboardInterrupt: ``error``.
    """
    raise error


def left_of(
    stopping: Stopping, total: int, what: str, command: str, job_id: str | None = None
) -> tuple[str, str]:
    """What a signal has left, and how to go on: see `Interruptions`.

    Args:
        stopping: Knows what is recorded.
        total: How many were asked for.
        what: One of them in words.
        command: The command of the job.
        job_id: The job, where it can be gone on with by name.
    """
    again = "the same command goes on from there"
    if job_id is not None:
        named = f"'forecastctl {command} --resume {job_id}' with the same data and settings"
        again = f"{again}, as does {named}"
    return stopping.interrupted(total, what), f"{again}."


class Interruptions:
    """Hands signals over to who knows how to end, but not while something must not be disturbed.

    Args:
        act: Told of each signal, in the signal's handler; by default the command ends at once.
        left: Says what a signal that ended the command has left, as notes of its exception: a
            sentence, and what to do next.
    """

    def __init__(
        self,
        act: Callable[[KeyboardInterrupt], None] = end_at_once,
        left: Callable[[], Sequence[str]] = tuple,
    ) -> None:
        self._act, self._left = act, left
        self._depth = 0
        self._pending: KeyboardInterrupt | None = None
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            for number in ending_signals():
                if callable(signal.getsignal(number)):  # it ends the command, and is not ignored
                    self._before[number] = signal.signal(number, self._interrupt)
        return self

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, KeyboardInterrupt):
            for note in self._left():
                error.add_note(note)
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
