"""Each whole kind of miss that was once called by a wrong name, made from a seed or by hand."""

from dataclasses import replace

import numpy as np
import pytest

from forecastctl.explain.case import CalendarEffect
from forecastctl.explain.verdict.breaks import Break
from forecastctl.explain.verdict.fleet import apart_since, moved
from forecastctl.explain.verdict.rules import judge
from forecastctl.explain.verdict.spread import clean_scale, too_narrow, too_wide, varies_by
from forecastctl.records import TOO_FEW, FittedMember, FleetPoint, Member, Trial
from tests.explain.verdict import generated
from tests.explain.verdict.values import (
    JUST,
    LEVEL,
    RULES,
    SNAIVE,
    case_of,
    fault_of,
    flat,
    found_of,
    near,
    others,
    said,
    wavy,
)

QUIET = others(quiet=9)
FALLBACK = {"status": "ok-with-fallback", "reason": "12 observations are too few"}
M = 12


def fallen(count, of, ratio, z=9.0):
    """Others, so many of them fallen to so much of their forecasts, the rest as forecast."""
    low = [FleetPoint(f"B{i}", z, ratio, True, True) for i in range(count)]
    return (*low, *(FleetPoint(f"Q{i}", 0.1, 1.0, False, True) for i in range(of - count)))


class TestTheFleetOutranksTheModel:
    def test_a_better_model_by_luck_in_a_fall_of_all(self):
        case = case_of(actual=600.0, fleet=fallen(9, 9, 0.6), fleet_moved=-0.5)
        close = near("trial", 1.0, case.actual)
        found = judge(found_of(case, alternatives=[close]), RULES)
        assert found.name == "system_shock"
        assert "stale_model" in [c.verdict for c in found.candidates[1:]]

    @pytest.mark.parametrize(
        ("before", "missed", "verdict"),
        [
            (17, 13, "system_shock"),
            (7, 20, "system_shock"),
            (17, 9, "level_shift_before_cutoff"),
        ],
    )
    def test_a_break_before_the_cutoff_beside_a_fleet_of_twenty(self, before, missed, verdict):
        case = case_of(actual=600.0, fleet=fallen(missed, 20, 0.6), fleet_moved=-0.5)
        broke = Break("2018-06-01", before, -0.35, 9, None)
        assert judge(found_of(case, broke=broke, reset=610.0), RULES).name == verdict

    def test_where_the_fleet_has_not_moved_since_the_cutoff_the_break_is_older(self):
        """All others missed as well, for what lay before their cutoff too."""
        broke = Break("2019-06-01", 7, -0.35, 9, None)
        for change, name in (
            (-0.05, "system_shock"),
            (-0.05 + JUST, "level_shift_before_cutoff"),
            (0.3, "level_shift_before_cutoff"),
            (None, "system_shock"),
        ):
            case = case_of(actual=600.0, fleet=fallen(9, 9, 0.6), fleet_moved=change)
            assert judge(found_of(case, broke=broke, reset=610.0), RULES).name == name

    def test_a_break_explains_why_a_model_that_followed_it_came_near(self):
        """The level after the break is 20 off of 70: in doubt that is too far by itself."""
        case = case_of(sd=30.0, actual=930.0, fleet=QUIET, width=2.0)
        broke = Break("2019-06-01", 7, -0.2, 9, None)
        close = near("champion", 5.0, case.actual, loss=None, trial=None)
        found = judge(found_of(case, broke=broke, reset=950.0, alternatives=[close]), RULES)
        assert found.name == "level_shift_before_cutoff"
        alone = judge(found_of(case, broke=broke, reset=950.0), RULES)
        assert alone.name == "cannot_tell"
        small = replace(broke, change=-0.13)
        found = judge(found_of(case, broke=small, reset=950.0, alternatives=[close]), RULES)
        assert found.name == "stale_model"

    def test_the_older_a_break_the_less_it_explains(self):
        case = case_of(actual=600.0, fleet=QUIET)
        sure = {
            age: judge(
                found_of(case, broke=Break("2018-01-01", age, -0.35, 9, None), reset=600.0), RULES
            )
            .candidates[0]
            .certainty
            for age in (12, 18, 24)
        }
        assert sure[12] > sure[18] > sure[24] > 0.49


