"""Panels: each distinct one has a run of its own, which outlives the job that stored it first."""

from __future__ import annotations

import io
import logging
from pathlib import PurePath
from typing import TYPE_CHECKING

from forecastctl.errors import NothingRecordedError
from forecastctl.recording.context import cut
from forecastctl.recording.digests import with_digests
from forecastctl.recording.read import find_snapshot, read_as
from forecastctl.recording.run_of import RunOf
from forecastctl.records import Artifact, Dataset, Run
from forecastctl.records.marks import SET, panel_mark
from forecastctl.records.schema import TRUE, File, Kind, Tag

if TYPE_CHECKING:
    import pandas as pd

    from forecastctl.data.panel.panel import Panel
    from forecastctl.recording.context import JobContext
    from forecastctl.records import StoredRun
    from forecastctl.store.port import Tracker

log = logging.getLogger(__name__)


def kept_panel(tracker: Tracker, panel: pd.DataFrame, context: JobContext) -> str:
    """Id of the run that holds a panel; it is stored where it is not, or not whole any more.

    Args:
        tracker: The store.
        panel: Its rows.
        context: The job, which knows the digest of the panel.

    Raises:
        TrackingError: It cannot be stored.
    """
    held = find_snapshot(tracker, context.panel_digest)
    if held is not None and _lasts(tracker, held):
        return held.run_id
    return tracker.record([_panel_run(panel, context)])[0]


def dataset_of(panel: Panel) -> Dataset:
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
        profile={"num_rows": len(panel.frame), "num_airports": panel.frame["airport"].nunique()},
    )


def _lasts(tracker: Tracker, held: StoredRun) -> bool:
    """Whether a panel is there, unchanged, and would be so after any job is deleted."""
    if RunOf(held).kind != Kind.PANEL:
        return False
    try:
        read_as(tracker, held, File.PANEL, bytes)
    except NothingRecordedError as error:
        log.warning("the panel is stored again: %s", error.message)
        return False
    return True


def _panel_run(panel: pd.DataFrame, context: JobContext) -> Run:
    buffer = io.BytesIO()
    panel.to_parquet(buffer, index=False)
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
            artifacts=(Artifact(File.PANEL, buffer.getvalue()),),
        )
    )
