"""Real panels, clean and with faults put in: no answer calls a miss known that is not."""

import datetime as dt

import pytest

from forecastctl.data.panel.build import make_panel
from forecastctl.data.panel.panel import DataSpec
from forecastctl.data.panel.rows import group
from forecastctl.data.prepare.prepare import prepare
from forecastctl.data.read.files import read_panel
from forecastctl.errors import NothingRecordedError
from forecastctl.execute.serial import SerialExecutor
from forecastctl.explain.answer import explain
from forecastctl.explain.page import words
from forecastctl.explain.question import Question
from forecastctl.explain.read.series import Source
from forecastctl.explain.size import large
from forecastctl.jobs.plan import Request, plan_job
from forecastctl.jobs.run import run_job
from forecastctl.records import SearchSpec
from forecastctl.store.memory import MemoryTracker
from tests.explain_schema import answered
from tests.pipeline.conftest import ENVIRONMENT

KNOWN = ("well within", "known to make", "no more than it usually does", "No more than usual")
SEARCH = SearchSpec(
    families=("seasonal_naive", "holt_winters"), max_evals=4, horizon=6, folds=3, combine=2
)
TODAY = dt.date(2030, 1, 1)
SPEC = DataSpec(source="memory", freq="M")


def panel_of(path, every=1):
    frame = read_panel(DataSpec(source=str(path))).frame
    names = sorted(set(frame["airport"]))[::every]
    return frame[frame["airport"].isin(names)].reset_index(drop=True)


def scaled(frame, airports, first, last, factor):
    changed = frame.copy()
    rows = changed["airport"].isin(airports) & changed["ds"].between(first, last)
    changed.loc[rows, "y"] = changed.loc[rows, "y"] * factor
    return changed


def swapped(frame, one, other, first):
    changed = frame.copy()
    late = changed["ds"] > first
    names = changed["airport"].copy()
    changed.loc[late & (names == one), "airport"] = other
    changed.loc[late & (names == other), "airport"] = one
    return changed


def job(tracker, frame, cutoff):
    panel = make_panel(frame[frame["ds"] <= cutoff], SPEC, "memory")
    request = Request("run", f"j-{cutoff}", 0, SEARCH, (80, 95), "flat", False, "cfg", {})
    entries = prepare(panel, SPEC, as_of=None, today=TODAY)
    run_job(
        plan_job(request, panel, entries, ENVIRONMENT, tracker),
        tracker,
        SerialExecutor(),
        lambda *_: None,
        lambda: b"",
    )


def answers(seen, later, cutoff, leads=(1, 3)):
    """What explain says of every airport that has a forecast and an actual."""
    tracker = MemoryTracker()
    job(tracker, seen, cutoff)
    newer = Source(group(later), SPEC, "later.csv")
    for airport in sorted(set(later["airport"])):
        for lead in leads:
            month = str(dt.date.fromisoformat(cutoff).replace(day=28) + dt.timedelta(30 * lead))[:7]
            try:
                found = explain(tracker, Question(airport, month), newer)
            except NothingRecordedError:  # a rejected airport has no forecast
                continue
            if found.answer.miss is not None:
                answered(found)
                yield found.answer


def check(answer):
    said = " | ".join((answer.sentence, words.headline(answer), words.label(answer) or ""))
    band, actual = answer.forecast.intervals["95"], answer.actual
    outside = not band.lo <= actual <= band.hi
    assert answer.standing.outside == outside
    if outside or large(answer.miss, actual):
        assert not any(phrase in said for phrase in KNOWN), said
    if outside:
        assert answer.verdict != "expected_noise"
    if answer.verdict == "expected_noise" and large(answer.miss, actual):
        assert answer.confidence <= 0.6
        assert "known to be poor" in said
    return answer.verdict


@pytest.mark.parametrize(
    "cutoff", ["2008-10-01", pytest.param("2011-07-01", marks=pytest.mark.slow)]
)
def test_the_port_authority(shared_data, cutoff):
    frame = panel_of(shared_data / "port_authority.csv")
    frame = frame[frame["ds"] >= "2000-01-01"]
    said = [check(answer) for answer in answers(frame, frame, cutoff)]
    assert len(said) >= 6


@pytest.mark.parametrize("factor", [1000.0, pytest.param(10.0, marks=pytest.mark.slow)])
def test_a_last_month_in_another_unit_mended_since(shared_data, factor):
    frame = panel_of(shared_data / "port_authority.csv")
    frame = frame[frame["ds"] >= "2000-01-01"]
    seen = scaled(frame, ["EWR", "LGA"], "2008-10-01", "2008-10-01", factor)
    found = {(a.airport, a.date): a for a in answers(seen, frame, "2008-10-01")}
    for (airport, _), answer in found.items():
        verdict = check(answer)
        if airport in ("EWR", "LGA") and large(answer.miss, answer.actual):
            assert verdict == "data_problem"
            assert "that of 2008-10-01" in answer.sentence
    if factor == 1000.0:
        assert sum(large(a.miss, a.actual) for a in found.values()) >= 2


@pytest.mark.slow
@pytest.mark.parametrize("cutoff", ["2019-12-01", "2021-03-01", "2021-09-01"])
def test_a_sample_of_tsa(shared_data, cutoff):
    frame = panel_of(shared_data / "tsa_monthly.csv", every=6)
    assert len([check(answer) for answer in answers(frame, frame, cutoff)]) > 60


@pytest.mark.slow
def test_faults_in_what_came_true(shared_data):
    frame = panel_of(shared_data / "port_authority.csv")
    frame = frame[frame["ds"] >= "2000-01-01"]
    cutoff = "2010-06-01"
    zero = scaled(frame[frame["ds"] <= "2010-07-01"], ["JFK"], "2010-07-01", "2010-07-01", 0.0)
    for later in (zero, swapped(frame, "SWF", "LGA", cutoff)):
        verdicts = {a.airport: check(a) for a in answers(frame, later, cutoff, leads=(1,))}
        assert verdicts["EWR"] in ("expected_noise", "cannot_tell")
    assert {a.airport: a.verdict for a in answers(frame, zero, cutoff, (1,))}["JFK"] == (
        "data_problem"
    )
