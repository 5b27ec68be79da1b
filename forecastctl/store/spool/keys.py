"""What a run is, whatever id a store gives it: by this it is found again, and never made twice."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from forecastctl.records.schema import Kind, Tag

if TYPE_CHECKING:
    from collections.abc import Mapping

RunKey: TypeAlias = tuple[str, ...]
"""Of a job's run its kind and the job; of an airport's also the airport and the attempt, of a
panel's its digest."""


def run_key(tags: Mapping[str, str]) -> RunKey | None:
    """The key of a run; ``None`` of one that does not belong to a job.

    Args:
        tags: Those of the run.
    """
    kind, job = tags.get(Tag.KIND, ""), tags.get(Tag.JOB_ID)
    if job is None:
        return None
    if kind == Kind.JOB:
        return kind, job
    if kind in (Kind.AIRPORT, Kind.GROUP) and Tag.AIRPORT in tags:
        return kind, job, tags[Tag.AIRPORT], tags.get(Tag.ATTEMPT, "1")
    if kind == Kind.PANEL and Tag.PANEL_DIGEST in tags:
        return kind, job, tags[Tag.PANEL_DIGEST]
    return None
