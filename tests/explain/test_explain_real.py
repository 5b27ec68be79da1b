"""Real panels and made ones, clean and with faults: no answer calls a miss known that is not."""

import datetime as dt
from dataclasses import replace

import pytest

from forecastctl.data.panel.build import from_frame, make_panel
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
from tests import panels
from tests.explain_schema import answered
from tests.harness import ENVIRONMENT

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


def job(tracker, frame, cutoff, spec):
    panel = make_panel(frame[frame["ds"] <= cutoff], spec, "memory")
    request = Request("run", f"j-{cutoff}", 0, SEARCH, (80, 95), "flat", False, "cfg", {})
    entries = prepare(panel, spec, as_of=None, today=TODAY)
    run_job(
        plan_job(request, panel, entries, ENVIRONMENT, tracker),
        tracker,
        SerialExecutor(),
        lambda *_: None,
        lambda: b"",
    )


def answers(seen, later, cutoff, leads=(1, 3), spec=SPEC):
    """What explain says of every airport that has a forecast and an actual."""
    tracker = MemoryTracker()
    job(tracker, seen, cutoff, spec)
    newer = Source(group(later), spec, "later.csv")
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
    kept = replace(SPEC, suspects="keep")
    found = {(a.airport, a.date): a for a in answers(seen, frame, "2008-10-01", spec=kept)}
    for (airport, _), answer in found.items():
        verdict = check(answer)
        if airport in ("EWR", "LGA") and large(answer.miss, answer.actual):
            assert verdict == "data_problem"
            assert "that of October 2008" in answer.sentence
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


# The same on fleets that are made, where what happened is known


def frame_of(fleet):
    rows = fleet.rows()
    return from_frame(rows["airport"], rows["date"], rows["passengers"], SPEC, "memory").frame


def revised(answer):
    """So much of the miss comes from values that were revised since."""
    return next(part.value for part in answer.parts if part.name == "data_revision")


@pytest.mark.slow
def test_a_shock_to_a_made_fleet_is_told_from_ordinary_months():
    fleet = panels.make(6, 6, 84, "2014-01", smallest=3_000, epidemic="2020-03")
    frame = frame_of(fleet)
    shock = [(check(a), a.standing.outside) for a in answers(frame, frame, "2020-02-01")]
    assert shock == [("system_shock", True)] * 12
    found = list(answers(frame, frame, "2019-08-01", (1,)))
    assert [revised(answer) for answer in found] == [0] * 6
    calm = [check(answer) for answer in found]
    right = {False: "expected_noise", True: "cannot_tell"}
    assert calm == [right[answer.standing.outside] for answer in found]
    assert set(calm) == set(right.values())


def test_months_of_a_made_fleet_that_recovers_from_a_shock():
    """Whatever a forecast from amid a shock is said to have missed by, it is not called usual."""
    fleet = panels.make(6, 6, 90, "2014-01", smallest=3_000, epidemic="2020-03")
    frame = frame_of(fleet)
    found = list(answers(frame, frame, "2020-06-01"))
    assert len([check(answer) for answer in found]) == 12
    assert any(large(answer.miss, answer.actual) for answer in found)


def test_a_shock_to_a_made_fleet_as_its_season_ends():
    fleet = panels.make(45, 6, 96, "1996-01", smallest=3_000, attack="2001-09")
    frame = frame_of(fleet)
    assert {check(answer) for answer in answers(frame, frame, "2001-08-01", (1,))} == {
        "system_shock"
    }


@pytest.mark.parametrize("suspects", ["recent", "keep"])
def test_a_last_month_in_another_unit_of_a_made_fleet_mended_since(suspects):
    fleet = panels.make(4, 6, 66, "1996-01", smallest=3_000)
    bad, wrong = sorted(fleet.table)[:2], fleet
    for airport in bad:
        wrong = wrong.scaled(airport, "2000-10", "2000-10", 1000.0)
    spec = replace(SPEC, suspects=suspects)
    found = list(answers(frame_of(wrong), frame_of(fleet), "2000-10-01", (1,), spec))
    verdicts = {answer.airport: check(answer) for answer in found}
    assert len(found) == 6
    assert "data_problem" not in {v for a, v in verdicts.items() if a not in bad}
    for answer in found:
        if suspects == "recent":  # it is left out, and no forecast knows of it
            assert abs(answer.miss) < 0.2 * answer.actual
        elif answer.airport in bad:
            assert large(answer.miss, answer.actual)
            assert verdicts[answer.airport] == "data_problem"
            assert "that of October 2000" in answer.sentence


def test_of_every_airport_of_a_made_fleet_what_was_put_in_is_said():
    fleet = panels.make(
        3, 9, 66, "1996-01", smallest=3_000, recent="2000-11", local_shocks=1, zeros=1,
        thousandfold=1, swapped=1, shifted=1,
    )  # fmt: skip
    frame = frame_of(fleet)
    right = {"zero": "data_problem", "thousandfold": "data_problem", "local_shock": "local_shock"}
    kinds = {event.airport: event.kind for event in fleet.events}
    asked = set()
    for answer in answers(frame, frame, "2000-10-01", (1,)):
        verdict, kind = check(answer), kinds.get(answer.airport)
        asked.add(answer.airport)
        if kind in right:
            assert (kind, verdict) == (kind, right[kind])
        elif kind == "swapped":  # whose month this is is not seen, but noise it is not
            assert answer.standing.outside
        else:
            assert verdict not in ("data_problem", "system_shock", "run_failure")
    assert set(fleet.table) - asked == set(fleet.of("shifted"))  # who has no such month


def test_months_that_were_provisional_when_a_made_fleet_was_forecast():
    fleet = panels.make(3, 4, 66, "1996-01", smallest=3_000)
    seen = fleet.upto("2000-10", provisional=4)
    for event in seen.of("provisional").values():
        at = f"{event.first}-01", event.airport
        assert seen.table.at[at] < fleet.table.at[at]
    found = [revised(a) for a in answers(frame_of(seen), frame_of(fleet), "2000-10-01")]
    assert len(found) == 8
    assert sum(value < 0 for value in found) >= 7  # they were too low
