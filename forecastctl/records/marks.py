"""Marks: tags whose *key* says what a run is, so that any store finds it by an index.

MLflow's tables have an index on the keys of tags and none on their values. A key that only the
wanted runs carry makes a look-up a seek, however many runs the store holds. MLflow's pages hide
keys that begin with ``mlflow.``.
"""

from __future__ import annotations

MARK = "mlflow.forecastctl."
JOBS = f"{MARK}jobs"
AIRPORTS = f"{MARK}airports"
MONITORS = f"{MARK}monitors"
LEASES = f"{MARK}leases"
PROMOTIONS = f"{MARK}promotions"
SET = "1"


def job_mark(job_id: str) -> str:
    """Key that the run of a job and the runs of its airports share."""
    return f"{MARK}job.{job_id}"


def airport_mark(key: str) -> str:
    """Key of all runs of one airport, from the digest of its name."""
    return f"{MARK}airport.{key}"


def work_mark(digest: str) -> str:
    """Key of the job runs that were asked for the same: the same command, data and settings."""
    return f"{MARK}work.{digest}"


def search_mark(fmin_uuid: str) -> str:
    """Key of all trials of one search."""
    return f"{MARK}search.{fmin_uuid}"


def panel_mark(digest: str) -> str:
    """Key of the runs that hold the snapshot of a panel."""
    return f"{MARK}panel.{digest[:32]}"


def backtest_mark(name: str) -> str:
    """Key of the job runs of one backtest."""
    return f"{MARK}backtest.{name}"


def spooled_mark(run_id: str) -> str:
    """Key of the run that waited in a spool under this id before it came into its store."""
    return f"{MARK}spooled.{run_id}"


MARKS = {
    JOBS: "every job run",
    AIRPORTS: "every airport run, not on groups",
    job_mark("<job_id>"): "the runs of one job: itself and its airports",
    airport_mark("<airport_key>"): "the runs of one airport or group",
    search_mark("<fmin_uuid>"): "the trials of one search",
    panel_mark("<panel_digest>"): ("the run that holds a panel (32 digits of its digest)"),
    work_mark(
        "<digest>"
    ): "job runs that were asked for the same, so that one that was cut off goes on",
    backtest_mark("<backtest_id>"): "the job runs of one backtest",
    spooled_mark("<run_id>"): "the run that had this id while it waited in a spool",
    MONITORS: "every run of the [monitor](monitor.md)",
    PROMOTIONS: "every decision of [promote](../how-to/promote.md)",
    LEASES: "every run by which a job kept others out, where a server records",
}
"""What carries each mark, for the reference."""
