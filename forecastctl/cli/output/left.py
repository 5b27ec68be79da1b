"""How long a job will still take, by what it has done since its first airport. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from forecastctl.records import AirportResult

LEAST = 3
"""Airports after the first from which on it can be told."""


class TimeLeft:
    """Weighs airports by the length of their series, because the longest go first.

    Of those whose search was made before the first airport was recorded
    (`forecastctl.jobs.pilot`), only the rest of the work counts.
    """

    def __init__(self) -> None:
        self._left: dict[str, int] = {}
        self._searched: Collection[str] = ()
        self._since: float | None = None
        self._done: list[tuple[int, bool]] = []
        self._cpu = self._search = 0.0

    def expect(self, lengths: Mapping[str, int], searched: Collection[str]) -> None:
        """Know what is to be worked at.

        Args:
            lengths: Observations of each airport.
            searched: Those whose search comes before everything else.
        """
        self._left, self._searched = dict(lengths), searched

    def saw(self, result: AirportResult, now: float) -> None:
        """Count one airport that has its status.

        Args:
            result: Its result.
            now: The time, in seconds.
        """
        from forecastctl.records import Status  # not for a help: it takes numpy

        self._left.pop(result.airport, None)
        if result.task is None or result.status is Status.SKIPPED or not result.cpu_seconds:
            return  # nobody has worked at it
        self._cpu += result.cpu_seconds
        self._search += result.objective_seconds
        if self._since is None:
            self._since = now
        else:
            self._done.append((result.task.series.n, result.airport in self._searched))

    def seconds(self, now: float, left: int) -> float | None:
        """Seconds until all is done, or ``None`` where too little is done to tell.

        Args:
            now: The time, in seconds.
            left: How many airports have no status yet; where it is not known which ones, they
                count as those that are done.
        """
        if self._since is None or len(self._done) < LEAST or now <= self._since:
            return None
        done = sum(self._work(n, searched=searched) for n, searched in self._done)
        if self._left:
            to_do = sum(self._work(n, searched=a in self._searched) for a, n in self._left.items())
        else:
            to_do = left * done / len(self._done)
        return to_do * (now - self._since) / done if done else None

    def _work(self, n: int, *, searched: bool) -> float:
        """How much there is to do with an airport: its length, less the search if that is made."""
        share = 1 - self._search / self._cpu if searched and self._cpu else 1.0
        return n * max(share, 0.0)
