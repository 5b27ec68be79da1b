"""Make stores with real MLflows, read and write them, and have each MLflow read its own afterwards."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")

from tests import services
from tests.cli.conftest import FORECASTCTL, QUICK, panel
from tests.old_stores import dump
from tests.versions.environments import VERSIONS, asked, python_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.versions.environments import Version

ROOT = Path(__file__).parents[2]
REFUSED = 5


class Store:
    """A store that an MLflow made, and forecastctl in a folder of its own."""

    def __init__(self, version: Version, python: Path, uri: str, folder: Path) -> None:
        self.version, self.python, self.uri, self.folder = version, python, uri, folder
        folder.mkdir(parents=True)
        panel(["JFK"]).to_csv(folder / "air.csv", index=False)

    def theirs(self, act: str) -> list[dict[str, Any]]:
        """What its own MLflow sees in it."""
        found = asked(self.python, self.uri, act, self.folder / "artifacts")
        return sorted(found["runs"], key=json.dumps)

    def ours(self, *command: object, uri: str | None = None, code: int = 0) -> str:
        """What a command of ours prints and says."""
        env = {**os.environ, "PYTHONPATH": str(ROOT), "XDG_STATE_HOME": str(self.folder / "state")}
        done = subprocess.run(
            [*FORECASTCTL, *map(str, command), "--tracking-uri", uri or self.uri],
            cwd=self.folder, env=env, capture_output=True, text=True, timeout=900, check=False,
        )  # fmt: skip
        said = done.stdout + done.stderr
        assert done.returncode == code, f"{command} ended with {done.returncode}:\n{said}"
        assert "Traceback" not in said, said
        return said

    def run(self, *more: object, **options: Any) -> str:
        """A small job."""
        return self.ours("run", "--data", "air.csv", *QUICK, *more, **options)

    def answers(self, uri: str | None = None) -> list[Any]:
        """What is answered about the job."""
        history = json.loads(self.ours("history", "airports", "--json", uri=uri))
        question = ("explain", "--airport", "JFK", "--date", "2018-05", "--json")
        return [history, json.loads(self.ours(*question, uri=uri).partition("\nwarning")[0])]


def read_alone(store: Store) -> None:
    """Reading leaves a store as it is, and finds nothing where nothing of ours is."""
    before, seen = dump(store.uri), store.theirs("show")
    assert store.ours("history", "--experiment", "theirs")
    said = store.ours("history", code=6)
    assert "'theirs'" in said
    store.ours("explain", "--airport", "JFK", "--date", "2018-05", code=6)
    assert dump(store.uri) == before
    assert store.theirs("show") == seen


def refused(store: Store) -> None:
    """Recording asks before it migrates, and leaves the store to its own MLflow."""
    before = dump(store.uri)
    said = store.run(code=REFUSED)
    assert "--upgrade-store" in said
    assert "mlflow db upgrade" in said
    assert dump(store.uri) == before
    assert len(store.theirs("add")) == len(before_runs(before)) + 1


def before_runs(lines: list[str]) -> list[str]:
    """Rows of runs in what was dumped."""
    sqlite = [line for line in lines if line.startswith('INSERT INTO "runs"')]
    return sqlite or [line for line in lines if "'UNKNOWN'" in line and "'FINISHED'" in line]


def through_its_server(store: Store) -> None:
    """A job is recorded through the server of that MLflow, and its client reads it."""
    with server(store) as address:
        store.run(uri=address)
        through = store.answers(address)
    straight = json.loads(store.ours("history", "airports", "--json"))
    assert straight == through[0], "another history through the server than of its database"
    said = store.ours("explain", "--airport", "JFK", "--date", "2018-05", code=REFUSED)
    assert "Ask through that server" in said  # it keeps the files
    check_ours(store)


def written(store: Store) -> None:
    """A job is recorded in the database, and the client of that MLflow reads it and goes on."""
    revision = revision_of(store.uri)
    store.run()
    assert revision_of(store.uri) == revision, "the schema was migrated"
    first = store.answers()
    check_ours(store)
    again = store.answers()
    assert first == again


def migrated(store: Store) -> None:
    """With --upgrade-store what was there is there afterwards."""
    before = json.loads(store.ours("history", "--json"))
    # In another experiment: the server, which is gone, keeps the files of the first one.
    store.run("--experiment", "ours", "--upgrade-store")
    assert len(json.loads(store.ours("history", "--experiment", "ours", "--json"))) == 1
    assert json.loads(store.ours("history", "--json")) == before


def check_ours(store: Store) -> None:
    """The MLflow of the store reads what forecastctl recorded, and can still write."""
    runs = store.theirs("add")
    ours = {kind: [r for r in runs if r["kind"] == kind] for kind in ("job", "airport", "trial")}
    assert [len(found) for found in ours.values()] == [1, 1, 3], runs
    assert {run["status"] for run in runs} == {"FINISHED"}
    [airport] = ours["airport"]
    [row] = json.loads(store.ours("history", "airports", "--json"))
    assert (airport["name"], airport["params"]["model"]) == ("JFK", row["model"])
    assert airport["metrics"]["loss"] == row["loss"]
    [digest] = airport["dataset"]
    assert digest.startswith(ours["job"][0]["dataset"][0])


def revision_of(uri: str) -> list[str]:
    """What a dump says of the revision of a schema."""
    lines = dump(uri)
    at = [i for i, line in enumerate(lines) if "alembic_version" in line]
    return [lines[i + 1] if uri.startswith("postgres") else lines[i] for i in at]


@contextmanager
def server(store: Store) -> Iterator[str]:
    """The server of the MLflow that made a store, over it."""
    uri = store.uri.replace("postgresql://", "postgresql+psycopg2://")
    with services.mlflow_server(uri, store.folder, python=str(store.python)) as address:
        yield address


def check(version: Version, home: Path, uri: str, folder: Path) -> None:
    """All that is to be shown for one store."""
    store = Store(version, python_of(version, home), uri, folder)
    store.theirs("make")
    steps = [read_alone]
    steps += [written] if version.written else [refused]
    steps += [through_its_server] if version.served else []
    steps += [] if version.written else [migrated]
    for step in steps:
        step(store)
        print(f"MLflow {version.name}, {uri.partition(':')[0]}: {step.__name__}", flush=True)


def main() -> None:
    """Check every version with every kind of database; ends with 1 where something is wrong."""
    parser = argparse.ArgumentParser(description="Stores that real MLflows made")
    names = [version.name for version in VERSIONS]
    parser.add_argument("--versions", nargs="+", choices=names, default=names)
    parser.add_argument("--environments", type=Path, help="where they are kept for another time")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="versions-") as scratch, services.postgres() as base:
        home = (options.environments or Path(scratch, "environments")).absolute()
        wrong = 0
        for version in (version for version in VERSIONS if version.name in options.versions):
            name = f"of_{version.name.replace('.', '_')}"
            services.execute(base, f"CREATE DATABASE {name}")
            folders = {kind: Path(scratch, f"{name}-{kind}") for kind in ("sqlite", "postgresql")}
            uris = {
                "sqlite": f"sqlite:///{folders['sqlite']}/mlflow.db",
                "postgresql": f"{base}/{name}",
            }
            for kind, uri in uris.items():
                try:
                    check(version, home, uri, folders[kind])
                except AssertionError as error:
                    wrong += 1
                    print(f"MLflow {version.name}, {kind}: WRONG: {error}", flush=True)
    print(f"{wrong} of {2 * len(options.versions)} stores are wrong")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
