"""A job whose store is away: forecasts are written, the record waits, and is published once."""

import errno
import json
import os
import sqlite3
from contextlib import closing

import pandas as pd
import pytest

from forecastctl.store.mlflow import artifacts
from tests import services
from tests.cli.conftest import FORECASTCTL, QUICK, Held, in_a_group, panel, until

AIRPORTS = ["BOS", "JFK", "LGA", "ORD"]
NOBODY = "http://127.0.0.1:9"


@pytest.fixture
def bare(bare, monkeypatch):
    """As ever, but impatient."""
    monkeypatch.setenv("FORECASTCTL_TRACKING__PATIENCE", "0")
    return bare


@pytest.fixture
def cli(cli, monkeypatch):
    """As ever, but impatient."""
    monkeypatch.setenv("FORECASTCTL_TRACKING__PATIENCE", "0")
    return cli


@pytest.fixture
def data(bare):
    return bare.write(panel(AIRPORTS))


def once(cli, *store):
    """Every airport is recorded once, with all of its trials."""
    rows = cli.json("history", "airports", *store)
    assert sorted(row["airport"] for row in rows) == AIRPORTS
    assert len(cli.json("history", "trials", *store)) == 3 * len(AIRPORTS)
    [job] = cli.json("history", *store)
    assert (job["status"], job["total"]) == ("ok", len(AIRPORTS))
    return {row["airport"]: row["run_id"] for row in rows}


def test_a_job_starts_although_its_store_is_away(bare, data, own_state):
    store = ["--tracking-uri", NOBODY]
    done = bare("run", "--data", data, *QUICK, *store, "--quiet", "--out", "f.csv", code=9)
    assert done.stdout == ""
    first, said = done.stderr.splitlines()
    assert "The job starts without it" in first
    assert "4 airports and the end of the job wait in" in said
    assert str(own_state) in said
    assert "The forecasts are written to f.csv." in said
    assert set(pd.read_csv("f.csv")["airport"]) == set(AIRPORTS)

    for command in (["history"], ["explain", "--airport", "JFK", "--date", "2018-05"], ["sync"]):
        said = bare(*command, *store, code=5).stderr
        assert "4 airports of 1 job wait on this machine" in said

    listed = bare.json("sync", "--dry-run", *store)
    [waiting] = listed["waiting"]
    assert (waiting["airports"], listed["published"]) == (4, [])
    assert waiting["job_id"] in bare("sync", "--dry-run", *store).stdout
    found = {one["check"]: one for one in bare.json("doctor", *store, code=7)["findings"]}
    assert found["spool"]["level"] == "wrong"
    assert "4 airports" in found["spool"]["message"]

    other = bare("sync").stdout  # of the default store
    assert "Nothing waits for sqlite:///" in other
    assert f"4 airports: --tracking-uri {NOBODY}" in other


def test_the_json_of_a_job_says_what_waits(bare, data):
    store = ["--tracking-uri", NOBODY]
    summary = bare.json("run", "--data", data, *QUICK, *store, code=9)
    assert summary["airports"]["ok"] == 4
    assert summary["waiting"]["airports"] == 4
    assert "does not answer" in summary["waiting"]["reason"]
    assert summary["waiting"]["lost"] is None


def test_what_waits_for_a_store_that_has_moved(cli):
    data = cli.write(panel(AIRPORTS))
    cli("run", "--data", data, *QUICK, "--tracking-uri", NOBODY, code=9)
    said = cli("sync", "--moved-from", NOBODY).stdout
    assert "published from the spool: 4 airports of 1 job to" in said
    once(cli)
    assert "Nothing waits" in cli("sync", "--tracking-uri", NOBODY).stdout


@pytest.mark.parametrize("command", ["train", "forecast"])
def test_what_needs_the_record_does_not_start_without_it(bare, data, command):
    said = bare(command, "--data", data, "--tracking-uri", NOBODY, code=5).stderr
    assert "does not answer" in said
    assert "Nothing waits" in bare("sync", "--tracking-uri", NOBODY).stdout


def test_without_a_spool_a_store_that_is_away_ends_the_job_at_its_start(bare, data, monkeypatch):
    monkeypatch.setenv("FORECASTCTL_TRACKING__SPOOL", "off")
    bare("run", "--data", data, *QUICK, "--tracking-uri", NOBODY, code=5)
    assert "spool" in bare("sync", code=2).stderr


