"""The whole job into every store: a server, PostgreSQL; and the same answers through MLflow itself."""

import uuid

import pandas as pd
import pytest
import requests

from tests import services
from tests.cli.conftest import QUICK, panel


@pytest.fixture
def served(bare, mlflow_server):
    """The main job through a real server, in both layouts."""
    data = bare.write(panel(["JFK", "LGA/1 'x'"]))
    made = {}
    for layout in ("nested", "flat"):
        name = f"{layout} {uuid.uuid4().hex[:8]}"
        store = ["--tracking-uri", mlflow_server.uri, "--experiment", name]
        options = [
            "run",
            "--data",
            data,
            *QUICK,
            "--layout",
            layout,
            *store,
            "--out",
            f"{layout}.csv",
        ]
        made[layout] = (store, bare.json(*options), name)
    return made


def search(server, name, predicates):
    """MLflow's REST API, as any other program would ask it."""
    get = f"{server}/api/2.0/mlflow/experiments/get-by-name"
    experiment = requests.get(get, params={"experiment_name": name}, timeout=300).json()
    body = {
        "experiment_ids": [experiment["experiment"]["experiment_id"]],
        "filter": predicates,
        "order_by": ["attributes.start_time DESC"],
        "max_results": 1000,
    }
    found = requests.post(f"{server}/api/2.0/mlflow/runs/search", json=body, timeout=300)
    assert found.ok, found.text
    return found.json().get("runs", [])


def named(run, part):
    return {x["key"]: x["value"] for x in run["data"].get(part, [])}


@pytest.mark.slow
@pytest.mark.parametrize("layout", ["nested", "flat"])
def test_rest_and_history_give_the_same_answers(bare, mlflow_server, served, layout):
    store, summary, name = served[layout]
    runs = search(mlflow_server.uri, name, "tags.kind = 'airport'")
    rows = bare.json("history", "airports", *store)
    assert {r["info"]["run_id"] for r in runs} == {row["run_id"] for row in rows}
    for row in rows:
        run = next(r for r in runs if r["info"]["run_id"] == row["run_id"])
        assert named(run, "tags")["airport"] == row["airport"]
        assert named(run, "metrics")["loss"] == row["loss"]
        assert named(run, "params")["model"] == row["model"]
    assert {r["run_id"] for r in summary["results"]} == {row["run_id"] for row in rows}

    good = "metrics.loss < 0.9 and tags.kind = 'airport'"
    expected = {r["info"]["run_id"] for r in search(mlflow_server.uri, name, good)}
    mine = bare.json("history", "airports", "--filter", "metrics.loss < 0.9", *store)
    assert {row["run_id"] for row in mine} == expected

    trials = bare.json("history", "trials", *store)
    assert len(trials) == 6
    children = search(mlflow_server.uri, name, "tags.kind = 'trial'")
    assert len(children) == (6 if layout == "nested" else 0)
    parents = {named(c, "tags")["mlflow.parentRunId"] for c in children}
    assert parents == ({row["run_id"] for row in rows} if layout == "nested" else set())

    frame = pd.read_csv(bare.folder / f"{layout}.csv")
    airport = "LGA/1 'x'"
    found = bare.json("explain", "--airport", airport, "--date", frame["date"][0], *store)
    mine = frame[(frame["airport"] == airport) & (frame["date"] == frame["date"][0])]
    assert found["forecast"]["mean"] == mine["mean"].item()
    assert found["lineage"]["urls"]["forecast"].startswith(mlflow_server.uri)


def test_artifacts_come_through_the_server(mlflow_server, served):
    _, summary, name = served["nested"]
    (job,) = search(mlflow_server.uri, name, "tags.kind = 'job'")
    listed = requests.get(
        f"{mlflow_server.uri}/api/2.0/mlflow/artifacts/list",
        params={"run_id": job["info"]["run_id"]},
        timeout=300,
    ).json()
    paths = {f["path"] for f in listed["files"]}
    assert {
        "settings.json",
        "environment.json",
        "results.json",
        "log.txt",
    } <= paths
    assert job["info"]["run_id"] == summary["run_id"]


def test_postgresql(bare, make_postgres):
    data = bare.write(panel(["JFK"]))
    store = ["--tracking-uri", make_postgres()]
    summary = bare.json("run", "--data", data, *QUICK, *store)
    assert summary["airports"]["ok"] == 1
    assert len(bare.json("history", "trials", *store)) == 3
    found = bare.json("explain", "--airport", "JFK", "--date", "2018-05", *store)
    assert found["lineage"]["run_id"] == summary["results"][0]["run_id"]


@pytest.mark.slow
def test_the_job_is_visible_in_mlflows_pages(mlflow_server, served, tmp_path):
    try:
        services.chromium()
    except services.UnavailableError as reason:
        pytest.skip(str(reason))
    _, summary, name = served["nested"]
    (job,) = search(mlflow_server.uri, name, "tags.kind = 'job'")
    address = f"{mlflow_server.uri}/#/experiments/{job['info']['experiment_id']}/runs"
    with services.browser_page() as page:
        page.goto(address, wait_until="domcontentloaded")
        page.get_by_text(f"run {summary['job_id']}").first.wait_for(timeout=300_000)
        row = page.get_by_role("row").filter(has_text=f"run {summary['job_id']}")
        row.get_by_role("button").first.click()
        page.get_by_text("JFK").first.wait_for(timeout=300_000)
        page.goto(f"{address}/{summary['results'][0]['run_id']}", wait_until="domcontentloaded")
        page.get_by_text("baseline_loss").first.wait_for(timeout=300_000)
        page.screenshot(path=tmp_path / "airport.png", full_page=True)
    assert (tmp_path / "airport.png").stat().st_size > 10_000
