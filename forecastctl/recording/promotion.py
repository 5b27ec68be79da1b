"""A decision about the champion in the store: written, and listed."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from forecastctl.recording.context import cut, json_bytes
from forecastctl.recording.digests import with_digests
from forecastctl.records import FINISHED, Artifact, Metric, Run, StoredRun, canonical_json
from forecastctl.records.calendar import iso
from forecastctl.records.marks import PROMOTIONS, SET
from forecastctl.records.schema import UNKNOWN, File, Kind, MetricKey, Tag

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from forecastctl.recording.context import Environment
    from forecastctl.store.port import Tracker

COLUMNS = ("airport", "periods", "challenger", "champion")


def record_promotion(
    tracker: Tracker, report: Mapping[str, Any], params: Mapping[str, Any], environment: Environment
) -> dict[str, Any]:
    """Write a decision with its evidence as one run; returns it with the run's id.

    Args:
        tracker: The store.
        report: See `forecastctl.promote.report`.
        params: Flags and settings.
        environment: Where this runs.
    """
    end_ms = max(time.time_ns() // 1_000_000, report["start_ms"])
    table = {"columns": COLUMNS, "data": [[r[c] for c in COLUMNS] for r in report["airports"]]}
    content = {key: value for key, value in report.items() if key != "run_id"}
    run = Run(
        name=f"promotion {report['promotion_id']}",
        status=FINISHED,
        start_ms=report["start_ms"],
        end_ms=end_ms,
        params={key: cut(str(value)) for key, value in params.items()},
        metrics=tuple(_metrics(report, end_ms)),
        tags=_tags(report, environment),
        artifacts=(
            Artifact(File.PROMOTION, json_bytes(content, readable=True)),
            Artifact(File.PROMOTION_TABLE, json_bytes(table), table=True),
        ),
    )
    (run_id,) = tracker.record([with_digests(run)])
    return {**report, "run_id": run_id}


def _tags(report: Mapping[str, Any], environment: Environment) -> dict[str, str]:
    champion = report["champion"]
    optional = {
        Tag.PANEL_DIGEST: report["panel_digest"],
        Tag.BASIS: report["basis"],
        Tag.CHAMPION: champion["version"] if champion else None,
    }
    return {
        Tag.KIND: Kind.PROMOTION,
        Tag.PROMOTION_ID: report["promotion_id"],
        Tag.STATUS: report["decision"],
        Tag.REASON: cut(report["reason"]),
        Tag.REGISTERED: report["model"],
        Tag.VERSION: str(report["challenger"]["version"]),
        Tag.ENVIRONMENT: environment.digest,
        Tag.GIT_COMMIT: environment.git_commit or UNKNOWN,
        Tag.GIT_DIRTY: str(environment.git_dirty).lower(),
        Tag.VERSIONS: cut(" ".join(f"{k}={v}" for k, v in environment.versions.items())),
        Tag.MACHINE: cut(canonical_json(dict(environment.machine))),
        PROMOTIONS: SET,
        **{tag: str(value) for tag, value in optional.items() if value is not None},
    }


def _metrics(report: Mapping[str, Any], stamp: int) -> Iterator[Metric]:
    fleet = report["fleet"] or {}
    values = {
        MetricKey.CONFIDENCE: report["confidence"] if fleet else None,
        MetricKey.RATIO: fleet.get("ratio"),
        MetricKey.RATIO_LOWER: fleet.get("lower"),
        MetricKey.RATIO_UPPER: fleet.get("upper"),
        MetricKey.COMPARED_AIRPORTS: fleet.get("airports"),
        MetricKey.COMPARED_PERIODS: fleet.get("periods"),
    }
    for key, value in values.items():
        if value is not None:
            yield Metric(key, float(value), 0, stamp)


def promotion_row(run: StoredRun) -> dict[str, Any]:
    """A decision as a row of the history.

    Args:
        run: Its run.
    """
    tags, metrics = run.tags, run.metrics
    return {
        "promotion_id": tags.get(Tag.PROMOTION_ID),
        "model": tags.get(Tag.REGISTERED),
        "version": tags.get(Tag.VERSION),
        "champion": tags.get(Tag.CHAMPION),
        "status": tags.get(Tag.STATUS),
        "basis": tags.get(Tag.BASIS),
        "ratio": metrics.get(MetricKey.RATIO),
        "upper": metrics.get(MetricKey.RATIO_UPPER),
        "confidence": metrics.get(MetricKey.CONFIDENCE),
        "reason": tags.get(Tag.REASON),
        "started": iso(run.start_ms),
        "run_id": run.run_id,
    }
