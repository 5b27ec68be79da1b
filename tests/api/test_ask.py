"""Questions asked from Python: explanations, lists and reports of what is recorded."""

import json

import pandas as pd
import pytest

import forecastctl as fc
from forecastctl import errors
from tests.api.conftest import long_form
from tests.explain_schema import faults


@pytest.fixture(scope="module")
def explanation(job, store):
    later = long_form(months=43)
    return fc.explain("JFK", pd.Timestamp("2018-06-01"), data=later, tracking_uri=store)


def test_an_explanation_has_a_sentence_a_verdict_and_parts(explanation, job):
    answer = explanation.answer
    made = job.forecasts.set_index(["unique_id", "ds"]).loc[("JFK", "2018-06-01"), "forecastctl"]
    actual = long_form(["JFK"], 43).set_index("ds").loc["2018-06-01", "y"]
    assert answer.forecast.mean == made
    assert answer.actual == actual
    assert explanation.sentence.startswith("JFK, June 2018:")
    assert repr(explanation) == f"<Explanation: {explanation.sentence}>"
    assert explanation.verdict == "cannot_tell"
    assert sum(part.value for part in explanation.parts) == pytest.approx(answer.miss)
    found = json.loads(json.dumps(explanation.to_dict()))
    assert list(faults(found)) == []


def test_a_notebook_shows_the_page_in_a_frame_of_its_own(explanation, store):
    shown = explanation._repr_html_()
    assert shown.startswith("<iframe sandbox ")
    assert explanation.html().startswith("<!DOCTYPE html>")
    assert "<script" not in explanation.html()
    quick = fc.explain("JFK", "2018-06", quick=True, tracking_uri=store)
    assert quick.html() is None
    assert quick._repr_html_() == f"<p><b>{quick.sentence}</b></p>"


def test_lists_are_frames(job, store):
    jobs = fc.history(tracking_uri=store)
    assert list(jobs["job_id"]) == [job.job_id]
    rows = fc.history("forecasts", airport="JFK", job="latest", tracking_uri=store)
    jfk = job.forecasts[job.forecasts["unique_id"] == "JFK"]
    assert list(rows["forecast"]) == list(jfk["forecastctl"])
    none = fc.history("airports", airport="LAX", tracking_uri=store)
    assert (len(none), "airport" in none.columns) == (0, True)
    assert len(fc.history(since="1d", tracking_uri=store)) == 1
    assert len(fc.history("trials", best=True, limit=1, tracking_uri=store)) == 1


def test_a_report_is_a_folder(job, store, tmp_path):
    site = fc.report(job.job_id, tmp_path / "site", explained=0, tracking_uri=store)
    assert site.index == tmp_path / "site" / "index.html"
    assert site.job_id == job.job_id
    assert site.airports == 3
    assert site.index.is_file()


@pytest.mark.parametrize(
    ("ask", "kind"),
    [
        (lambda uri: fc.explain("LAX", "2018-06", tracking_uri=uri), errors.NothingRecordedError),
        (lambda uri: fc.explain("JFK", "one day", tracking_uri=uri), errors.UsageError),
        (lambda uri: fc.history("airplanes", tracking_uri=uri), errors.UsageError),
        (lambda uri: fc.history(since="soon", tracking_uri=uri), errors.UsageError),
        (lambda uri: fc.history(frame="numpy", tracking_uri=uri), errors.UsageError),
        (lambda uri: fc.history(tracking_uri="sqlite:///no.db"), errors.NothingRecordedError),
        (lambda uri: fc.report("nojob", tracking_uri=uri), errors.NothingRecordedError),
    ],
)
def test_what_cannot_be_answered_is_raised(job, store, ask, kind):
    with pytest.raises(kind):
        ask(store)
