"""What every tracking store can hold, and how a run is fitted into it without losing anything.

MLflow cuts or refuses values that are too long. Here a value that a store cannot hold is kept
whole in an artifact (``long/params.json``, ``long/tags.json``, ``long/name.json``: a JSON object by
key) and a cut value ending in an ellipsis stands in its place.
"""

from __future__ import annotations

import json
import posixpath
import re
from dataclasses import replace
from typing import TYPE_CHECKING

from forecastctl.errors import RefusedError
from forecastctl.records import Artifact, Run, RunUpdate
from forecastctl.records.failures import storable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

MAX_NAME = 250
MAX_KEY = 250
MAX_PARAM = 6000
MAX_TAG = 5000
MAX_PATH_PART = 200

WRITE_TAG = "mlflow.forecastctl.write"
"""Which writing made a run: by it a run is found where the answer to its making was lost."""

HIDDEN_TAGS = frozenset(
    {
        WRITE_TAG,
        "mlflow.loggedArtifacts",
        "mlflow.parentRunId",
        "mlflow.runName",
        "mlflow.source.git.commit",
        "mlflow.source.name",
        "mlflow.source.type",
        "mlflow.user",
    }
)
"""Tags that a store keeps for itself; a run read back shows them as fields or not at all."""

_KEY = re.compile(r"[/\w.\- :]+")
_BAD_IN_PATH = re.compile("[\x00-\x1f\x7f\\\\%#?:\ud800-\udfff]")


def fit(run: Run) -> Run:
    """The run and its subtree with every value within the limits.

    Raises:
        RefusedError: A key or an artifact path that no store takes, or an empty name.
    """
    if not run.name:
        raise RefusedError("A run without a name cannot be recorded.", "Give the run a name.")
    names, long_name = _cut({"name": run.name}, MAX_NAME)
    params, long_params = _cut(run.params, MAX_PARAM)
    tags, long_tags = _cut(run.tags, MAX_TAG)
    _check(run.params, run.tags, (m.key for m in run.metrics), run.artifacts)
    return replace(
        run,
        name=names["name"],
        params=params,
        tags=tags,
        artifacts=(
            *run.artifacts,
            *_kept("name", long_name),
            *_kept("params", long_params),
            *_kept("tags", long_tags),
        ),
        children=tuple(fit(child) for child in run.children),
    )


def fit_update(update: RunUpdate, read: Callable[[str], bytes | None]) -> RunUpdate:
    """The update with every value within the limits, and the file of its model as an artifact.

    Args:
        update: What is to be added.
        read: Content of one of the run's artifacts, or ``None``: long values that the run already
            has are kept beside the new ones.

    Raises:
        RefusedError: A key or an artifact path that no store takes.
    """
    _check(update.params, update.tags, (m.key for m in update.metrics), update.artifacts)
    params, long_params = _cut(update.params, MAX_PARAM)
    tags, long_tags = _cut(update.tags, MAX_TAG)
    kept: list[Artifact] = []
    for kind, values in (("params", long_params), ("tags", long_tags)):
        if values:
            before = read(f"long/{kind}.json")
            kept.extend(_kept(kind, {**_legible(before), **values}))
    model = [] if update.model is None else [Artifact(update.model.path, update.model.content)]
    artifacts = (*update.artifacts, *model, *kept)
    return replace(update, params=params, tags=tags, artifacts=artifacts)


def _legible(before: bytes | None) -> dict[str, str]:
    """Long values that a run has; none where their file is damaged, which must stop no update."""
    try:
        found = json.loads(before) if before else {}
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def artifact_path(path: str) -> str:
    """Check that a path is relative, stays inside its run and survives every store.

    Raises:
        RefusedError: It does not.
    """
    parts = path.split("/")
    if _BAD_IN_PATH.search(path) or any(
        p in ("", ".", "..") or len(p) > MAX_PATH_PART for p in parts
    ):
        raise RefusedError(
            f"An artifact cannot be stored under the path {path[:300]!r}.",
            "Use a relative path of plain names joined by '/'.",
        )
    return path


def _cut(values: Mapping[str, str], limit: int) -> tuple[dict[str, str], dict[str, str]]:
    """Values that fit, and the whole of those that had to be changed."""
    short = {str(key): storable(value, limit) for key, value in values.items()}
    return short, {key: value for key, value in values.items() if short[key] != value}


def _kept(kind: str, values: Mapping[str, str]) -> tuple[Artifact, ...]:
    if not values:
        return ()
    return (Artifact(f"long/{kind}.json", json.dumps(dict(values)).encode()),)


def _check(
    params: Iterable[str],
    tags: Iterable[str],
    metrics: Iterable[str],
    artifacts: Iterable[Artifact],
) -> None:
    for kind, keys in (("parameter", params), ("tag", tags), ("metric", metrics)):
        for key in keys:
            plain = _KEY.fullmatch(key) and posixpath.normpath(key) == key
            if not plain or len(key) > MAX_KEY or key.startswith((".", "/")):
                raise RefusedError(
                    f"A {kind} cannot be recorded under the key {key[:300]!r}.",
                    "Keys are made of letters, digits, '_', '-', '.', ':', ' ' and '/', "
                    f"at most {MAX_KEY} of them; any other text belongs into a value.",
                )
    for artifact in artifacts:
        artifact_path(artifact.path)
