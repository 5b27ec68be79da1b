"""Golden values: that nothing has changed by a bit, and that a change would be seen and named."""

from __future__ import annotations

import json
import math
import sqlite3

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.golden import differences, engine, masking, run, store
from tests.golden.__main__ import report

HERE = ("stages", "events", "backtest")
"""Jobs that are compared here; `python -m tests.golden --check` compares all."""

JOB, AIRPORT, TRIAL = (letter * 32 for letter in "abc")
JOB_ID = "20240102-030405-abcdef"


@pytest.mark.slow
def test_answers_forecasts_and_runs_are_those_stored_for_this_engine(tmp_path):
    path = run.stored()
    if not path.is_file():
        pytest.skip(f"no golden values for {engine.key()}: {run.how_to_write()}")
    before = json.loads(path.read_text())
    after = run.record(tmp_path, only=HERE)
    kept = {name: before["jobs"][name] for name in HERE}
    found = list(differences.differences(kept, after["jobs"]))
    assert not found, "\n".join([*run.engines(before, after), *found[:60]])


TABLES = """
CREATE TABLE experiments (experiment_id, name);
CREATE TABLE runs (run_uuid, name, status, artifact_uri, start_time, experiment_id);
CREATE TABLE tags (run_uuid, key, value);
CREATE TABLE params (run_uuid, key, value);
CREATE TABLE metrics (run_uuid, key, step, value, timestamp);
INSERT INTO experiments VALUES (1, 'x'), (2, 'y');
INSERT INTO runs VALUES ('another', 'of another experiment', 'FINISHED', '', 0, 2);
INSERT INTO tags VALUES ('another', 'kind', 'job');
"""


def write_store(folder, runs, loss):
    """The tables of MLflow that are read, with runs given as name and tags by id."""
    with sqlite3.connect(folder / "mlflow.db") as db:
        db.executescript(TABLES)
        for start, (run_id, (name, tags)) in enumerate(runs.items()):
            row = (run_id, name, "FINISHED", str(folder / run_id), start, 1)
            db.execute("INSERT INTO runs VALUES (?, ?, ?, ?, ?, ?)", row)
            for key, value in {"job_id": JOB_ID, **tags}.items():
                db.execute("INSERT INTO tags VALUES (?, ?, ?)", (run_id, key, value))
        db.execute("INSERT INTO metrics VALUES (?, 'loss', 0, ?, 0)", (TRIAL, loss))


@pytest.fixture
def made(tmp_path):
    """Makes a store with a job, an airport and a trial; returns what is compared of it."""
    number = iter(range(100))

    def make(mean=100.0, tuned_by=AIRPORT, tags=(), loss=0.5):
        folder = tmp_path / str(next(number))
        (folder / JOB).mkdir(parents=True)
        rows = [{"airport": "JFK", "date": "2024-01-01", "mean": mean}]
        pq.write_table(pa.Table.from_pylist(rows), folder / JOB / "forecasts.parquet")
        trial = {"trial": "0", "trial_status": "ok", "mlflow.parentRunId": AIRPORT}
        runs = {
            JOB: (f"run {JOB_ID}", {"kind": "job", "pid": str(next(number)), **dict(tags)}),
            AIRPORT: ("JFK", {"kind": "airport", "airport": "JFK", "tuned_by": tuned_by}),
            TRIAL: ("JFK #0", {"kind": "trial", "airport": "JFK", **trial}),
        }
        write_store(folder, runs, loss)
        found, names = store.read(folder / "mlflow.db", "x"), {}
        store.name_all(found, "first", names)
        return json.loads(json.dumps(store.record(found, names)))

    return make


def changes(before, after):
    return list(differences.differences(before, after))


def test_the_same_store_made_twice_is_the_same(made):
    assert changes(made(), made()) == []
    assert made()["counts"] == {"airport - - -": 1, "job - - -": 1, "trial - - -": 1}


