"""Stores for measuring: made, weighed, and gone afterwards."""

from __future__ import annotations

import json
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
from sqlalchemy import create_engine, inspect, text

from nights.facts import Stored

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from forecastctl.store.mlflow.open import open_tracker
from tests import services

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from sqlalchemy import Connection


@dataclass(frozen=True, slots=True)
class Place:
    """A store without runs.

    Attributes:
        uri: Its address.
        artifacts: The folder of its artifacts.
    """

    uri: str
    artifacts: Path


@contextmanager
def stores(kind: str, folder: Path) -> Iterator[Callable[[str], Place]]:
    """What makes empty stores by name; all are gone afterwards.

    Args:
        kind: ``postgresql``, a throw-away server that waits for its disk, or ``sqlite``.
        folder: An empty one.
    """
    if kind == "sqlite":
        yield lambda name: _made(f"sqlite:///{folder / name}.db", folder / name)
        return
    with services.postgres(durable=True) as base:

        def make(name: str) -> Place:
            services.execute(base, f"CREATE DATABASE {name}")
            return _made(f"{base}/{name}", folder / name)

        yield make


def _made(uri: str, artifacts: Path) -> Place:
    """With MLflow's tables and an experiment."""
    artifacts.mkdir(parents=True)
    open_tracker(uri, "forecastctl", artifact_location=str(artifacts)).close()
    return Place(uri, artifacts)


def weighed(place: Place) -> Stored:
    """All that is in a store now."""
    engine = create_engine(place.uri.replace("postgresql:", "postgresql+psycopg2:"))
    with engine.connect() as connection:
        rows = sum(
            connection.execute(text(f'SELECT count(*) FROM "{name}"')).scalar_one()  # noqa: S608 - of the schema
            for name in inspect(engine).get_table_names()
        )
        size, written = _sizes(connection)
    engine.dispose()
    files = [path for path in place.artifacts.rglob("*") if path.is_file()]
    trials = [path for path in files if path.name == "trials.json"]
    return Stored(
        rows=rows,
        bytes=size,
        written=written,
        files=len(files),
        file_bytes=sum(path.stat().st_size for path in files),
        trial_bytes=sum(path.stat().st_size for path in trials),
        parquet_bytes=len(in_parquet(path.read_bytes() for path in trials)) if trials else 0,
    )


def _sizes(connection: Connection) -> tuple[int, int]:
    """Bytes of a database, and bytes that its server has written into its journal so far."""
    if connection.dialect.name == "sqlite":
        pages, size = (
            connection.execute(text(f"PRAGMA {what}")).scalar_one()
            for what in ("page_count", "page_size")
        )
        return pages * size, 0
    asked = "SELECT pg_database_size(current_database()), pg_current_wal_insert_lsn() - '0/0'"
    size, written = connection.execute(text(asked)).one()
    return int(size), int(written)


def an_airport(before: Stored, after: Stored, airports: int) -> Stored:
    """What each of some airports added."""
    names = Stored.__slots__
    return Stored(**{n: (getattr(after, n) - getattr(before, n)) / airports for n in names})


def in_parquet(tables: Iterable[bytes]) -> bytes:
    """Tables of trials, as JSON, in one Parquet file that is packed as Parquet usually is."""
    frames = []
    for number, content in enumerate(tables):
        table = json.loads(content)
        frames.append(pd.DataFrame(table["data"], columns=table["columns"]).assign(of=number))
    whole = pd.concat(frames).map(lambda v: json.dumps(v) if isinstance(v, dict | list) else v)
    out = BytesIO()
    whole.to_parquet(out, compression="zstd", index=False)
    return out.getvalue()
