"""A run's model among MLflow's own models, through MLflow's client.

The client chooses where the files of such a model lie, so that they are written once more.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from forecastctl.store.mlflow.artifacts import Writer, local_directory, staged

if TYPE_CHECKING:
    from collections.abc import Sequence

    from forecastctl.records import Artifact, ServedModel


def create_model(
    client: Any, experiment: str, run: Any, model: ServedModel, files: Sequence[Artifact]
) -> None:
    """List a run's model through MLflow's client, unless it is listed already.

    Args:
        client: MLflow's client.
        experiment: Id of the experiment.
        run: The run, as the client gives it.
        model: What it holds.
        files: Its files, by their paths in the run.
    """
    if run.outputs and run.outputs.model_outputs:
        return
    from mlflow.entities import LoggedModelOutput

    folder = PurePosixPath(model.path).parent
    made = client.create_logged_model(experiment, str(folder), run.info.run_id)
    own = [
        replace(file, path=str(PurePosixPath(file.path).relative_to(folder)))
        for file in files
        if PurePosixPath(file.path).is_relative_to(folder)
    ]
    _put(client, made, own)
    client.finalize_logged_model(made.model_id, "READY")
    client.log_outputs(run.info.run_id, [LoggedModelOutput(made.model_id, 0)])


def _put(client: Any, made: Any, files: Sequence[Artifact]) -> None:
    """Write the files of a model to where MLflow wants them."""
    if local_directory(made.artifact_location) is not None:
        writer = Writer()
        writer.write(made.artifact_location, files)
        writer.settle()
        return
    with staged(files) as directory:
        client.log_model_artifacts(made.model_id, directory)
