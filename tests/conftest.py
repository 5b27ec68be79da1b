"""Fixtures that every part of the suite may use; a service is started once, when first asked for."""

from __future__ import annotations

import gc
import logging
import os
import shutil
import signal
import threading
import uuid
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest
import typer.main
import typer.testing
from filelock import FileLock
from hypothesis import HealthCheck, settings

from forecastctl.cli.output.logs import hear_libraries
from forecastctl.cli.output.said import TEXT
from forecastctl.models.kernels.compiled import warm
from tests import services
from tests.harness import Harness
from tests.old_stores import OLD, migrate
from tests.series import make_series, seasonal_data

if TYPE_CHECKING:
    from collections.abc import Callable

os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")

# Made once, and not at every call: that of all commands with all flags takes 50 ms.
typer.testing._get_command = cache(typer.main.get_command)

# How fast the machine is says nothing about the code.
settings.register_profile("any speed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any speed")


def pytest_configure(config: pytest.Config) -> None:
    """Compile the models before workers start; end cleanly when told to (by ``timeout``, say).

    That is, as after Ctrl-C, so that services are stopped.
    """
    if not hasattr(config, "workerinput"):
        warm(print)
    process = os.getpid()

    def stop(*_: object) -> None:
        if os.getpid() != process:  # a fork of a test
            os._exit(128 + signal.SIGTERM)
        raise KeyboardInterrupt

    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, stop)


@pytest.hookimpl(wrapper=True)
def pytest_collection():
    """Let the garbage collector pass over what imports make, which takes a twentieth of all CPU."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes minutes comes first, so that no worker waits for it at the end.

    Then what asks a service: one worker gets all of that, and the others need not start it too.
    """
    items.sort(
        key=lambda item: (not item.nodeid.startswith("tests/test_golden.py"), not _is_served(item))
    )


def _is_served(item: pytest.Item) -> bool:
    """Whether a fixture of a test, or the value of one, is named after a service."""
    values = item.callspec.params.values() if hasattr(item, "callspec") else ()
    words = [*getattr(item, "fixturenames", ()), *(v for v in values if isinstance(v, str))]
    return any(service in word for word in words for service in ("server", "postgres"))


class Server(NamedTuple):
    """An MLflow server and the store behind it, which others may write as well."""

    uri: str
    store: str


@pytest.fixture(autouse=True)
def log_as_before():
    """Undo what a command that runs in this process does to the log, which others look at."""
    log = logging.getLogger("forecastctl")
    before = log.level, log.propagate, list(log.handlers)
    yield
    hear_libraries(TEXT, str)
    log.setLevel(before[0])
    log.propagate = before[1]
    log.handlers[:] = before[2]


@pytest.fixture(autouse=True)
def own_state(monkeypatch, tmp_path_factory) -> Path:
    """A folder of the test's own for what would lie in the home of the user: the spool."""
    folder = tmp_path_factory.mktemp("state")
    monkeypatch.setenv("XDG_STATE_HOME", str(folder))
    return folder


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Directory of the real data, which lies beside the repository."""
    path = Path(__file__).resolve().parents[2] / "shared" / "data"
    if not path.is_dir():
        pytest.skip("the real data is not here")
    return path


@pytest.fixture(scope="session")
def quick():
    """A directory for stores that outlive a test."""
    with services.fast_directory() as directory:
        yield directory


@pytest.fixture(scope="session")
def made_once(tmp_path_factory):
    """Make a folder of files by a function of its path, once for all workers of the suite."""
    common = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        common = common.parent

    def make(name: str, fill: Callable[[Path], None]) -> Path:
        folder = common / name
        with FileLock(common / f"{name}.lock"):
            if not folder.exists():
                part = common / f"{name}.part"
                shutil.rmtree(part, ignore_errors=True)  # of a worker that failed
                part.mkdir()
                fill(part)
                part.rename(folder)
        return folder

    return make


@pytest.fixture(scope="session")
def store_template(made_once) -> Path:
    """An empty SQLite store to copy: MLflow needs seconds to make one."""
    from forecastctl.store.mlflow.address import resolve
    from forecastctl.store.mlflow.create import open_store

    def fill(folder: Path) -> None:
        database, _ = open_store(resolve(f"sqlite:///{folder / 'empty.db'}"))
        database.close()

    return made_once("template", fill) / "empty.db"


@pytest.fixture
def sqlite_uri(store_template, tmp_path) -> str:
    """Address of an SQLite store of the test's own."""
    path = tmp_path / "store" / "mlflow.db"
    path.parent.mkdir()
    shutil.copy(store_template, path)
    return f"sqlite:///{path}"


