"""Retention on the command line: dry unless told otherwise."""

import pytest

from forecastctl.records import Query, Run
from forecastctl.records.marks import AIRPORTS, JOBS, SET, airport_mark, job_mark
from forecastctl.store.mlflow.open import open_tracker

DAY_MS = 86_400_000


@pytest.fixture
def old(cli):
    """A store with two jobs of one airport, two and one years after the epoch."""
    tracker = open_tracker(cli.uri, "forecastctl")
    for job, days in (("first", 365), ("second", 730)):
        common = {"job_id": job, job_mark(job): SET, "status": "ok", "command": "run"}
        airport = {"airport": "JFK", "forecast": "true", AIRPORTS: SET, airport_mark("k"): SET}
        below = Run("JFK", start_ms=days * DAY_MS, tags={**common, **airport, "kind": "airport"})
        tags = {**common, JOBS: SET, "kind": "job"}
        tracker.record([Run(job, start_ms=days * DAY_MS, end_ms=1, tags=tags, children=(below,))])
    return cli, tracker


def test_dry_by_default_and_then_as_said(old):
    cli, tracker = old
    said = cli("prune").stdout
    assert "first" in said
    assert "would be deleted: 1 job, 1 airport run, 0 panels" in said
    assert "kept: 1 job (1 the newest of an airport)" in said
    assert "--yes deletes" in said
    assert len(tracker.find(Query())) == 4
    dry = cli.json("prune")
    assert [job["job_id"] for job in dry["jobs"]] == ["first"]
    assert dry["deleted"] == 0
    said = cli("prune", "--yes").stdout
    assert "deleted: 1 job, 1 airport run, 0 panels (2 runs with all trials)" in said
    assert "mlflow gc --backend-store-uri sqlite:///mlflow.db" in said
    assert {run.name for run in tracker.find(Query())} == {"second", "JFK"}
    assert "Nothing is older than 365 days and out of use." in cli("prune", "--yes").stdout


def test_mistakes(old):
    cli, _ = old
    assert "--older-than" in cli("prune", "--older-than", "0", code=2).stderr
    assert "no store" in cli("prune", "--tracking-uri", "sqlite:///no.db", code=6).stderr
