"""The files by which MLflow knows a model, written without importing MLflow.

The directory of a model is one of MLflow's ``python_function`` flavour, whose loader is the module
that the model names.
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from forecastctl.records import Artifact

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from forecastctl.records import Column, RunUpdate, ServedModel

_TYPES = {str: "string", int: "long", float: "double"}


def with_model_files(update: RunUpdate, run_id: str) -> RunUpdate:
    """The update with the files that describe its model, if it has one.

    Args:
        update: What is to be added to a run.
        run_id: The run.
    """
    if update.model is None:
        return update
    files = _files(update.model, run_id)
    return replace(update, artifacts=(*update.artifacts, *files))


def _files(model: ServedModel, run_id: str) -> tuple[Artifact, ...]:
    versions = model.versions
    pins = [_pinned(need, versions) for need in model.needs if "@" in need or need in versions]
    python_env = {
        "python": versions.get("python", "3.11"),
        "build_dependencies": ["pip"],
        "dependencies": ["-r requirements.txt"],
    }
    files = {
        "MLmodel": json.dumps(_mlmodel(model, run_id), indent=1),
        "requirements.txt": "\n".join([*pins, ""]),
        "python_env.yaml": json.dumps(python_env),
    }
    folder = PurePosixPath(model.path).parent
    return tuple(Artifact(str(folder / name), text.encode()) for name, text in files.items())


def _pinned(need: str, versions: Mapping[str, str]) -> str:
    """A line of the requirements; a need that says where it comes from stays as it is."""
    return need if "@" in need else f"{need}=={versions[need]}"


def _mlmodel(model: ServedModel, run_id: str) -> dict[str, Any]:
    """The description that MLflow reads; JSON is YAML."""
    path = PurePosixPath(model.path)
    made = datetime.fromtimestamp(model.made_ms / 1000, UTC)
    return {
        "artifact_path": str(path.parent),
        "flavors": {
            "python_function": {
                "data": path.name,
                "env": {"virtualenv": "python_env.yaml"},
                "loader_module": model.loader,
                "python_version": model.versions.get("python", "3.11"),
            }
        },
        "mlflow_version": model.versions.get("mlflow", "3"),
        "model_uuid": run_id,
        "run_id": run_id,
        "signature": {
            "inputs": json.dumps(_columns(model.inputs)),
            "outputs": json.dumps(_columns(model.outputs)),
            "params": json.dumps(_options(model.options)) if model.options else None,
        },
        "utc_time_created": made.strftime("%Y-%m-%d %H:%M:%S.%f"),
    }


def _columns(columns: Iterable[Column]) -> list[dict[str, Any]]:
    return [{"name": c.name, **_type(c), "required": c.required} for c in columns]


def _type(column: Column) -> dict[str, Any]:
    """The type of a column; a list of it needs MLflow 2.10 or later to be read."""
    one = _TYPES[column.type]
    return {"type": "array", "items": {"type": one}} if column.many else {"type": one}


def _options(options: Mapping[str, bool]) -> list[dict[str, Any]]:
    return [
        {"name": name, "type": "boolean", "default": usual, "shape": None}
        for name, usual in options.items()
    ]
