"""When and how a job ends before all of its airports are done.

There are three occasions. A signal: what is in flight may be finished for a while. The deadline:
searches end with the best that they have found, which is trained and forecast, and nothing else is
begun. Too many failures: nothing more is done. What was done by then is recorded in each case.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

from forecastctl.execute.port import WindsDown
from forecastctl.figures import counted
from forecastctl.jobs.work import clock
from forecastctl.records import Status

if TYPE_CHECKING:
    from collections.abc import Iterable

    from forecastctl.execute.port import Executor
    from forecastctl.records import AirportResult

FINISH = 120.0
"""Seconds after the deadline in which what was found by then is trained and forecast. It takes a
fraction of a second for an airport; what is not done after it counts as hung."""

DROPPED = "it was not done when the deadline had passed, and was dropped"
LEFT_OVER = "the job ended before its turn, because too many airports failed"


@dataclass(slots=True)
class Stopping:
    """Ends the work on a job early. While it is entered, workers work.

    Attributes:
        grace: Seconds that what is in flight may take after a signal.
        deadline_ms: When the job is to end, milliseconds since the epoch, or ``None``.
        most_failures: How many airports may fail before the job ends, or ``None``.
        error: The signal that ends it, once there was one.
        failed: Airports that failed in this attempt.
        recorded: What is recorded of what was asked for, in earlier attempts too.
    """

    grace: float = 0.0
    deadline_ms: int | None = None
    most_failures: int | None = None
    error: KeyboardInterrupt | None = None
    failed: set[str] = field(default_factory=set)
    recorded: int = 0
    _executor: Executor | None = None
    _timer: threading.Timer | None = None

    def over(self, executor: Executor) -> Self:
        """The same, of the work that an executor does."""
        self._executor = executor
        return self

    def __enter__(self) -> Self:
        if self.deadline_ms is not None and isinstance(self._executor, WindsDown):
            left = max(self.deadline_ms - clock()[0], 0) / 1000
            self._timer = threading.Timer(left + FINISH, self._executor.wind_down, [0.0])
            self._timer.daemon = True
            self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._executor = None
        if self._timer is not None:
            self._timer.cancel()

    def interrupt(self, error: KeyboardInterrupt) -> None:
        """End the work because of a signal; called by its handler.

        Raises:
            KeyboardInterrupt: ``error``, where no workers work, the executor cannot wind down, or
                a signal came before: that ends the command at once.
        """
        if self.error is not None or not isinstance(self._executor, WindsDown):
            raise error
        self.error = error
        self._executor.wind_down(self.grace)

    def check(self) -> None:
        """End the job, where a signal has ended the work.

        Raises:
            KeyboardInterrupt: It has.
        """
        if self.error is not None:
            raise self.error

    def saw(self, results: Iterable[AirportResult]) -> None:
        """Count the airports that failed."""
        self.failed.update(r.airport for r in results if r.status is Status.FAILED)

    def recorded_are(self, results: Iterable[AirportResult]) -> None:
        """Count what is recorded, but for what nobody has asked for."""
        self.recorded += sum(result.status is not Status.SKIPPED for result in results)

    @property
    def too_many_failed(self) -> bool:
        """Whether more airports failed than may."""
        return self.most_failures is not None and len(self.failed) > self.most_failures

    @property
    def ends(self) -> bool:
        """Whether nothing more is to be done."""
        return self.error is not None or self.too_many_failed

    @property
    def reason(self) -> str:
        """Why an airport was left that was not done."""
        return LEFT_OVER if self.too_many_failed else DROPPED

    def interrupted(self, total: int, what: str) -> str:
        """What a signal has left, in one sentence.

        Args:
            total: How many airports, or whatever else, were asked for.
            what: One of them in words.
        """
        are = "is" if total == 1 else "are"
        said = f"{self.recorded:,} of {counted(total, what)} {are} recorded"
        if self.recorded >= total:
            return f"{said}, but not the end of the job."
        return f"{said}; what was under way is lost, and will be done again."

    def said(self, left: int, what: str = "") -> str | None:
        """Why a job ended early, in one sentence; ``None`` where nothing is left.

        Args:
            left: Airports and groups that were not done, or whatever else.
            what: One of them in words, where that does not go without saying.
        """
        if not left:
            return None
        noun = f" {what}{'' if left == 1 else 's'}" if what else ""
        more = f"{left}{noun} {'is' if left == 1 else 'are'} left"
        if self.too_many_failed:
            failed = len(self.failed)
            return f"{failed} airport{'' if failed == 1 else 's'} failed, more than may: {more}"
        return f"the deadline passed: {more}"