class TestAWideInterval:
    """Its own interval holds the fall that nearly all others had."""

    def wide(self, actual=600.0, share=17, ratio=0.6):
        fleet = fallen(share, 20, ratio)
        return case_of(sd=400.0, actual=actual, fleet=fleet, width=1.96, fleet_moved=-0.5)

    def test_it_followed_the_fleet(self):
        found = said(self.wide())
        assert found.name == "system_shock"
        assert "17 of 20 other airports (85 %) fell" in found.headline
        assert "its" not in found.headline.split(";")[0]
        assert "interval of this one was so wide that it holds the fall all" in found.headline

    def test_it_followed_the_rise_of_the_fleet(self):
        fleet = others(quiet=3, above=17)
        case = case_of(sd=400.0, actual=1400.0, fleet=fleet, width=1.96, fleet_moved=0.5)
        statements = [one.statement for one in said(case).candidates]
        [text] = [text for text in statements if "system-wide" in text]
        assert "17 of 20 other airports (85 %) rose" in text
        assert "so wide that it holds the rise all the same" in text

    def test_two_thirds_of_the_fleet_at_least(self):
        assert said(self.wide(share=13)).name == "system_shock"
        assert said(self.wide(share=12)).name != "system_shock"

    def test_half_as_far_as_they_at_least(self):
        for log, shock in ((0.5 + JUST, True), (0.5 - JUST, False)):
            case = self.wide(actual=1000.0 * 0.6**log)
            assert (said(case).name == "system_shock") == shock

    def test_by_a_tenth_at_least(self):
        for log, shock in ((0.1 + JUST, True), (0.1 - JUST, False)):
            case = self.wide(actual=1000.0 * np.exp(-log), ratio=0.9)
            assert (said(case).name == "system_shock") == shock

    def test_not_on_the_other_side(self):
        assert said(self.wide(actual=1400.0)).name != "system_shock"


class TestAChoiceThatWasBetterBefore:
    """A model that came near by luck is no better choice."""

    def of(self, kind, loss, used=1.0, trial=1, members=(0,)):
        trials = tuple(Trial(number=n, model=SNAIVE, status="ok", loss=used) for n in members)
        case = case_of(actual=900.0, fleet=QUIET, trials=trials)
        fitted = tuple(
            FittedMember(Member(SNAIVE, 1.0 / len(members), n), {}, {}, 10.0) for n in members
        )
        case = replace(case, model=replace(case.model, members=fitted))
        one = near(kind, 1.0, 900.0, loss=loss, trial=trial)
        return judge(found_of(case, alternatives=[one]), RULES).name

    @pytest.mark.parametrize("kind", ["trial", "baseline"])
    def test_its_backtest_must_have_been_better_too(self, kind):
        assert self.of(kind, 1.0 - JUST) == "stale_model"
        assert self.of(kind, 1.0) == "local_shock"

    @pytest.mark.parametrize("kind", ["champion", "refit"])
    def test_a_later_choice_and_newer_data_need_not(self, kind):
        assert self.of(kind, None) == "stale_model"

    def test_better_than_every_member_of_a_combination(self):
        assert self.of("trial", 0.9, members=(0, 2)) == "stale_model"
        assert self.of("trial", 1.1, members=(0, 2)) == "local_shock"

    def test_the_naive_without_a_loss_by_its_errors_of_the_past(self):
        """It erred by 100 in every year, the model by more or less than that."""
        y = wavy()
        rms = float(np.sqrt(np.mean(np.square((y[12:] - y[:-12])[-24:]))))
        for error, name in ((rms + 1e-6, "stale_model"), (rms - 1e-6, "local_shock")):
            errors = ((error,) * 12,) * 4
            case = case_of(sd=1.0, actual=300.0, seen=y, errors=errors, fleet=QUIET)
            one = near("baseline", 1.0, 300.0, loss=None, trial=None)
            assert judge(found_of(case, alternatives=[one]), RULES).name == name