def test_the_last_bit_of_a_forecast_is_seen_with_airport_date_and_size(made):
    found = changes(made(), made(mean=math.nextafter(100.0, 101.0)))
    assert len(found) == 2
    assert found[0].startswith("jobs > first > tables > forecasts.parquet > JFK > ")
    (mean,) = (line for line in found if "> mean >" in line)
    assert "2024-01-01: 100.0 -> 100.00000000000001 (relative 1.4e-16)" in mean


def test_another_run_that_is_referred_to_is_seen(made):
    (found,) = changes(made(), made(tuned_by=TRIAL))
    where, _, what = found.partition(": ")
    assert where == "jobs > first > airports > JFK > tags > tuned_by"
    assert what == "'<JFK of first>' -> '<trial 0 of JFK of first>'"


def test_one_more_tag_is_seen_by_kind_and_by_run(made):
    found = changes(made(), made(tags=[("new", "1")]))
    assert found == [
        "kinds > job > tags > new: (nothing) -> 1",
        "jobs > first > tags > new: (nothing) -> '1'",
    ]


def test_the_loss_of_a_trial_is_seen(made):
    (found,) = changes(made(), made(loss=math.nextafter(0.5, 1.0)))
    assert found.startswith("jobs > first > airports > JFK > trials[0]: '0 - ok - loss 0.5 ")


def test_ids_are_named_times_masked_and_digests_kept():
    names = {JOB: "<job>", JOB_ID: "first"}
    said = {
        "run_id": f"{JOB}#3",
        "job_id": JOB_ID,
        "sentence": f"job {JOB_ID} made it on 2024-01-02T03:04:05Z",
        "of_backtest": "bt-0123456789ab-2020-01",
        "panel_digest": "e" * 64,
        "cpu_seconds": 1.5,
        "wall_seconds": None,
    }
    assert masking.mask(said, names) == {
        "run_id": "<job>#3",
        "job_id": "first",
        "sentence": "job first made it on <time>",
        "of_backtest": "bt-*-2020-01",
        "panel_digest": "e" * 64,
        "cpu_seconds": "*",
        "wall_seconds": None,
    }
    table = {"columns": ["trial", "start_ms"], "data": [[0, 17], [1, 18]]}
    assert masking.mask(table, {})["data"] == [
        {"trial": 0, "start_ms": "*"},
        {"trial": 1, "start_ms": "*"},
    ]
    compared = {"section": "data", "key": "versions", "a": "1", "b": "1", "same": True}
    masked = {"section": "data", "key": "versions", "a": "*", "b": "*", "same": "*"}
    assert masking.mask([compared], {}) == [masked]
    assert masking.key(f"mlflow.forecastctl.job.{JOB_ID}") == "mlflow.forecastctl.job.*"
    assert masking.key("mlflow.forecastctl.jobs") == "mlflow.forecastctl.jobs"


def test_one_more_object_of_a_list_moves_no_other_but_another_order_is_seen():
    one, two, new = ({"name": name, "value": name * 2} for name in "abc")
    assert changes([one, two], [new, one, two]) == ["c: (nothing) -> {'name': 'c', 'value': 'cc'}"]
    assert changes([one, two], [two, one])[0] == "[0] > name: 'a' -> 'b'"


def test_a_report_names_the_engine_and_its_exit_code_says_whether_anything_differs(capsys):
    before = {"engine": {"key": "k", "pandas": "2.2"}, "jobs": {"x": {"a": 1.0}}}
    after = {"engine": {"key": "k", "pandas": "3.0"}, "jobs": {"x": {"a": 1}}}
    assert report(before, before) == 0
    assert report(before, after) == 1
    out = capsys.readouterr().out.splitlines()
    assert out == ["engine > pandas: 2.2 -> 3.0", "x > a: 1.0 -> 1"]


def test_a_command_that_broke_off_is_not_kept(tmp_path):
    answers = {"run": {"exit": 2, "said": ["error: no such option"]}}
    with pytest.raises(RuntimeError, match="x > run: exit 2: error: no such option"):
        run.write(tmp_path / "x.json", {"engine": {}, "jobs": {"x": {"answers": answers}}})
    assert not (tmp_path / "x.json").exists()