def test_a_wrong_password_is_not_waited_for(bare, data, postgres_base):
    said = bare("run", "--data", data, *QUICK, "--tracking-uri", f"{postgres_base}/none", code=5)
    assert "does not exist" in said.stderr


def test_a_locked_store_costs_nothing_and_the_next_job_publishes_first(cli, monkeypatch):
    data = cli.write(panel(AIRPORTS))
    held = Held(cli.folder / "mlflow.db", monkeypatch)
    done = cli("run", "--data", data, *QUICK, "--out", "f.csv", code=9)
    assert "database is locked" in done.stderr
    assert "not yet in sqlite:///" in done.stdout
    assert len(pd.read_csv("f.csv")) == 3 * len(AIRPORTS)
    said = cli("history").stderr  # it can still be read
    assert "4 airports of 1 job wait on this machine" in said
    held.release()
    again = cli("run", "--data", data, *QUICK, "--skip-unchanged", "--out", "g.csv")
    assert "published from the spool: 4 airports of 1 job" in again.stderr
    assert (cli.folder / "f.csv").read_text() == (cli.folder / "g.csv").read_text().replace(
        "skipped", "ok"
    )
    rows = cli.json("history", "airports")
    assert sorted(row["airport"] for row in rows) == AIRPORTS
    assert [row["status"] for row in cli.json("history")] == ["ok", "ok"]
    assert cli("history").stderr == ""


def test_a_full_disk_is_said_and_the_record_comes_later(cli, monkeypatch):
    data = cli.write(panel(AIRPORTS))
    write, files = artifacts.Writer._write, []

    def until_full(writer, root, artifact):
        files.append(artifact)
        if len(files) > 10:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        write(writer, root, artifact)

    monkeypatch.setattr(artifacts.Writer, "_write", until_full)
    done = cli("run", "--data", data, *QUICK, "--quiet", "--out", "f.csv", code=9)
    assert "No space left on device" in done.stderr
    assert len(pd.read_csv("f.csv")) == 3 * len(AIRPORTS)
    kept = cli.json("sync", code=5)
    [waiting] = kept["waiting"]
    assert "No space left on device" in waiting["reason"]
    monkeypatch.setattr(artifacts.Writer, "_write", write)
    [published] = cli.json("sync")["published"]
    assert published["airports"] == waiting["airports"] > 0
    ids = once(cli)
    assert set(published["run_ids"].values()) <= set(ids.values())
    assert "Nothing waits" in cli("sync").stdout


def test_a_run_is_known_by_the_id_that_it_had_in_the_spool(cli, monkeypatch):
    data = cli.write(panel(["JFK"]))
    held = Held(cli.folder / "mlflow.db", monkeypatch)
    summary = cli.json("run", "--data", data, *QUICK, code=9)
    held.release()
    cli("sync", "--quiet")
    [line] = summary["results"]
    found = cli.json("reproduce", line["run_id"])["airports"]
    assert [result["airport"] for result in found] == ["JFK"]


def test_without_a_spool_the_forecasts_are_written_all_the_same(cli, monkeypatch):
    monkeypatch.setenv("FORECASTCTL_TRACKING__SPOOL", "off")
    data = cli.write(panel(AIRPORTS))
    held = Held(cli.folder / "mlflow.db", monkeypatch)
    done = cli("run", "--data", data, *QUICK, "--out", "f.csv", code=5)
    held.release()
    assert "This job is not recorded, or in part" in done.stderr
    assert "The forecasts are written to f.csv." in done.stderr
    assert len(pd.read_csv("f.csv")) == 3 * len(AIRPORTS)


def test_a_store_that_is_back_at_the_end_has_all_and_nothing_is_left_to_do(cli, monkeypatch):
    data = cli.write(panel(AIRPORTS))
    held = Held(cli.folder / "mlflow.db", monkeypatch)
    from forecastctl.jobs import run

    close = run.close_job

    def release(*arguments):
        close(*arguments)
        held.release()

    monkeypatch.setattr(run, "close_job", release)
    summary = cli.json("run", "--data", data, *QUICK)
    assert "waiting" not in summary
    ids = once(cli)
    assert {line["airport"]: line["run_id"] for line in summary["results"]} == ids


