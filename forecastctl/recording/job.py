"""The job behind a run: its run, its settings, its machine."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any, Final

from forecastctl.errors import DamagedError, NothingRecordedError
from forecastctl.recording import decoding
from forecastctl.recording.digests import recorded
from forecastctl.recording.read import read_as
from forecastctl.recording.run_of import RunOf
from forecastctl.records import Query
from forecastctl.records.marks import SET, job_mark
from forecastctl.records.schema import File, Kind, Tag

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from forecastctl.records import StoredRun
    from forecastctl.store.port import Tracker


log = logging.getLogger(__name__)


KEPT: Final = "keep"
"""What jobs did about suspected faults before there was a setting for it."""


def job_of(tracker: Tracker, run: StoredRun) -> StoredRun | None:
    """The job run that a run belongs to."""
    tags = {job_mark(RunOf(run).job_id): SET, Tag.KIND: Kind.JOB}
    runs = tracker.find(Query(tags=tags, limit=1))
    return runs[0] if runs else None


def job_settings(tracker: Tracker, job: StoredRun | None) -> dict[str, Any]:
    """All settings of a job as recorded; empty where they are not."""
    try:
        return {} if job is None else read_settings(tracker, job)
    except DamagedError as error:
        log.warning("the usual settings are taken: %s", error.message)
    except NothingRecordedError:
        pass
    return {}


def read_settings(tracker: Tracker, job: StoredRun) -> dict[str, Any]:
    """All settings of a job as recorded.

    Raises:
        NothingRecordedError: They are not stored, or cannot be read.
    """
    return read_as(tracker, job, File.SETTINGS, decoding.settings)


def read_summary(tracker: Tracker, job: StoredRun) -> dict[str, Any]:
    """The summary of a job that is complete, as ``--json`` printed it.

    Raises:
        NothingRecordedError: It is not stored, or cannot be read.
    """
    return read_as(tracker, job, File.RESULTS, decoding.summary)


def read_forecasts(tracker: Tracker, job: StoredRun) -> pd.DataFrame | None:
    """What ``--out`` wrote of a job, reconciled where it was; ``None`` where it forecast nothing.

    Raises:
        DamagedError: It is recorded and cannot be read.
    """
    files = recorded(job.tags)
    file = next((f for f in (File.RECONCILED, File.FORECASTS) if f in files), None)
    return None if file is None else read_as(tracker, job, file, decoding.forecast_table)


def machine_of(tags: Mapping[str, str]) -> dict[str, Any]:
    """The machine that a run was made on; empty where its description was too long for a tag."""
    try:
        machine = json.loads(tags.get(Tag.MACHINE, "{}"))
    except ValueError:
        return {}
    return machine if isinstance(machine, dict) else {}
