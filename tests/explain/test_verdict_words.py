"""What a verdict may say: nothing is called known that the interval or the reader would not.

Also the order of the rules and their limits, each on findings made for it.
"""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forecastctl.explain.page import words
from forecastctl.explain.size import large
from forecastctl.explain.verdict.alternatives import Alternative
from forecastctl.explain.verdict.breaks import Break
from forecastctl.explain.verdict.fault import Fault
from forecastctl.explain.verdict.findings import Findings
from forecastctl.explain.verdict.fleet import view_fleet
from forecastctl.explain.verdict.rules import VERDICTS, find, judge
from forecastctl.records import ExplainRules
from tests.explain.cases import fleet, make_case
from tests.explain.page.cases import make_cases

RULES = ExplainRules()
CASE = make_case()
ANSWER = make_cases()["expected_noise"][0]
KNOWN = ("well within", "known to make", "no more than it usually does", "No more than usual")


def case_of(mean, sd, actual, errors=((20.0,) * 12,) * 4, width=1.96, **more):
    """A case with these numbers at its lead, interval ``width`` standard deviations wide."""
    ones = np.ones(12)
    band = (ones * max(mean - width * sd, 0.0), ones * (mean + width * sd))
    forecast = replace(CASE.forecast, mean=ones * mean, sd=ones * sd, intervals={95: band})
    model = replace(CASE.model, backtest_errors=errors)
    return replace(CASE, forecast=forecast, actual=actual, model=model, **more)


def found_of(case, *, faults=(), alternatives=(), broke=None, reset=None):
    view = view_fleet(case.fleet, case.miss, case.stands_out)
    return Findings(case, view, broke, tuple(alternatives), tuple(faults), reset)


def said(found):
    """The sentence, and what page and screen make of the same answer."""
    verdict = judge(found, RULES)
    case = found.case
    answer = replace(
        ANSWER,
        airport="JFK",
        date="2019-04-01",
        verdict=verdict.name,
        actual=case.actual,
        miss=case.miss,
        forecast=replace(ANSWER.forecast, mean=case.mean),
        evidence=verdict.evidence,
        standing=replace(ANSWER.standing, percentile=case.percentile),
        alternatives=found.alternatives,
        neighbours=(),
        fleet=found.fleet,
    )
    return verdict, " | ".join((verdict.headline, words.headline(answer), words.label(answer)))


def near(kind, value, actual, trial=1, loss=1.0):
    return Alternative(kind, "ETS(A,N,A)", trial, value, value - actual, loss)


passengers = st.one_of(st.just(0.0), st.floats(0.001, 1e7))


@pytest.mark.slow
@settings(max_examples=400, deadline=None)
@given(
    mean=passengers,
    actual=passengers,
    sd=st.floats(0.0, 1e7),
    error=st.floats(0.0, 1e6),
    width=st.floats(0.5, 4.0),
    others=st.sampled_from([(), fleet(9, 0.1, False), fleet(9, 9.0, True), fleet(1, 9.0, True)]),
    status=st.sampled_from(["ok", "ok-with-fallback"]),
)
def test_nothing_is_called_known_that_is_not(mean, actual, sd, error, width, others, status):
    errors = ((error,) * 12,) * 4
    case = case_of(mean, sd, actual, errors, width, fleet=others, status=status)
    verdict, text = said(found_of(case))
    assert verdict.name in VERDICTS
    if case.outside or large(case.miss, case.actual) or abs(case.miss) > error:
        assert not any(phrase in text for phrase in KNOWN), text
    if case.outside and verdict.name == "expected_noise":
        assert "Interval too narrow" in text
        assert abs(case.miss) <= 0.04 * case.level
    if verdict.name == "weak_forecast":
        assert "known to be poor" in text
        assert verdict.candidates[0].certainty <= 0.6
    if large(case.miss, case.actual):
        assert verdict.name != "expected_noise" or "Interval too narrow" in text


def test_each_way_of_being_usual_has_its_words():
    texts = {
        "well within the error": case_of(1000.0, 10.0, 995.0),
        "| JFK, April 2019: the forecast missed by no more": case_of(1000.0, 10.0, 981.0),
        "backtest held no such error": case_of(1000.0, 30.0, 950.0),
        "its usual error is 50 % of the forecast": case_of(100.0, 50.0, 60.0),
        "cause not found": case_of(1000.0, 10.0, 979.0, width=2.0),
    }
    for text, case in texts.items():
        assert text in said(found_of(case))[1]
    assert "of the" not in said(found_of(case_of(0.0, 50.0, 60.0)))[1]


