"""How the benchmark of explain halves, judges and counts."""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "benchmarks"))

import playing
import scoring
import simulated
import telling
import yardstick
from panels import AT, Question, Scenario


def test_a_place_stays_in_its_half():
    """The half that is asked once would be worth nothing if it were drawn anew.

    The first byte of ``printf "place 0" | sha256sum`` is b7, which is odd.
    """
    halves = [scoring.half_of(f"place {n}") for n in range(4)]
    assert halves == ["asked", "amend", "amend", "asked"]


def test_halves_are_of_about_the_same_size():
    asked = sum(scoring.half_of(f"port_authority {n} JFK") == "asked" for n in range(1000))
    assert 450 < asked < 550


def test_all_that_happens_at_a_place_falls_into_one_half():
    names = ("storm", f"storm{AT}days", f"storm{AT}weeks")
    assert {Scenario(name, "M", (), ()).place for name in names} == {"storm"}


@pytest.mark.parametrize(
    ("miss", "clean", "hides"),
    [
        (95.0, 90.0, True),  # the fault changed it by half an error of the clean forecast
        (95.0, -5.0, False),  # a fault of ten errors
        (5.0, -30.0, True),  # a fault of three errors that made the forecast right
        (-35.0, -5.0, False),
    ],
)
def test_a_fault_hides_in_the_error_of_the_clean_forecast(miss, clean, hides):
    assert scoring.hidden(miss, clean, 10.0, scoring.RECORDED) is hides


def test_a_fault_cannot_hide_in_a_miss_that_it_made_itself():
    """Whatever the spoilt forecast's own interval is: it is not asked for."""
    assert not scoring.hidden(48_595.0, 3.0, 10.0, scoring.BY_SIZE)


def test_what_always_shows_never_hides():
    assert not scoring.hidden(0.0, 0.0, 10.0, 0.0)


def test_shares_are_counted_by_the_confidence_that_was_said():
    rows = scoring.reliability(
        [(0.5, False), (0.9, True), (0.92, True), (0.94, False), (1.0, True)]
    )
    counted = [(r["from"], r["to"], r["count"], round(r["right"], 3)) for r in rows]
    assert counted == [(0.0, 0.6, 1, 0.0), (0.9, 0.95, 3, 0.667), (0.95, 1.0, 1, 1.0)]
    assert rows[1]["confidence"] == pytest.approx(0.92)


def test_wilson_by_hand():
    """8 of 10 in Brown, Cai and DasGupta (2001), Interval Estimation for a Binomial Proportion."""
    assert scoring.wilson(8, 10) == pytest.approx((0.490, 0.943), abs=5e-4)
    assert scoring.wilson(0, 0) == (0.0, 1.0)


def question(*accepted, **more):
    return Question("injected", "kind", "A", "2020-01", "2019-12", accepted, **more)


def test_noise_is_right_only_where_the_fault_hides():
    asked = question("data_problem", shows=1.0)
    assert playing.accepted_of(asked, 10.0, 100.0, hides=False) == ("data_problem",)
    hidden = playing.accepted_of(asked, 10.0, 100.0, hides=True)
    assert hidden == ("data_problem", "expected_noise", "unusual")


def test_a_large_miss_may_be_called_a_weak_forecast_where_noise_is_right():
    asked = question("expected_noise")
    assert "weak_forecast" not in playing.accepted_of(asked, 49.0, 100.0, hides=False)
    assert "weak_forecast" in playing.accepted_of(asked, 51.0, 100.0, hides=False)


def test_noise_is_no_answer_for_a_large_miss_where_the_forecast_is_known_to_be_weak():
    asked = question("expected_noise", "weak_forecast", if_large=("weak_forecast",))
    assert playing.accepted_of(asked, -51.0, 100.0, hides=False) == ("weak_forecast",)
    assert "expected_noise" in playing.accepted_of(asked, -49.0, 100.0, hides=False)


@pytest.mark.parametrize(
    ("first", "sentence", "said"),
    [
        ("interval", "outside its 95 % interval, cause not found", "unusual"),
        ("noise", "a shock; it cannot tell local from system-wide", "cannot_tell"),
        ("noise", "the history is too poor to say more", "poor_history"),
    ],
)
def test_what_cannot_be_told_is_told_apart(first, sentence, said):
    evidence = [{"name": first}, {"name": "interval"}]
    facts = {
        "verdict": "cannot_tell", "actual": 1.0, "sentence": sentence, "evidence": evidence,
    }  # fmt: skip
    assert playing.name_of(facts) == said
    assert playing.name_of({**facts, "actual": None}) == "cannot_tell"


def test_confusion_counts_an_accepted_answer_as_right():
    rows = [
        {"said": "local_shock", "expected": "system_shock", "right": True},
        {"said": "local_shock", "expected": "system_shock", "right": False},
        {"said": "error: no forecast", "expected": "system_shock", "right": False},
        {"said": "unusual", "expected": "expected_noise", "right": True},
    ]
    assert telling.confusion(rows) == {
        "expected_noise": {"unusual": 1},
        "local_shock": {"local_shock": 1},
        "system_shock": {"local_shock": 1, "error": 1},
    }


def test_the_yardstick_knows_an_ordinary_month():
    rng = np.random.default_rng(0)
    months = pd.date_range("2010-01-01", periods=100, freq="MS")
    season = 1 + 0.3 * np.sin(2 * np.pi * np.arange(100) / 12)
    y = pd.Series(1000 * season * np.exp(rng.normal(0, 0.02, 100)), index=months)
    origin = pd.Period("2017-06", "M")
    assert yardstick.ordinary(y, origin, 3)
    y["2017-09-01"] *= 1.5
    assert not yardstick.ordinary(y, origin, 3)
    assert not yardstick.ordinary(y[:"2017-08"], origin, 3)  # its value is not known


def test_moving_holidays_by_hand():
    """Easter of 2016 was on 27 March, so that 12 of the 15 days around it lie in March."""
    march, april = (pd.Timestamp(f"2016-{m:02d}-01") for m in (3, 4))
    assert simulated.share("Easter", march) == pytest.approx(12 / 15)
    assert simulated.share("Easter", april) == pytest.approx(3 / 15)
    table = pd.DataFrame({"A": [1000.0, 1000.0], "B": [1000.0, 1000.0]}, index=[march, april])
    moved = simulated.with_holiday(table, "Easter", np.array([np.log(2), 0.0]))
    assert moved["A"].tolist() == [round(1000 * 2**0.8), round(1000 * 2**0.2)]
    assert moved["B"].tolist() == [1000.0, 1000.0]


@pytest.mark.parametrize("process", simulated.PROCESSES)
def test_simulated_fleets_are_repeatable_and_positive(process):
    made = simulated.fleet(process, 3)
    assert made.shape == (simulated.MONTHS, simulated.AIRPORTS)
    assert (made > 0).all().all()
    assert made.equals(simulated.fleet.__wrapped__(process, 3))
    assert not made.equals(simulated.fleet(process, 4))
