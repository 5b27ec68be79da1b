"""``--metrics``: what Prometheus reads of a job, however it ended."""

import shutil
import subprocess
import time
from datetime import UTC, date, datetime

import pytest
from prometheus_client.parser import text_string_to_metric_families

from forecastctl.cli.output import metrics
from tests.cli.conftest import QUICK, panel

FILE = "forecastctl.prom"
RUN = ["run", "--data", "air.csv", *QUICK, "--metrics", FILE]


def read(cli):
    """Values by name without the prefix, those by status below it, and the labels of all."""
    found, labels = {"airports": {}}, set()
    text = (cli.folder / FILE).read_text()
    series = [line.rpartition(" ")[0] for line in text.splitlines() if not line.startswith("#")]
    assert len(series) == len(set(series)), "Prometheus refuses a file with a series twice"
    for family in text_string_to_metric_families(text):
        assert family.type == "gauge"
        assert family.documentation
        for sample in family.samples:
            name = sample.name.removeprefix("forecastctl_")
            status = sample.labels.pop("status", None)
            labels.add(tuple(sorted(sample.labels.items())))
            if status is None:
                found[name] = sample.value
            else:
                found[name][status] = sample.value
    return found, labels


@pytest.mark.skipif(not shutil.which("promtool"), reason="Prometheus is not installed")
def test_promtool_finds_nothing_wrong(cli):
    cli.write(panel(["JFK"]))
    cli(*RUN)
    text = (cli.folder / FILE).read_text()
    check = subprocess.run(
        ["promtool", "check", "metrics"], input=text, capture_output=True, text=True, check=False
    )
    assert (check.returncode, check.stdout + check.stderr) == (0, "")


def test_who_only_looks_writes_none(cli):
    cli.write(panel(["JFK"]))
    cli(*RUN, "--dry-run")
    cli(*RUN, "--dry-run", "--max-evals", "0", code=2)
    assert not (cli.folder / FILE).exists()


def test_of_a_good_job_and_of_failures_after_it(cli):
    before = time.time()
    cli.write(panel(["JFK", "LGA"]))
    cli(*RUN)
    good, labels = read(cli)
    assert labels == {(("command", "run"), ("experiment", "forecastctl"))}
    assert good["airports"]["ok"] == 2
    assert set(good["airports"]) == {
        "ok", "without_suspects", "fallback", "failed", "rejected", "skipped",
    }  # fmt: skip
    assert good["exit_code"] == 0
    assert before <= good["last_success_timestamp_seconds"] <= time.time()
    through = datetime(2018, 4, 1, tzinfo=UTC).timestamp()
    assert good["data_through_timestamp_seconds"] == through
    assert good["data_age_seconds"] == good["last_run_timestamp_seconds"] - through
    assert 0 < good["seconds"] <= time.time() - before
    assert "worst_drift_ratio" not in good

    (cli.folder / "air.csv").unlink()
    cli(*RUN, code=3)
    failed, same = read(cli)
    assert (failed["exit_code"], failed["airports"], same) == (3, {}, labels)
    assert failed["last_success_timestamp_seconds"] == good["last_success_timestamp_seconds"]
    assert failed["last_run_timestamp_seconds"] > good["last_run_timestamp_seconds"]

    wrong = cli(*RUN, "--max-evals", "0", code=2)
    assert "--max-evals" in wrong.stderr
    refused, same = read(cli)
    assert (refused["exit_code"], same) == (2, labels)
    assert refused["last_success_timestamp_seconds"] == good["last_success_timestamp_seconds"]
    assert [p.name for p in cli.folder.glob(f"{FILE}*")] == [FILE]


def test_by_setting_and_beside_the_settings_file(cli, tmp_path):
    folder = cli.folder / "etc"
    folder.mkdir()
    (folder / "forecastctl.toml").write_text(f"[run]\nmetrics = '{FILE}'\n")
    cli("run", "--data", "none.csv", "--config", folder / "forecastctl.toml", code=3)
    assert "forecastctl_exit_code" in (folder / FILE).read_text()
    cli("check", "--data", "none.csv", "--config", folder / "forecastctl.toml", code=3)


def test_the_worst_drift_is_that_of_the_monitor(cli):
    frame = panel(["JFK", "LGA"], months=60)
    cli.write(frame)
    cli(*RUN, "--as-of", "2018-12")
    frame.loc[(frame["airport"] == "JFK") & (frame["date"] > "2018-12"), "passengers"] *= 3
    cli.write(frame)
    report = cli.json("monitor", "--data", "air.csv", "--metrics", FILE, code=7)
    worst = max(r["ratio"] for r in report["results"])
    watched, labels = read(cli)
    assert watched["worst_drift_ratio"] == worst > 3
    assert watched["airports"]["degraded"] == report["airports"]["degraded"]
    assert (
        watched["data_through_timestamp_seconds"] == datetime(2019, 12, 1, tzinfo=UTC).timestamp()
    )
    assert labels == {(("command", "monitor"), ("experiment", "forecastctl"))}
    quiet = cli("monitor", "--data", "air.csv", "--quiet", code=7)
    assert quiet.stderr.startswith("forecastctl monitor: 2 airports, 1 degraded, 1 ok. JFK: ")
    cli("run", "--data", "air.csv", *QUICK, "--metrics", FILE, "--suspects", "keep")
    assert read(cli)[0]["worst_drift_ratio"] == worst


@pytest.mark.parametrize(("name", "said"), [(".", "directory"), ("none/m.prom", "no directory")])
def test_a_place_that_cannot_be_is_refused_before_the_work(cli, name, said):
    result = cli("run", "--data", "none.csv", "--metrics", name, code=2)
    assert "--metrics" in result.stderr
    assert said in result.stderr


def test_a_file_that_cannot_be_written_is_said_and_fails_nothing(cli, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("prometheus_client.write_to_textfile", full)
    cli.write(panel(["JFK"]))
    result = cli(*RUN)
    assert f"warning: the metrics cannot be written to {FILE}: No space left" in result.stderr


def test_what_is_not_known_is_left_out(tmp_path):
    measured = metrics.Measured(tmp_path / FILE, "run", 5.0)
    (tmp_path / FILE).write_text("not { a file of metrics\n")
    metrics.write(measured, 1)
    text = (tmp_path / FILE).read_text()
    names = {family.name for family in text_string_to_metric_families(text)}
    assert names == {
        "forecastctl_seconds", "forecastctl_exit_code", "forecastctl_last_run_timestamp_seconds",
    }  # fmt: skip


@pytest.mark.parametrize(("days", "newest"), [((), None), (("2020-01-01", "2021-05-01"), 2021)])
def test_the_newest_period(tmp_path, days, newest):
    measured = metrics.Measured(tmp_path, "run", 0.0)
    measured.newest(iter(days))
    assert measured.data_through == (date(2021, 5, 1) if newest else None)
