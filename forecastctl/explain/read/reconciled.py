"""What a job published in place of an airport's forecast, so that all of its forecasts add up."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from forecastctl.data.panel.columnar import StoredTable
from forecastctl.errors import DamagedError, NothingRecordedError
from forecastctl.explain.values import Reconciled
from forecastctl.recording.read import read_as
from forecastctl.recording.run_of import RunOf
from forecastctl.records import Query
from forecastctl.records.marks import SET, job_mark
from forecastctl.records.schema import File, Kind, Tag

if TYPE_CHECKING:
    from forecastctl.explain.values import Vintage
    from forecastctl.records import StoredRun
    from forecastctl.store.port import Tracker

log = logging.getLogger(__name__)


def reconciled(tracker: Tracker, run: StoredRun, chosen: Vintage) -> Reconciled | None:
    """What the job of a run published in place of its forecast; ``None`` where that is the same.

    Args:
        tracker: The store.
        run: The airport's run.
        chosen: Its forecast of the period.
    """
    job_id = RunOf(run).job_id
    jobs = tracker.find(Query(tags={job_mark(job_id): SET, Tag.KIND: Kind.JOB}, limit=1))
    method = jobs[0].tags.get(Tag.RECONCILE, NONE) if jobs else NONE
    if method == NONE:
        return None

    def mean_of(content: bytes) -> float | None:
        table = StoredTable(content, ("airport", "date"))
        of_airport = table.text("airport").rows_with(RunOf(run).airport)
        rows = of_airport & table.text("date").rows_with(chosen.date)
        found = table.floats("mean")[rows]
        return float(found[0]) if len(found) else None

    try:
        mean = read_as(tracker, jobs[0], File.RECONCILED, mean_of)
    except DamagedError as error:
        log.warning("what was published in its place cannot be told: %s", error.message)
        return None
    except NothingRecordedError:  # too few airports had a forecast
        return None
    return None if mean is None else Reconciled(mean=mean, change=mean - chosen.mean, method=method)


NONE = "none"
"""What a job has that has groups and leaves their forecasts as they are."""
