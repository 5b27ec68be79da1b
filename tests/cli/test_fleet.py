"""The whole fleet is one MLflow model that MLflow itself loads."""

import pandas as pd
import pytest

from tests.cli.conftest import QUICK, panel


def test_mlflow_loads_and_asks_the_fleet(cli):
    import mlflow

    data = cli.write(panel(["JFK", "LGA"]))
    summary = cli.json("run", "--data", data, *QUICK, "--out", "f.csv")
    mlflow.set_tracking_uri(cli.uri)
    fleet = mlflow.pyfunc.load_model(f"runs:/{summary['run_id']}/fleet")
    asked = pd.DataFrame({"airport": ["LGA", "JFK"], "horizon": [3, 2], "level": [80, 95]})
    answer = fleet.predict(asked)
    assert list(answer["airport"]) == ["LGA"] * 3 + ["JFK"] * 2
    written = pd.read_csv(cli.folder / "f.csv")
    lga, jfk = (written[written["airport"] == a] for a in ("LGA", "JFK"))
    assert list(answer["mean"]) == [*lga["mean"], *jfk["mean"][:2]]
    assert list(answer["hi"]) == [*lga["hi-80"], *jfk["hi-95"][:2]]
    assert list(answer["date"]) == [*lga["date"], *jfk["date"][:2]]
    plain = fleet.predict(pd.DataFrame({"airport": ["JFK"]}))
    assert len(plain) == 12
    with pytest.raises(Exception, match="no model of airport 'XXX'"):
        fleet.predict(pd.DataFrame({"airport": ["XXX"]}))


@pytest.mark.slow
def test_a_model_takes_less_than_four_kib_an_airport(cli):
    data = cli.write(panel([f"A{i}" for i in range(30)], months=60))
    options = ["--max-evals", 6, "--horizon", 3, "--no-charts", "--jobs", 2]
    summary = cli.json("run", "--data", data, *options)
    (rows,) = (cli.folder / "mlartifacts").rglob(f"{summary['run_id']}/**/models.parquet")
    assert rows.stat().st_size < 30 * 4096
    assert len(pd.read_parquet(rows)) == 30
