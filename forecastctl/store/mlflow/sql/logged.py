"""A run's model among MLflow's own models, which its pages list: since MLflow 3.

Its files are those that lie in the run already.
"""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING
from uuid import uuid4

from forecastctl.store.mlflow.sql.rows import new_id

if TYPE_CHECKING:
    from forecastctl.records import ServedModel
    from forecastctl.store.mlflow.sql.database import Database, Session

READY = 2
"""MLflow's number for a model that is complete."""
_COLUMNS = (
    *("model_id", "experiment_id", "name", "artifact_location", "creation_timestamp_ms"),
    *("last_updated_timestamp_ms", "status", "lifecycle_stage", "source_run_id"),
)
_LINK = ("input_uuid", "source_type", "source_id", "destination_type", "destination_id")


def lists_models(database: Database) -> bool:
    """Whether a store has a list of models that takes what is written there.

    Raises:
        TrackingError: It cannot be reached.
    """
    found = database.columns("logged_models")
    return all(name in found for name in _COLUMNS) and not any(
        column.required for name, column in found.items() if name not in _COLUMNS
    )


def insert_model(
    session: Session, run_id: str, experiment: int, location: str, model: ServedModel
) -> None:
    """List a run's model in MLflow's tables, unless it is listed already.

    Args:
        session: A transaction on a store that has the tables.
        run_id: The run.
        experiment: Its experiment.
        location: Where the run keeps its artifacts.
        model: What it holds.
    """
    folder = str(PurePosixPath(model.path).parent)
    place = f"{location.rstrip('/')}/{folder}"
    known = "SELECT 1 FROM logged_models WHERE source_run_id = ? AND experiment_id = ? AND name = ?"
    if session.rows(known, (run_id, experiment, folder)):
        return  # the job was closed before, and its files are new ones in the same place
    model_id = f"m-{uuid4().hex}"
    times = (model.made_ms, model.made_ms)
    row = (model_id, experiment, folder, place, *times, READY, "active", run_id)
    session.insert("logged_models", _COLUMNS, [row])
    link = (new_id(), "RUN_OUTPUT", run_id, "MODEL_OUTPUT", model_id)
    session.insert("inputs", _LINK, [link])
