"""The whole fleet is one MLflow model that MLflow itself loads."""

import json

import pandas as pd
import pytest

from forecastctl.execute.installed import installed_from
from forecastctl.recording import fleet as recorded_fleet
from forecastctl.serving import Asked, FleetModel, requests
from forecastctl.store.mlflow.refused import RefusedRequestError
from tests.cli.conftest import QUICK, panel


def test_mlflow_loads_and_asks_the_fleet(cli, monkeypatch):
    import mlflow

    place = "forecastctl @ https://example.org/forecastctl-1.zip"
    monkeypatch.setattr(recorded_fleet, "installed_from", lambda _name: place)
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
    assert _refused(fleet, airport="jfk") == (
        "There is no model of airport 'jfk' in this fleet. Did you mean 'JFK'?"
    )
    assert _refused(fleet, airport="XXX") == "There is no model of airport 'XXX' in this fleet."
    for horizon in (0, -1, 1001):
        assert _refused(fleet, airport="JFK", horizon=horizon) == (
            f"horizon must be from 1 to 1,000 periods, not {horizon}."
        )
    for level in (0, 100, 150):
        assert _refused(fleet, airport="JFK", level=level) == (
            f"level must be from 1 to 99 percent, not {level}."
        )
    [needs] = (cli.folder / "mlartifacts").rglob(f"{summary['run_id']}/**/requirements.txt")
    lines = needs.read_text().splitlines()
    assert lines[0] == "forecastctl @ https://example.org/forecastctl-1.zip"
    assert [line.partition("==")[0] for line in lines[1:]] == ["numpy", "pandas", "pyarrow"]


def _refused(fleet, **asked):
    """The one sentence that MLflow's server answers, with status 400."""
    from mlflow.exceptions import MlflowException
    from mlflow.pyfunc.scoring_server import invocations

    body = json.dumps({"dataframe_records": [asked]})
    schema = fleet.metadata.get_input_schema()
    with pytest.raises(MlflowException) as caught:
        invocations(body, "application/json", fleet, schema)
    assert caught.value.get_http_status_code() == 400
    answer = json.loads(caught.value.serialize_as_json())
    assert set(answer) == {"error_code", "message"}
    return answer["message"]


@pytest.mark.parametrize(
    ("origin", "need"),
    [
        ({"url": "file:///srv/code", "dir_info": {}}, "x @ file:///srv/code"),
        (
            {"url": "https://git.example.org/x", "vcs_info": {"vcs": "git", "commit_id": "c0ffee"}},
            "x @ git+https://git.example.org/x@c0ffee",
        ),
        (None, "x"),  # from an index
    ],
)
def test_a_requirement_says_where_a_package_came_from(origin, need, tmp_path, monkeypatch):
    folder = tmp_path / "x-1.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: x\nVersion: 1\n")
    if origin is not None:
        (folder / "direct_url.json").write_text(json.dumps(origin))
    monkeypatch.syspath_prepend(str(tmp_path))
    assert installed_from("x") == need
    assert installed_from("not-installed") == "not-installed"


@pytest.mark.slow
def test_a_model_takes_less_than_four_kib_an_airport(cli):
    data = cli.write(panel([f"A{i}" for i in range(30)], months=60))
    options = ["--max-evals", 6, "--horizon", 3, "--no-charts", "--jobs", 2]
    summary = cli.json("run", "--data", data, *options)
    (rows,) = (cli.folder / "mlartifacts").rglob(f"{summary['run_id']}/**/models.parquet")
    assert rows.stat().st_size < 30 * 4096
    assert len(pd.read_parquet(rows)) == 30


ROW = '{"members": [], "freq": "M", "season_length": 12, "cutoff": "2018-12-01"}'


class TestRequests:
    """What a row of a request means; the models that answer it are asked elsewhere."""

    @pytest.mark.parametrize(
        ("row", "asked"),
        [
            ({"airport": "JFK"}, Asked("JFK")),
            ({"unique_id": "JFK", "horizon": 3}, Asked("JFK", 3)),
            ({"airport": "JFK", "unique_id": "JFK", "level": 80}, Asked("JFK", 12, (80,))),
            ({"airport": "JFK", "levels": [80, 95, 80]}, Asked("JFK", 12, (80, 95))),
            ({"airport": "JFK", "levels": [], "level": None}, Asked("JFK")),
            ({"airport": "JFK", "horizon": float("nan"), "as_of": None}, Asked("JFK")),
            ({"airport": "JFK", "as_of": "2018-12"}, Asked("JFK", as_of="2018-12")),
        ],
    )
    def test_a_row(self, row, asked):
        assert list(requests(pd.DataFrame([row]))) == [asked]

    @pytest.mark.parametrize(
        ("row", "sentence"),
        [
            ({"horizon": 3}, "No airport is asked for: give the column 'airport'."),
            ({"airport": "A", "unique_id": "B"}, "name different airports: A, B."),
            ({"airport": "A", "level": 80, "levels": [80]}, "contradict each other"),
            ({"airport": "A", "horizon": 1.5}, "horizon must be a whole number, not 1.5."),
            ({"airport": "A", "levels": ["x"]}, "level must be a whole number, not x."),
        ],
    )
    def test_a_row_that_makes_no_sense(self, row, sentence):
        with pytest.raises(RefusedRequestError, match=sentence):
            list(requests(pd.DataFrame([row])))

    @pytest.mark.parametrize(
        ("as_of", "sentence"),
        [
            ("2018-11-30", "has seen data up to 2018-12-01, which is after 2018-11-30."),
            ("soon", "The as-of date 'soon' is not a date."),
        ],
    )
    def test_an_as_of_date_that_is_refused(self, as_of, sentence):
        row = json.dumps({**json.loads(ROW), "n": 48, "version": 4, "backtest_errors": []})
        with pytest.raises(RefusedRequestError, match=sentence):
            FleetModel({"A": row})._model(Asked("A", as_of=as_of))

    @pytest.mark.parametrize("as_of", ["2018-12", "2018-12-01", "2030-01-01"])
    def test_an_as_of_date_that_is_answered(self, as_of):
        row = json.dumps({**json.loads(ROW), "n": 48, "version": 4, "backtest_errors": []})
        assert FleetModel({"A": row})._model(Asked("A", as_of=as_of)).n == 48
