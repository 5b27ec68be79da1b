"""Every tracker on every store, for the contract suite."""

import shutil
import uuid

import pytest

from forecastctl.errors import TrackingError
from forecastctl.recording.cached import Once
from forecastctl.store.memory import MemoryTracker
from forecastctl.store.mlflow.open import open_tracker
from forecastctl.store.spool.journal import SUFFIX, Journal
from forecastctl.store.spool.spooling import SpoolingTracker
from forecastctl.store.spool.tracker import SpoolTracker

TRACKERS = [
    "memory",
    "once",
    "spool",
    "spooling",
    "spooling-away",
    "client-sqlite",
    "sql-sqlite",
    pytest.param("client-postgres", marks=pytest.mark.slow),
    "sql-postgres",
    pytest.param("client-server", marks=pytest.mark.slow),
    "auto-server",
]


@pytest.fixture(scope="session")
def contract_store(store_template, quick):
    path = quick / "contract.db"
    shutil.copy(store_template, path)
    return f"sqlite:///{path}"


def spooled(writer, away, folder):
    """A spool, or what stands before a store that is there or away."""
    spool = SpoolTracker(Journal(folder / f"a{SUFFIX}"))
    if writer == "spool":
        return spool
    if away:
        return SpoolingTracker(None, spool, TrackingError("the store is away"))
    return SpoolingTracker(MemoryTracker(), spool)


@pytest.fixture(scope="session", params=TRACKERS)
def open_one(request, tmp_path_factory):
    """Open a tracker of one kind on an experiment of its own."""
    writer, _, store = request.param.partition("-")
    uri = None
    if store == "sqlite":
        uri = request.getfixturevalue("contract_store")
    elif store == "postgres":
        uri = request.getfixturevalue("postgres_uri")
    elif store == "server":
        uri = request.getfixturevalue("mlflow_server").uri

    def open_():
        if writer == "memory":
            return MemoryTracker()
        if writer == "once":
            return Once(MemoryTracker())
        if writer.startswith("spool"):
            return spooled(writer, store, tmp_path_factory.mktemp("spool"))
        location = None if store == "server" else str(tmp_path_factory.mktemp("artifacts"))
        experiment = f"contract {uuid.uuid4().hex}"
        return open_tracker(uri, experiment, artifact_location=location, writer=writer)

    return open_
