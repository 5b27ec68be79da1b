"""What a job or a backtest tells of its progress, and a listener that logs it."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from forecastctl.records import AirportResult

log = logging.getLogger(__name__)


class Progress(Protocol):
    """Who is told what happens while a job runs."""

    def say(self, text: str) -> None:
        """What takes long before the first airport has its status."""
        ...

    def expect(self, lengths: Mapping[str, int], searched: Collection[str], total: int) -> None:
        """What is to be worked at: periods by airport, who is searched first, and how many."""
        ...

    def begin(self, total: int) -> None:
        """So many are to be done."""
        ...

    def searched(self, done: int, of: int) -> None:
        """Of those that are searched before the first one has its status, so many are."""
        ...

    def __call__(self, result: AirportResult, total: int) -> None:
        """One more of so many has its status."""
        ...

    def at(self, done: int, total: int) -> None:
        """So many are done, of which there is nothing else to say."""
        ...


class Logged:
    """Progress as entries of a log: what is said as ``INFO``, each airport as ``DEBUG``."""

    def say(self, text: str) -> None:
        """Log it."""
        log.info("%s", text)

    def expect(self, lengths: Mapping[str, int], searched: Collection[str], total: int) -> None:
        """Log how many are to be done."""
        del lengths, searched
        self.begin(total)

    def begin(self, total: int) -> None:
        """Log how many are to be done."""
        log.info("%d to be done", total)

    def searched(self, done: int, of: int) -> None:
        """Log how many are searched."""
        log.debug("%d of %d searched", done, of)

    def __call__(self, result: AirportResult, total: int) -> None:
        """Log the status of an airport."""
        log.debug("%s: %s, of %d", result.airport, result.status, total)

    def at(self, done: int, total: int) -> None:
        """Log how many are done."""
        log.debug("%d of %d done", done, total)
