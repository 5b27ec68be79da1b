"""The report command, and the report that run writes by a setting."""

import io
import zipfile

import pytest

from forecastctl.api import site
from forecastctl.records.schema import File
from forecastctl.store.open import open_tracker
from tests.cli.conftest import QUICK, panel

RUN = [*QUICK, "--backend", "serial"]


def files_in(folder):
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_a_report_is_written_and_recorded_with_its_job(cli):
    summary = cli.json("run", "--data", cli.write(panel(["JFK", "LGA"])), *RUN)
    said = cli("report").stdout
    assert said.splitlines()[0] == (
        f"report/index.html written: job {summary['job_id']}, 2 airports"
    )
    assert f"recorded with run {summary['run_id']} as report/index.html, report/site.zip\n" in said
    written = files_in(cli.folder / "report")
    assert len(written) == 5
    tracker = open_tracker(cli.uri, "forecastctl", reading=True)
    assert tracker.read_artifact(summary["run_id"], File.REPORT) == written["index.html"]
    archive = zipfile.ZipFile(
        io.BytesIO(tracker.read_artifact(summary["run_id"], File.REPORT_SITE))
    )
    assert {name: archive.read(f"report/{name}") for name in written} == written
    again = cli.json("report", "--job", summary["job_id"][:12], "--out", "other", "--no-log")
    assert (again["airports"], again["recorded"]) == (2, [])
    assert files_in(cli.folder / "other") == written


def test_run_writes_it_by_a_flag_or_a_setting(cli):
    data = cli.write(panel(["JFK", "LGA"]))
    ended = cli("run", "--data", data, *RUN, "--report", "site")
    assert "report written to site/index.html" in ended.stderr
    assert len(files_in(cli.folder / "site")) == 5
    (cli.folder / "conf").mkdir()
    cli.write(
        f"[tracking]\nuri = '{cli.uri}'\n[report]\nout = 'page'\nlog = false\n", "conf/f.toml"
    )
    assert cli("run", "--data", data, *RUN, "--quiet", "--config", "conf/f.toml").stderr == ""
    assert len(files_in(cli.folder / "conf" / "page")) == 5
    jobs = cli.json("history")
    tracker = open_tracker(cli.uri, "forecastctl", reading=True)
    cli("report", "--config", "conf/f.toml", "--quiet")
    assert not (cli.folder / "report").exists()
    reports = [File.REPORT in tracker.get(job["run_id"]).tags["digests"] for job in jobs]
    assert reports == [False, True]


def test_an_empty_setting_is_none(cli):
    (cli.folder / "conf").mkdir()
    cli.write(f"[tracking]\nuri = '{cli.uri}'\n[report]\nout = ''\n", "conf/f.toml")
    data = cli.write(panel(["JFK"]))
    cli("run", "--data", data, *RUN, "--quiet", "--config", "conf/f.toml")
    assert sorted(p.name for p in (cli.folder / "conf").iterdir()) == ["f.toml"]


def test_a_report_that_cannot_be_written_is_no_end_of_a_job(cli, monkeypatch):
    data = cli.write(panel(["JFK"]))
    ended = cli("run", "--data", data, *RUN, "--report", ".", "--quiet")
    assert ended.stderr == (
        "warning: there is no report of this job. . holds other files, and no report.\n"
    )

    def broken(*_):
        raise ZeroDivisionError("by a bug")

    monkeypatch.setattr(site, "write_site", broken)
    ended = cli("run", "--data", data, *RUN, "--report", "x", "--json")
    assert "warning: there is no report of this job. ZeroDivisionError: by a bug" in ended.stderr


def test_what_is_no_report_is_left_alone(cli):
    cli("run", "--data", cli.write(panel(["JFK", "LGA"])), *RUN, "--quiet")
    (cli.folder / "mine").mkdir()
    cli.write("mine", "mine/index.html")
    refused = cli("report", "--out", "mine", code=11).stderr
    assert "mine holds other files, and no report." in refused
    assert files_in(cli.folder / "mine") == {"index.html": b"mine"}
    cli.write("a file", "file")
    assert "cannot be written to file" in cli("report", "--out", "file", code=11).stderr


def test_what_an_earlier_report_left_goes_and_what_is_beside_it_stays(cli):
    cli("run", "--data", cli.write(panel(["JFK", "LGA"])), *RUN, "--report", "report", "--quiet")
    cli.write("mine", "report/notes.txt")
    cli.write("mine", "report/data/airports/mine.js")
    before = set(files_in(cli.folder / "report"))
    cli("run", "--data", cli.write(panel(["JFK"])), *RUN, "--report", "report", "--quiet")
    after = set(files_in(cli.folder / "report"))
    assert len(before - after) == 1
    assert {"notes.txt", "data/airports/mine.js"} <= after


def test_commands_on_the_pages_name_the_store_that_was_named(cli):
    more = ["--experiment", "the other one"]
    cli("run", "--data", cli.write(panel(["JFK"])), *RUN, "--quiet", *more)
    cli("report", *more, "--quiet")
    text = (cli.folder / "report" / "index.html").read_text()
    assert "forecastctl ui --job" in text
    assert text.count("--experiment &#39;the other one&#39;") >= 2


@pytest.mark.parametrize("job", ["nope", "latest", None])
def test_nothing_recorded_is_said(cli, job):
    cli("run", "--data", cli.write(panel(["JFK"], months=40)), *RUN, "--quiet", "--experiment", "b")
    named = ["--job", job] if job else []
    assert "error: " in cli("report", *named, code=6).stderr
    assert not (cli.folder / "report").exists()


def test_a_report_that_was_cut_off_is_written_again(cli):
    cli("run", "--data", cli.write(panel(["JFK", "LGA"])), *RUN, "--report", "site", "--quiet")
    whole = files_in(cli.folder / "site")
    (cli.folder / "site" / "index.html").unlink()
    cli("report", "--out", "site", "--quiet")
    assert files_in(cli.folder / "site") == whole


def test_data_beside_a_page_of_somebody_else_stay(cli):
    cli("run", "--data", cli.write(panel(["JFK"])), *RUN, "--report", "site", "--quiet")
    cli.write("mine", "site/index.html")
    assert "site holds other files" in cli("report", "--out", "site", code=11).stderr
    (cli.folder / "data").mkdir()
    cli.write("mine", "data/air.csv")
    assert "and no report" in cli("report", "--out", "data", code=11).stderr


def test_the_report_comes_after_the_summary_whatever_the_exit_code(cli, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(site, "write_site", interrupted)
    data = cli.write(panel(["JFK"]))
    assert "took " in cli("run", "--data", data, *RUN, "--report", "x", code=130).stdout


def test_there_is_no_report_of_a_job_whose_record_waits(bare, monkeypatch):
    monkeypatch.setenv("FORECASTCTL_TRACKING__SPOOL", str(bare.folder / "spool"))
    monkeypatch.setenv("FORECASTCTL_TRACKING__PATIENCE", "0")
    store = ["--tracking-uri", "http://127.0.0.1:9"]
    data = bare.write(panel(["JFK"]))
    said = bare("run", "--data", data, *RUN, *store, "--report", "x", "--quiet", code=9).stderr
    assert "no report of this job before it is in its store" in said
    assert not (bare.folder / "x").exists()
