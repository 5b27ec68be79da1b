"""The spool of this machine: where it lies, what waits in it, and how that is said."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from forecastctl.api.compose import read_store
from forecastctl.errors import ForecastctlError, NothingRecordedError, TrackingError
from forecastctl.figures import counted

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from forecastctl.settings import Settings
    from forecastctl.store.port import Tracker
    from forecastctl.store.spool.place import Place, Synced

E = TypeVar("E", bound=ForecastctlError)


def spool_root(settings: Settings) -> Path | None:
    """Folder of all spools; ``None`` where there is none."""
    import os

    from forecastctl.store.spool.place import root_of

    return root_of(settings.tracking.spool, os.environ)


def spool_place(settings: Settings, uri: str | None = None) -> Place | None:
    """The spool of the experiment that is set; ``None`` where there is none.

    Args:
        settings: They name store and experiment.
        uri: Another address that the store had.
    """
    from forecastctl.store.spool.place import place_of

    root = spool_root(settings)
    tracking = settings.tracking
    return None if root is None else place_of(root, uri or tracking.uri, tracking.experiment)


def publish_all(place: Place, target: Tracker) -> Synced:
    """Bring all that waits into a store."""
    from forecastctl.store.spool.place import publish_all as publish

    return publish(place, target)


def said_of(synced: Synced) -> str:
    """What came into the store, in a sentence."""
    done = synced.published.values()
    jobs = {job for each in done for job in each.jobs}
    airports = sum(each.airports + each.there for each in done)
    return (
        f"published from the spool: {counted(airports, 'airport')} of {counted(len(jobs), 'job')}"
    )


def what_waits(place: Place | None) -> str:
    """What waits in a spool, in a sentence; empty for nothing."""
    waiting = place.waiting() if place is not None else []
    if not waiting:
        return ""
    airports = len({(each.path, name) for each in waiting for name in each.airports})
    jobs = len({job for each in waiting for job in each.jobs}) or len(waiting)
    return (
        f"{counted(airports, 'airport')} of {counted(jobs, 'job')} "
        f"{'waits' if airports == 1 else 'wait'} on this machine for this store: "
        "'forecastctl sync' publishes them."
    )


def add_waiting(error: E, place: Place | None) -> E:
    """The error of a store that cannot be used, with what waits for it."""
    said = what_waits(place)
    return type(error)(f"{error.message.rstrip()} {said}", error.hint) if said else error


def read_with_spool(settings: Settings, say: Callable[[str], None]) -> Tracker:
    """Open the store to read, and say what is not in it yet because it waits.

    Args:
        settings: They name store and experiment.
        say: Told what waits, if anything does.

    Raises:
        NothingRecordedError: Store or experiment is missing.
        TrackingError: The store cannot be read; the message says what waits for it.
    """
    place = spool_place(settings)
    try:
        tracker = read_store(settings)
    except (TrackingError, NothingRecordedError) as error:
        raise add_waiting(error, place) from error
    if said := what_waits(place):
        say(said)
    return tracker
