"""What is asked of a store again while it does not answer, and for how long."""

from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING, TypeVar

from forecastctl.errors import StoreAwayError

if TYPE_CHECKING:
    from collections.abc import Callable

    from tenacity import RetryCallState

T = TypeVar("T")

READING_SECONDS = 60.0
"""Patience of commands that only read."""
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 15.0
"""Seconds from one try to the next: twice as long each time, and up to a second more by chance."""
SAY_AFTER, SAY_EVERY = 5.0, 30.0
"""Seconds without an answer after which it is said, and from then on."""

_LOG = logging.getLogger(__name__)


def is_away(error: BaseException) -> bool:
    """Whether an error says that a store may answer later."""
    return isinstance(error, StoreAwayError)


class Patience:
    """How long a store may be away, all calls together; may be used by several threads.

    The time counts from the first call that was not answered. Once it has run out, further calls
    are tried once each, until one is answered.

    Args:
        seconds: How long; nothing is asked twice with 0.
        say: Told in words that the store does not answer.
    """

    def __init__(
        self, seconds: float = READING_SECONDS, say: Callable[[str], None] = _LOG.warning
    ) -> None:
        self.seconds = seconds
        self.say = say
        self._lock = threading.Lock()
        self._since: float | None = None
        self._said: float | None = None

    def call(self, act: Callable[[], T], again: Callable[[BaseException], bool] = is_away) -> T:
        """Do something until it succeeds, fails for good, or patience has run out.

        Args:
            act: What is done; it may be done twice without harm.
            again: Whether it is done again after an error.

        Raises:
            BaseException: The error of the last try.
        """
        import tenacity

        tries = tenacity.Retrying(
            retry=tenacity.retry_if_exception(again),
            wait=tenacity.wait_exponential_jitter(initial=FIRST_PAUSE, max=LONGEST_PAUSE),
            stop=self._is_over,
            before_sleep=self._tell,
            reraise=True,
        )
        result: T = tries(act)
        self._answered()
        return result

    def _answered(self) -> None:
        with self._lock:
            since, self._since = self._since, None
            said, self._said = self._said, None
        if since is not None and said is not None:
            self.say(f"the store answers again, after {time.monotonic() - since:.0f} s")

    def _is_over(self, state: RetryCallState) -> bool:
        """Whether the store has been away for too long."""
        now = time.monotonic()
        with self._lock:
            if self._since is None:
                self._since = min(state.start_time, now)
            return now - self._since >= self.seconds

    def _tell(self, state: RetryCallState) -> None:
        """Say every now and then that the store does not answer."""
        now = time.monotonic()
        with self._lock:
            away = now - (self._since or now)
            recently = self._said is not None and now - self._said < SAY_EVERY
            if away < SAY_AFTER or recently:
                return
            self._said = now
        error = state.outcome.exception() if state.outcome else None
        _LOG.info("the store does not answer: %s", error)
        self.say(
            f"the store does not answer since {away:.0f} s, trying again "
            f"for {max(self.seconds - away, 0):.0f} s more"
        )
