"""Stores of older MLflows, made by MLflow's own migrations up to a revision."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

MLFLOW_2_9 = "acf3f17fdcc7"
MLFLOW_2_22 = "0584bdc529eb"
OLD = {"2.9": MLFLOW_2_9, "2.22": MLFLOW_2_22}
NEWER = "0123456789ab"
"""A revision that no MLflow has yet."""

EXPERIMENT = "INSERT INTO experiments (name, artifact_location, lifecycle_stage) VALUES ('{}', '{}', 'active')"


def migrate(uri: str, revision: str) -> None:
    """Bring a database, perhaps an empty one, to a revision, as the MLflow of that time did."""
    import sqlalchemy
    from alembic import command
    from mlflow.store.db.utils import _get_alembic_config
    from mlflow.store.tracking.dbmodels.initial_models import Base

    engine = sqlalchemy.create_engine(uri)
    if not sqlalchemy.inspect(engine).get_table_names():
        Base.metadata.create_all(engine)
    engine.dispose()
    command.upgrade(_get_alembic_config(uri), revision)


def experiment(uri: str, name: str, place: Path) -> None:
    """Add an experiment, as an MLflow that knows no workspaces would have."""
    import sqlalchemy

    engine = sqlalchemy.create_engine(uri)
    with engine.begin() as connection:
        connection.execute(sqlalchemy.text(EXPERIMENT.format(name, place)))
    engine.dispose()


def dump(uri: str) -> list[str]:
    """All that is in a store, schema and rows, as text."""
    if uri.startswith("sqlite"):
        with closing(sqlite3.connect(uri.removeprefix("sqlite:///"))) as connection:
            return list(connection.iterdump())
    import sqlalchemy

    engine = sqlalchemy.create_engine(uri.replace("postgresql://", "postgresql+psycopg2://"))
    found = []
    with engine.begin() as connection:
        tables = sqlalchemy.inspect(connection).get_table_names()
        for name in sorted(tables):
            columns = sqlalchemy.inspect(connection).get_columns(name)
            found.append(f"{name}: {[(c['name'], str(c['type'])) for c in columns]}")
            rows = connection.execute(sqlalchemy.text(f"SELECT * FROM {name}"))  # noqa: S608
            found += sorted(map(str, rows))
    engine.dispose()
    return found


def copy_runs(source: Path, target: Path) -> None:
    """Bring experiments and runs into a store of an older schema, as its own server would have."""
    with closing(sqlite3.connect(target)) as connection, connection:
        connection.execute("ATTACH ? AS source", (str(source),))
        for table in ("experiments", "runs", "params", "tags", "metrics", "latest_metrics"):
            sides = [f"PRAGMA {side}.table_info({table})" for side in ("main", "source")]
            here, there = ({row[1] for row in connection.execute(side)} for side in sides)
            columns = ", ".join(sorted(here & there))
            connection.execute(
                f"INSERT OR IGNORE INTO main.{table} ({columns}) "  # noqa: S608
                f"SELECT {columns} FROM source.{table}"
            )
