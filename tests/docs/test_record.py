"""The reference pages name everything that explain and a summary say.

The page of what is recorded is generated, see tests/recording/test_schema.py.
"""

import re
from pathlib import Path

import pytest

from forecastctl.store.memory import MemoryTracker

ROOT = Path(__file__).resolve().parents[2]
START = 1_577_836_800_000


def named(page):
    """Words in code style on a page."""
    text = (ROOT / "docs/reference" / page).read_text(encoding="utf-8")
    return set(re.findall(r"`([^`\n]+)`", text))


@pytest.fixture(scope="module")
def tracker():
    """A store in memory that holds one job of each command on two airports of the sample."""
    tracker = MemoryTracker()
    for command in ("run", "tune", "train", "forecast"):
        _job(tracker, command)
    return tracker


def _job(tracker, command):
    import datetime as dt

    from forecastctl.api.compose import data_spec, environment, new_job_id
    from forecastctl.data.prepare.prepare import prepare
    from forecastctl.data.read.files import read_panel
    from forecastctl.execute.serial import SerialExecutor
    from forecastctl.jobs.plan import Request, plan_job
    from forecastctl.jobs.run import run_job
    from forecastctl.settings import load_settings

    flags = {"data.source": "sample", "tune.max_evals": 2, "tune.combine": 2}
    settings = load_settings(flags, environ={})
    spec = data_spec(settings)
    panel = read_panel(spec)
    entries = prepare(panel, spec, as_of="2019-06", today=dt.date(2020, 1, 1))
    request = Request(
        command=command,
        job_id=new_job_id(START),
        start_ms=START,
        search=settings.search(),
        levels=(80,),
        layout="nested",
        charts=True,
        config_digest=settings.result_digest(),
        settings={name: value for name, value, _ in settings.items()},
        airports=("UCW", "ELA"),
    )
    job = plan_job(request, panel, entries, environment(settings), tracker)
    run_job(job, tracker, SerialExecutor(), lambda _result, _total: None, lambda: b"log")


def _runs(tracker, kind):
    from forecastctl.records import Query

    found = tracker.find(Query(tags={"kind": kind}, limit=1000))
    assert found
    return found


def test_the_explain_page_and_the_schema_name_everything(tracker):
    from forecastctl.explain.answer import explain
    from forecastctl.explain.parts import attribution, between_vintages
    from forecastctl.explain.question import Question
    from forecastctl.explain.verdict.rules import VERDICTS
    from tests.explain_schema import SCHEMA, answered

    found = answered(explain(tracker, Question("ELA", "2019-09")))
    assert found["parts"]
    assert found["fleet"]
    known = named("explain.md")
    keys = {*SCHEMA["properties"], *(k for d in SCHEMA["$defs"].values() for k in d["properties"])}
    assert keys - {"lo", "hi"} - known == set()
    for part in ("evidence", "parts"):
        assert {one["name"] for one in found[part]} - known == set()
    assert {*VERDICTS, *attribution.ORDER, *between_vintages.ORDER} - known == set()


@pytest.mark.parametrize(
    ("wrong", "fault"),
    [
        ({"verdict": "who knows"}, "none of several"),
        ({"schema": 3}, "not one of"),
        ({"sentence": None}, "not string"),
        ({"confidence": True}, "not ['number', 'null']"),
        ({"later": 1}, "is not in the schema"),
        ({"gap": {"until": "2020-01-01"}}, "none of several"),
        ({"rules": {"noise_z": 3.0}}, "none of several"),
    ],
)
def test_the_schema_refuses_another_answer(tracker, wrong, fault):
    from forecastctl.explain.answer import explain
    from forecastctl.explain.question import Question
    from tests.explain_schema import answered, faults

    found = answered(explain(tracker, Question("ELA", "2019-09", quick=True)))
    (said,) = faults({**found, **wrong})
    assert fault in said
    del found["lineage"]["run_id"]
    assert list(faults(found)) == ["answer.lineage lacks run_id"]


def test_the_outputs_page_names_every_key_of_a_summary(tracker):
    import json

    known = named("outputs.md")
    run = next(r for r in _runs(tracker, "job") if r.tags["command"] == "run")
    summary = json.loads(tracker.read_artifact(run.run_id, "results.json"))
    text = (ROOT / "docs/reference/outputs.md").read_text(encoding="utf-8")
    assert set(summary) - known == set()
    assert set(summary["cost"]) - known == set()
    assert [k for k in (*summary["airports"], *summary["results"][0]) if f'"{k}"' not in text] == []
