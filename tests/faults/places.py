"""Where a struck job records: a fresh store, or a fresh experiment of one, for each strike."""

from __future__ import annotations

import itertools
import shutil
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from forecastctl.store.mlflow.address import resolve
from forecastctl.store.mlflow.create import open_store
from tests import services

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

STORES = ("sqlite", "postgres", "server")


@dataclass(frozen=True)
class Place:
    """A store and an experiment that nobody else uses.

    ``artifacts`` is the folder below which the artifacts of its runs lie, as ``EXPERIMENT/RUN/``.
    """

    uri: str
    experiment: str
    folder: Path
    artifacts: Path


@contextmanager
def places(store: str, home: Path) -> Iterator[Callable[[], Place]]:
    """Make places of one kind of store."""
    template = home / "empty.db"
    if not template.exists():
        make_empty(f"sqlite:///{template}")
    number = itertools.count()
    with ExitStack() as stack:
        if store == "postgres":
            base = stack.enter_context(services.postgres())
            services.execute(base, "CREATE DATABASE faults")
            make_empty(f"{base}/faults")
            uri, served = f"{base}/faults", None
        elif store == "server":
            at = home / "server"
            at.mkdir()
            shutil.copy(template, at / "mlflow.db")
            uri = stack.enter_context(services.mlflow_server(f"sqlite:///{at / 'mlflow.db'}", at))
            served = at / "served"
        else:
            uri, served = "", None

        def make() -> Place:
            folder = home / f"{store}-{next(number)}"
            folder.mkdir()
            own = f"sqlite:///{folder / 'mlflow.db'}"
            if not uri:
                shutil.copy(template, folder / "mlflow.db")
            return Place(uri or own, folder.name, folder, served or folder / "mlartifacts")

        yield make


def make_empty(uri: str) -> None:
    """An empty store to copy, or to record in: MLflow needs seconds to make one."""
    database, _ = open_store(resolve(uri))
    database.close()