@pytest.mark.parametrize("actual", [0.0, 110.0])
@pytest.mark.parametrize("sd", [0.0, 3.0])
def test_a_forecast_that_was_met_exactly_has_no_miss_to_explain(actual, sd):
    lost = {"status": "ok-with-fallback", "reason": "no trial", "fleet": fleet(9, 9.0, True)}
    for mean in (actual, actual * (1 + 1e-15)):
        verdict, text = said(found_of(case_of(mean, sd, actual, ((sd,) * 12,) * 4, **lost)))
        (only,) = verdict.candidates
        assert (verdict.name, verdict.confidence, only.share) == ("expected_noise", 1.0, 1.0)
        assert text == (
            "there is no miss to explain | JFK, April 2019: the forecast was met exactly. | "
            "Met exactly"
        )
        assert verdict.evidence[0].statement == (
            f"the forecast was met exactly; the usual error is {sd:.0f}"
        )
        assert verdict.evidence[0].value == pytest.approx(0.0, abs=1e-9)


def test_beside_a_usual_error_of_zero_nothing_is_so_many_times_of_it():
    verdict = judge(found_of(case_of(110.0, 0.0, 120.0, ((0.0,) * 12,) * 4)), RULES)
    (noise,) = (e.statement for e in verdict.evidence if e.name == "noise")
    assert noise == "the usual error is zero, so that no miss is usual"


def test_outside_the_interval_has_a_confidence_of_its_own():
    just, far = (
        judge(found_of(case_of(1000.0, 10.0, actual, width=1.0)), RULES)
        for actual in (989.9, 975.0)
    )
    assert (just.name, far.name) == ("cannot_tell", "cannot_tell")
    assert 0.5 <= just.candidates[0].certainty < 0.52
    assert far.candidates[0].certainty == pytest.approx(1 - 0.5 * np.exp(-3), abs=1e-3)
    assert just.evidence[0].name == "interval"
    assert "990 to 1,010" in just.evidence[0].statement


def test_without_a_recorded_95_percent_interval_the_standard_deviation_decides():
    case = case_of(1000.0, 10.0, 981.0)
    wide = {80: (np.full(12, 900.0), np.full(12, 1100.0))}
    inside = replace(case, forecast=replace(case.forecast, intervals=wide))
    assert inside.stated == pytest.approx((980.4, 1019.6), abs=0.01)
    assert not inside.outside
    assert replace(inside, actual=980.0).outside


class TestFaultsBeforeNoise:
    """The fault made the interval so wide that the miss looks usual."""

    @pytest.mark.parametrize("factor", [1000.0, 100.0, 0.0, 0.1])
    def test_a_last_month_mended_since(self, factor):
        wrong = CASE.seen.y.copy()
        wrong[-1] *= factor
        case = make_case(seen_y=wrong, fleet=fleet(9, 0.1, False))
        wide = {95: (np.zeros(12), np.full(12, 1e9))}
        case = replace(case, forecast=replace(case.forecast, sd=np.full(12, 1e8), intervals=wide))
        assert abs(case.z) < 1
        verdict = judge(find(case, RULES), RULES)
        assert verdict.name == "data_problem"
        assert verdict.evidence[0].name == "fault_revision"
        assert "that of December 2015" in verdict.headline

    @pytest.mark.parametrize("factor", [1000.0, 0.001, 100.0])
    def test_a_month_that_stands_wrong_to_this_day_is_named(self, factor):
        def spoil(y, n):
            y[n - 1] *= factor
            return y

        case = make_case(change=spoil, fleet=fleet(9, 0.1, False))
        verdict = judge(find(case, RULES), RULES)
        assert verdict.name == "data_problem"
        assert verdict.evidence[0].name == "fault_unit_seen"
        assert "that of December 2015" in verdict.headline

    def test_a_fall_that_lasts_is_no_other_unit(self):
        def fall(y, n):
            y[n - 1 :] *= 0.1
            return y

        case = make_case(change=fall, fleet=fleet(9, 9.0, True))
        assert not any(f.name == "unit_seen" for f in find(case, RULES).faults)

    @pytest.mark.parametrize("month", [3, 40, 70])
    def test_a_revision_that_explains_little_leaves_an_ordinary_month_ordinary(self, month):
        wrong = CASE.seen.y.copy()
        wrong[month] *= 1.02
        verdict = judge(find(make_case(seen_y=wrong, fleet=fleet(9, 0.1, False)), RULES), RULES)
        assert verdict.name == "expected_noise"

    def test_a_small_miss_is_no_data_problem_though_a_revision_explains_it_all(self):
        fault = Fault("revision", "revised", 1.0, 0.5, 0.98, 1.0)
        usual = case_of(1000.0, 10.0, 990.0)
        assert judge(found_of(usual, faults=[fault]), RULES).name == "expected_noise"
        wide = case_of(3000.0, 5000.0, 1000.0)
        assert judge(found_of(wide, faults=[fault]), RULES).name == "data_problem"
        little = replace(fault, share=0.4)
        assert judge(found_of(wide, faults=[little]), RULES).name == "weak_forecast"

    def test_a_zero_is_a_fault_only_where_there_are_none_before(self):
        fault = Fault("missing", "zero amid ordinary months", 0.0, 1000.0, 0.95, 1.0)
        wide = case_of(1000.0, 2000.0, 0.0)
        assert judge(found_of(wide, faults=[fault]), RULES).name == "data_problem"
        y = CASE.seen.y.copy()
        y[-5] = 0.0
        known = replace(CASE.known, y=np.concatenate([y, CASE.known.y[len(y) :]]))
        often = replace(wide, seen=replace(CASE.seen, y=y), known=known)
        assert judge(found_of(often, faults=[fault]), RULES).name == "weak_forecast"


