"""The run that a name stands for."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from forecastctl.errors import NothingRecordedError
from forecastctl.records import Query, StoredRun
from forecastctl.records.marks import JOBS, SET, job_mark

if TYPE_CHECKING:
    from forecastctl.store.port import Tracker


def resolve(tracker: Tracker, name: str) -> StoredRun:
    """The run with this id, or the run of the job with this id.

    Raises:
        NothingRecordedError: There is neither.
    """
    is_possible_id = re.fullmatch(r"[\w.-]+", name)
    mark = {JOBS: SET, job_mark(name): SET}
    jobs = tracker.find(Query(tags=mark, limit=1)) if is_possible_id else []
    if jobs:
        return jobs[0]
    try:
        return tracker.get(name)
    except NothingRecordedError:
        raise NothingRecordedError(f"There is no run or job '{name}'.") from None
