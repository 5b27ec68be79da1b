"""The lock for an address: the strongest that its store has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from forecastctl.errors import UsageError
from forecastctl.store.lock.lease import LeaseLock
from forecastctl.store.mlflow.address import resolve

if TYPE_CHECKING:
    from collections.abc import Callable

    from forecastctl.store.alive import Holder
    from forecastctl.store.heart import Heart
    from forecastctl.store.lock.port import Lock
    from forecastctl.store.port import Tracker


def open_lock(
    uri: str,
    experiment: str,
    tracker: Tracker,
    holder: Holder,
    heart: Heart,
    say: Callable[[str], None],
) -> Lock:
    """What keeps others out of an experiment: not yet taken.

    Args:
        uri: Address of the store.
        experiment: Name of the experiment.
        tracker: The store, open at the experiment.
        holder: Who wants it.
        heart: Refreshes a run that stands for the lock.
        say: Told why it takes long.
    """
    try:
        address = resolve(uri)
    except UsageError:  # another package's store
        return LeaseLock(tracker, holder, heart, say)
    if address.kind == "sqlite":
        from forecastctl.store.lock.file import FileLock

        return FileLock(address, experiment, holder)
    if address.kind == "postgresql":
        from forecastctl.store.lock.advisory import AdvisoryLock
        from forecastctl.store.mlflow.sql.postgres import PostgresDatabase

        return AdvisoryLock(PostgresDatabase(address), experiment, holder)
    return LeaseLock(tracker, holder, heart, say)
