"""The doctor command over whole stores: what it finds, what it mends, and how it ends."""

import os
import shutil
import sqlite3
import subprocess
import time
from contextlib import closing

import pandas as pd
import pytest

from forecastctl.doctor.read import system
from forecastctl.records import RunUpdate
from tests.cli.conftest import FORECASTCTL, QUICK, panel, until

DAY = 86_400


@pytest.fixture(autouse=True)
def elsewhere(tmp_path_factory, monkeypatch):
    """Shared memory and temporary files of this test alone: others' are none of its business."""
    folder = tmp_path_factory.mktemp("shared")
    monkeypatch.setattr(system, "SHARED_MEMORY", folder)
    monkeypatch.setattr(system.tempfile, "gettempdir", lambda: str(folder))
    return folder


@pytest.fixture
def done(cli):
    """A store with one job."""
    cli.write(panel(["JFK", "LGA"]))
    cli.write("[data]\nsource = 'air.csv'\n[run]\njobs = 1\n", "forecastctl.toml")
    cli("run", *QUICK, "--quiet")
    return cli


def found(cli, *arguments, code=0):
    """Findings by check, without those that are about how much this computer has to give."""
    report = cli.json("doctor", *arguments, code=code)
    rows = [r for r in report["findings"] if r["check"] not in ("disk", "memory", "workers")]
    return {**report, "findings": rows}


def wrong(report):
    return [f for f in report["findings"] if f["level"] == "wrong"]


@pytest.fixture(autouse=True)
def roomy(monkeypatch):
    """Room enough, whatever this computer has: the exit code is to tell of the rest."""
    from forecastctl.doctor.checks import cores, disk

    monkeypatch.setattr(disk, "LEAST", 0)
    monkeypatch.setattr(system, "LEAST_SHARED", 0)
    monkeypatch.setattr(cores, "WORKER_BYTES", 1)


def test_all_is_well(done):
    report = found(done)
    assert (report["wrong"], report["mended"]) == (0, [])
    checks = {f["check"]: f for f in report["findings"]}
    assert {"store", "schema", "versions", "clock", "runs", "artifacts", "shared memory"} < set(
        checks
    )
    assert {"threads", "kernels", "data"} < set(checks)
    assert "2 runs of airports have their files" in checks["artifacts"]["message"]
    text = done("doctor").stdout
    assert "ok      store: sqlite:///" in text
    assert done("doctor", "--quiet").stdout == ""


def test_before_the_first_job_nothing_is_wrong(bare):
    report = found(bare)
    assert wrong(report) == []
    assert "There is no store" in report["findings"][0]["message"]
    assert not (bare.folder / "mlflow.db").exists()


def test_a_store_that_does_not_answer(bare):
    address = ["--tracking-uri", "http://127.0.0.1:9"]
    (store,) = [f for f in wrong(found(bare, *address, code=7)) if f["check"] == "store"]
    assert "does not answer" in store["message"]
    assert "server is up" in store["mend"]
    (bare.folder / "notes.db").write_text("no database")
    (store,) = wrong(found(bare, "--tracking-uri", "sqlite:///notes.db", code=7))
    assert "notes.db" in store["message"]
    assert "wrong   store: " in bare("doctor", *address, "--quiet", code=7).stdout


def test_an_old_schema_names_the_upgrade(bare, old_stores):
    shutil.copy(old_stores["2.9"], bare.folder / "mlflow.db")
    (schema,) = [f for f in wrong(found(bare, code=7)) if f["check"] == "schema"]
    assert "MLflow 2.9" in schema["message"]
    assert "mlflow db upgrade" in schema["mend"]


@pytest.mark.slow
def test_a_job_that_was_killed_is_marked(cli):
    cli.write(panel(["JFK"], months=60))
    child = subprocess.Popen(
        [*FORECASTCTL, "run", "--data", "air.csv", "--jobs", "1", "--max-evals", "400"],
        cwd=cli.folder,
        stderr=subprocess.DEVNULL,
    )
    until(cli.jobs, child)
    assert "1 job at work" in cli("doctor", "--jobs", "1").stdout
    child.kill()
    child.wait()
    (runs,) = wrong(found(cli, "--jobs", "1", code=7))
    assert (runs["check"], runs["fix"]) == ("runs", "kill-runs")
    assert [job["status"] for job in cli.json("history")] == ["running"]
    report = found(cli, "--jobs", "1", "--fix")
    assert report["mended"] == [f"marked run {runs['subjects'][0]} as killed"]
    assert [job["status"] for job in cli.json("history")] == ["killed"]


