"""The champion asked over HTTP, at our command and at MLflow's own, by clients at once."""

import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pandas as pd
import pytest
import requests

from tests import services
from tests.cli.conftest import QUICK, Cli, panel, until

pytestmark = pytest.mark.slow

AIRPORTS = ["JFK", "LGA", "EWR/N", "it's"]
NAME = ["--registered-as", "fleet"]
CLIENTS, REQUESTS = 8, 64


@pytest.fixture(scope="module")
def champion(tmp_path_factory):
    """A store with a champion, and the forecasts that the same job wrote."""
    with pytest.MonkeyPatch.context() as patch:
        cli = Cli(tmp_path_factory.mktemp("served"), patch)
        cli.write(panel(AIRPORTS))
        cli("run", "--data", "air.csv", *QUICK, *NAME, "--out", "f.csv")
        cli("promote", *NAME)
        yield cli


@pytest.fixture(scope="module", params=["forecastctl", "mlflow"])
def served(request, champion):
    """Address of the server; the environment points elsewhere where the settings name the store."""
    port = services.free_port()
    python = [sys.executable, "-m"]
    if request.param == "forecastctl":
        command = [*python, "forecastctl", "serve", *NAME, "--port", str(port)]
        command += ["--tracking-uri", champion.uri]
        store = f"sqlite:///{champion.folder}/elsewhere.db"
    else:
        command = [*python, "mlflow", "models", "serve", "-m", "models:/fleet@champion"]
        command += ["--port", str(port), "--env-manager", "local"]
        store = champion.uri
    path = f"{os.path.dirname(sys.executable)}:{os.environ['PATH']}"  # noqa: PTH120
    env = {**os.environ, "MLFLOW_TRACKING_URI": store, "PATH": path}
    if request.param == "forecastctl":
        env["PATH"] = os.environ["PATH"]
    with (champion.folder / f"{request.param}.log").open("wb") as log:
        server = subprocess.Popen(
            command, cwd=champion.folder, env=env, stdout=log, stderr=log, start_new_session=True
        )
        try:
            until(lambda: _answers(port), server)
            yield f"http://127.0.0.1:{port}/invocations"
        finally:
            os.killpg(server.pid, signal.SIGTERM)
            server.wait()


def _answers(port):
    try:
        return requests.get(f"http://127.0.0.1:{port}/ping", timeout=60).ok
    except requests.ConnectionError:
        return False


def ask(served, *records, **more):
    answer = requests.post(served, json={"dataframe_records": list(records), **more}, timeout=600)
    return answer.status_code, answer.json()


@pytest.fixture(scope="module")
def written(champion):
    return pd.read_csv(champion.folder / "f.csv")


def test_many_clients_at_once_get_what_forecast_writes(served, written):
    """Each asks for another airport, horizon and level; every number is the same to the bit."""

    def one(number):
        airport, horizon = AIRPORTS[number % len(AIRPORTS)], 1 + number % 3
        level = (80, 95)[number // 4 % 2]
        status, answer = ask(served, {"airport": airport, "horizon": horizon, "level": level})
        rows = pd.DataFrame(answer["predictions"])
        right = written[written["airport"] == airport].head(horizon)
        assert status == 200
        assert rows["date"].tolist() == right["date"].tolist()
        assert rows["mean"].tolist() == right["mean"].tolist()
        assert rows["lo"].tolist() == right[f"lo-{level}"].tolist()
        assert rows["hi"].tolist() == right[f"hi-{level}"].tolist()
        return True

    with ThreadPoolExecutor(CLIENTS) as clients:
        assert all(clients.map(one, range(REQUESTS)))


def test_several_levels_and_another_name_for_the_airport(served, written):
    status, answer = ask(served, {"unique_id": "JFK", "horizon": 1, "levels": [80, 95]})
    right = written[written["airport"] == "JFK"].iloc[0]
    assert status == 200
    assert [(row["level"], row["hi"]) for row in answer["predictions"]] == [
        (80, right["hi-80"]),
        (95, right["hi-95"]),
    ]


def test_the_nested_form_has_one_row_for_each_request(served):
    requests_ = [{"airport": "JFK", "horizon": 3}, {"airport": "LGA", "horizon": 2}]
    status, answer = ask(served, *requests_, params={"nested": True})
    assert status == 200
    assert [row["airport"] for row in answer["predictions"]] == ["JFK", "LGA"]
    assert [len(row["mean"]) for row in answer["predictions"]] == [3, 2]


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        (
            {"airport": "JFX"},
            "There is no model of airport 'JFX' in this fleet. Did you mean 'JFK'?",
        ),
        (
            {"airport": "JFK", "as_of": "2018-03"},
            (
                "The model of airport 'JFK' has seen data up to 2018-04-01, which is after "
                "2018-03. Ask an older version of it."
            ),
        ),
        ({"airport": "JFK", "horizon": 0}, "horizon must be from 1 to 1,000 periods, not 0."),
        ({"airport": "JFK", "levels": [100]}, "level must be from 1 to 99 percent, not 100."),
        ({"horizon": 3}, "No airport is asked for: give the column 'airport'."),
    ],
)
def test_what_cannot_be_answered_is_said_in_a_sentence(served, asked, sentence):
    status, answer = ask(served, asked)
    assert (status, answer["message"]) == (400, sentence)


def test_an_as_of_date_that_the_model_has_not_passed(served):
    status, answer = ask(served, {"airport": "JFK", "horizon": 1, "as_of": "2018-05-20"})
    assert (status, answer["predictions"][0]["cutoff"]) == (200, "2018-04-01")


def test_a_port_that_is_taken(served, champion):
    port = served.rsplit(":", 1)[1].split("/")[0]
    said = champion("serve", *NAME, "--port", port, code=2).stderr
    assert f"Nothing can answer at 127.0.0.1:{port}" in said
