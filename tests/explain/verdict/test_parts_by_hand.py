"""Parts of a miss and of a changed forecast where each can be reckoned by hand."""

import datetime as dt
from dataclasses import replace

import numpy as np
import pytest

from forecastctl.explain.parts.attribution import attribute
from forecastctl.explain.parts.between_vintages import VintageInput, split_change
from forecastctl.explain.verdict.alternatives import alternatives
from forecastctl.models.combination.fit_and_predict import fit, predict
from forecastctl.models.make import make_model
from forecastctl.records import Member, Specification, Trial
from tests.explain.verdict.values import DRIFT, SNAIVE, case_of, flat, renewed, series

SLOPE = 10.0


def line(n, m=12):
    """A line with a season: what the seasonal naive with drift goes on without an error."""
    t = np.arange(n)
    return 1000.0 + SLOPE * t + 200.0 * np.sin(2 * np.pi * t / m) * (t % 3 == 0)


def on_the_line(lead, later, m=12):
    """A forecast path 50 above the line that goes on below it, known so many periods after."""
    y = line(60 + lead + later, m)
    path = line(72, m)[60:] + 50.0
    case = case_of(mean=path, actual=y[59 + lead], lead=lead, seen=y[:60], known=y)
    member = replace(case.model.members[0], member=Member(DRIFT))
    model = replace(case.model, members=(member,))
    if m == 12:
        return replace(case, model=model)
    seen, known = (replace(s, season_length=m) for s in (case.seen, case.known))
    return replace(case, model=replace(model, season_length=m), seen=seen, known=known)


def parts(case):
    return {part.name: part for part in attribute(case)}


class TestHindsight:
    @pytest.mark.parametrize(
        ("lead", "later"), [(1, 1), (1, 3), *((lead, n) for lead in (4, 12) for n in (0, 1, 3))]
    )
    def test_a_line_that_goes_on_leaves_nothing_to_level_trend_and_season(self, lead, later):
        """Whatever hindsight was there: it is led back to the cutoff along the line."""
        found = parts(on_the_line(lead, later))
        for name in ("level", "trend", "seasonal"):
            assert found[name].value == pytest.approx(0.0, abs=1e-8), name
        assert found["one_off"].value == pytest.approx(50.0)

    def test_of_the_newest_month_alone_all_is_a_one_off(self):
        """Nothing yet says that it lasts."""
        case = case_of(actual=700.0)
        assert parts(case)["one_off"].value == pytest.approx(case.miss)

    @pytest.mark.parametrize(
        ("m", "later", "words"),
        [
            (12, 8, "in hindsight of 3 later periods"),
            (12, 3, "in hindsight of 3 later periods"),
            (12, 2, "in hindsight of 2 later periods"),
            (12, 0, "in hindsight "),
            (4, 8, "in hindsight of 1 later period "),
            (2, 8, "in hindsight of 1 later period "),
        ],
    )
    def test_it_reaches_a_quarter_of_a_season(self, m, later, words):
        text = parts(on_the_line(2, later, m))["level"].evidence
        assert words in text

    def test_a_level_that_lasts_is_a_level(self):
        y = flat(64)
        y[60:] = 700.0  # 300 lower from the next month on
        case = case_of(actual=700.0, seen=y[:60], known=y)
        found = parts(case)
        assert found["level"].value == pytest.approx(300.0 * 4 / 12)  # of the season that is seen
        assert found["one_off"].value == pytest.approx(0.0, abs=1e-9)
        assert found["seasonal"].value == pytest.approx(300.0 * 8 / 12)


class TestRevision:
    def test_is_what_the_old_specification_says_of_both(self):
        now = flat(61)
        now[48], now[60] = 1200.0, 1100.0
        case = renewed(case_of(actual=1100.0), known=now)
        found = parts(case)
        assert found["data_revision"].value == pytest.approx(-200.0)
        assert "the value of 2019-01-01 has been revised" in found["data_revision"].evidence
        now[50] = 900.0
        text = parts(renewed(case, known=now))["data_revision"].evidence
        assert "2 values between 2019-01-01 and 2019-03-01 have been revised" in text

    def test_then_todays_specification_on_the_revised_values(self):
        now = flat(61)
        now[48] = 1200.0
        case = renewed(case_of(), known=now)
        drifting = replace(case, champion=Specification((Member(DRIFT),)))
        drift = 200.0 / 48  # the mean change over a season, of which there are 48
        found = parts(drifting)
        assert found["data_revision"].value == pytest.approx(-200.0)
        assert found["specification"].value == pytest.approx(-drift)