class TestOrder:
    """Rules that both hold: which one decides."""

    def test_between_doubt_and_noise_a_clear_cause_is_named(self):
        case = case_of(1000.0, 20.0, 950.0, width=4.0)  # 2.5 usual errors, inside the interval
        close = near("trial", 960.0, 950.0)
        assert judge(found_of(case, alternatives=[close]), RULES).name == "stale_model"
        doubtless = case_of(1000.0, 20.0, 962.0, width=4.0)
        close = near("trial", 965.0, 962.0)
        assert judge(found_of(doubtless, alternatives=[close]), RULES).name == "expected_noise"

    def test_in_doubt_an_alternative_must_be_twice_as_near(self):
        case = case_of(1000.0, 20.0, 950.0, width=4.0)
        half = near("trial", 968.0, 950.0)  # 18 of 50: within `near`, not within half of it
        assert judge(found_of(case, alternatives=[half]), RULES).name == "expected_noise"
        beyond = case_of(1000.0, 20.0, 930.0, fleet=fleet(9, 0.1, False))
        half = near("trial", 955.0, 930.0)
        assert judge(found_of(beyond, alternatives=[half]), RULES).name == "stale_model"

    def test_an_alternative_far_outside_the_usual_error_is_not_near(self):
        case = case_of(1000.0, 20.0, 300.0, fleet=fleet(9, 0.1, False))
        for value, name in ((355.0, "stale_model"), (365.0, "local_shock")):
            close = near("trial", value, 300.0)
            assert judge(found_of(case, alternatives=[close]), RULES).name == name

    def test_a_break_overlooked_comes_before_a_better_model(self):
        case = case_of(1000.0, 20.0, 700.0, fleet=fleet(9, 0.1, False))
        broke = Break("2015-06-01", 7, -0.35, 10, None)
        close = near("trial", 710.0, 700.0)
        both = found_of(case, alternatives=[close], broke=broke, reset=705.0)
        assert judge(both, RULES).name == "level_shift_before_cutoff"
        assert judge(replace(both, broke=None), RULES).name == "stale_model"

    @pytest.mark.parametrize(
        ("name", "verdict"),
        [
            ("revision", "data_problem"),
            ("label_shift", "data_problem"),
            ("actual_revised", "data_problem"),
            ("unpublished", "data_problem"),
            ("unit_seen", "data_problem"),
            ("unit", "system_shock"),
            ("missing", "system_shock"),
        ],
    )
    def test_faults_that_a_fall_of_the_whole_fleet_does_not_look_like(self, name, verdict):
        case = case_of(1000.0, 20.0, 300.0, fleet=fleet(9, 9.0, True))
        fault = Fault(name, "wrong", 1.0, 0.5, 0.9, 1.0)
        assert judge(found_of(case, faults=[fault]), RULES).name == verdict

    def test_a_surer_fault_that_looks_like_the_shock_hides_no_other(self):
        case = case_of(1000.0, 20.0, 300.0, fleet=fleet(9, 9.0, True))
        both = [Fault("unit", "ten times", 1, 1, 0.97, 1.0), Fault("revision", "r", 1, 1, 0.9, 1.0)]
        verdict = judge(found_of(case, faults=both), RULES)
        assert (verdict.name, verdict.candidates[0].certainty) == ("data_problem", 0.9)

    def test_a_bare_half_of_few_others_is_no_majority(self):
        half = (*fleet(3, 9.0, True), *fleet(3, 3.0, False))
        few = case_of(1000.0, 20.0, 300.0, fleet=half)
        assert judge(found_of(few), RULES).name == "local_shock"
        many = replace(few, fleet=half + half)
        assert judge(found_of(many), RULES).name == "system_shock"


def test_a_revision_that_made_the_miss_smaller_is_not_to_blame():
    wrong = CASE.seen.y.copy()
    wrong[-6:] *= 1.5
    spoilt = make_case(lead=1, seen_y=wrong)
    actual = spoilt.mean * 1.1  # nearer to what the wrong values led to
    assert not find(replace(spoilt, actual=actual), RULES).faults


def test_what_is_counted_of_the_others_is_said():
    case = case_of(1000.0, 20.0, 300.0, fleet=(*fleet(1, 9.0, True), *fleet(3, 0.2, False)))
    text = judge(found_of(case), RULES).headline
    assert "1 of 4 other airports (25 %) lay outside their 95 % intervals on the same side" in text
    none = judge(found_of(replace(case, fleet=fleet(4, 0.2, False))), RULES).headline
    assert "none of 4 other airports lay outside their 95 % intervals" in none
    one = replace(RULES, fleet_least=2)
    alone = judge(found_of(replace(case, fleet=fleet(1, 0.2, False))), one).headline
    assert "the other airport did not lie outside its 95 % interval" in alone
