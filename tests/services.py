"""Real services for tests and benchmarks: PostgreSQL, an MLflow server, Chromium."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

CHROMIUM_FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


class UnavailableError(Exception):
    """A program that the service needs is not installed."""


@contextmanager
def fast_directory() -> Iterator[Path]:
    """A temporary directory, in memory where the machine has one: embedded stores wait for disks."""
    memory = "/dev/shm"
    place = memory if os.access(memory, os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="fctl-", dir=place) as directory:
        yield Path(directory)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _postgres_bin() -> Path:
    found = shutil.which("postgres")
    places = [Path(found).resolve().parent] if found else []
    places += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    for place in places:
        if (place / "postgres").exists() and (place / "initdb").exists():
            return place
    raise UnavailableError("PostgreSQL's programs (postgres, initdb) are not installed")


def _demotion() -> dict[str, object]:
    """PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
    raise UnavailableError("PostgreSQL does not run as root, and there is no user to run it as")


@contextmanager
def postgres(*, durable: bool = False) -> Iterator[str]:
    """Run a throw-away PostgreSQL; yields its address up to the name of a database.

    Durable is for measuring: it then waits for the disk as a real one does.
    """
    with stoppable_postgres(durable=durable) as server:
        yield server.address


class StoppablePostgres:
    """A PostgreSQL that can be stopped, and started again at the same address."""

    def __init__(self, command: list[object], base: str, home: Path, options: dict) -> None:
        self.address = base
        self._command, self._home, self._options = command, home, options
        self._server: subprocess.Popen | None = None

    def start(self) -> None:
        log = self._home / "log"
        with log.open("ab") as file:
            self._server = subprocess.Popen(
                self._command, stdout=file, stderr=file, **self._options
            )
        _wait(lambda: _answers_sql(self.address), self._server, log)

    def stop(self) -> None:
        server, self._server = self._server, None
        if server is not None:
            server.send_signal(signal.SIGQUIT)  # do not wait for clients
            server.wait(600)


@contextmanager
def stoppable_postgres(*, durable: bool = False) -> Iterator[StoppablePostgres]:
    """As `postgres`, to be stopped."""
    programs = _postgres_bin()
    demotion = _demotion()
    home = Path(tempfile.mkdtemp(prefix="fctl-pg-", dir="/tmp"))
    if demotion:
        os.chown(home, demotion["user"], demotion["group"])
    data, port = home / "data", free_port()
    quick = {"cwd": home, "env": {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}, **demotion}
    server = None
    try:
        initdb = [programs / "initdb", "-D", data, "-A", "trust", "-U", "tester"]
        initdb += ["-E", "UTF8", "--no-sync", "--no-instructions"]
        subprocess.run(initdb, check=True, capture_output=True, **quick)
        command = [programs / "postgres", "-D", data, "-p", str(port), "-k", home]
        command += ["-c", "listen_addresses=127.0.0.1"]
        if not durable:
            for setting in ("fsync", "full_page_writes", "synchronous_commit"):
                command += ["-c", f"{setting}=off"]
        base = f"postgresql://tester:s3cret@127.0.0.1:{port}"
        server = StoppablePostgres(command, base, home, quick)
        server.start()
        yield server
    finally:
        if server is not None:
            server.stop()
        shutil.rmtree(home, ignore_errors=True)


def _answers_sql(base: str) -> bool:
    import psycopg2

    try:
        psycopg2.connect(f"{base}/postgres", connect_timeout=10).close()
    except psycopg2.OperationalError:
        return False
    return True


def execute(base: str, statement: str) -> None:
    """Run one statement outside of a transaction, as CREATE DATABASE asks."""
    import psycopg2

    connection = psycopg2.connect(f"{base}/postgres")
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute(statement)
    connection.close()


@contextmanager
def mlflow_server(
    store: str, home: Path, port: int | None = None, python: str = sys.executable
) -> Iterator[str]:
    """Run MLflow's server over a store, at a port of its own or a given one; yields its address.

    The MLflow is that of a Python, by default of this one.
    """
    port = port or free_port()
    address = f"http://127.0.0.1:{port}"
    command = [python, "-m", "mlflow", "server", "--backend-store-uri", store]
    command += ["--artifacts-destination", str(home / "served"), "--host", "127.0.0.1"]
    command += ["--port", str(port), "--workers", "1"]
    env = {
        **os.environ,
        "PATH": f"{Path(python).parent}:{os.environ['PATH']}",  # older ones start gunicorn by name
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
    }
    env.pop("PYTEST_CURRENT_TEST", None)  # MLflow behaves differently when it sees it
    with (home / "server.log").open("wb") as log:
        server = subprocess.Popen(
            command, cwd=home, env=env, stdout=log, stderr=log, start_new_session=True
        )
        try:
            _wait(lambda: _answers_http(f"{address}/health"), server, home / "server.log")
            yield address
        finally:
            os.killpg(server.pid, signal.SIGKILL)  # it would wait for its clients
            server.wait(600)


def _answers_http(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=10):  # noqa: S310 - our own http address
            return True
    except (urllib.error.URLError, OSError):
        return False


def _wait(ready, process: subprocess.Popen, log: Path, seconds: float = 600) -> None:
    end = time.monotonic() + seconds
    while not ready():
        if process.poll() is not None or time.monotonic() > end:
            tail = log.read_text(errors="replace")[-2000:]
            raise RuntimeError(f"{process.args[0]} did not start:\n{tail}")
        time.sleep(0.1)


def chromium() -> str:
    """Path of the browser."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if found := shutil.which(name):
            return found
    raise UnavailableError("Chromium is not installed")


@contextmanager
def browser_page() -> Iterator[object]:
    """A page of a headless Chromium with a profile of its own."""
    from playwright.sync_api import sync_playwright

    profile = tempfile.mkdtemp(prefix="fctl-chromium-")
    try:
        with sync_playwright() as playwright:
            context = playwright.chromium.launch_persistent_context(
                profile,
                executable_path=chromium(),
                headless=True,
                args=CHROMIUM_FLAGS,
                viewport={"width": 1600, "height": 1000},
            )
            try:
                yield context.new_page()
            finally:
                context.close()
    finally:
        shutil.rmtree(profile, ignore_errors=True)
