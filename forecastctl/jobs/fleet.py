"""What a job learns from all airports together, before it works at the first one."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from forecastctl.jobs.pilot import place
from forecastctl.models import family
from forecastctl.models.pooling import learned, longest_window
from forecastctl.records import FleetLines, Series
from forecastctl.search.pool_of_fleet import POOLED, days_of, ends_of_fits, pooled_models

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from forecastctl.records import AirportTask, Rejection, SearchSpec

AIRPORTS = 500
"""Airports that are learned from. More change weights little, and would have to be read."""


def learn_from_fleet(
    entries: Iterable[Series | Rejection], tasks: Sequence[AirportTask]
) -> FleetLines | None:
    """The lines of the pooled models as of all days that models are fitted as of.

    Args:
        entries: All airports of the panel, whether they are worked at or not: who else is asked for
            changes no forecast.
        tasks: What is done with those that are worked at.

    Returns:
        ``None`` where no pooled model is fitted.
    """
    asked = [task for task in tasks if _fits_pooled(task)]
    if not asked:
        return None
    first, search = asked[0].series, asked[0].plan.search
    kind = first.season_length, first.freq
    fleet = [e for e in entries if isinstance(e, Series) and (e.season_length, e.freq) == kind]
    fleet.sort(key=lambda series: place(series.airport, search.seed))
    days: set[str] = set()
    seasons: set[int] = set()
    for task in asked:
        ends = ends_of_fits(task.series, task.plan.search)
        days.update(days_of(task.series, ends))
        seasons.update(range(1, longest_window(first.season_length, ends[0]) + 1))
    known = [series.here() for series in fleet[:AIRPORTS]]
    return learned(known, days, pooled_models(*sorted(seasons)), family(POOLED).label)


def with_fleet(task: AirportTask, fleet: FleetLines | None) -> AirportTask:
    """A task whose series has what its models may take of what was learned."""
    if fleet is None or not _fits_pooled(task):
        return task
    return replace(task, series=series_with_fleet(task.series, fleet, task.plan.search))


def series_with_fleet(series: Series, fleet: FleetLines | None, search: SearchSpec) -> Series:
    """A series with what its models may take of what was learned.

    Args:
        series: The series.
        fleet: What was learned.
        search: How it is searched.
    """
    if fleet is None:
        return series
    return series.with_fleet(fleet.only(days_of(series, ends_of_fits(series, search))))


def _fits_pooled(task: AirportTask) -> bool:
    """Whether a pooled model may be fitted in a task."""
    if task.plan.tune:
        return POOLED in task.plan.search.families
    members = task.tuned.specification.members if task.tuned and task.plan.train else ()
    return any(member.model.family == POOLED for member in members)
