"""What is taken into account, and where that begins and ends: numbers that a reader can reckon."""

import numpy as np
import pytest

from forecastctl.explain.parts.attribution import attribute
from forecastctl.explain.verdict.candidate import NOT_SHOWN, candidate
from forecastctl.explain.verdict.evidence import evidence
from forecastctl.explain.verdict.findings import followed, naive_error
from forecastctl.explain.verdict.fleet import apart_since
from tests.explain.verdict.values import LEVEL, RULES, case_of, flat, found_of, others


def one_off(*around):
    """The one-off of a month that fell to 500 of 1,000, with the two before it and those after."""
    known = [*flat(), *around[:2], 500.0, *around[2:]]
    parts = attribute(case_of(actual=500.0, lead=3, known=known))
    return next(part.value for part in parts if part.name == "one_off")


class TestWhatIsAroundAMonth:
    """The month comes to the median of what the two before and the two after came to."""

    @pytest.mark.parametrize(
        ("around", "expected"),
        [
            ((1200.0, 1000.0), 1100.0),
            ((1000.0, 1200.0, 1400.0), 1200.0),
            ((1000.0, 1200.0, 1400.0, 1600.0), 1300.0),
        ],
    )
    def test_each_counts(self, around, expected):
        assert one_off(*around) == pytest.approx(expected - 500.0)

    def test_a_month_without_passengers_does_not(self):
        assert one_off(0.0, 1200.0) == pytest.approx(700.0)


def test_the_naive_is_judged_by_the_last_two_seasons():
    """Errors of 300, 100 and none in the last three years: the first is too long ago."""
    y = np.repeat([1000.0, 1300.0, 1200.0, 1200.0], 12)
    assert naive_error(case_of(seen=y)) == pytest.approx(100.0 / np.sqrt(2.0))


def test_of_a_forecast_of_none_nobody_can_say_that_it_followed():
    rose = {"actual": 1500.0, "fleet": others(above=9)}
    assert followed(found_of(case_of(**rose)))
    assert not followed(found_of(case_of(mean=0.0, **rose)))


@pytest.mark.parametrize(("actual", "side"), [(LEVEL, "inside"), (LEVEL + 30.0, "outside")])
def test_the_evidence_says_on_which_side_of_the_interval_the_actual_lies(actual, side):
    facts = {e.name: e.statement for e in evidence(found_of(case_of(actual=actual)), RULES)}
    said = f"the actual lies {side} the stated 95 % interval, 980 to 1,020"
    assert facts["interval"] == said


@pytest.mark.parametrize(
    ("shown", "sure", "certainty"), [(True, 0.9, 0.9), (False, 0.9, 0.4), (False, 0.3, 0.3)]
)
def test_what_is_not_shown_is_at_most_so_sure(shown, sure, certainty):
    made = candidate(
        found_of(case_of()),
        RULES,
        "local_shock",
        "closed",
        "flights",
        shown=shown,
        share=1.0,
        sure=sure,
        statement="it closed",
    )
    assert NOT_SHOWN == 0.4
    assert made.certainty == certainty


@pytest.mark.parametrize(("rows", "known"), [(14, False), (15, True), (16, True)])
def test_moving_apart_needs_three_months_and_the_season_before_them(rows, known):
    """Up to the cutoff 15 months do: three, and the same three twelve months before."""
    t = np.arange(rows + 1)
    wobble = 1.0 + 0.01 * np.sin(np.outer(t, np.arange(1.0, 13.0)))
    y = LEVEL * wobble
    y[-1, 0] *= 2.0
    (found,) = apart_since(y, 0, rows - 1, 12)
    assert (found is not None) == known
