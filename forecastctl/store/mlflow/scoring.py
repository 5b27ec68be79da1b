"""MLflow's own server for a model: whether the model is there, and the server in our place."""

from __future__ import annotations

import os
import re
import socket
import sys
from pathlib import Path
from typing import NoReturn

from forecastctl.errors import NothingRecordedError, UsageError
from forecastctl.store.mlflow.address import resolve
from forecastctl.store.mlflow.calls import calling
from forecastctl.store.mlflow.experiment import probe
from forecastctl.store.mlflow.models import MlflowModels

_REGISTERED = re.compile(r"models:/(?P<name>[^/@]+)(?:@(?P<alias>[^/@]+)|/(?P<version>\d+))")
_RUN = re.compile(r"runs:/(?P<run>[^/]+)/.+")
_HINT = "'forecastctl promote' makes a champion; 'forecastctl history models' lists what there is."


def check_model(uri: str, address: str) -> str:
    """Say clearly which model is missing, before MLflow's server says it at length.

    Args:
        uri: The store.
        address: ``models:/NAME@ALIAS``, ``models:/NAME/VERSION`` or ``runs:/RUN/fleet``.

    Returns:
        What the address stands for now, in words.

    Raises:
        UsageError: It is no such address.
        NothingRecordedError: There is no such model, version or run.
        TrackingError: The store cannot be read.
    """
    run = _RUN.fullmatch(address)
    if run is not None:
        _check_run(uri, run["run"])
        return address
    found = _REGISTERED.fullmatch(address)
    if found is None:
        raise UsageError(
            f"--model: {address!r} is no address of a model.",
            "Give models:/NAME@champion, models:/NAME/VERSION or runs:/RUN/fleet.",
        )
    versions = MlflowModels(uri).versions(found["name"])
    if not versions:
        raise NothingRecordedError(f"There is no registered model {found['name']!r}.", _HINT)
    for version in versions:
        if found["alias"] in version.aliases or str(version.version) == found["version"]:
            return f"{version.name} version {version.version}"
    wanted = f"alias {found['alias']!r}" if found["alias"] else f"version {found['version']}"
    raise NothingRecordedError(f"The model {found['name']!r} has no {wanted}.", _HINT)


def _check_run(uri: str, run_id: str) -> None:
    address = resolve(uri)
    probe(address)
    from mlflow import MlflowClient

    with calling(address.uri, f"read run {run_id} from", refusal=NothingRecordedError):
        MlflowClient(tracking_uri=address.uri).get_run(run_id)


def serve_model(uri: str, address: str, host: str, port: int) -> NoReturn:
    """Become MLflow's server for a model, with the environment that is there.

    The address of the store goes by the environment: it may hold a password, and others can read
    arguments. MLflow finds its web server by the path of commands, which a virtual environment
    that is not activated is not in.

    Args:
        uri: The store.
        address: The model.
        host: Where it answers.
        port: Where it answers.

    """
    store = resolve(uri).uri
    commands = str(Path(sys.executable).parent)
    environment = {
        **os.environ,
        "MLFLOW_TRACKING_URI": store,
        "MLFLOW_REGISTRY_URI": store,
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
        "PATH": f"{commands}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
    }
    where = ["--host", host, "--port", str(port), "--env-manager", "local"]
    command = [sys.executable, "-m", "mlflow", "models", "serve", "--model-uri", address, *where]
    sys.stdout.flush()
    sys.stderr.flush()
    os.execve(sys.executable, command, environment)  # noqa: S606 - our own words


def check_free(host: str, port: int) -> None:
    """Say clearly that nothing can answer at an address.

    Raises:
        UsageError: The port is taken, or the host is not this machine's.
    """
    try:
        with socket.socket() as tried:
            tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            tried.bind((host, port))
    except OSError as error:
        raise UsageError(
            f"Nothing can answer at {host}:{port}: {error.strerror or error}.",
            "Give another --port or --host.",
        ) from None
