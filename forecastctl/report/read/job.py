"""The job that a report is about, and the one before it."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from forecastctl.errors import NothingRecordedError
from forecastctl.recording import decoding
from forecastctl.recording.read import read_as
from forecastctl.recording.resolve import LATEST, find_job
from forecastctl.recording.run_of import RunOf
from forecastctl.records import Query
from forecastctl.records.digests import recorded
from forecastctl.records.marks import JOBS, SET
from forecastctl.records.schema import LIVE, TRUE, UNKNOWN, File, Param, Tag
from forecastctl.redaction import masked
from forecastctl.report.changes import compare
from forecastctl.report.values import JobFacts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from forecastctl.records import StoredRun
    from forecastctl.report.values import Changes
    from forecastctl.store.port import Tracker

log = logging.getLogger(__name__)

JOBS_READ = 40
NOTHING = "None"
"""What a setting that is not set is recorded as."""

SELECTION = (Param.AIRPORT, Param.SELECT, "data.source")
"""What must be equal for two jobs to be compared: a job of one airport is no news of the rest."""


def reported_job(tracker: Tracker, name: str | None) -> StoredRun:
    """The job that is meant; where none is named, the newest live one that ended with forecasts.

    Args:
        tracker: The store.
        name: Its id, how that begins, or `LATEST`.

    Raises:
        NothingRecordedError: There is no such job, or it has not ended yet.
    """
    if name is not None and name != LATEST:
        job = find_job(tracker, name)
        if not _has_ended(job):
            raise NothingRecordedError(
                f"Job {RunOf(job).job_id} has no results: it is at work, or was cut off.",
                "The same command as before goes on with a job that was cut off.",
            )
        return job
    stages: tuple[dict[str, str], ...] = ({Tag.FORECAST: TRUE}, {})
    for stage in stages:
        for job in tracker.find(Query(tags=_live(stage), limit=JOBS_READ)):
            if _has_ended(job):
                return job
    raise NothingRecordedError(
        "No job with results is recorded in this experiment.", "Run 'forecastctl run' first."
    )


def _live(more: Mapping[str, str]) -> dict[str, str]:
    return {JOBS: SET, Tag.ORIGIN: LIVE, **more}


def _has_ended(job: StoredRun) -> bool:
    """Whether a job wrote its results, which is the last thing that it does.

    Records of earlier versions do not say which files they have.
    """
    files = recorded(job.tags)
    return File.RESULTS in files if files else job.end_ms is not None


def read_summary(tracker: Tracker, job: StoredRun) -> dict[str, Any]:
    """What a job ended with, as ``--json`` printed it.

    Raises:
        NothingRecordedError: It is not stored, or cannot be read.
    """
    return read_as(tracker, job, File.RESULTS, decoding.summary)


def changes_of(tracker: Tracker, job: StoredRun, summary: Mapping[str, Any]) -> Changes | None:
    """What is different from the job before; ``None`` where there is none to compare with.

    That is the newest earlier one of the same command, data source and selection of airports.

    Args:
        tracker: The store.
        job: The job.
        summary: What it ended with.
    """
    tags = {JOBS: SET, Tag.ORIGIN: RunOf(job).origin, Tag.COMMAND: job.tags.get(Tag.COMMAND, "")}
    query = Query(tags=tags, before_ms=job.start_ms, limit=JOBS_READ)
    for earlier in tracker.find(query):
        same = all(earlier.params.get(key) == job.params.get(key) for key in SELECTION)
        if not same or not _has_ended(earlier):
            continue
        try:
            before = read_summary(tracker, earlier)
        except NothingRecordedError as error:
            log.warning("an older job is compared with: %s", error.message)
            continue
        job_id = RunOf(earlier).job_id
        return compare(before["results"], summary["results"], job_id, earlier.start_ms)
    return None


def job_facts(
    tracker: Tracker, job: StoredRun, summary: Mapping[str, Any], experiment: str, options: str
) -> JobFacts:
    """What a report says of its job.

    Args:
        tracker: The store.
        job: The job.
        summary: What it ended with.
        experiment: Name of the experiment.
        options: As in `JobFacts`.
    """
    of = RunOf(job)
    horizon = _setting(job, "forecast.horizon")
    source = _setting(job, "data.source")
    return JobFacts(
        job_id=of.job_id,
        command=of.command or UNKNOWN,
        status=summary["status"],
        origin=of.origin,
        started_ms=job.start_ms,
        ended_ms=job.end_ms,
        counts=summary["airports"],
        freq=of.freq,
        season_length=of.season_length,
        horizon=int(horizon) if horizon and horizon.isdecimal() else None,
        loss=_setting(job, "tune.loss"),
        source=None if source is None else masked(source),
        panel_digest=of.panel_digest,
        config_digest=job.tags.get(Tag.CONFIG_DIGEST, ""),
        experiment=experiment,
        options=options,
        run_id=job.run_id,
        url=tracker.url(job.run_id),
        warnings=tuple(summary.get("warnings") or ()),
        left=summary.get("left") or 0,
        stopped=summary.get("stopped"),
        sums=len(summary.get("groups") or ()),
    )


def _setting(job: StoredRun, key: str) -> str | None:
    value = job.params.get(key)
    return None if value in (None, "", NOTHING) else value
