"""Numbers for people: tiny, negative, zero, huge and unknown ones."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forecastctl.figures import (
    is_nothing,
    number,
    percent,
    period,
    portion,
    short,
    short_part,
    signed,
    times,
)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (-0.0, "0"),
        (-0.867, "-0.867"),
        (0.0012345, "0.00123"),
        (9.996, "10"),
        (99.96, "100"),
        (12.34, "12.3"),
        (1234.5, "1,234"),
        (-2_514_003.0, "-2,514,003"),
        (999_999_999.6, "1,000,000,000"),
        (3e19, "3e+19"),
        (math.nan, "-"),
        (-math.inf, "-"),
        (None, "-"),
    ],
)
def test_a_number(value, text):
    assert number(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(2.0, "+2"), (-0.867, "-0.867"), (0.0, "0"), (-0.0, "0"), (math.inf, "-"), (None, "-")],
)
def test_a_number_with_its_sign(value, text):
    assert signed(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (-0.0, "0"),
        (-0.867, "-0.867"),
        (0.0009, "0.0009"),
        (512.4, "512"),
        (138_192, "138k"),
        (3_175_681, "3.18M"),
        (17_000_000, "17M"),
        (999.6, "1k"),
        (12_345.0, "12.3k"),
        (999_700.0, "1M"),
        (-2_514_003.0, "-2.51M"),
        (1.234e9, "1.23bn"),
        (4.6e12, "4.6tn"),
        (3e19, "3e+19"),
        (math.inf, "-"),
    ],
)
def test_a_short_number(value, text):
    assert short(value) == text


def test_an_axis_has_more_digits():
    assert short(1_234_500.0, 6) == "1.2345M"
    assert short(0.30000000000000004, 6) == "0.3"


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0.0, "0 %"),
        (1.0, "100 %"),
        (0.004, "0.4 %"),
        (0.998, "99.8 %"),
        (0.57, "57 %"),
        (0.99999, "over 99.9 %"),
        (-0.0002, "under 0.1 %"),
        (3 / 1000, "0.3 %"),  # and not 0 %
        (-0.37, "-37 %"),
        (485.49, "48,549 %"),
        (math.nan, "-"),
        (None, "-"),
    ],
)
def test_a_share_in_percent(share, text):
    assert percent(share) == text


@pytest.mark.parametrize(
    ("value", "of", "text", "small", "nothing"),
    [
        (-0.967, 1899.0, "-1", "-1", False),
        (0.2, -1899.0, "0", "0", True),
        (-4.66e-10, 12.0, "-4.66e-10", "0", True),
        (0.4, 12.0, "+0.4", "+0.4", False),
        (1199.4, 1200.0, "+1,199", "+1.2k", False),
        (0.0, 0.0, "0", "0", True),
    ],
)
def test_a_part_has_no_more_decimals_than_the_whole(value, of, text, small, nothing):
    assert signed(value, of) == text
    assert short_part(value, of) == small
    assert is_nothing(value, of) is nothing


def test_so_many_times():
    assert [times(v) for v in (9.229, 0.01, 7.36e-07)] == [
        *("9.23 times", "0.01 times", "less than 0.01 times")
    ]


@pytest.mark.parametrize(
    ("share", "total", "text"),
    [
        (0.0, 7, "none of 7 airports"),
        (1.0, 2, "both airports"),
        (1.0, 7, "all 7 airports"),
        (3 / 8, 8, "3 of 8 airports (38 %)"),
        (410 / 411, 411, "410 of 411 airports (99.8 %)"),
    ],
)
def test_some_of_so_many_are_counted(share, total, text):
    assert portion(share, total, "airports") == text


@pytest.mark.parametrize(
    ("freq", "text"), [("M", "April 2020"), ("Q-DEC", "Q2 2020"), ("W-SUN", "2020-04-01")]
)
def test_a_period(freq, text):
    assert period("2020-04-01", freq) == text


UNITS = {"k": 1e3, "M": 1e6, "bn": 1e9, "tn": 1e12}


def read(text):
    unit = next((u for u in UNITS if text.endswith(u)), "")
    return float(text.removesuffix(unit)) * UNITS.get(unit, 1.0)


@given(st.floats(-1e30, 1e30))
def test_what_is_written_is_what_is_meant(value):
    for text in (number(value).replace(",", ""), short(value)):
        assert read(text) == pytest.approx(value, rel=0.006)
        assert text not in ("-0", "-0.0")