@pytest.fixture(scope="session")
def old_stores(made_once) -> dict[str, Path]:
    """Empty SQLite stores of older MLflows to copy, by the MLflow that wrote them."""

    def fill(folder: Path) -> None:
        before = None
        for name, revision in OLD.items():
            path = folder / f"{name}.db"
            if before:
                shutil.copy(before, path)
            migrate(f"sqlite:///{path}", revision)
            before = path

    folder = made_once("old-stores", fill)
    return {name: folder / f"{name}.db" for name in OLD}


@pytest.fixture(scope="session")
def mlflow_server(store_template, quick):
    """A real MLflow server over an SQLite store."""
    home = quick / "server"
    home.mkdir()
    shutil.copy(store_template, home / "mlflow.db")
    store = f"sqlite:///{home / 'mlflow.db'}"
    with services.mlflow_server(store, home) as address:
        yield Server(address, store)


@pytest.fixture(scope="session")
def postgres_base():
    """Address of a real PostgreSQL, up to the name of a database."""
    try:
        with services.postgres() as base:
            yield base
    except services.UnavailableError as reason:
        pytest.skip(str(reason))


@pytest.fixture(scope="session")
def postgres_template(postgres_base) -> str:
    """Name of a database with an empty store, to copy."""
    from forecastctl.store.mlflow.address import resolve
    from forecastctl.store.mlflow.create import open_store

    services.execute(postgres_base, "CREATE DATABASE template_store")
    database, _ = open_store(resolve(f"{postgres_base}/template_store"))
    database.close()
    return "template_store"


@pytest.fixture
def make_postgres(postgres_base, postgres_template):
    """Make a PostgreSQL store of the test's own."""

    def make() -> str:
        name = f"store_{uuid.uuid4().hex}"
        services.execute(postgres_base, f"CREATE DATABASE {name} TEMPLATE {postgres_template}")
        return f"{postgres_base}/{name}"

    return make


@pytest.fixture(scope="session")
def postgres_uri(postgres_base, postgres_template) -> str:
    """Address of a PostgreSQL store; take an experiment of your own in it."""
    services.execute(postgres_base, f"CREATE DATABASE shared_store TEMPLATE {postgres_template}")
    return f"{postgres_base}/shared_store"


@pytest.fixture
def series():
    return make_series(seasonal_data())


@pytest.fixture(scope="session", autouse=True)
def one_blas_thread():
    from threadpoolctl import threadpool_limits

    with threadpool_limits(limits=1):
        yield


@pytest.fixture
def fake(monkeypatch):
    """The family ``fake``, fresh; its class records what was fitted."""
    from forecastctl.models import base
    from forecastctl.registry import FAMILIES
    from tests.models.fakes import Fake

    monkeypatch.setitem(FAMILIES.own, "fake", "tests.models.fakes:Fake")
    base.family.cache_clear()
    Fake.fitted = []
    yield Fake
    base.family.cache_clear()


@pytest.fixture
def harness():
    return Harness()


@pytest.fixture(scope="module")
def both_layouts():
    """The same job in both layouts, each in a store of its own."""
    made = {}
    for layout in ("nested", "flat"):
        made[layout] = Harness()
        made[layout].summary = made[layout].run(layout=layout, job_id=f"job-{layout}")
    return made
