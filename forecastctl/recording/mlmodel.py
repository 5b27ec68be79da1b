"""All models of a job as one MLflow model, written without importing MLflow.

The directory ``fleet`` of a job's run is a model of MLflow's ``python_function`` flavour whose
loader is `forecastctl.serving`: rows of JSON in a Parquet file, nothing pickled.
"""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from forecastctl.records import Artifact, canonical_json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from forecastctl.recording.context import JobContext
    from forecastctl.records import FittedModel

FOLDER = "fleet"
ROWS = "models.parquet"
INPUTS = [
    {"name": "airport", "type": "string", "required": True},
    {"name": "horizon", "type": "long", "required": False},
    {"name": "level", "type": "long", "required": False},
]
OUTPUTS = [
    {"name": "airport", "type": "string", "required": True},
    {"name": "date", "type": "string", "required": True},
    {"name": "mean", "type": "double", "required": True},
    {"name": "lo", "type": "double", "required": True},
    {"name": "hi", "type": "double", "required": True},
    {"name": "level", "type": "long", "required": True},
    {"name": "cutoff", "type": "string", "required": True},
    {"name": "model", "type": "string", "required": True},
]


def fleet_artifacts(
    models: Mapping[str, FittedModel], context: JobContext, run_id: str
) -> tuple[Artifact, ...]:
    """Files of the fleet's model.

    Args:
        models: Fitted model by airport.
        context: The job.
        run_id: Its run.
    """
    if not models:
        return ()
    versions = context.environment.versions
    needed = ("forecastctl", "numpy", "pandas", "pyarrow")
    pins = [f"{name}=={versions[name]}" for name in needed if name in versions]
    files = {
        "MLmodel": json.dumps(_mlmodel(context, run_id), indent=1),
        "requirements.txt": "\n".join([*pins, ""]),
        "python_env.yaml": json.dumps(
            {
                "python": versions.get("python", "3.11"),
                "build_dependencies": ["pip"],
                "dependencies": ["-r requirements.txt"],
            }
        ),
    }
    texts = tuple(Artifact(f"{FOLDER}/{name}", text.encode()) for name, text in files.items())
    return (*texts, Artifact(f"{FOLDER}/{ROWS}", _rows(models)))


def _rows(models: Mapping[str, FittedModel]) -> bytes:
    import pandas as pd

    rows = [canonical_json(model.to_row()) for model in models.values()]
    frame = pd.DataFrame({"airport": list(models), "row": rows})
    buffer = io.BytesIO()
    frame.to_parquet(buffer, index=False, compression="zstd")
    return buffer.getvalue()


def _mlmodel(context: JobContext, run_id: str) -> dict[str, Any]:
    """The description that MLflow reads; JSON is YAML."""
    versions = context.environment.versions
    made = datetime.fromtimestamp(context.start_ms / 1000, UTC)
    return {
        "artifact_path": FOLDER,
        "flavors": {
            "python_function": {
                "data": ROWS,
                "env": {"virtualenv": "python_env.yaml"},
                "loader_module": "forecastctl.serving",
                "python_version": versions.get("python", "3.11"),
            }
        },
        "mlflow_version": versions.get("mlflow", "3"),
        "model_uuid": run_id,
        "run_id": run_id,
        "signature": {
            "inputs": json.dumps(INPUTS),
            "outputs": json.dumps(OUTPUTS),
            "params": None,
        },
        "utc_time_created": made.strftime("%Y-%m-%d %H:%M:%S.%f"),
    }
