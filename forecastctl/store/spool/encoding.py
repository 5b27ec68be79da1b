"""Runs and updates as JSON, and back, exactly; the content of their files stands apart.

The text is ASCII, in which JSON can write whatever a run may hold, also what no store takes as it
is: the store that it is published to has to fit it.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from forecastctl.records import Artifact, Column, Dataset, Metric, Run, RunUpdate, ServedModel

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

_TYPES: dict[str, type[str | int | float]] = {"str": str, "int": int, "float": float}


@dataclass(frozen=True, slots=True)
class StoredFile:
    """Content that belongs to a run.

    Attributes:
        run_id: The run.
        path: Its path.
        content: Its bytes.
    """

    run_id: str
    path: str
    content: bytes


def encode_run(run: Run, new_id: Callable[[], str]) -> tuple[dict[str, Any], list[StoredFile]]:
    """A run with its subtree as a JSON value, each run with an id of its own, and all files.

    Args:
        run: The run.
        new_id: Makes an id.
    """
    run_id = new_id()
    files = [StoredFile(run_id, a.path, a.content) for a in run.artifacts]
    children = []
    for child in run.children:
        value, below = encode_run(child, new_id)
        children.append(value)
        files += below
    value = {
        "id": run_id,
        "name": run.name,
        "status": run.status,
        "start_ms": run.start_ms,
        "end_ms": run.end_ms,
        "params": dict(run.params),
        "metrics": _metrics(run.metrics),
        "tags": dict(run.tags),
        "artifacts": _artifacts(run.artifacts),
        "children": children,
        "inputs": [asdict(data) for data in run.inputs],
    }
    return value, files


def decode_run(value: Mapping[str, Any], read: Callable[[str, str], bytes]) -> Run:
    """The run that was encoded.

    Args:
        value: What `encode_run` made of it.
        read: Content of a file, by the id of its run and its path.
    """
    return Run(
        name=value["name"],
        status=value["status"],
        start_ms=value["start_ms"],
        end_ms=value["end_ms"],
        params=value["params"],
        metrics=_metrics_of(value),
        tags=value["tags"],
        artifacts=_artifacts_of(value, lambda path: read(value["id"], path)),
        children=tuple(decode_run(child, read) for child in value["children"]),
        inputs=tuple(Dataset(**data) for data in value.get("inputs", ())),
    )


def ids_of(value: Mapping[str, Any]) -> Iterator[str]:
    """Ids of an encoded run and of all below it, parents first."""
    yield str(value["id"])
    for child in value["children"]:
        yield from ids_of(child)


def encode_update(run_id: str, update: RunUpdate) -> tuple[dict[str, Any], list[StoredFile]]:
    """An update as a JSON value, and its files."""
    files = [StoredFile(run_id, a.path, a.content) for a in update.artifacts]
    model = update.model
    if model is not None:
        files.append(StoredFile(run_id, model.path, model.content))
    value = {
        "status": update.status,
        "end_ms": update.end_ms,
        "params": dict(update.params),
        "metrics": _metrics(update.metrics),
        "tags": dict(update.tags),
        "artifacts": _artifacts(update.artifacts),
        "model": None if model is None else _model(model),
    }
    return value, files


def decode_update(value: Mapping[str, Any], read: Callable[[str], bytes]) -> RunUpdate:
    """The update that was encoded.

    Args:
        value: What `encode_update` made of it.
        read: Content of a file, by its path.
    """
    model = value["model"]
    return RunUpdate(
        status=value["status"],
        end_ms=value["end_ms"],
        params=value["params"],
        metrics=_metrics_of(value),
        tags=value["tags"],
        artifacts=_artifacts_of(value, read),
        model=None if model is None else _model_of(model, read(model["path"])),
    )


def to_text(value: Mapping[str, Any]) -> str:
    """A value as text that every database holds."""
    return json.dumps(value, ensure_ascii=True)


def from_text(text: str) -> dict[str, Any]:
    """Inverse of `to_text`."""
    value: dict[str, Any] = json.loads(text)
    return value


def _metrics(metrics: Iterable[Metric]) -> list[list[object]]:
    return [[m.key, float(m.value), m.step, m.timestamp_ms] for m in metrics]


def _metrics_of(value: Mapping[str, Any]) -> tuple[Metric, ...]:
    return tuple(Metric(*row) for row in value["metrics"])


def _artifacts(artifacts: Iterable[Artifact]) -> list[list[object]]:
    return [[str(a.path), a.table] for a in artifacts]


def _artifacts_of(value: Mapping[str, Any], read: Callable[[str], bytes]) -> tuple[Artifact, ...]:
    return tuple(Artifact(path, read(path), table) for path, table in value["artifacts"])


def _model(model: ServedModel) -> dict[str, Any]:
    return {
        "path": str(model.path),
        "loader": model.loader,
        "inputs": _columns(model.inputs),
        "outputs": _columns(model.outputs),
        "versions": dict(model.versions),
        "needs": list(model.needs),
        "made_ms": model.made_ms,
        "options": dict(model.options),
    }


def _model_of(value: Mapping[str, Any], content: bytes) -> ServedModel:
    return ServedModel(
        path=value["path"],
        content=content,
        loader=value["loader"],
        inputs=_columns_of(value["inputs"]),
        outputs=_columns_of(value["outputs"]),
        versions=value["versions"],
        needs=tuple(value["needs"]),
        made_ms=value["made_ms"],
        options=value.get("options", {}),  # a journal of an earlier version has none
    )


def _columns(columns: Iterable[Column]) -> list[list[object]]:
    return [[c.name, c.type.__name__, c.required, c.many] for c in columns]


def _columns_of(rows: Iterable[Iterable[Any]]) -> tuple[Column, ...]:
    return tuple(Column(name, _TYPES[kind], *rest) for name, kind, *rest in rows)
