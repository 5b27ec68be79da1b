"""Searches of a job's pilot, kept with the job's run as they are done.

The pilot's airports are recorded when it is over, because the widths of their intervals are known
only then. A job that is cut off before finds its searches here.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from itertools import count
from typing import TYPE_CHECKING

from forecastctl.errors import DamagedError, NothingRecordedError
from forecastctl.recording import decoding
from forecastctl.recording.context import json_bytes
from forecastctl.recording.digests import add_files
from forecastctl.recording.read import read_as
from forecastctl.recording.shapes import SearchRow
from forecastctl.recording.trials import trials_table
from forecastctl.recording.write import tuning_dict
from forecastctl.records import Artifact, RunUpdate, Status, weighed
from forecastctl.records.schema import searches_path

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from forecastctl.records import AirportResult, StoredRun, TuneResult
    from forecastctl.store.port import Tracker


@dataclass(frozen=True, slots=True)
class Searched:
    """A search of a job's pilot, and what it cost, as in `forecastctl.records.AirportResult`."""

    airport: str
    tuned: TuneResult
    start_ms: int
    end_ms: int
    cpu_seconds: float
    objective_seconds: float
    engine: str | None


def _searches(content: bytes) -> list[Searched]:
    """Searches of a job's pilot, each with its trials."""
    found = []
    for value in json.loads(content):
        row = SearchRow.model_validate(value)
        trials = decoding.trials_of(value["trials"])
        sizes = tuple(tuple(fold) for fold in row.sizes)
        tuned = decoding.tuning_of(row.tuning, value["tuning"])
        tuned = replace(tuned, trials=weighed(trials, tuned.specification), sizes=sizes)
        costs = (row.cpu_seconds, row.objective_seconds)
        found.append(Searched(row.airport, tuned, row.start_ms, row.end_ms, *costs, row.engine))
    return found


def keep_searches(
    tracker: Tracker, run_id: str, number: int, results: Iterable[AirportResult]
) -> int:
    """Keep what some searches found; those that failed are made again where they are needed.

    Args:
        tracker: The store.
        run_id: The job's run.
        number: How many such files the run has.
        results: What came of the searches.

    Returns:
        How many such files the run has then: one more, unless there is nothing to keep.

    Raises:
        TrackingError: The store cannot be written.
    """
    rows = [
        {
            "airport": result.airport,
            "tuning": tuning_dict(result.tuned),
            "trials": trials_table(result.tuned.trials),
            "sizes": [list(fold) for fold in result.tuned.sizes],
            "start_ms": result.start_ms,
            "end_ms": result.end_ms,
            "cpu_seconds": result.cpu_seconds,
            "objective_seconds": result.objective_seconds,
            "engine": result.engine,
        }
        for result in results
        if result.tuned is not None and result.status is not Status.FAILED
    ]
    if not rows:
        return number
    file = Artifact(searches_path(number), json_bytes(rows))
    add_files(tracker, run_id, RunUpdate(artifacts=(file,)))
    return number + 1


def read_searches(tracker: Tracker, run: StoredRun) -> tuple[Mapping[str, Searched], int]:
    """What the pilot of a job found before the job was cut off, by airport.

    Args:
        tracker: The store.
        run: The job's run.

    Returns:
        Searches by airport, and the number of files; a damaged file's searches are made again.
    """
    found: dict[str, Searched] = {}
    for number in count():
        try:
            rows = read_as(tracker, run, searches_path(number), _searches)
        except DamagedError:
            continue
        except NothingRecordedError:
            return found, number
        found |= {row.airport: row for row in rows}
    raise AssertionError
