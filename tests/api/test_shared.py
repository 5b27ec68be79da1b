"""Jobs whose panel is read by the workers: forecasts, record and answers are those of any other."""

import pandas as pd
import pytest

import forecastctl
from forecastctl.errors import DataError, UsageError
from forecastctl.records import Query
from forecastctl.records.schema import File, Kind, Tag
from forecastctl.store.mlflow.open import open_tracker
from tests.cli.conftest import QUICK, Cli, panel

NAMES = ["JFK", "LGA", "EWR", "BOS", "PHL"]
KEPT = (
    *(Tag.DATA_DIGEST, Tag.PANEL_DIGEST, Tag.STATUS, Tag.PREPARATION),
    *(Tag.LEFT_OUT, Tag.CUTOFF, Tag.MODEL, Tag.SUSPECTS, Tag.REASON),
)


def rows():
    """Five airports, one of which holds a month of thousands in the end."""
    made = panel(NAMES, months=60)
    made["date"] = pd.to_datetime(made["date"])
    made.loc[made["airport"].eq("BOS") & made["date"].eq("2019-12-01"), "passengers"] *= 1000
    return made.sort_values(["airport", "date"])  # as the folders of a table are


@pytest.fixture(scope="module")
def made(tmp_path_factory, store_template):
    """One panel, forecast from a file by one process, and from shared storage by others."""
    with pytest.MonkeyPatch.context() as patch:
        cli = Cli(tmp_path_factory.mktemp("shared"), patch)
        rows().to_parquet(cli.folder / "one.parquet", index=False)
        rows().to_parquet(cli.folder / "table", partition_cols=["airport"], index=False)
        work = [*QUICK, "--learn"]
        cli("run", "--data", "one.parquet", *work, "--backend", "serial", "--experiment", "here",
            "--out", "here.csv", code=4)  # fmt: skip
        cli("run", "--data", "parquet:table", *work, "--experiment", "there",
            "--out", "there.csv", code=4)  # fmt: skip
        yield cli


@pytest.fixture
def jobs(made, monkeypatch):
    """The same, in their folder."""
    monkeypatch.chdir(made.folder)
    return made


def recorded(cli, experiment):
    """What is recorded of each airport, without times and ids."""
    tracker = open_tracker(cli.uri, experiment, reading=True)
    found = {}
    for run in tracker.find(Query(tags={Tag.KIND: Kind.AIRPORT})):
        metrics = {key: value for key, value in run.metrics.items() if "seconds" not in key}
        tags = {key: run.tags.get(key) for key in KEPT}
        files = [tracker.read_artifact(run.run_id, path) for path in (File.FORECAST, File.MODEL)]
        found[run.tags[Tag.AIRPORT]] = run.params, metrics, tags, files
    return found


@pytest.mark.slow
def test_forecasts_and_records_are_equal_to_the_last_bit(jobs):
    assert (jobs.folder / "here.csv").read_bytes() == (jobs.folder / "there.csv").read_bytes()
    there = recorded(jobs, "there")
    assert there == recorded(jobs, "here")
    assert sorted(there) == sorted(NAMES)
    assert there["BOS"][2][Tag.LEFT_OUT] == "2019-12-01"


@pytest.mark.slow
def test_it_is_explained_and_reproduced_without_the_table(jobs):
    asked = ["--airport", "JFK", "--date", "2020-01"]
    here, there = (jobs.json("explain", *asked, "--experiment", name) for name in ("here", "there"))
    assert there["sentence"] == here["sentence"]
    for key in ("mean", "sd", "intervals", "cutoff"):
        assert there["forecast"][key] == here["forecast"][key]
    (jobs.folder / "table").rename(jobs.folder / "gone")
    try:
        job = jobs.json("history", "--experiment", "there")[0]["job_id"]
        again = jobs("reproduce", job, "--refit", "--airport", "BOS", "--experiment", "there")
        assert "1 of 1 tuned and fitted anew bit-identical" in again.stdout
    finally:
        (jobs.folder / "gone").rename(jobs.folder / "table")


@pytest.mark.slow
def test_shares_of_a_job_read_it_too(jobs):
    for shard in ("1/2", "2/2"):
        jobs("run", "--data", "parquet:table", *QUICK, "--shard", shard, "--experiment", "shares",
             "--out", "shares.csv", code=4)  # fmt: skip
    assert (jobs.folder / "shares.csv").read_bytes() == (jobs.folder / "here.csv").read_bytes()


@pytest.fixture
def cli(tmp_path, monkeypatch):
    cli = Cli(tmp_path, monkeypatch)
    rows().to_parquet(tmp_path / "table", partition_cols=["airport"], index=False)
    return cli


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["--data", "parquet:nowhere"], 3, "There is no folder nowhere."),
        (["--data", "spark:air"], 2, "spark:air is a table of Spark, and the executor 'loky' has"),
        (
            ["--data", "spark:air", "--backend", "spark", "--cluster", "spark://h:7077"],
            2,
            "no such folder is named",
        ),
        (["--data", "parquet:table", "--group", "hub"], 2, "--group adds up airports"),
    ],
)
def test_what_cannot_be_read_so_is_said_before_anything_is_recorded(cli, arguments, code, said):
    done = cli("run", *arguments, code=code)
    assert said in done.stderr
    assert "next:" in done.stderr
    assert not (cli.folder / "mlflow.db").exists()


def test_commands_without_workers_read_a_folder_here_and_no_table_of_spark(cli):
    assert "5" in cli("check", "--data", "parquet:table").stdout
    assert "the workers of a job read it" in cli("check", "--data", "spark:air", code=3).stderr


def test_python_takes_the_same_spelling_and_raises_the_same_errors(cli):
    with pytest.raises(DataError, match="There is no folder nowhere"):
        forecastctl.run("parquet:nowhere", backend="serial")
    with pytest.raises(UsageError, match="a table of Spark"):
        forecastctl.run("spark:air")