class TestStandIn:
    def test_too_little_history_and_a_large_miss(self):
        case = case_of(sd=300.0, actual=600.0, fleet=QUIET, **FALLBACK)
        found = said(case)
        assert found.name == "run_failure"
        assert "stood in for a chosen model: 12 observations are too few" in found.headline

    def test_too_short_for_any_model_from_a_twentieth_of_the_actual_on(self):
        """There was no backtest, so that nobody knows which miss is usual."""
        short = {"status": "ok-with-fallback", "reason": f"8 {TOO_FEW}; it stands in"}
        for off, name in ((1.0, "run_failure"), (-1.0, "expected_noise")):
            actual = 1000.0 / 1.05 - off
            case = case_of(sd=300.0, actual=actual, seen=wavy(20), fleet=QUIET, **short)
            found = said(case)
            assert found.name == name
        case = case_of(sd=300.0, actual=900.0, seen=wavy(20), fleet=QUIET, **short)
        assert "its history was too short: 8 observations are too few" in said(case).headline

    def test_of_too_short_a_history_an_alternative_tells_nothing(self):
        """One of the models that stood in, of which no backtest has chosen any."""
        status = {"status": "ok-with-fallback", "reason": f"14 {TOO_FEW}; it stands in"}
        case = case_of(sd=300.0, actual=900.0, seen=wavy(20), fleet=QUIET, **status)
        one = near("baseline", 10.0, 900.0, loss=None, trial=None)
        judged = judge(found_of(case, alternatives=[one]), RULES)
        assert judged.name == "run_failure"
        [found] = [c for c in judged.candidates if c.cause == "stand-in"]
        assert found.statement == f"its history was too short: 14 {TOO_FEW}; it stands in"
        assert found.share == 1.0

    def test_a_model_that_failed_is_compared_with_an_alternative(self):
        status = {"status": "ok-with-fallback", "reason": "all 20 trials failed; it stands in"}
        case = case_of(sd=300.0, actual=600.0, fleet=QUIET, **status)
        one = near("baseline", 10.0, 600.0, loss=None, trial=None)
        judged = judge(found_of(case, alternatives=[one]), RULES)
        [found] = [c for c in judged.candidates if c.cause == "stand-in"]
        assert found.statement.startswith("the chosen model failed and")
        assert "stood in; ETS(A,N,A) would have said 610" in found.statement

    def test_half_of_the_actual_or_outside_the_interval(self):
        for actual, name in ((666.0, "run_failure"), (667.0, "expected_noise")):
            case = case_of(sd=300.0, actual=actual, seen=wavy(20), fleet=QUIET, **FALLBACK)
            assert judge(found_of(case), RULES).name == name
        outside = case_of(actual=970.0, fleet=QUIET, **FALLBACK)
        assert judge(found_of(outside), RULES).name == "run_failure"

    def test_in_a_fall_of_all_the_fall_is_to_blame(self):
        case = case_of(actual=600.0, fleet=fallen(9, 9, 0.6), fleet_moved=-0.5, **FALLBACK)
        assert said(case).name == "system_shock"


class TestPoorModels:
    """A large miss inside the interval is never called known."""

    def test_the_model_where_the_history_is_calm(self):
        found = said(case_of(sd=500.0, actual=400.0, fleet=QUIET))
        assert found.name == "weak_forecast"
        assert "its usual error is 50 % of the forecast, more than the seasonal naive's" in (
            found.headline
        )

    def test_the_history_where_its_months_swing_as_much(self):
        y = wavy(size=1.0)
        whole = clean_scale(case_of(seen=y))
        for off, name in ((-1.0, "cannot_tell"), (1.0, "weak_forecast")):
            miss = 2.0 * whole + off
            case = case_of(mean=4000.0, sd=3000.0, actual=4000.0 - miss, seen=y, fleet=QUIET)
            found = said(case)
            assert found.name == name
        assert (
            "from season to season"
            in said(
                case_of(mean=4000.0, sd=3000.0, actual=4001.0 - 2.0 * whole, seen=y, fleet=QUIET)
            ).headline
        )

    def test_a_short_history_tells_nothing(self):
        found = said(case_of(sd=500.0, actual=400.0, seen=wavy(19), fleet=QUIET))
        assert found.name == "cannot_tell"
        assert "the history is too short to tell" in found.headline
        assert found.next_time


class TestIntervals:
    def test_narrower_than_any_can_be(self):
        found = said(case_of(sd=1.0, actual=970.0, fleet=QUIET))
        assert found.name == "expected_noise"
        assert "too narrow" in found.headline
        assert found.evidence[0].name == "narrow"

    def test_up_to_four_hundredths_of_the_level(self):
        assert said(case_of(sd=1.0, actual=960.0, fleet=QUIET)).name == "expected_noise"
        assert said(case_of(sd=1.0, actual=959.9, fleet=QUIET)).name == "local_shock"
        assert too_narrow(case_of(sd=10.0 - JUST, actual=980.0))
        assert not too_narrow(case_of(sd=10.0, actual=980.0))

    def test_far_wider_than_the_months_vary(self):
        y = generated.panel(1, 1).to_numpy()[:60, 0]
        case = case_of(mean=float(y[48]), sd=0.4 * y[48], actual=0.9 * y[48], seen=y, fleet=QUIET)
        found = said(case)
        assert found.name == "expected_noise"
        assert "times as wide as the months of this airport vary" in found.headline
        assert found.candidates[0].certainty <= 0.6
        assert "wide" in [e.name for e in found.evidence]

    def test_three_times_what_they_vary_by(self):
        y = generated.panel(1, 1).to_numpy()[:60, 0]
        varies = varies_by(case_of(seen=y))
        assert too_wide(case_of(sd=3.0 * varies + JUST, seen=y)) == pytest.approx(3.0)
        assert too_wide(case_of(sd=3.0 * varies - 0.01, seen=y)) is None

    def test_a_shock_in_the_training_data_does_not_widen_what_they_vary_by(self):
        y = generated.panel(1, 1).to_numpy()[:84, 0].copy()
        calm = varies_by(case_of(seen=y))
        y[40:60] *= np.linspace(0.1, 1.0, 20)
        assert varies_by(case_of(seen=y)) < 1.6 * calm
        y[70] *= 1000.0
        assert varies_by(case_of(seen=y)) < 2.0 * calm


