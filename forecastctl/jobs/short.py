"""What a job knows of airports that are too short for a search: the errors of the others."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

from forecastctl.jobs.pilot import AIRPORTS, place
from forecastctl.records import Series
from forecastctl.search.folds import search_splits

if TYPE_CHECKING:
    from collections.abc import Iterable

    from forecastctl.records import AirportTask, Rejection, SearchSpec, Widths


class ShortWidths:
    """Widths of the intervals of airports that are too short for a search.

    Args:
        entries: All airports of the panel, whether the job works on them or not: who else is asked
            for changes no forecast.
        search: How the job searches.
    """

    def __init__(self, entries: Iterable[Series | Rejection], search: SearchSpec) -> None:
        known = [entry for entry in entries if isinstance(entry, Series)]
        self._search = search
        self._fleet = [s for s in known if not self._is_short(s)]
        self._fleet.sort(key=lambda s: place(s.airport, search.seed))
        self._of = cache(self._measured)

    def of(self, series: Series) -> Widths:
        """Those of one airport; empty where it is long enough for a search."""
        if not self._is_short(series):
            return ()
        from forecastctl.search.short import network_fits

        network = network_fits(series.y, series.season_length, self._search)
        return self._of(series.n, series.season_length, network)

    def added(self, task: AirportTask) -> AirportTask:
        """A task with them, where it searches in vain."""
        widths = self.of(task.series) if task.plan.tune else ()
        return replace(task, widths=widths) if widths else task

    def _is_short(self, series: Series) -> bool:
        return not search_splits(series.n, self._search, series.season_length)

    def _measured(self, n: int, season_length: int, network: bool) -> Widths:
        from forecastctl.search.short import widths_of_short

        fleet = [series.here() for series in self._fleet[:AIRPORTS]]
        return widths_of_short(n, season_length, fleet, self._search, network=network)
