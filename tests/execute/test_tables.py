"""Tables that the workers of Dask, Ray and Spark read, on real clusters: the same forecasts."""

import sys

import pandas as pd
import pytest

import forecastctl
from forecastctl.errors import ClusterError, DataError
from forecastctl.records import Query
from forecastctl.records.schema import Kind, Tag
from forecastctl.store.mlflow.open import open_tracker
from tests.cli.conftest import panel
from tests.execute.clusters import CLUSTERS, MODULES

pytestmark = pytest.mark.slow

NAMES = ["JFK", "LGA", "EWR", "BOS", "PHL", "DCA"]
QUICK = {"families": ["seasonal_naive", "holt_winters"], "max_evals": 3, "horizon": 3, "folds": 2}
QUICK |= {"charts": False, "layout": "flat"}


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A file, and the same rows as a folder that lies on storage that all workers see."""
    folder = tmp_path_factory.mktemp("shared")
    rows = panel(NAMES, months=60)
    rows["date"] = pd.to_datetime(rows["date"]).dt.date
    rows.loc[rows["airport"].eq("BOS") & rows.index.isin([239]), "passengers"] *= 1000
    rows.sort_values(["airport", "date"]).to_parquet(folder / "one.parquet", index=False)
    rows.to_parquet(folder / "table", partition_cols=["airport"], index=False)
    return folder


@pytest.fixture(scope="module")
def expected(place):
    """What one process makes of the file."""
    return done(place, place / "one.parquet", "serial")


def done(place, data, backend, **settings):
    """Forecasts of a job, and what is recorded of each airport."""
    uri = f"sqlite:///{place / backend}.db"
    result = forecastctl.run(
        str(data), backend=backend, jobs=2, tracking_uri=uri, **QUICK,
        settings={f"run.{name}": value for name, value in settings.items()},
    )  # fmt: skip
    runs = open_tracker(uri, "forecastctl", reading=True).find(
        Query(tags={Tag.KIND: Kind.AIRPORT, Tag.JOB_ID: result.job_id})
    )
    kept = (Tag.DATA_DIGEST, Tag.PANEL_DIGEST, Tag.STATUS, Tag.LEFT_OUT, Tag.MODEL)
    record = {
        run.tags[Tag.AIRPORT]: (
            {name: run.tags.get(name) for name in kept},
            {key: value for key, value in run.metrics.items() if "seconds" not in key},
            run.params,
        )
        for run in runs
    }
    return result.forecasts.sort_values(["unique_id", "ds"]).to_dict("list"), record


@pytest.fixture(params=MODULES, scope="module")
def engine(request, tmp_path_factory):
    """The name of an engine, and the address of a cluster of it with two workers."""
    pytest.importorskip(MODULES[request.param])
    with CLUSTERS[request.param](tmp_path_factory.mktemp(request.param)) as address:
        yield request.param, address


def test_each_worker_reads_its_airports_and_forecasts_them_as_one_process_does(
    place, expected, engine
):
    name, address = engine
    forecasts, record = done(place, f"parquet:{place / 'table'}", name, cluster=address)
    assert record == expected[1]
    assert record["BOS"][0][Tag.LEFT_OUT] == "2019-12-01"
    assert forecasts == expected[0]


@pytest.fixture(scope="module")
def session():
    """A Spark of a notebook, with two executors of their own and a table."""
    sql = pytest.importorskip("pyspark.sql")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYSPARK_PYTHON", sys.executable)
        patch.setenv("SPARK_LOCAL_IP", "127.0.0.1")
        builder = sql.SparkSession.builder.master("local-cluster[2,1,1024]")
        session = builder.config("spark.ui.enabled", "false").getOrCreate()
        yield session
        session.stop()


def test_a_table_of_spark_is_grouped_and_forecast_by_its_executors(place, expected, session):
    rows = session.read.parquet(str(place / "one.parquet"))
    rows.repartition(5, "date").createOrReplaceTempView("air")
    laid = place / "laid"
    laid.mkdir()
    forecasts, record = done(place, "spark:air", "spark", shared=str(laid))
    assert record == expected[1]
    assert forecasts == expected[0]
    assert not list(laid.iterdir()), "what was laid down is still there"
    assert session.sql("select count(*) from air").first()[0] == 360, "the session was ended"


def test_a_table_that_is_not_there_or_has_no_such_columns(place, session):
    session.range(3).createOrReplaceTempView("numbers")
    with pytest.raises(DataError, match="has no table 'nothing'") as caught:
        done(place, "spark:nothing", "spark")
    assert "SHOW TABLES" in caught.value.hint
    with pytest.raises(DataError, match="no column that looks like the airport"):
        done(place, "spark:numbers", "spark")
    session.sql("select 'A' airport, '2020-01' date, 1 passengers").createOrReplaceTempView("texts")
    with pytest.raises(DataError, match="'date' holds string, no date"):
        done(place, "spark:texts", "spark")
    session.read.parquet(str(place / "one.parquet")).createOrReplaceTempView("air")
    with pytest.raises(ClusterError, match="could not lay air down"):
        done(place, "spark:air", "spark", shared="/proc/nowhere")