def closing(zeros, lead=3, before=0):
    """Flights until ``before`` periods before the cutoff's end, then so many zeros."""
    y = flat()
    y[60 - before :] = 0.0
    known = [*flat(60 - before), *np.zeros(zeros), *flat(3)]
    return case_of(actual=0.0, lead=lead, seen=y, known=known, fleet=QUIET, sd=10.0)


class TestFlights:
    def test_closed_after_the_cutoff(self):
        found = said(closing(12))
        assert (found.name, found.evidence[0].name) == ("local_shock", "flights")
        assert "closed since then" in found.headline
        assert "no passengers since January 2020" in found.headline

    def test_closed_before_it(self):
        found = said(closing(12, before=4))
        assert found.name == "level_shift_before_cutoff"
        assert "since September 2019" in found.headline
        assert "4 periods before the cutoff" in found.headline

    def test_of_three_zeros_at_least(self):
        assert said(closing(3)).evidence[0].name == "flights"
        assert said(closing(2, lead=2)).evidence[0].name != "flights"

    def opened(self, zeros, lead=2, at=60):
        y = np.concatenate([flat(at - zeros), np.zeros(60 - at + zeros)])
        y[at:] = LEVEL
        known = [*y, *flat(lead)]
        return case_of(mean=0.0, sd=1.0, actual=LEVEL, lead=lead, seen=y, known=known, fleet=QUIET)

    def test_reopened_and_opened(self):
        found = said(self.opened(6))
        assert found.name == "local_shock"
        assert "reopened in January 2020" in found.headline
        found = said(self.opened(60))
        assert "opened in January 2020: its first passengers" in found.headline
        found = said(self.opened(6, at=56))
        assert found.name == "level_shift_before_cutoff"
        assert said(self.opened(2)).evidence[0].name != "flights"

    def test_in_a_fall_of_all_the_fall_is_to_blame(self):
        fleet = fallen(9, 9, 0.01)
        assert said(replace(closing(12), fleet=fleet, fleet_moved=-3.0)).name == "system_shock"

    def test_where_it_was_forecast_nothing_is_said(self):
        y = [*flat(40), *np.zeros(20)]
        case = case_of(mean=0.0, actual=0.0, seen=y, known=[*y, 0.0], fleet=QUIET)
        assert said(case).name == "expected_noise"


