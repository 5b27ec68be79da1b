"""Commands on a store that another MLflow wrote, and on none at all."""

import shutil

import pytest

from tests.cli.conftest import QUICK, panel
from tests.old_stores import NEWER, OLD, copy_runs, dump

READERS = (
    ("history",),
    ("history", "airports", "--airport", "JFK"),
    ("history", "trials"),
    ("explain", "--airport", "JFK", "--date", "2018-05"),
    ("explain", "--airport", "JFK", "--date", "2018-05", "--quick"),
)


def recorders(data):
    return (
        ("run", "--data", data, *QUICK),
        ("tune", "--data", data, "--max-evals", "1"),
        ("train", "--data", data),
        ("forecast", "--data", data),
        ("backtest", "--data", data, "--from", "2017-12", "--to", "2018-01"),
        ("monitor", "--data", data),
    )


def everything(folder):
    """What lies in a directory, and what is in its store."""
    files = {p: p.stat().st_mtime_ns for p in folder.rglob("*") if p.name != "__pycache__"}
    return files, dump(f"sqlite:///{folder / 'mlflow.db'}")


@pytest.fixture
def others(cli, old_stores, tmp_path):
    """A job recorded in stores of older MLflows and of a newer one; the data, and its answers."""
    data = cli.write(panel(["JFK"]))
    job = cli.json("run", "--data", data, *QUICK)["job_id"]
    readers = (*READERS, ("reproduce", job))
    answers = {command: cli.json(*command) for command in readers}
    recorded = tmp_path / "recorded.db"
    (tmp_path / "mlflow.db").rename(recorded)
    stores = {}
    for name in OLD:
        stores[name] = tmp_path / f"{name}.db"
        shutil.copy(old_stores[name], stores[name])
        copy_runs(recorded, stores[name])
    stores["newer"] = tmp_path / "newer.db"
    shutil.copy(recorded, stores["newer"])
    import sqlite3

    with sqlite3.connect(stores["newer"]) as connection:
        connection.execute("UPDATE alembic_version SET version_num = ?", (NEWER,))
        connection.execute("ALTER TABLE runs RENAME COLUMN source_version TO version")
    connection.close()
    return data, stores, answers


@pytest.mark.slow
def test_other_peoples_stores_are_read_and_stay_as_they_are(cli, others, tmp_path):
    data, stores, answers = others
    for name, store in stores.items():
        shutil.copy(store, tmp_path / "mlflow.db")
        before = everything(tmp_path)
        for command, answer in answers.items():
            assert cli.json(*command) == answer
        for command in recorders(data):
            said = cli(*command, code=5).stderr
            assert "left as it is" in said
            assert ("newer MLflow" if name == "newer" else f"of MLflow {name}") in said
            assert ("--upgrade-store" in said) is (name != "newer")
        assert everything(tmp_path) == before


def test_a_page_of_a_store_that_is_not_written_is_written_all_the_same(cli, others, tmp_path):
    _, stores, _ = others
    shutil.copy(stores["2.22"], tmp_path / "mlflow.db")
    before = dump(cli.uri)
    question = ("explain", "--airport", "JFK", "--date", "2018-05", "--html", "page.html")
    done = cli(*question)
    assert done.stdout.startswith("JFK, May 2018")
    assert "page.html is written, but not recorded" in done.stderr
    assert (tmp_path / "page.html").stat().st_size > 1000
    assert dump(cli.uri) == before


@pytest.mark.slow
def test_a_store_is_migrated_when_asked_for(cli, others, tmp_path):
    data, stores, _ = others
    shutil.copy(stores["2.9"], tmp_path / "mlflow.db")
    cli("run", "--data", data, *QUICK, "--upgrade-store")
    assert len(cli.json("history")) == 2
    cli("run", "--data", data, *QUICK)
    assert len(cli.json("history")) == 3


@pytest.mark.parametrize("command", [*READERS, ("reproduce", "20260101-000000-abcdef")])
def test_reading_where_nothing_is_makes_nothing(bare, command):
    said = bare(*command, code=6).stderr
    assert "There is no store sqlite:///mlflow.db" in said
    assert "forecastctl run" in said
    assert list(bare.folder.iterdir()) == []


@pytest.mark.parametrize("command", [("forecast",), ("monitor",), ("monitor", "--data", "air.csv")])
def test_what_builds_on_a_record_makes_none(bare, command):
    bare.write(panel(["JFK"]))
    before = set(bare.folder.rglob("*"))
    said = bare(*command, code=6).stderr
    assert "There is no store sqlite:///mlflow.db" in said
    assert set(bare.folder.rglob("*")) == before


@pytest.mark.parametrize("command", READERS)
def test_reading_another_experiment_makes_none(cli, command):
    before = everything(cli.folder)
    said = cli(*command, "--experiment", "nihgtly", code=6).stderr
    assert "There is no experiment 'nihgtly' in sqlite:///mlflow.db" in said
    assert "'Default'" in said
    assert everything(cli.folder) == before
