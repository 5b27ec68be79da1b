"""Schemas of MLflow: which a store has, what wrote it, and whether the installed MLflow takes it.

MLflow migrates a store to its own schema by merely opening it, and an older MLflow cannot open it
any more. So the revision is looked at before MLflow's own store is touched.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib import metadata, util
from pathlib import Path
from typing import TYPE_CHECKING

from forecastctl.errors import OtherSchemaError, TrackingError
from forecastctl.store.mlflow.address import display_uri

if TYPE_CHECKING:
    from collections.abc import Mapping

    from forecastctl.store.mlflow.address import Address
    from forecastctl.store.mlflow.sql.database import Column, Database

KNOWN_REVISIONS = {
    "1b5f0d9ad7c1": "3.10",
    "c3d6457b6d8a": "3.11",
    "7d34483879f0": "3.12",
    "da6fb0208061": "3.13",
    "b7e4c1a90f23": "3.14",
    "6f8d9c3b2a1e": "3.15",
    "b7e2c1a4d9f3": "3.16",
    "dc11669786a5": "3.17",
    "f4a9b2c7d1e6": "3.18",
}
"""Revisions of MLflow's schema that the SQL tracker was tested with, and the MLflow of each.

What has another one is looked at column by column (`is_writable`)."""

_LANDMARKS = {"acf3f17fdcc7": "2.9", "0584bdc529eb": "2.22"} | KNOWN_REVISIONS
"""Revisions whose MLflow can be named; one that lies between two of them is between those two."""

READ_COLUMNS = {
    "experiments": {"experiment_id", "name", "artifact_location", "lifecycle_stage"},
    "runs": {
        "run_uuid",
        "name",
        "status",
        "start_time",
        "end_time",
        "lifecycle_stage",
        "artifact_uri",
        "experiment_id",
    },
    "params": {"run_uuid", "key", "value"},
    "tags": {"run_uuid", "key", "value"},
    "latest_metrics": {"run_uuid", "key", "value", "is_nan"},
}
"""What the SQL tracker reads; schemas since MLflow 2.0 have it."""

_ID = re.compile(r"""^revision\s*=\s*['"](\w+)['"]""", re.MULTILINE)
_BEFORE = re.compile(r"""^down_revision\s*=\s*['"](\w+)['"]""", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Installed:
    """The MLflow that is installed here.

    Attributes:
        version: Its version.
        line: The revisions that it can migrate from, oldest first; its own is the last.
    """

    version: str
    line: tuple[str, ...]

    @property
    def head(self) -> str | None:
        """The revision that it opens without a migration."""
        return self.line[-1] if self.line else None


@cache
def installed() -> Installed:
    """Read off the files of the installed MLflow, without importing it."""
    spec = util.find_spec("mlflow")
    before: dict[str, str | None] = {}
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        for file in Path(folder, "store", "db_migrations", "versions").glob("*.py"):
            text = file.read_text(encoding="utf-8")
            if made := _ID.search(text):
                after = _BEFORE.search(text)
                before[made[1]] = after[1] if after else None
    try:
        version = metadata.version("mlflow")
    except metadata.PackageNotFoundError:
        version = "of an unknown version"
    return Installed(version, _in_line(before))


def _in_line(before: Mapping[str, str | None]) -> tuple[str, ...]:
    """Revisions from the first to the last, each of which names the one before it."""
    last = [revision for revision in before if revision not in set(before.values())]
    line: list[str] = []
    at = last[0] if len(last) == 1 else None
    while at is not None and at in before and at not in line:
        line.append(at)
        at = before[at]
    return tuple(reversed(line))


def is_own(revision: str) -> bool:
    """Whether the installed MLflow opens a store of this revision as it is."""
    return revision == installed().head


def is_readable(database: Database) -> bool:
    """Whether a store has all that the SQL tracker reads.

    Raises:
        TrackingError: It cannot be reached.
    """
    return all(columns <= database.columns(table).keys() for table, columns in READ_COLUMNS.items())


_TEXT = {"varchar", "character varying", "text"}
_NUMBER = {"integer", "bigint"}
_REAL = {"float", "double precision"}
_TRUTH = {"boolean"}
_RUN = {"run_uuid": _TEXT, "key": _TEXT}
_MEASURED = {"value": _REAL, "timestamp": _NUMBER, "step": _NUMBER, "is_nan": _TRUTH}

WRITTEN_COLUMNS: dict[str, dict[str, set[str]]] = {
    "experiments": {
        **dict.fromkeys(("name", "artifact_location", "lifecycle_stage", "workspace"), _TEXT),
        **dict.fromkeys(("experiment_id", "creation_time", "last_update_time"), _NUMBER),
    },
    "runs": {
        **dict.fromkeys(("run_uuid", "name", "source_type", "source_name"), _TEXT),
        **dict.fromkeys(("entry_point_name", "user_id", "status", "source_version"), _TEXT),
        **dict.fromkeys(("lifecycle_stage", "artifact_uri"), _TEXT),
        **dict.fromkeys(("start_time", "end_time", "deleted_time", "experiment_id"), _NUMBER),
    },
    "params": {**_RUN, "value": _TEXT},
    "tags": {**_RUN, "value": _TEXT},
    "metrics": {**_RUN, **_MEASURED},
    "latest_metrics": {**_RUN, **_MEASURED},
    "datasets": {
        "experiment_id": _NUMBER,
        **dict.fromkeys(("dataset_uuid", "name", "digest", "dataset_source_type"), _TEXT),
        **dict.fromkeys(("dataset_source", "dataset_schema", "dataset_profile"), _TEXT),
    },
    "inputs": {
        **dict.fromkeys(("input_uuid", "source_type", "source_id"), _TEXT),
        **dict.fromkeys(("destination_type", "destination_id"), _TEXT),
    },
    "input_tags": dict.fromkeys(("input_uuid", "name", "value"), _TEXT),
}
"""What the SQL tracker writes, with the types that it writes; schemas since MLflow 3.10 have it."""


def is_writable(database: Database) -> bool:
    """Whether rows as the SQL tracker writes them fit into a store, whatever its revision.

    All its columns have to be there with their types, and none besides that must have a value.

    Raises:
        TrackingError: It cannot be reached.
    """
    return all(_takes(database.columns(table), w) for table, w in WRITTEN_COLUMNS.items())


def _takes(found: Mapping[str, Column], written: Mapping[str, set[str]]) -> bool:
    fits = all(name in found and found[name].type in types for name, types in written.items())
    return fits and not any(c.required for name, c in found.items() if name not in written)


def is_mlflows(database: Database) -> bool:
    """Whether a database with a revision is MLflow's: other programs keep theirs the same way.

    Raises:
        TrackingError: It cannot be reached.
    """
    return bool(database.columns("experiments") and database.columns("runs"))


def named(revision: str) -> str:
    """A schema in words, with the MLflow that writes it as far as that is known."""
    line = installed().line
    if revision in _LANDMARKS:
        return f"the schema {revision} of MLflow {_LANDMARKS[revision]}"
    if revision not in line:
        return f"the schema {revision} of a newer MLflow"
    at = line.index(revision)
    older = [_LANDMARKS[r] for r in line[:at] if r in _LANDMARKS]
    newer = [_LANDMARKS[r] for r in line[at:] if r in _LANDMARKS]
    if older and newer:
        return f"the schema {revision} of an MLflow between {older[-1]} and {newer[0]}"
    if newer:
        return f"the schema {revision} of an MLflow before {newer[0]}"
    return f"the schema {revision} of MLflow {installed().version}"


def not_written(address: Address, revision: str) -> OtherSchemaError:
    """Error for a store that the installed MLflow could write to only after a migration."""
    message = f"The store {address.shown} has {named(revision)}"
    elsewhere = (
        "record through that MLflow's server, of any version (--tracking-uri http://HOST:PORT), "
        "or into a store of its own (--tracking-uri sqlite:///forecasts.db)"
    )
    if revision not in installed().line:
        return OtherSchemaError(
            f"{message}; installed here is MLflow {installed().version}. It is left as it is.",
            f"Install the MLflow that wrote it, or a newer forecastctl; or {elsewhere}.",
        )
    return OtherSchemaError(
        f"{message}; it is left as it is, because MLflow {installed().version} would have to "
        "migrate it, and an older MLflow cannot open it after that.",
        f"To migrate it, back it up and run '{upgrade_command(address)}', or give "
        f"--upgrade-store; or {elsewhere}.",
    )


def not_read(address: Address, revision: str) -> TrackingError:
    """Error for a store whose schema lacks something that is read."""
    message = f"The store {address.shown} has {named(revision)}, which cannot be read as it is."
    if revision not in installed().line:
        return TrackingError(message, "Install the MLflow that wrote it, or a newer forecastctl.")
    return TrackingError(
        message,
        f"To migrate it, back it up and run '{upgrade_command(address)}'; an older MLflow cannot "
        "open it after that. Or ask its server: --tracking-uri http://HOST:PORT.",
    )


def upgrade_command(address: Address) -> str:
    """The command that migrates a store to the installed MLflow's schema, password masked."""
    return f"mlflow db upgrade {display_uri(address.uri)}"
