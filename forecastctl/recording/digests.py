"""Digests of a run's files: recorded with it, and compared with what is read.

They stand in one tag, so that whoever has a run at hand can check any file of it. Runs of earlier
versions have no such tag; their files are read unchecked.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from forecastctl.records.digests import recorded, sha256, tag_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from forecastctl.records import Run, RunUpdate
    from forecastctl.store.port import Tracker


def with_digests(run: Run) -> Run:
    """A run that names the digests of its files; its children have none."""
    return replace(run, tags={**run.tags, **tag_of(run.artifacts)}) if run.artifacts else run


def add_files(tracker: Tracker, run_id: str, update: RunUpdate) -> None:
    """Update a run, and keep the digests of the files that the update adds beside the others.

    Args:
        tracker: The store.
        run_id: The run.
        update: What is added.

    Raises:
        TrackingError: The store cannot be written.
    """
    if update.artifacts:
        known = recorded(tracker.get(run_id).tags)
        update = replace(update, tags={**update.tags, **tag_of(update.artifacts, known)})
    tracker.update(run_id, update)


def is_changed(tags: Mapping[str, str], path: str, content: bytes) -> bool:
    """Whether a file is not the one that was recorded; what has no digest counts as the same.

    Args:
        tags: Those of its run.
        path: Its path.
        content: What was read.
    """
    digest = recorded(tags).get(path)
    return digest is not None and digest != sha256(content)
