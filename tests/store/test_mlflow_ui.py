"""What the SQL tracker writes, seen in MLflow's pages by a real browser."""

import time
import uuid

import pytest

from forecastctl.records import Artifact, Metric, Run
from forecastctl.store.mlflow.open import open_tracker
from tests import services

pytestmark = pytest.mark.slow


@pytest.fixture
def page():
    try:
        services.chromium()
    except services.UnavailableError as reason:
        pytest.skip(str(reason))
    with services.browser_page() as page:
        yield page


def test_nested_runs_with_their_values(mlflow_server, page, tmp_path):
    now = time.time_ns() // 1_000_000
    name = f"ui {uuid.uuid4().hex[:8]}"
    trials = tuple(
        Run(
            f"trial {i}",
            start_ms=now + i,
            end_ms=now + 1000 + i,
            params={"smoothing": f"0.{i}"},
            metrics=(Metric("loss", 1.25 + i, 0, now),),
        )
        for i in range(3)
    )
    airport = Run(
        "JFK [bold]<b>é🛫",
        start_ms=now,
        end_ms=now + 5000,
        params={"max_evals": "15"},
        metrics=(Metric("best_trial_loss", 0.8125, 0, now),),
        tags={"airport": "JFK"},
        artifacts=(Artifact("model.json", b'{"family": "ets"}'),),
        children=trials,
    )
    tracker = open_tracker(
        mlflow_server.store, name, writer="sql", artifact_location=str(tmp_path / "a")
    )
    [run_id] = tracker.record([airport])
    number = tracker._experiment.id

    # The table of runs, trials folded under their airport.
    page.goto(f"{mlflow_server.uri}/#/experiments/{number}/runs", wait_until="domcontentloaded")
    page.get_by_text(airport.name).first.wait_for(timeout=300_000)
    assert page.get_by_text("trial 1").count() == 0
    page.get_by_role("row").filter(has_text=airport.name).get_by_role("button").first.click()
    page.get_by_text("trial 1").first.wait_for(timeout=300_000)
    page.screenshot(path=tmp_path / "runs.png")

    address = f"{mlflow_server.uri}/#/experiments/{number}/runs/{run_id}"
    page.goto(address, wait_until="domcontentloaded")
    for seen in (
        airport.name,
        "max_evals",
        "15",
        "best_trial_loss",
        "0.8125",
        "trial 0",
        "forecastctl",
    ):
        page.get_by_text(seen).first.wait_for(timeout=300_000, state="attached")
    page.screenshot(path=tmp_path / "run.png")