def test_files_and_runs_that_do_not_belong_together(done):
    from forecastctl.records import Query
    from forecastctl.store.open import open_tracker

    airports = done.json("history", "airports")
    (folder,) = (done.folder / "mlartifacts").iterdir()
    shutil.rmtree(folder / airports[0]["run_id"])
    for name, age in (("0" * 32, 2 * DAY), ("1" * 32, 0), ("2" * 32, 2 * DAY)):
        file = folder / name / "artifacts" / "x.json"
        file.parent.mkdir(parents=True)
        file.write_text("{}")
        for path in (file, file.parent, file.parent.parent):
            os.utime(path, (time.time() - age,) * 2)
    (folder / "models").mkdir()
    shutil.copy(done.folder / "mlflow.db", done.folder / "other.sqlite")
    with closing(sqlite3.connect(done.folder / "other.sqlite")) as other:
        sql = "UPDATE runs SET run_uuid = ? WHERE run_uuid = ?"
        other.execute(sql, ("2" * 32, airports[1]["run_id"]))
        other.commit()
    (nobodys, _) = wrong(found(done, code=7))
    assert (nobodys["fix"], nobodys["subjects"]) == ("remove", [str(folder / ("0" * 32))])
    report = found(done, "--fix", code=7)
    (empty,) = wrong(report)
    assert airports[0]["run_id"] in empty["message"]
    others, young = (
        f for f in report["findings"] if f["check"] == "artifacts" and f["level"] == "note"
    )
    assert others["subjects"] == [str(folder / ("2" * 32))]  # a store beside it has this run
    assert "a job may be writing" in young["message"]
    assert report["mended"] == [f"removed {folder / ('0' * 32)}"]
    left = {path.name for path in folder.iterdir()}
    tracker = open_tracker(done.uri, "forecastctl", reading=True)
    panels = {run.run_id for run in tracker.find(Query(tags={"kind": "panel"}))}
    others = {"1" * 32, "2" * 32, "models", ".unfinished", airports[1]["run_id"]}
    assert left == {*others, *panels, *_of_jobs(done)}
    assert tracker.read_artifact(airports[1]["run_id"], "forecast.json")
    again = done("run", *QUICK, "--skip-unchanged", "--quiet")
    assert airports[0]["airport"] in again.stderr


def _of_jobs(cli):
    """Ids of runs that have files besides those of airports."""
    return {job["run_id"] for job in cli.json("history")}


def test_what_killed_workers_left_is_removed(done, elsewhere):
    ended = subprocess.Popen(["true"])
    ended.wait()
    left = elsewhere / f"sem.loky-{ended.pid}-abc"
    left.write_bytes(b"x")
    mine = elsewhere / f"sem.loky-{os.getpid()}-abc"
    mine.write_bytes(b"x")
    hours_ago = time.time() - 2 * 3600
    os.utime(left, (hours_ago, hours_ago))
    (shared,) = wrong(found(done, code=7))
    assert shared["subjects"] == [str(left)]
    text = done("doctor", "--fix").stdout
    assert text.startswith(f"mended  removed {left}\n")
    assert (left.exists(), mine.exists()) == (False, True)


def test_months_that_are_missing(done):
    frame = panel(["JFK", "LGA"])
    frame = frame[(frame["airport"] != "JFK") | ~frame["date"].isin(["2016-03-01", "2016-04-01"])]
    frame = frame[(frame["airport"] != "LGA") | (frame["date"] < "2018-03")]
    done.write(frame)
    report = found(done, code=7)
    (missing,) = wrong(report)
    assert missing["message"] == "2 months of 1 airport missing in between: JFK 2016-03, 2016-04."
    assert any("LGA 2018-02" in f["message"] for f in report["findings"])
    (done.folder / "air.csv").unlink()
    (gone,) = wrong(found(done, code=7))
    assert "air.csv" in gone["message"]


def test_data_of_today_and_of_last_year(done):
    today = pd.Timestamp.today().normalize().replace(day=1)
    for months_ago, said in ((1, False), (13, True)):
        dates = pd.date_range(end=today - pd.DateOffset(months=months_ago), periods=40, freq="MS")
        frame = panel(["JFK"]).assign(date=dates.strftime("%Y-%m-%d"))
        done.write(frame)
        (data,) = (f for f in found(done)["findings"] if f["check"] == "data")
        assert ("12 months since then are over" in data["message"]) == said, data
        assert data["level"] == ("note" if said else "ok")


def test_compiled_code_that_another_user_could_have_written(done, tmp_path, monkeypatch):
    from forecastctl.models.kernels import cache

    folder = tmp_path / "anybodys"
    folder.mkdir()
    folder.chmod(0o777)
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(folder))
    monkeypatch.setattr(cache, "_is_private", lambda _: False)
    (kernels,) = wrong(found(done, code=7))
    assert "another user could have written it" in kernels["message"]
    assert str(folder) in kernels["message"]


def test_compiled_code_that_is_damaged_is_removed(done, tmp_path, monkeypatch):
    from forecastctl.models.kernels import cache

    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "cache"))
    folder, _ = cache.look()
    (folder / "module").mkdir()
    (folder / "module" / "f.nbi").write_bytes(b"code")
    cache.mark_ready(folder)
    assert wrong(found(done)) == []
    (folder / "module" / "f.nbi").write_bytes(b"other")
    (kernels,) = wrong(found(done, code=7))
    assert kernels["fix"] == "remove-kernels"
    report = found(done, "--fix")
    assert report["mended"] == [f"removed the compiled code in {folder}"]
    assert not (folder / "module").exists()


