"""Panels: each distinct one has a run of its own, which outlives the job that stored it first."""

from __future__ import annotations

import io
import logging
import time
from dataclasses import replace
from pathlib import PurePath
from typing import TYPE_CHECKING

from forecastctl.errors import ForecastctlError, NothingRecordedError
from forecastctl.recording.context import cut, json_bytes
from forecastctl.recording.digests import add_files, with_digests
from forecastctl.recording.read import find_snapshot, panel_as
from forecastctl.recording.run_of import RunOf
from forecastctl.records import FAILED, FINISHED, RUNNING, Artifact, Dataset, Run, RunUpdate
from forecastctl.records.digests import sha256
from forecastctl.records.marks import SET, panel_mark
from forecastctl.records.schema import TRUE, File, Kind, Tag, panel_part_path

if TYPE_CHECKING:
    import pandas as pd

    from forecastctl.data.panel.panel import Panel
    from forecastctl.data.shared.panel import Parts, SharedPanel
    from forecastctl.recording.context import JobContext
    from forecastctl.records import StoredRun
    from forecastctl.store.port import Tracker

log = logging.getLogger(__name__)


def kept_panel(tracker: Tracker, panel: pd.DataFrame | Parts, context: JobContext) -> str:
    """Id of the run that holds a panel; it is stored where it is not, or not whole any more.

    Args:
        tracker: The store.
        panel: Its rows, or what gives them part by part: no more than one part is in memory.
        context: The job, which knows the digest of the panel.

    Raises:
        TrackingError: It cannot be stored.
    """
    held = find_snapshot(tracker, context.panel_digest)
    if held is not None and _lasts(tracker, held):
        return held.run_id
    if callable(panel):
        return _store_parts(tracker, panel, context)
    buffer = io.BytesIO()
    panel.to_parquet(buffer, index=False)
    run = _panel_run(context, Artifact(File.PANEL, buffer.getvalue()))
    return tracker.record([run])[0]


def _store_parts(tracker: Tracker, parts: Parts, context: JobContext) -> str:
    """Store a panel part by part; it can be found once all of it is there."""
    whole = _panel_run(context)
    found = {Tag.SNAPSHOT, panel_mark(context.panel_digest)}
    tags = {key: value for key, value in whole.tags.items() if key not in found}
    run_id = tracker.start(replace(whole, tags=tags, status=RUNNING, end_ms=None))
    index: list[dict[str, object]] = []
    try:
        for number, (airports, content) in enumerate(parts()):
            path = panel_part_path(number)
            index.append({"file": path, "sha256": sha256(content), "airports": list(airports)})
            tracker.update(run_id, RunUpdate(artifacts=(Artifact(path, content),)))
    except ForecastctlError:
        tracker.update(run_id, RunUpdate(FAILED, end_ms=time.time_ns() // 1_000_000))
        raise
    file = Artifact(File.PANEL_PARTS, json_bytes(index))
    tags = {key: whole.tags[key] for key in found}
    ended = RunUpdate(FINISHED, end_ms=time.time_ns() // 1_000_000, tags=tags, artifacts=(file,))
    add_files(tracker, run_id, ended)
    return run_id


def dataset_of(panel: Panel | SharedPanel) -> Dataset:
    """A panel as a store may list it among the data that runs were made from.

    Args:
        panel: The panel; its source has no secrets any more.
    """
    source = panel.source
    name = PurePath(source).name if "://" not in source else source
    return Dataset(
        name=cut(name or source, 500),
        digest=panel.digest[:32],
        source=source,
        columns={"airport": "string", "ds": "datetime", "y": "double"},
        profile=panel.profile,
    )


def _lasts(tracker: Tracker, held: StoredRun) -> bool:
    """Whether a panel is there, unchanged, and would be so after any job is deleted."""
    if RunOf(held).kind != Kind.PANEL:
        return False
    try:
        for _ in panel_as(tracker, held, bytes):
            pass
    except NothingRecordedError as error:
        log.warning("the panel is stored again: %s", error.message)
        return False
    return True


def _panel_run(context: JobContext, *files: Artifact) -> Run:
    digest = context.panel_digest
    return with_digests(
        Run(
            name=f"panel {digest[:12]}",
            start_ms=context.start_ms,
            end_ms=context.start_ms,
            tags={
                Tag.KIND: Kind.PANEL,
                Tag.JOB_ID: context.job_id,
                Tag.PANEL_DIGEST: digest,
                Tag.SNAPSHOT: TRUE,
                panel_mark(digest): SET,
            },
            artifacts=files,
        )
    )
