from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forecastctl.data.panel.values import LARGEST, SMALLEST, number_problems, parse_numbers


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1234", 1234.0),
        (" 1234.0 ", 1234.0),
        ("1.2e3", 1200.0),
        ("1,234,567", 1234567.0),
        ("1 234", 1234.0),
        ("1\u202f234", 1234.0),
        ("1'234.5", 1234.5),
        ("-0", 0.0),
        (".5", 0.5),
    ],
)
def test_numbers_that_are_read(text, value):
    numbers, problems = parse_numbers([text])
    assert numbers.tolist() == [value]
    assert problems == {}


@pytest.mark.parametrize(
    "text", ["", "  ", "NA", "n/a", "NaN", "null", "-", "..", "\N{EN DASH}", ":"]
)
def test_texts_that_mean_no_value(text):
    numbers, problems = parse_numbers([text])
    assert math.isnan(numbers[0])
    assert problems == {}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("abc", "'abc' is not a number"),
        ("1_000", "is not a number"),
        ("\uff11\uff12", "is not a number"),
        ("12 34", "is not a number"),
        ("1,23", "take a point"),
        ("0x10", "is not a number"),
        ("inf", "is infinite"),
        ("-Infinity", "is infinite"),
        ("1e999", "too large"),
        ("9" * 400, "too large"),
        ("-5", "'-5' is negative"),
        ("x" * 200, "\N{HORIZONTAL ELLIPSIS}"),
    ],
)
def test_what_is_wrong_is_said(text, says):
    _, problems = parse_numbers(["1", text])
    assert list(problems) == [1]
    assert says in problems[1]
    assert len(problems[1]) < 100


def test_a_comma_is_no_thousands_separator_where_the_column_uses_it_for_decimals():
    numbers, problems = parse_numbers(["12,345", "12,3", "7"])
    assert sorted(problems) == [0, 1]
    assert numbers[2] == 7.0


@given(st.lists(st.just(0.0) | st.floats(min_value=SMALLEST, max_value=LARGEST), min_size=1))
def test_floats_are_read_exactly(values):
    numbers, problems = parse_numbers([repr(v) for v in values])
    assert numbers.tolist() == values
    assert problems == {}


def test_numbers_that_come_as_numbers():
    found = number_problems(np.array([1.0, math.nan, math.inf, -3.0, -math.inf]))
    assert found == {2: "inf is infinite", 3: "-3 is negative", 4: "-inf is infinite"}