@pytest.mark.slow
def test_a_server_that_is_killed_in_the_middle_of_a_job(bare, fresh_store, tmp_path, monkeypatch):
    """What it had of the job and what the spool has become one job, each airport once."""
    names = [f"A{i:02d}" for i in range(16)]
    data = bare.write(panel(names, months=60))
    home = tmp_path / "server"
    home.mkdir()
    (home / "mlflow.db").write_bytes(fresh_store.read_bytes())
    backend, port = f"sqlite:///{home / 'mlflow.db'}", services.free_port()
    store = ["--tracking-uri", f"http://127.0.0.1:{port}"]
    env = {**os.environ, "FORECASTCTL_TRACKING__PATIENCE": "20"}
    command = [*FORECASTCTL, "run", "--data", data, "--max-evals", "14", "--no-charts"]
    with services.mlflow_server(backend, home, port):
        bare("history", *store, code=6)
        child = in_a_group([*map(str, command), *store, "--out", "f.csv"], bare.folder, env)
        direct = ["--tracking-uri", backend]
        until(lambda: _recorded(bare, direct), child)
    _, err = child.communicate(timeout=600)
    assert child.returncode == 9, err
    assert "Traceback" not in err
    assert set(pd.read_csv(bare.folder / "f.csv")["airport"]) == set(names)
    with services.mlflow_server(backend, home, port):
        bare("sync", *store)
        rows = bare.json("history", "airports", "--limit", "100", *store)
    assert sorted(row["airport"] for row in rows) == names
    [job] = bare.json("history", *direct)
    assert (job["status"], job["ok"]) == ("ok", len(names))


def _recorded(bare, store):
    """Jobs that have begun: their searches take longer than it takes to see them."""
    return len(bare.jobs(*store))


@pytest.mark.slow
def test_a_postgresql_that_is_stopped_and_started(bare, monkeypatch):
    names = [f"A{i:02d}" for i in range(16)]
    data = bare.write(panel(names, months=60))
    try:
        with services.stoppable_postgres(durable=True) as server:
            services.execute(server.address, "CREATE DATABASE forecasts")
            store = ["--tracking-uri", f"{server.address}/forecasts"]
            bare("run", "--data", data, "--airport", "A00", *QUICK, *store)
            command = [*FORECASTCTL, "run", "--data", data, "--max-evals", "14", "--no-charts"]
            child = in_a_group([*map(str, command), *store, "--out", "f.csv"], bare.folder)
            until(lambda: _recorded(bare, store) > 1, child)
            server.stop()
            _, err = child.communicate(timeout=600)
            assert child.returncode == 9, err
            assert set(pd.read_csv(bare.folder / "f.csv")["airport"]) == set(names)
            said = bare("history", *store, code=5).stderr
            assert "wait on this machine" in said
            server.start()
            bare("sync", *store)
            [job, _] = bare.json("history", *store)
            rows = bare.json("history", "airports", "--job", job["job_id"], "--limit", "99", *store)
            assert sorted(row["airport"] for row in rows) == names
            assert (job["status"], job["ok"]) == ("ok", len(names))
    except services.UnavailableError as reason:
        pytest.skip(str(reason))


def test_a_spool_of_a_newer_version_is_kept(cli, own_state):
    folder = cli("sync", "--json").stdout
    assert json.loads(folder)["waiting"] == []
    from forecastctl.store.spool.place import place_of

    place = place_of(own_state / "forecastctl" / "spool", cli.uri, "forecastctl")
    place.folder.mkdir(parents=True)
    path = place.folder / "0.spool"
    with closing(sqlite3.connect(path)) as newer:
        newer.execute("PRAGMA user_version = 99")
    said = cli("sync").stderr
    assert "newer forecastctl" in said
    assert path.exists()


def test_a_sync_ends_what_one_that_was_killed_has_begun(cli, own_state):
    """All of the file is in the store already: it is removed, and nothing is said of it."""
    from forecastctl.records import FINISHED, Run, RunUpdate
    from forecastctl.store.spool.place import place_of

    cli("run", "--data", cli.write(panel(["JFK"])), *QUICK)
    [job] = cli.json("history")
    uri = f"sqlite:///{cli.folder / 'mlflow.db'}"
    place = place_of(own_state / "forecastctl" / "spool", uri, "forecastctl")
    journal = place.new()
    tags = {"kind": "job", "job_id": job["job_id"]}
    [entry] = journal.add_run("start", [Run("job", tags=tags)], None, lambda: "1" * 32)
    update = journal.add_update("1" * 32, RunUpdate(FINISHED, 5))
    journal.mark([(entry.number, job["run_id"]), (update.number, "1" * 32)])
    journal.close()
    assert place.published()
    assert "Nothing waits for" in cli("sync").stdout
    assert not place.folder.exists()
