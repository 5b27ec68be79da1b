"""Who is at work in the experiment, and what waits in the spool."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from forecastctl.doctor.checks.waiting import Held, Waiting
from forecastctl.records.schema import Tag
from forecastctl.store.alive import age_seconds, holder_of, life
from forecastctl.store.healing import running_jobs
from forecastctl.store.spool.place import elsewhere, place_of

if TYPE_CHECKING:
    from pathlib import Path

    from forecastctl.store.port import Tracker
    from forecastctl.store.spool.place import Waiting as InFile


def holders(tracker: Tracker, now_ms: int) -> list[Held]:
    """Jobs that the store shows as running, and what one look tells of their life.

    Args:
        tracker: The store, open to be read.
        now_ms: The time, milliseconds since the epoch.
    """
    return [
        Held(
            str(holder_of(job)),
            life(job, now_ms),
            age_seconds(job, now_ms) if Tag.HEARTBEAT in job.tags else None,
        )
        for job in running_jobs(tracker)
    ]


def spool(root: Path | None, uri: str, experiment: str) -> list[Waiting] | None:
    """What waits to be recorded, of this experiment first; ``None`` where there is no spool.

    Args:
        root: Folder of all spools of this user, or ``None``.
        uri: Address of the store.
        experiment: Name of the experiment.
    """
    if root is None:
        return None
    here = place_of(root, uri, experiment)
    own = [_waiting(one) for one in here.waiting()]
    others = [
        replace(_waiting(one), other=f"{place.experiment!r} in {place.store}")
        for place, waiting in elsewhere(root, here)
        for one in waiting
    ]
    return [*own, *others]


def _waiting(one: InFile) -> Waiting:
    return Waiting(str(one.path), len(one.airports), one.size, damaged=one.damaged, mend=one.mend)
