"""A month without an actual: not known yet, missing amid later ones, or a true zero."""

import numpy as np
import pandas as pd
import pytest

from forecastctl.data.panel.panel import DataSpec
from forecastctl.data.panel.rows import group
from forecastctl.explain.answer import explain
from forecastctl.explain.fleet import FleetQuestion, explain_fleet
from forecastctl.explain.page import words
from forecastctl.explain.page.charts import history_data
from forecastctl.explain.page.page import explanation_page
from forecastctl.explain.question import Question
from forecastctl.explain.read.series import Source
from tests import harness as in_memory
from tests.explain.test_explain import cut
from tests.explain_schema import answered
from tests.harness import frame_of

MISSING = "the actual is missing in data that go on to"


def ask(tracker, date, newer=None, **more):
    return explain(tracker, Question("JFK", date, **more), newer)


def later(frame, months, value=1500.0):
    """The frame with these months of 2019 for JFK."""
    own = frame[frame["airport"] == "JFK"].iloc[-1:]
    rows = [own.assign(ds=np.datetime64(f"2019-{m:02d}-01", "s"), y=value) for m in months]
    return pd.concat([frame, *rows], ignore_index=True)


def source(frame, **policies):
    spec = DataSpec(source="new.csv", freq="M", **policies)
    return Source(group(frame), spec, "new.csv")


@pytest.mark.slow
def test_a_month_after_the_last_one_is_not_known_yet(harness):
    harness.run()
    newer = source(later(frame_of(harness.entries), [1]))
    for found in (ask(harness.tracker, "2019-02"), ask(harness.tracker, "2019-02", newer)):
        assert answered(found)["gap"] is None
        assert "no actual is known yet" in found.answer.sentence
        assert "not known yet" in explanation_page(found.answer, found.view)
        assert words.label(found.answer) == "No actual yet"


def test_a_month_missing_amid_later_ones_is_said_to_be_missing(harness):
    harness.run()
    newer = source(later(frame_of(harness.entries), [1, 3]))
    found = ask(harness.tracker, "2019-02", newer)
    facts, answer = answered(found), found.answer
    assert facts["actual"] is None
    assert facts["verdict"] == "cannot_tell"
    assert (facts["gap"]["until"], facts["gap"]["source"]) == ("2019-03-01", "new.csv")
    assert facts["gap"]["filled"] > 1000
    assert f"{MISSING} March 2019; models are given " in facts["sentence"]
    assert "in its place, interpolated" in facts["sentence"]
    assert words.label(answer) == "Missing in the data"
    assert f"{MISSING} March 2019" in words.headline(answer, "M")
    page = explanation_page(answer, found.view)
    assert "missing in data that go on to March 2019" in page
    assert "Without an actual of this period there is nothing to compare." in page
    assert "No other airport has" not in page
    days, passengers = history_data(answer, found.view).known
    assert np.isnan(passengers[days == np.datetime64("2019-02-01")]).all()
    assert np.isfinite(passengers[days != np.datetime64("2019-02-01")]).all()
    assert "known yet" not in page
    assert facts["next_time"]
    assert facts["replay"]["result"] == "bit-identical"


def test_what_a_policy_leaves_out_is_not_said_to_be_interpolated(harness):
    harness.run()
    newer = source(later(frame_of(harness.entries), [1, 3]), gaps="longest")
    facts = answered(ask(harness.tracker, "2019-02", newer))
    assert facts["gap"]["filled"] is None
    assert "models leave it out" in facts["sentence"]


@pytest.mark.parametrize("quick", [True, False])
def test_a_month_missing_in_a_stored_panel(harness, monkeypatch, quick):
    whole = harness.entries
    harness.entries = cut(whole, 3)
    harness.run()
    harness.entries = whole

    def holed(entries):
        frame = frame_of(entries)
        return frame[frame["ds"] != np.datetime64("2018-11-01")]

    monkeypatch.setattr(in_memory, "frame_of", holed)
    harness.run()
    facts = answered(ask(harness.tracker, "2018-11", quick=quick))
    assert facts["gap"]["until"] == "2018-12-01"
    assert f"{MISSING} December 2018" in facts["sentence"]
    assert facts["gap"]["source"].startswith("panel ")
    known = answered(ask(harness.tracker, "2018-12", quick=quick))
    assert known["gap"] is None
    assert known["actual"] is not None


def test_an_actual_of_zero_is_shown_as_zero(harness):
    harness.run()
    newer = source(later(frame_of(harness.entries), [1], value=0.0))
    found = ask(harness.tracker, "2019-01", newer)
    assert answered(found)["actual"] == 0.0
    assert found.answer.gap is None
    assert ", 0 came true, " in found.answer.sentence
    page = explanation_page(found.answer, found.view)
    assert "<dt>Actual</dt><dd>0</dd></div>" in page
    assert "known yet" not in page


@pytest.fixture
def skipped(harness, monkeypatch):
    """A store whose newest job read January of 2019, and skipped every airport."""
    harness.entries = [in_memory.make_series("JFK", seed=1)]
    harness.run()
    longer = later(frame_of(harness.entries), [1])
    monkeypatch.setattr(in_memory, "frame_of", lambda _: longer)
    (line,) = harness.run(skip_unchanged=True).lines
    assert line.status == "skipped"
    return harness.tracker


def test_the_panel_of_a_job_that_skipped_the_airport_has_its_actual(skipped):
    answer = ask(skipped, "2019-01").answer
    assert answer.actual == 1500.0
    assert answer.verdict is not None
    assert ask(skipped, "2019-01", quick=True).answer.actual == 1500.0
    assert ask(skipped, "2019-02", quick=True).answer.actual is None


def test_so_it_has_for_the_whole_fleet(skipped):
    answer = explain_fleet(skipped, FleetQuestion())
    assert (answer.date, answer.actual) == ("2019-01-01", 1500.0)
    assert not answer.without_actual
