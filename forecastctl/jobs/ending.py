"""Ends a job's own run: with an account of every airport, or with the reason why it stopped."""

from __future__ import annotations

import io
import logging
from typing import TYPE_CHECKING

from forecastctl.errors import ForecastctlError
from forecastctl.jobs.sums.reconcile import NONE
from forecastctl.jobs.work import clock
from forecastctl.recording.context import cut, json_bytes
from forecastctl.recording.digests import add_files
from forecastctl.recording.notes import job_note
from forecastctl.records import FAILED, FINISHED, KILLED, Artifact, Metric, RunUpdate
from forecastctl.records.schema import LIVE, File, Tag, airports_key
from forecastctl.redaction import own

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from forecastctl.jobs.summary import Summary
    from forecastctl.recording.context import JobContext
    from forecastctl.records import ServedModel
    from forecastctl.store.port import Tracker

log = logging.getLogger(__name__)


def sums_artifacts(summary: Summary) -> tuple[Artifact, ...]:
    """The files of groups and totals: how they were added up, and the forecasts that add up."""
    coherent = summary.coherent
    if coherent is None:
        return ()
    ids = {line.airport: line.run_id for line in summary.groups}
    groups = [{**group, "run_id": ids.get(group["name"])} for group in coherent.record["groups"]]
    record = json_bytes({**coherent.record, "groups": groups}, readable=True)
    if coherent.record["used"] == NONE:
        return (Artifact(File.HIERARCHY, record),)
    buffer = io.BytesIO()
    coherent.table.to_parquet(buffer, index=False)
    return Artifact(File.HIERARCHY, record), Artifact(File.RECONCILED, buffer.getvalue())


def note_of(summary: Summary, context: JobContext) -> str | None:
    """What MLflow's pages say of a job's run; nothing of one of a backtest."""
    if context.origin != LIVE:
        return None
    losses = [line.loss for line in summary.lines if line.loss is not None]
    loss = context.plan.search.loss
    return job_note(context.command, summary.job_id, summary.counts, losses, loss)


def close_job(
    tracker: Tracker,
    summary: Summary,
    files: Sequence[Artifact],
    read_log: Callable[[], bytes],
    model: ServedModel | None = None,
    note: str | None = None,
) -> None:
    """Write the accounts and end the job's run.

    Args:
        tracker: The store.
        summary: The accounts.
        files: Further files of the run.
        read_log: Returns the job's log.
        model: The fleet's model, if there is one.
        note: What the run is, in Markdown.
    """
    end_ms = clock()[0]
    counts: dict[str, float] = {airports_key(k): float(v) for k, v in summary.counts.items()}
    metrics = tuple(Metric(k, v, 0, end_ms) for k, v in {**counts, **summary.cost}.items())
    artifacts = [*files, Artifact(File.RESULTS, json_bytes(summary.to_dict(), readable=True))]
    if summary.forecasts is not None:
        buffer = io.BytesIO()
        summary.forecasts.to_parquet(buffer, index=False)
        artifacts.append(Artifact(File.FORECASTS, buffer.getvalue()))
    log.info("job %s ended: %s %s", summary.job_id, summary.status, summary.counts)
    artifacts.append(Artifact(File.LOG, read_log()))
    status = FAILED if summary.status == "failed" else FINISHED
    said: dict[str, str] = {Tag.REASON: cut(summary.stopped)} if summary.stopped else {}
    if note is not None:
        said[Tag.NOTE] = cut(note)
    add_files(
        tracker,
        summary.run_id,
        RunUpdate(
            status=status,
            end_ms=end_ms,
            metrics=metrics,
            tags={Tag.STATUS: summary.status, Tag.LEFT: str(summary.left), **said},
            artifacts=tuple(artifacts),
            model=model,
        ),
    )


def abandon_job(
    tracker: Tracker, run_id: str, error: BaseException, read_log: Callable[[], bytes]
) -> None:
    """Record that a job stopped early, and why, if the store can still be written."""
    killed = isinstance(error, KeyboardInterrupt | SystemExit)
    log.log(
        logging.INFO if killed else logging.ERROR,
        "job stopped: %s: %s",
        type(error).__name__,
        error,
    )
    update = RunUpdate(
        KILLED if killed else FAILED,
        clock()[0],
        tags={
            Tag.STATUS: "interrupted" if killed else "failed",
            Tag.REASON: cut(own()(f"{error}")),
        },
    )
    try:
        tracker.update(run_id, update)
        add_files(tracker, run_id, RunUpdate(artifacts=(Artifact(File.LOG, read_log()),)))
    except ForecastctlError as unrecorded:
        why = unrecorded.message
        log.error("the end of the job could not be recorded either: %s", why)  # noqa: TRY400 - it is no bug
    except Exception:
        log.exception("the end of the job could not be recorded either")
