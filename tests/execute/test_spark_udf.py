"""The champion as a function of Spark, on a real one: the same numbers for a whole table."""

import sys

import pandas as pd
import pytest

from tests.cli.conftest import QUICK, Cli, panel

pytestmark = pytest.mark.slow

RESULT = "date array<string>, mean array<double>, lo array<double>, hi array<double>"


@pytest.fixture(scope="module")
def champion(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        cli = Cli(tmp_path_factory.mktemp("spark"), patch)
        cli.write(panel(["JFK", "LGA", "EWR"]))
        cli("run", "--data", "air.csv", *QUICK, "--registered-as", "fleet", "--out", "f.csv")
        cli("promote", "--registered-as", "fleet")
        yield cli


@pytest.fixture(scope="module")
def spark():
    sql = pytest.importorskip("pyspark.sql")
    with pytest.MonkeyPatch.context() as patch:
        for name in ("PYSPARK_PYTHON", "PYSPARK_DRIVER_PYTHON"):
            patch.setenv(name, sys.executable)
        patch.setenv("SPARK_LOCAL_IP", "127.0.0.1")
        session = (
            sql.SparkSession.builder.master("local[2]")
            .config("spark.ui.enabled", "false")
            .getOrCreate()
        )
        yield session
        session.stop()


@pytest.fixture(scope="module")
def forecast(champion, spark):
    import mlflow

    before = mlflow.get_tracking_uri()
    mlflow.set_tracking_uri(champion.uri)
    yield mlflow.pyfunc.spark_udf(
        spark,
        "models:/fleet@champion",
        result_type=RESULT,
        env_manager="local",
        params={"nested": True},
    )
    mlflow.set_tracking_uri(before)


def test_a_table_of_requests(champion, spark, forecast):
    from pyspark.sql import functions as F  # noqa: N812 - as everyone calls it

    asked = [("JFK", 3), ("LGA", 2), ("EWR", 1)] * 10
    table = spark.createDataFrame(asked, "airport string, horizon long").repartition(4)
    each = F.explode(F.arrays_zip("forecast.date", "forecast.mean", "forecast.lo", "forecast.hi"))
    answered = table.withColumn("forecast", forecast(F.struct("airport", "horizon")))
    rows = pd.DataFrame(
        [
            row.asDict()
            for row in answered.select("airport", each.alias("row"))
            .select("airport", "row.*")
            .collect()
        ]
    )
    written = pd.read_csv(champion.folder / "f.csv")
    assert len(rows) == 10 * (3 + 2 + 1)
    for airport, horizon in asked[:3]:
        right = written[written["airport"] == airport].head(horizon)
        found = rows[rows["airport"] == airport].drop_duplicates().sort_values("date")
        assert found["date"].tolist() == right["date"].tolist()
        assert found["mean"].tolist() == right["mean"].tolist()
        assert found["hi"].tolist() == right["hi-95"].tolist()


def test_an_airport_without_a_model_ends_the_query_with_a_sentence(spark, forecast):
    from pyspark.sql import functions as F  # noqa: N812

    table = spark.createDataFrame([("JFX",)], "airport string")
    with pytest.raises(Exception, match="no model of airport 'JFX' in this fleet"):
        table.withColumn("forecast", forecast(F.struct("airport"))).collect()
