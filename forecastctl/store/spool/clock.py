"""Does something again and again, from a thread of its own."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

log = logging.getLogger(__name__)


class Clock:
    """Acts every so many seconds, from its start to its stop.

    Args:
        seconds: From one time to the next.
        act: What is done; an error of it is logged, and ends the clock.
    """

    def __init__(self, seconds: float, act: Callable[[], None]) -> None:
        self._seconds = seconds
        self._act = act
        self._end = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Start it, if it does not run yet."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._tick, name="record", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Stop it; what it does is done to its end."""
        self._end.set()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join()

    def _tick(self) -> None:
        while not self._end.wait(self._seconds):
            try:
                self._act()
            except Exception:
                log.exception("the clock stops")
                return