class TestMovedApart:
    """A generated fleet of which one airport loses a fifth for good."""

    cutoff = 70

    def panel(self, seed, first, factor, months=1000):
        y = generated.panel(seed, 40).to_numpy().copy()
        y[40:52] *= np.linspace(0.1, 1.0, 12)[:, None]  # a shock to all in the training data
        y[first : first + months, 0] *= factor
        return y

    def case(self, seed=2, first=71, factor=0.8, lead=3, months=1000):
        y = self.panel(seed, first, factor, months)
        clean = self.panel(seed, first, 1.0)
        path = clean[self.cutoff + 1 : self.cutoff + 13, 0]
        seen, known = y[: self.cutoff + 1, 0], y[: self.cutoff + lead + 3, 0]
        actual = known[self.cutoff + lead]
        wide = {"sd": 0.3 * float(np.mean(path)), "fleet": QUIET}
        apart = apart_since(y[: self.cutoff + lead + 3], 0, self.cutoff, M)
        return case_of(
            mean=path, actual=actual, lead=lead, seen=seen, known=known, apart=apart, **wide
        )

    @pytest.mark.parametrize("seed", range(8))
    def test_a_lasting_fall_of_a_fifth_under_a_wide_interval(self, seed):
        found = said(self.case(seed))
        assert (found.name, found.evidence[0].name) == ("local_shock", "apart")
        assert "a lasting change at this airport alone" in found.headline
        assert "its interval was so wide" in found.headline

    @pytest.mark.parametrize("seed", range(8))
    def test_nothing_without_one_or_of_a_single_month(self, seed):
        assert said(self.case(seed, factor=1.0)).evidence[0].name != "apart"
        assert said(self.case(seed, first=73, months=1)).evidence[0].name != "apart"

    def apart(self, *distances, miss=200.0, lead=3):
        pairs = tuple(d if d is None else (d, d / 0.03) for d in distances)
        case = case_of(sd=400.0, actual=1000.0 - miss, lead=lead, fleet=QUIET, apart=pairs)
        return judge(found_of(case), RULES).evidence[0].name == "apart"

    def test_three_periods_in_a_row_of_three_deviations(self):
        assert self.apart(-0.2, -0.2, -0.2)
        assert self.apart(0.0, 0.0, -0.2, -0.2, -0.2)
        assert not self.apart(0.0, -0.2, -0.2)
        assert not self.apart(-0.2, -0.2, -0.09 + JUST)
        assert not self.apart(-0.2, None, -0.2)
        assert not self.apart(-0.2, -0.2)

    def test_of_a_tenth_and_at_once(self):
        assert self.apart(-0.1, -0.1, -0.1, miss=100.0)
        assert not self.apart(-0.099, -0.099, -0.099, miss=100.0)
        assert not self.apart(-0.0701, -0.14, -0.14, -0.14, lead=4)  # half of it is 0.07
        assert self.apart(-0.07, -0.14, -0.14, -0.14, lead=4)

    def test_on_the_side_of_the_miss_and_as_large(self):
        assert not self.apart(0.2, 0.2, 0.2)
        assert self.apart(0.2, 0.2, 0.2, miss=-200.0)
        assert not self.apart(-0.2, -0.2, -0.2, miss=60.0)


class TestMoved:
    def test_the_median_change_of_the_others_without_the_season(self):
        t = np.arange(60)
        y = 1000.0 * np.exp(0.3 * np.cos(2 * np.pi * t / 12))[:, None] * np.ones(5)
        assert moved(y, 0, 50, 53, M) == pytest.approx(0.0)
        y[51:, :4] *= 0.5
        assert moved(y, 0, 50, 53, M) == pytest.approx(np.log(0.5))
        assert moved(y[45:], 0, 5, 8, M) is None
        y[53] = 0.0
        assert moved(y, 0, 50, 53, M) < -5.0


class TestCalendar:
    """A feast that moved so many passengers: beside 1,000 forecast, 900 came true."""

    def moved(self, effect=-100.0, certainty=0.9, **more):
        words = "Easter was on 1 April in 2018 and on 20 April in 2014"
        one = CalendarEffect("Easter", effect, 10.0, certainty, words)
        return case_of(actual=900.0, **{"fleet": QUIET, "calendar": one, **more})

    def test_a_miss_that_a_forecast_that_knew_the_feast_would_not_have_made(self):
        found = said(self.moved())
        assert (found.name, found.candidates[0].certainty) == ("calendar", 0.9)
        assert found.evidence[0].name == "calendar"
        assert found.evidence[0].value == -100.0
        assert "Easter was on 1 April in 2018" in found.headline

    def test_it_must_account_for_half_of_it(self):
        for effect, name in ((-50.0, "calendar"), (-49.9, "local_shock"), (100.0, "local_shock")):
            assert said(self.moved(effect)).name == name

    def test_it_is_no_shock_though_all_had_it_and_no_better_model(self):
        whole = {"fleet": fallen(9, 9, 0.9), "fleet_moved": -0.1}
        assert said(self.moved(**whole)).name == "calendar"
        close = near("trial", 1.0, 900.0)
        assert judge(found_of(self.moved(), alternatives=[close]), RULES).name == "calendar"

    def test_of_a_usual_error_at_least_or_outside_the_interval(self):
        for sd, name in ((100.0, "calendar"), (100.1, "expected_noise")):
            assert said(self.moved(sd=sd)).name == name
        assert said(self.moved(sd=101.0, width=0.9)).name == "calendar"

    def test_a_fault_of_the_data_explains_it_away(self):
        fault = fault_of("revision", share=0.9)
        assert judge(found_of(self.moved(), faults=[fault]), RULES).name == "data_problem"
