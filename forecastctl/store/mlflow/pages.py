"""MLflow's own pages of a store: their addresses, and a server for them where there is none."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from forecastctl.errors import TrackingError, UsageError
from forecastctl.records.schema import MetricKey, Tag
from forecastctl.store.mlflow.address import public_uri, resolve, scrub
from forecastctl.store.mlflow.create import find_store
from forecastctl.store.mlflow.experiment import client_experiment, probe, sql_experiment

if TYPE_CHECKING:
    from collections.abc import Iterator

HOST = "127.0.0.1"
"""The pages let everyone in who reaches them, and let him delete runs: this machine alone."""
USUAL_PORT = 5000
_MOST_SECONDS = 300
_ENDING_SECONDS = 10
# MLflow opens an experiment on its pages for language models otherwise.
_TRAINING = "workflowType=machine_learning"
_VIEW = "forecastctl"
"""Key of the view of an experiment's runs that MLflow's pages open by name."""
_VIEW_TAG = f"mlflow.sharedViewState.{_VIEW}"
_VIEW_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Pages:
    """MLflow's pages of a store.

    Attributes:
        base: Address of their server.
        ours: Whether the server was started to show them, and ends with us.
    """

    base: str
    ours: bool

    def at(self, experiment: str, run_id: str | None = None, view: str | None = None) -> str:
        """Address of an experiment's page, or of the page of one of its runs.

        Args:
            experiment: Id of the experiment.
            run_id: The run, if one is asked for.
            view: Key of the view of its runs, from `keep_view`.
        """
        path = f"{self.base.rstrip('/')}/#/experiments/{experiment}/runs"
        if run_id:
            return f"{path}/{run_id}?{_TRAINING}"
        return f"{path}?{_TRAINING}{f'&viewStateShareKey={view}' if view else ''}"


def keep_view(base: str, experiment: str) -> str | None:
    """Keep with an experiment which columns its pages show first: loss, model, status.

    MLflow's pages share views in this way; one that is not known there is not found.

    Args:
        base: Address of a server that we started.
        experiment: Id of the experiment.

    Returns:
        Key of the view, or ``None`` where the server takes none.
    """
    body = {"experiment_id": experiment, "key": _VIEW_TAG, "value": json.dumps(_view())}
    request = urllib.request.Request(  # noqa: S310 - our own address
        f"{base}/api/2.0/mlflow/experiments/set-experiment-tag",
        json.dumps(body).encode(),
        {"Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=_VIEW_SECONDS):  # noqa: S310
            return _VIEW
    except (urllib.error.URLError, OSError):
        return None


def _view() -> dict[str, list[str]]:
    """The columns of the runs, as MLflow's pages name them."""
    own = [f"metrics.`{MetricKey.LOSS}`", f"tags.`{Tag.MODEL}`", f"tags.`{Tag.STATUS}`"]
    return {"selectedColumns": ["attributes.`Models`", *own]}


def experiment_id(uri: str, name: str) -> str:
    """Id of an experiment; neither store nor experiment is made.

    Raises:
        NothingRecordedError: There is none.
        TrackingError: The store cannot be read, or has another schema than the installed MLflow's.
    """
    address = resolve(uri)
    probe(address)
    if address.kind == "http":
        from mlflow import MlflowClient

        return client_experiment(MlflowClient(address.uri), address, name, None, create=False)
    database, _ = find_store(address)  # where no MLflow has to be imported
    try:
        return str(sql_experiment(database, name, None, create=False).id)
    finally:
        database.close()


@contextmanager
def pages(uri: str, port: int | None = None) -> Iterator[Pages]:
    """A store's pages; those of a database are served until the context ends.

    Args:
        uri: The store.
        port: Where they are served; by default 5000, or a free one where that is taken.

    Raises:
        NothingRecordedError: There is no store.
        TrackingError: It cannot be read by the installed MLflow as it is, or the pages do not come.
        UsageError: The port is taken, or the pages are another server's.
    """
    address = resolve(uri)
    if address.kind == "http":
        if port is not None:
            raise UsageError(
                f"{address.shown} has pages of its own, at its own port.", "Leave out --port."
            )
        yield Pages(public_uri(address.uri), ours=False)
        return
    probe(address)
    at = _free(port)
    with tempfile.TemporaryDirectory(prefix="forecastctl-ui-") as folder:
        log = Path(folder, "server.log")
        with _server(address.uri, at, log) as server:
            base = f"http://{HOST}:{at}"
            _wait(base, server, log, address.uri)
            yield Pages(base, ours=True)


def _free(port: int | None) -> int:
    """The port to serve at."""
    for wanted in (port,) if port else (USUAL_PORT, 0):
        with socket.socket() as tried, suppress(OSError):
            tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            tried.bind((HOST, wanted))
            return int(tried.getsockname()[1])
    raise UsageError(
        f"Port {port} is taken.", "Give another --port, or none to have a free one chosen."
    )


@contextmanager
def _server(uri: str, port: int, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """MLflow's server over a database.

    The address goes by the environment: it may hold a password, and others can read arguments.
    """
    command = [sys.executable, "-m", "mlflow", "server", "--host", HOST, "--port", str(port)]
    environment = {
        **os.environ,
        "MLFLOW_BACKEND_STORE_URI": uri,
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
        "MLFLOW_DISABLE_TELEMETRY": "true",
    }
    with log.open("wb") as out:
        server = subprocess.Popen(  # noqa: S603 - our own words
            [*command, "--workers", "1"],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,  # Ctrl-C ends us, and we end it with all its workers
        )
        try:
            yield server
        finally:
            _end(server)


def _end(server: subprocess.Popen[bytes]) -> None:
    """End the server and its workers."""
    for number, seconds in ((signal.SIGTERM, _ENDING_SECONDS), (signal.SIGKILL, None)):
        with suppress(ProcessLookupError):
            os.killpg(server.pid, number)
        with suppress(subprocess.TimeoutExpired):
            server.wait(seconds)


def _wait(base: str, server: subprocess.Popen[bytes], log: Path, uri: str) -> None:
    """Wait until the pages are there.

    Raises:
        TrackingError: They do not come.
    """
    end = time.monotonic() + _MOST_SECONDS
    while not _answers(base):
        if server.poll() is not None or time.monotonic() > end:
            last = [line for line in log.read_text(errors="replace").splitlines() if line.strip()]
            said = scrub(last[-1], uri) if last else "it says nothing"
            raise TrackingError(
                f"MLflow's server does not start: {said}",
                "Try another --port, or start it by hand with 'mlflow ui'.",
            )
        time.sleep(0.2)


def _answers(base: str) -> bool:
    try:
        with urllib.request.urlopen(f"{base}/health", timeout=5):  # noqa: S310 - our own address
            return True
    except (urllib.error.URLError, OSError):
        return False