def vintage(y, model, mean, cutoff):
    made, _ = fit(series(y[:cutoff]), Specification((Member(model),)))
    return VintageInput(mean, made, series(y[:cutoff]), 66 - cutoff + 1, 12)


class TestVintages:
    target = dt.date(2020, 7, 1)  # the 67th month

    def test_a_model_that_is_fitted_otherwise_today_is_a_matter_of_code(self):
        """What was revised is the difference of two fits made now, whatever is stored."""
        y = flat(60)
        y[54] = 800.0  # the month a year before
        revised = y.copy()
        revised[54] = 900.0
        older, newer = vintage(y, SNAIVE, 700.0, 60), vintage(revised, SNAIVE, 900.0, 60)
        other, _ = fit(series(y - 100.0), older.model.specification)  # says 700
        found = split_change(replace(older, model=other), newer, self.target)
        parts = {part.name: part.value for part in found.parts}
        assert parts["data_revised"] == pytest.approx(100.0)
        assert parts["code"] == pytest.approx(100.0)
        assert found.difference == pytest.approx(200.0)

    def test_what_comes_after_a_revision_starts_from_it(self):
        y = flat(62)
        y[54] = 800.0
        revised = y.copy()
        revised[54], revised[60:] = 900.0, 1100.0
        older, newer = vintage(y, SNAIVE, 800.0, 60), vintage(revised, DRIFT, 0.0, 62)
        drift = float(predict(newer.model, 5).mean[-1]) - 900.0
        newer = replace(newer, mean=900.0 + drift)
        parts = split_change(older, newer, self.target).parts
        found = {part.name: part.value for part in parts}
        assert found["data_revised"] == pytest.approx(100.0)
        assert found["data_added"] == pytest.approx(0.0, abs=1e-9)
        assert found["parameters"] == pytest.approx(0.0, abs=1e-9)
        assert found["specification"] == pytest.approx(drift)
        assert found["code"] == pytest.approx(0.0, abs=1e-9)


def annual(drift):
    return make_model("annual", {"drift": drift, "gamma": 0.3, "recent": 0.5, "transform": "none"})


class TestAlternatives:
    def test_the_forty_best_trials_at_most(self):
        trials = tuple(Trial(i, annual(i / 100), "ok", 1.0 + i) for i in range(41))
        found = alternatives(case_of(actual=900.0, trials=trials[::-1]))
        assert {a.trial for a in found} == set(range(40))

    def test_each_once_and_none_that_failed_or_was_used(self):
        trials = (
            Trial(0, SNAIVE, "ok", 1.0),
            Trial(1, DRIFT, "ok", 2.0),
            Trial(2, DRIFT, "ok", 2.0, duplicate_of=1),
            Trial(3, annual(0.5), "failed"),
        )
        (found,) = alternatives(case_of(actual=900.0, trials=trials))
        assert (found.kind, found.trial, found.value) == ("baseline", 1, pytest.approx(1000.0))

    def test_the_nearest_first(self):
        y = flat() * np.exp(0.02 * (np.arange(60) // 12))  # grows, so that drift says more
        trials = (Trial(0, SNAIVE, "ok", 1.0), Trial(1, DRIFT, "ok", 2.0))
        combined = case_of(actual=2000.0, seen=y, trials=trials)
        member = replace(combined.model.members[0], member=Member(annual(0.1)))
        case = replace(combined, model=replace(combined.model, members=(member,)))
        assert [a.trial for a in alternatives(case)] == [1, 0]
        assert [a.trial for a in alternatives(replace(case, actual=10.0))] == [0, 1]

    def test_a_refit_on_what_was_there_before_the_period(self):
        known = flat(72)
        known[60:66] = 1500.0
        case = case_of(actual=1500.0, lead=12, known=known)
        for there, kinds in ((66, ["refit"]), (71, ["refit"]), (72, [])):
            fresh = replace(case.known, ds=case.known.ds[:there], y=known[:there])
            found = alternatives(replace(case, fresh=fresh))
            assert [a.kind for a in found if a.kind == "refit"] == kinds


def test_a_value_is_known_from_the_first_month_to_the_last():
    case = case_of(actual=900.0, after=[950.0])  # the 61st month of 62
    first = replace(case.known, y=np.append(500.0, case.known.y[1:]))
    case = replace(case, known=first)
    assert [case.known_at(n) for n in (-61, -60, 0, 1, 2)] == [None, 500.0, 900.0, 950.0, None]
