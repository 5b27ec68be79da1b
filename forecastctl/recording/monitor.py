"""A run of the monitor in the store: written, and read back."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from forecastctl.errors import NothingRecordedError
from forecastctl.recording import decoding
from forecastctl.recording.context import cut, json_bytes
from forecastctl.recording.digests import with_digests
from forecastctl.recording.read import read_as
from forecastctl.records import FINISHED, Artifact, Metric, Query, Run, canonical_json
from forecastctl.records.marks import MONITORS, SET
from forecastctl.records.schema import (
    LIVE,
    UNKNOWN,
    File,
    Kind,
    MetricKey,
    Tag,
    airports_key,
    lead_key,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from forecastctl.recording.context import Environment
    from forecastctl.store.port import Tracker

log = logging.getLogger(__name__)

FLEET_METRICS = (
    MetricKey.SHARE_DEGRADED,
    MetricKey.FALSE_ALARMS,
    MetricKey.COVERAGE80,
    MetricKey.COVERAGE95,
)
"""Metrics of the fleet; the report has them under the same names."""

RUNS_READ = 12
"""Newest runs of the monitor that are read in search of an airport."""


@dataclass(frozen=True, slots=True)
class MonitorResult:
    """What a run of the monitor says of one airport.

    Attributes:
        start_ms: When it ran, milliseconds since the epoch.
        status: The status of the airport.
        reason: Why it has it.
        since: From when on forecasts counted, or ``None``.
    """

    start_ms: int
    status: str
    reason: str | None
    since: int | None


def record_monitor(
    tracker: Tracker,
    report: Mapping[str, Any],
    params: Mapping[str, Any],
    environment: Environment,
) -> dict[str, Any]:
    """Write the report as one run; returns it with the run's id."""
    end_ms = max(time.time_ns() // 1_000_000, report["start_ms"])
    rules = {f"monitor.{key}": value for key, value in report["rules"].items()}
    all_params = {**rules, **params}
    run = Run(
        name=f"monitor {report['monitor_id']}",
        status=FINISHED,
        start_ms=report["start_ms"],
        end_ms=end_ms,
        params={key: cut(str(value)) for key, value in all_params.items()},
        metrics=tuple(_metrics(report, end_ms)),
        tags=_tags(report, environment),
        artifacts=(
            Artifact(File.MONITOR, json_bytes(report)),
            Artifact(File.MONITOR_TABLE, json_bytes(_table(report["results"])), table=True),
        ),
    )
    (run_id,) = tracker.record([with_digests(run)])
    return {"run_id": run_id, **report}


def _tags(report: Mapping[str, Any], environment: Environment) -> dict[str, str]:
    tags: dict[str, str] = {
        Tag.KIND: Kind.MONITOR,
        Tag.MONITOR_ID: report["monitor_id"],
        Tag.ORIGIN: report["origin"],
        Tag.STATUS: "degraded" if report["airports"]["degraded"] else "ok",
        Tag.REASON: cut(report["sentence"]),
        Tag.PANEL_DIGEST: report["panel_digest"],
        Tag.SCORED_THROUGH: report["scored_through"] or "nothing",
        Tag.ENVIRONMENT: environment.digest,
        Tag.GIT_COMMIT: environment.git_commit or UNKNOWN,
        Tag.GIT_DIRTY: str(environment.git_dirty).lower(),
        Tag.VERSIONS: cut(" ".join(f"{k}={v}" for k, v in environment.versions.items())),
        Tag.MACHINE: cut(canonical_json(dict(environment.machine))),
        MONITORS: SET,
    }
    if report["warnings"]:
        tags[Tag.WARNINGS] = cut("; ".join(report["warnings"]))
    return tags


def _metrics(report: Mapping[str, Any], stamp: int) -> Iterator[Metric]:
    fleet = report["fleet"]
    values: dict[str, Any] = {airports_key(key): value for key, value in report["airports"].items()}
    values[MetricKey.AIRPORTS_SCORED] = fleet["scored"]
    values |= {key: fleet[key] for key in FLEET_METRICS}
    for key, value in values.items():
        if value is not None:
            yield Metric(key, float(value), 0, stamp)
    for row in report["by_lead"]:
        for key in ("mae", "expected", "ratio", "bias", "coverage80", "coverage95"):
            if row[key] is not None:
                yield Metric(lead_key(key), float(row[key]), row["lead"], stamp)


def _table(results: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Results as a table that MLflow's pages show, without the single tests."""
    rows = [{k: v for k, v in result.items() if k != "tests"} for result in results]
    columns = list(rows[0]) if rows else []
    return {"columns": columns, "data": [[row[c] for c in columns] for row in rows]}


def is_watched(tracker: Tracker) -> bool:
    """Whether the monitor has looked at live forecasts in this experiment."""
    return bool(tracker.find(Query(tags=_tags_of_runs(LIVE), status=FINISHED, limit=1)))


def worst_ratio(tracker: Tracker) -> float | None:
    """Largest ratio of errors to those expected, of any airport, as the newest run found it.

    ``None`` where the monitor has not scored live forecasts in this experiment.
    """
    for run in tracker.find(Query(tags=_tags_of_runs(LIVE), status=FINISHED, limit=1)):
        try:
            results = read_as(tracker, run.run_id, File.MONITOR, decoding.judgements)
        except NothingRecordedError as error:
            log.warning("what the monitor found is left out: %s", error.message)
        else:
            return max((r.ratio for r in results if r.ratio is not None), default=None)
    return None


def newest_results(
    tracker: Tracker, airports: Collection[str], origin: str
) -> dict[str, MonitorResult]:
    """The newest result of each airport; airports that were never watched are missing."""
    results: dict[str, MonitorResult] = {}
    for run in tracker.find(Query(tags=_tags_of_runs(origin), status=FINISHED, limit=RUNS_READ)):
        try:
            of_run = read_as(tracker, run, File.MONITOR, decoding.judgements)
        except NothingRecordedError as error:
            log.warning("what the monitor found is left out: %s", error.message)
            continue
        for result in of_run:
            if result.airport in airports:
                results.setdefault(
                    result.airport,
                    MonitorResult(
                        start_ms=run.start_ms,
                        status=result.status,
                        reason=result.reason,
                        since=result.since_ms,
                    ),
                )
        if len(results) == len(airports):
            break
    return results


def _tags_of_runs(origin: str) -> dict[str, str]:
    """Tags that runs of the monitor over forecasts of this origin have."""
    return {MONITORS: SET, Tag.ORIGIN: origin}
