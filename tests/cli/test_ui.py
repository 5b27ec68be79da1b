"""MLflow's own pages, opened where one wants to look."""

import json
import signal
import socket
import urllib.error
import urllib.request

import pytest

from forecastctl.store.mlflow.pages import Pages, keep_view
from tests.cli.conftest import FORECASTCTL, QUICK, in_a_group, panel

TRAINING = "workflowType=machine_learning"


@pytest.mark.slow
def test_the_pages_of_a_database_are_served_until_ctrl_c(cli):
    cli("run", "--data", cli.write(panel(["JFK", "LGA"])), *QUICK)
    (row,) = cli.json("history", "airports", "--airport", "LGA")
    before = sorted(path.name for path in cli.folder.iterdir())
    command = [*FORECASTCTL, "ui", "--airport", "LGA", "--no-browser"]
    shown = in_a_group(command, cli.folder)
    address = shown.stdout.readline().strip()
    base, _, place = address.partition("/#/")
    assert base, shown.communicate()
    ask = f"{base}/api/2.0/mlflow/runs/get?run_id={row['run_id']}"
    with urllib.request.urlopen(ask) as answer:  # noqa: S310 - http, as is the next one
        found = json.load(answer)["run"]
    assert place == f"experiments/{found['info']['experiment_id']}/runs/{row['run_id']}?{TRAINING}"
    assert {"key": "airport", "value": "LGA"} in found["data"]["tags"]
    shown.send_signal(signal.SIGINT)
    said = shown.communicate(timeout=600)[1]
    assert (shown.returncode, said) == (0, "MLflow's pages are served until Ctrl-C.\n")
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(base)  # noqa: S310
    assert sorted(path.name for path in cli.folder.iterdir()) == before


def test_a_server_shows_its_own_pages(cli, mlflow_server, monkeypatch):
    opened = []
    monkeypatch.setattr("webbrowser.open", opened.append)
    store = ["--tracking-uri", mlflow_server.uri, "--experiment", "Default"]
    printed = cli("ui", *store).stdout.strip()
    assert printed == f"{mlflow_server.uri}/#/experiments/0/runs?{TRAINING}"
    assert opened == [printed]
    cli("ui", *store, "--no-browser")
    assert opened == [printed]
    assert "pages of its own" in cli("ui", *store, "--port", 5001, code=2).stderr
    assert (
        "Nothing is recorded of airport 'JFK'"
        in cli("ui", *store, "--airport", "JFK", code=6).stderr
    )


def test_what_is_not_there_is_not_made_nor_shown(bare):
    assert "There is no store" in bare("ui", code=6).stderr
    assert list(bare.folder.iterdir()) == []


@pytest.mark.parametrize("port", [-1, 0, 65_536])
def test_a_port_that_there_cannot_be_is_refused(bare, port):
    assert f"from 1 to 65,535, not {port}" in bare("ui", "--port", port, code=2).stderr


def test_a_port_that_is_taken_is_refused(cli):
    cli("run", "--data", cli.write(panel(["JFK"])), *QUICK)
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        assert f"Port {port} is taken." in cli("ui", "--port", port, code=2).stderr


def test_the_view_of_an_experiment_is_kept_with_it(mlflow_server):
    from mlflow import MlflowClient

    key = keep_view(mlflow_server.uri, "0")
    tags = MlflowClient(mlflow_server.uri).get_experiment("0").tags
    columns = json.loads(tags[f"mlflow.sharedViewState.{key}"])["selectedColumns"]
    assert columns == ["attributes.`Models`", "metrics.`loss`", "tags.`model`", "tags.`status`"]
    address = Pages(mlflow_server.uri, ours=True).at("0", view=key)
    assert address.endswith(f"/experiments/0/runs?{TRAINING}&viewStateShareKey={key}")


def test_where_no_view_can_be_kept_the_pages_open_without_one(mlflow_server):
    assert keep_view(mlflow_server.uri, "99999") is None
