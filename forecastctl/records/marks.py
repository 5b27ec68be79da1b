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
SET = "1"


def job_mark(job_id: str) -> str:
    """Key that the run of a job and the runs of its airports share."""
    return f"{MARK}job.{job_id}"


def airport_mark(key: str) -> str:
    """Key of all runs of one airport, from the digest of its name."""
    return f"{MARK}airport.{key}"


def search_mark(fmin_uuid: str) -> str:
    """Key of all trials of one search."""
    return f"{MARK}search.{fmin_uuid}"


def panel_mark(digest: str) -> str:
    """Key of the runs that hold the snapshot of a panel."""
    return f"{MARK}panel.{digest[:32]}"
