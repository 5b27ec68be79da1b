"""One period of the whole fleet: every airport is accounted for, counted and summed up."""

import pytest

from forecastctl.errors import NothingRecordedError
from forecastctl.explain.answer import explain
from forecastctl.explain.fleet import FleetQuestion, explain_fleet
from forecastctl.explain.question import Question
from tests.explain.test_explain import cut


@pytest.fixture
def fleet(harness):
    """A forecast of the last month, then the month itself."""
    whole = harness.entries
    harness.entries = cut(whole, 1)
    harness.run()
    harness.entries = whole
    harness.run()
    return harness.tracker


def test_every_airport_has_one_line_and_sums_are_those_of_the_lines(fleet):
    answer = explain_fleet(fleet, FleetQuestion("2018-12"))
    lines = {line.airport: line for line in answer.airports}
    assert sorted(lines) == ["BAD", "JFK", "LGA/1"]  # tiny ends years before
    assert lines["BAD"].sentence == ("BAD: there is no forecast, rejected: all values are zero.")
    judged = [line for line in answer.airports if line.miss is not None]
    assert {line.airport for line in judged} == {"JFK", "LGA/1"}
    assert answer.forecast == sum(line.forecast for line in judged)
    assert answer.actual == sum(line.actual for line in judged)
    assert answer.miss == answer.forecast - answer.actual
    assert sum(answer.counts.values()) == 2
    assert (answer.without_forecast, answer.without_actual) == (1, 0)
    sizes = [abs(line.miss or 0) for line in answer.airports]
    assert sizes == sorted(sizes, reverse=True)
    assert "forecast at 2 airports of 3" in answer.sentence


def test_a_line_says_what_the_question_about_its_airport_answers(fleet):
    answer = explain_fleet(fleet, FleetQuestion("2018-12"))
    for line in answer.airports:
        if line.verdict is None:
            continue
        alone = explain(fleet, Question(line.airport, "2018-12")).answer
        assert (line.verdict, line.confidence, line.sentence) == (
            alone.verdict,
            alone.confidence,
            alone.sentence,
        )
        assert (line.forecast, line.actual, line.miss) == (
            alone.forecast.mean,
            alone.actual,
            alone.miss,
        )


def test_without_a_date_it_is_the_newest_month_with_an_actual(fleet):
    assert explain_fleet(fleet, FleetQuestion()).date == "2018-12-01"


def test_counts_stay_those_of_all_where_few_are_shown(fleet):
    answer = explain_fleet(fleet, FleetQuestion("2018-12"))
    short = answer.worst(1)
    assert short.airports == answer.airports[:1]
    assert (short.counts, short.sentence) == (answer.counts, answer.sentence)


def test_a_month_that_nobody_forecast(fleet):
    with pytest.raises(NothingRecordedError, match="No forecast of 2012-01 is stored"):
        explain_fleet(fleet, FleetQuestion("2012-01"))


def test_a_month_without_actuals_yet(fleet):
    answer = explain_fleet(fleet, FleetQuestion("2019-02"))
    assert answer.counts == {}
    assert answer.sentence == "February 2019: none of 3 airports has an actual yet."