def test_more_workers_than_processors(done):
    report = done.json("doctor", "--jobs", "500", code=7)
    (workers,) = [f for f in wrong(report) if f["check"] == "workers"]
    assert "500 workers" in workers["message"]
    assert "--jobs" in workers["mend"]


@pytest.mark.slow
def test_a_server(done, mlflow_server):
    place = ["--tracking-uri", mlflow_server.uri, "--experiment", "the doctor's"]
    done("run", *QUICK, "--quiet", *place)
    report = found(done, *place)
    assert wrong(report) == []
    checks = {f["check"]: f for f in report["findings"]}
    assert f"agrees with that of {mlflow_server.uri}" in checks["clock"]["message"]
    assert "not looked at" in checks["artifacts"]["message"]


@pytest.mark.slow
def test_postgresql_and_its_clock(done, make_postgres, monkeypatch):
    from forecastctl.store.mlflow import condition

    place = ["--tracking-uri", make_postgres()]
    done("run", *QUICK, "--quiet", *place)
    report = found(done, *place, "--fix")
    assert (wrong(report), report["mended"]) == ([], [])
    # The other store keeps its files in the same directory.
    done("reproduce", done.json("history")[0]["job_id"])
    real = time.time

    class Ahead:
        time = staticmethod(lambda: real() + 3600)

    monkeypatch.setattr(condition, "time", Ahead)
    (clock,) = wrong(found(done, *place, code=7))
    assert "3,600 s ahead of that of postgresql" in clock["message"]
    assert "NTP" in clock["mend"]


def test_a_job_of_another_computer_that_says_nothing_is_looked_at_again(cli, monkeypatch):
    """Its heartbeat is old and stands still."""
    from forecastctl.records.schema import Tag
    from forecastctl.store import alive
    from forecastctl.store.open import open_tracker

    cli.write(panel(["JFK"]))
    cli.write("[data]\nsource = 'air.csv'\n[run]\njobs = 1\n", "forecastctl.toml")
    cli("run", *QUICK, "--quiet")
    tracker = open_tracker(cli.uri, "forecastctl")
    (job,) = cli.json("history")
    old = {Tag.HEARTBEAT: "2020-01-01T00:00:00.000+00:00", Tag.PROCESS: "elsewhere:1:2:3"}
    tracker.update(job["run_id"], RunUpdate("RUNNING", tags=old))
    (runs,) = wrong(found(cli, code=7))
    assert runs["subjects"] == [job["run_id"]]
    assert "another computer" in runs["message"]
    monkeypatch.setattr(alive, "BEAT_SECONDS", 0.1)
    report = found(cli, "--fix")
    assert report["mended"] == [f"marked run {job['run_id']} as killed"]
    assert tracker.get(job["run_id"]).status == "KILLED"


def test_results_that_wait_to_be_recorded(bare, monkeypatch):
    monkeypatch.setenv("FORECASTCTL_TRACKING__PATIENCE", "0")
    bare.write(panel(["JFK", "LGA"]))
    away = ["--tracking-uri", "http://127.0.0.1:9"]
    bare("run", "--data", "air.csv", *QUICK, *away, "--quiet", code=9)
    spool = [f for f in wrong(found(bare, *away, code=7)) if f["check"] == "spool"]
    assert "2 airports in 1 file" in spool[0]["message"]
    assert "forecastctl sync" in spool[0]["mend"]
    report = found(bare)  # of the default store nothing waits
    (note,) = (f for f in report["findings"] if f["check"] == "spool")
    assert (note["level"], "127.0.0.1:9" in note["message"]) == ("note", True)


def test_nothing_is_marked_while_a_job_is_at_work(done, monkeypatch):
    from contextlib import contextmanager

    from forecastctl.cli.commands import doctor as module
    from forecastctl.doctor.finding import Finding
    from forecastctl.errors import HeldError

    @contextmanager
    def store_for_job(*_, **__):
        raise HeldError("Another job is at work in there: 'run', process 5.")
        yield

    monkeypatch.setattr(module, "store_for_job", store_for_job)
    dead = Finding("runs", "wrong", "Dead.", "", "kill-runs", ("a",))
    monkeypatch.setattr("forecastctl.doctor.examine.examine", lambda _: [dead])
    report = done.json("doctor", "--fix", code=7)
    (said,) = report["mended"]
    assert said.startswith("no run: Another job is at work in there: 'run', process 5.")


def test_what_cannot_be_removed_is_said(tmp_path, monkeypatch):
    from forecastctl.doctor import mend
    from forecastctl.doctor.finding import Finding

    def refused(_):
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(mend.shutil, "rmtree", refused)
    finding = Finding("artifacts", "wrong", ".", "", "remove", (str(tmp_path),))
    (said,) = mend.mend([finding], list)
    assert said == f"could not remove {tmp_path}: Operation not permitted"
