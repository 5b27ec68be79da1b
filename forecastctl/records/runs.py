"""Runs as the tracker writes and reads them, without any type of MLflow."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

FINISHED = "FINISHED"
FAILED = "FAILED"
KILLED = "KILLED"
RUNNING = "RUNNING"

ALL_RUNS = 1_000_000
"""Limit of a `Query` where all runs are wanted."""


@dataclass(frozen=True, slots=True)
class Metric:
    """One logged value; a key may be logged at several steps."""

    key: str
    value: float
    step: int = 0
    timestamp_ms: int = 0


@dataclass(frozen=True, slots=True)
class Artifact:
    """A small file of a run.

    Attributes:
        path: Relative POSIX path.
        content: Its bytes.
        table: Whether it is a table as JSON, with ``columns`` and ``data``, which a store that has
            pages may show; considered when a run is recorded, not in an update.
    """

    path: str
    content: bytes
    table: bool = False


@dataclass(frozen=True, slots=True)
class Dataset:
    """Data that a run was made from, for stores that list them.

    Attributes:
        name: What it is called, at most 500 characters.
        digest: Digest of its content, at most 36 characters.
        source: Where it is from, without secrets.
        columns: Type by name of column, in MLflow's words: ``string``, ``double``, ``datetime``.
        profile: How much it is, number by name.
    """

    name: str
    digest: str
    source: str
    columns: Mapping[str, str] = field(default_factory=dict)
    profile: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the input or output of a served model.

    Attributes:
        name: Its name.
        type: What it holds.
        required: Whether it must be there.
        many: Whether each row holds a list of it.
    """

    name: str
    type: type[str | int | float]
    required: bool = True
    many: bool = False


@dataclass(frozen=True, slots=True)
class ServedModel:
    """A model that a run holds for others to load; a store describes it in its own way.

    Attributes:
        path: Path of its file, in a directory of its own.
        content: Its bytes.
        loader: Module that makes a model of the file.
        inputs: Columns that it takes.
        outputs: Columns that it gives.
        versions: Version by package, Python included, with which it was made.
        needs: Packages without which it cannot be loaded: names, or requirements that say from
            where, as ``name @ address``.
        made_ms: When it was made, milliseconds since the epoch.
        options: Switches that a request may set, and what they are otherwise.
    """

    path: str
    content: bytes
    loader: str
    inputs: tuple[Column, ...]
    outputs: tuple[Column, ...]
    versions: Mapping[str, str]
    needs: tuple[str, ...]
    made_ms: int
    options: Mapping[str, bool] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Run:
    """A run to be recorded, with its whole subtree.

    Attributes:
        name: Display name, at most 250 characters.
        status: `FINISHED`, `FAILED`, `KILLED` or `RUNNING`.
        start_ms: Start, milliseconds since the epoch.
        end_ms: End, or ``None`` while running.
        params: Immutable inputs; values at most 6,000 characters.
        metrics: Logged values.
        tags: Small labels; values at most 5,000 characters.
        artifacts: Anything structured.
        children: Runs whose parent is this one.
        inputs: Data that it was made from.
    """

    name: str
    status: str = FINISHED
    start_ms: int = 0
    end_ms: int | None = None
    params: Mapping[str, str] = field(default_factory=dict)
    metrics: tuple[Metric, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)
    artifacts: tuple[Artifact, ...] = ()
    children: tuple[Run, ...] = ()
    inputs: tuple[Dataset, ...] = ()


@dataclass(frozen=True, slots=True)
class RunUpdate:
    """What is added to an open run, usually when it ends: as in `Run`, and a model to be served."""

    status: str | None = None
    end_ms: int | None = None
    params: Mapping[str, str] = field(default_factory=dict)
    metrics: tuple[Metric, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)
    artifacts: tuple[Artifact, ...] = ()
    model: ServedModel | None = None


@dataclass(frozen=True, slots=True)
class StoredRun:
    """A run as read back. ``metrics`` holds the last value of each key."""

    run_id: str
    name: str
    status: str
    start_ms: int
    end_ms: int | None
    params: Mapping[str, str]
    metrics: Mapping[str, float]
    tags: Mapping[str, str]
    parent_id: str | None = None


@dataclass(frozen=True, slots=True)
class Query:
    """Which runs to read; every given condition must hold.

    Attributes:
        tags: Exact values of tags.
        status: Status of the run.
        since_ms: Started at or after, milliseconds since the epoch.
        before_ms: Started before.
        parent_id: Direct children of this run.
        filter: Predicates in MLflow's own filter language, joined to the rest with AND.
        order_by: ``start_time DESC`` (newest first, the default) or a metric such as
            ``metrics.loss ASC``.
        limit: Number of runs at most.
    """

    tags: Mapping[str, str] = field(default_factory=dict)
    status: str | None = None
    since_ms: int | None = None
    before_ms: int | None = None
    parent_id: str | None = None
    filter: str | None = None
    order_by: str = "start_time DESC"
    limit: int = 1000


@dataclass(frozen=True, slots=True)
class ModelVersion:
    """A version of a registered model.

    Attributes:
        name: Name of the registered model.
        version: Its number, from 1.
        run_id: The run that holds the model's files.
        made_ms: When it was registered, milliseconds since the epoch.
        tags: Small labels.
        aliases: Names that stand for this version now.
        description: What it is, in Markdown.
    """

    name: str
    version: int
    run_id: str
    made_ms: int
    tags: Mapping[str, str] = field(default_factory=dict)
    aliases: tuple[str, ...] = ()
    description: str = ""
