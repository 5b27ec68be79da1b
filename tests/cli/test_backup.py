"""A store restored from a backup elsewhere gives the answers of the first one."""

import json
import os
import shlex
import shutil
import subprocess
from contextlib import closing

import pytest

from tests import services
from tests.cli.conftest import FORECASTCTL, QUICK, Cli, panel
from tests.services import execute

AIRPORT = "東京/Zürich"
"""A name that few encodings can write."""

QUESTIONS = (
    ("history",),
    ("history", "airports"),
    ("history", "trials"),
    ("explain", "--airport", AIRPORT, "--date", "2018-05", "--data", "{data}"),
    ("reproduce", "latest", "--refit"),
)


def answers(cli, data, *store):
    return [
        cli.json(*(word.format(data=data) for word in question), *store) for question in QUESTIONS
    ]


@pytest.fixture
def kept(tmp_path_factory):
    """Data that hold what came true, in a place that is not moved."""
    path = tmp_path_factory.mktemp("data") / "air.csv"
    panel([AIRPORT], months=44).to_csv(path, index=False)
    return path


@pytest.mark.slow
def test_by_copy(cli, kept, tmp_path_factory, monkeypatch):
    cli("run", "--data", kept, *QUICK, "--as-of", "2018-04")
    expected = answers(cli, kept)
    assert expected[3]["actual"] > 0
    assert expected[4]["airports"][0]["replay"]["result"] == "bit-identical"
    assert expected[4]["airports"][0]["refit"]["result"] == "bit-identical"
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "of the backup"
    shutil.copytree(cli.folder, elsewhere)
    shutil.rmtree(cli.folder / "mlartifacts")
    (cli.folder / "mlflow.db").unlink()
    assert answers(Cli(elsewhere, monkeypatch), kept) == expected
    assert not (cli.folder / "mlartifacts").exists()
    prints_on_anything(elsewhere)


def prints_on_anything(folder):
    """What a terminal cannot show is replaced, and a closed one is no failure."""
    for how, shown in (("ascii", b"\\u6771"), ("cp1252", b"Z\xfcrich")):
        done = subprocess.run(
            [*FORECASTCTL, "history", "airports"], cwd=folder, capture_output=True, check=True,
            env={**os.environ, "PYTHONIOENCODING": how},
        )  # fmt: skip
        assert shown in done.stdout, done
    closed = f"{shlex.join(FORECASTCTL)} history >&- 2>&-"
    assert subprocess.run(["sh", "-c", closed], cwd=folder, check=False).returncode == 0


def reads_alone(cli, data, uri):
    """Who may only read gets every answer; that the monitor's is not recorded is said."""
    base, _, name = uri.rpartition("/")
    execute(base, "CREATE ROLE reader LOGIN")
    execute(base, f"GRANT CONNECT ON DATABASE {name} TO reader")
    execute_in(uri, "GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader")
    as_reader = uri.replace("tester:s3cret", "reader")
    ours, theirs = (
        cli("monitor", "--data", data, "--json", "--tracking-uri", one) for one in (as_reader, uri)
    )
    assert "what is found is not recorded" in ours.stderr
    assert "permission denied" in ours.stderr
    mine, whole = json.loads(ours.stdout), json.loads(theirs.stdout)
    assert mine["run_id"] is None
    assert whole["run_id"]
    assert (mine["sentence"], mine["by_lead"]) == (whole["sentence"], whole["by_lead"])


def execute_in(uri, statement):
    import psycopg2

    with closing(psycopg2.connect(uri)) as connection, connection:
        connection.cursor().execute(statement)


@pytest.mark.slow
def test_by_dump(bare, kept, make_postgres, tmp_path_factory):
    uri = make_postgres()
    place = tmp_path_factory.mktemp("artifacts") / "all"
    (bare.folder / "forecastctl.toml").write_text(f'[tracking]\nartifacts = "{place}"\n')
    bare("run", "--data", kept, *QUICK, "--as-of", "2018-04", "--tracking-uri", uri)
    expected = answers(bare, kept, "--tracking-uri", uri)
    reads_alone(bare, kept, uri)
    base, _, name = uri.rpartition("/")
    programs, dump = services._postgres_bin(), bare.folder / "dump"
    subprocess.run(
        [programs / "pg_dump", "--format", "custom", "--file", dump, "--dbname", uri], check=True
    )
    shutil.copytree(place, bare.folder / "restored")
    shutil.rmtree(place)
    execute(base, f"DROP DATABASE {name} WITH (FORCE)")
    execute(base, f"CREATE DATABASE {name}_restored")
    restored = f"{base}/{name}_restored"
    subprocess.run([programs / "pg_restore", "--no-owner", "--dbname", restored, dump], check=True)
    place.symlink_to(bare.folder / "restored")
    assert answers(bare, kept, "--tracking-uri", restored) == expected
