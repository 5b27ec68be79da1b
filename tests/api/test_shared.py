"""Jobs whose panel is read by the workers: forecasts, record and answers are those of any other."""

import pandas as pd
import pytest

from forecastctl.records import Query
from forecastctl.records.schema import File, Kind, Tag
from forecastctl.store.mlflow.open import open_tracker
from tests.cli.conftest import QUICK, Cli, panel

NAMES = ["JFK", "LGA", "EWR", "BOS", "PHL"]


@pytest.fixture(scope="module")
def jobs(tmp_path_factory, store_template):
    """One panel, forecast from a file with `serial`, and from shared storage with `loky`."""
    with pytest.MonkeyPatch.context() as patch:
        cli = Cli(tmp_path_factory.mktemp("shared"), patch)
        rows = panel(NAMES, months=60)
        rows["date"] = pd.to_datetime(rows["date"])
        rows.loc[
            (rows["airport"] == "BOS").to_numpy() & (rows["date"] == "2019-12-01"), "passengers"
        ] *= 1000
        rows.to_parquet(cli.folder / "one.parquet", index=False)
        rows.to_parquet(cli.folder / "table", partition_cols=["airport"], index=False)
        for name, data, backend in (
            ("here", "one.parquet", "serial"),
            ("there", "parquet:table", "loky"),
        ):
            cli(
                "run", "--data", data, *QUICK, "--backend", backend, "--out", f"{name}.csv",
                "--experiment", name, code=4,
            )  # fmt: skip
        yield cli


def recorded(cli, experiment):
    """What is recorded of each airport, without times and ids."""
    tracker = open_tracker(cli.uri, experiment, reading=True)
    found = {}
    for run in tracker.find(Query(tags={Tag.KIND: Kind.AIRPORT})):
        metrics = {k: v for k, v in run.metrics.items() if "seconds" not in k}
        tags = {
            k: v
            for k, v in run.tags.items()
            if k
            in (
                Tag.DATA_DIGEST,
                Tag.PANEL_DIGEST,
                Tag.STATUS,
                Tag.PREPARATION,
                Tag.LEFT_OUT,
                Tag.CUTOFF,
                Tag.MODEL,
            )
        }
        files = [tracker.read_artifact(run.run_id, path) for path in (File.FORECAST, File.MODEL)]
        found[run.tags[Tag.AIRPORT]] = run.params, metrics, tags, files
    return found


def test_forecasts_and_records_are_equal_to_the_last_bit(jobs):
    assert (jobs.folder / "here.csv").read_bytes() == (jobs.folder / "there.csv").read_bytes()
    there = recorded(jobs, "there")
    assert there == recorded(jobs, "here")
    assert sorted(there) == sorted(NAMES)
    assert there["BOS"][2][Tag.LEFT_OUT] == "2019-12-01"
