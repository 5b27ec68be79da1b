"""Numbers for people: tiny, negative, zero, huge and unknown ones."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forecastctl.figures import (
    number,
    percent,
    short,
    signed,
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
        (-0.0002, "0.0 %"),
        (-0.37, "-37 %"),
        (485.49, "48,549 %"),
        (math.nan, "-"),
        (None, "-"),
    ],
)
def test_a_share_in_percent(share, text):
    assert percent(share) == text


UNITS = {"k": 1e3, "M": 1e6, "bn": 1e9, "tn": 1e12}


def read(text):
    unit = next((u for u in UNITS if text.endswith(u)), "")
    return float(text.removesuffix(unit)) * UNITS.get(unit, 1.0)


@given(st.floats(-1e30, 1e30))
def test_what_is_written_is_what_is_meant(value):
    for text in (number(value).replace(",", ""), short(value)):
        assert read(text) == pytest.approx(value, rel=0.006)
        assert text not in ("-0", "-0.0")
