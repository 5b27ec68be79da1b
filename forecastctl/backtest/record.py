"""What a backtest has recorded already, so that the same command goes on where it stopped."""

from __future__ import annotations

import hashlib
from functools import partial
from typing import TYPE_CHECKING, Any

from forecastctl.errors import UsageError
from forecastctl.recording import decoding
from forecastctl.recording.read import read_as
from forecastctl.recording.run_of import RunOf
from forecastctl.records import ALL_RUNS, RUNNING, Query, Status, canonical_json
from forecastctl.records.marks import SET, backtest_mark
from forecastctl.records.schema import File, Tag

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import pandas as pd

    from forecastctl.records import StoredRun
    from forecastctl.store.port import Tracker


def backtest_id(content: Mapping[str, object]) -> str:
    """Id of a backtest: a digest of all that can change one of its numbers."""
    return hashlib.sha256(canonical_json(dict(content)).encode()).hexdigest()[:12]


def backtest_jobs(tracker: Tracker, name: str) -> dict[str, StoredRun]:
    """Job runs of a backtest by job id.

    Raises:
        UsageError: A process works at this backtest.
    """
    runs = tracker.find(Query(tags={backtest_mark(name): SET}, limit=ALL_RUNS))
    for run in runs:
        if run.status == RUNNING:
            host, pid = run.tags.get(Tag.HOST), run.tags.get(Tag.PID)
            raise UsageError(
                f"Backtest {name} is being worked at by process {pid} on {host}.",
                f"Wait for it; if it is gone, set run {run.run_id} to KILLED in MLflow.",
            )
    return {RunOf(run).job_id: run for run in runs}


def carried(runs: Iterable[Mapping[str, StoredRun]]) -> dict[str, str]:
    """The search that each airport builds on after some origins of a block, by its run."""
    searches: dict[str, str] = {}
    for of_origin in runs:
        for airport, run in of_origin.items():
            if RunOf(run).status == Status.FAILED:
                searches.pop(airport, None)
            elif RunOf(run).holds(Tag.TUNED):
                searches[airport] = run.run_id
    return searches


def read_results(tracker: Tracker, run_id: str) -> dict[str, Any]:
    """The summary of an origin's job."""
    return read_as(tracker, run_id, File.RESULTS, decoding.summary)


def read_table(tracker: Tracker, run_id: str, levels: Sequence[int]) -> pd.DataFrame:
    """The forecast table of an origin's job, with these intervals."""
    return read_as(tracker, run_id, File.FORECASTS, partial(decoding.forecast_table, levels=levels))
