"""Deleting runs, where a store can."""

from __future__ import annotations

from typing import TYPE_CHECKING

from forecastctl.errors import RefusedError
from forecastctl.store.port import Deletes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from forecastctl.store.port import Tracker


def delete(tracker: Tracker, run_ids: Sequence[str]) -> int:
    """Delete runs with all below them, in the way of the store.

    Args:
        tracker: The store.
        run_ids: Ids of roots.

    Returns:
        How many runs that were.

    Raises:
        TrackingError: The store cannot be written.
        RefusedError: It, another package's, can delete nothing.
    """
    if not isinstance(tracker, Deletes):
        raise RefusedError("The store cannot delete runs.", "Delete them by its own means.")
    return tracker.delete(run_ids)
