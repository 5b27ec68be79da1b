from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forecastctl.data.panel.values import LARGEST, SMALLEST, number_problems, parse_numbers
from forecastctl.errors import DataError


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
        ("4.198.752", 4198752.0),
        ("4\u2019198\u2019752", 4198752.0),
        ("12,34,567", 1234567.0),
        ("1.234,5", 1234.5),
        ("1,23", 1.23),
        ("5752,0", 5752.0),
        ("1 234,5", 1234.5),
        ("5.752e0", 5.752),
    ],
)
def test_numbers_that_are_read(text, value):
    found = parse_numbers([text], delimiter=",")
    assert found.values.tolist() == [value]
    assert found.problems == {}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "  ",
        "NA",
        "n/a",
        "NaN",
        "null",
        "-",
        "..",
        "\N{EN DASH}",
        ":",
        "c",
        "(D)",
        "not available",
        "\u2026",
        "n.a.",
        ": c",
    ],
)
def test_texts_that_mean_no_value(text):
    found = parse_numbers([text])
    assert math.isnan(found.values[0])
    assert found.problems == {}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("abc", "'abc' is not a number"),
        ("1_000", "is not a number"),
        ("1\uff12", "is not a number"),
        ("12 34", "is not a number"),
        ("1.2.3", "is not a number"),
        ("5M", "is not a number"),
        ("(5)", "is negative"),
        ("5-", "is negative"),
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
    problems = parse_numbers(["1", text]).problems
    assert list(problems) == [1]
    assert says in problems[1]
    assert len(problems[1]) < 100


@pytest.mark.parametrize(
    ("texts", "values", "form"),
    [
        (["12,345", "12,3", "7"], [12.345, 12.3, 7], "a decimal comma"),
        (["5.752", "1.004.752"], [5752, 1004752], "points between thousands"),
        (["5.752", "5.75"], [5.752, 5.75], "a decimal point"),
        (["5.752", "12345"], [5.752, 12345], "a decimal point"),
        (["5,752", "1,000,000"], [5752, 1000000], "commas between thousands"),
    ],
)
def test_all_numbers_decide_for_each(texts, values, form):
    found = parse_numbers(texts)
    assert (found.values.tolist(), found.form) == (values, form)


@pytest.mark.parametrize("text", ["5.752", "5,752"])
def test_where_no_number_tells_the_setting_is_asked_for(text):
    with pytest.raises(DataError, match=f"'{text}' may be 5752 or 5.752") as error:
        parse_numbers([text, "987"], "f.csv, column y")
    assert "[data] decimal" in error.value.hint
    mark = text[1]
    other = {".": ",", ",": "."}[mark]
    assert parse_numbers([text], decimal=mark).values.tolist() == [5.752]
    assert parse_numbers([text], decimal=other).values.tolist() == [5752]
    assert parse_numbers([text], others=[f"1{mark}000{mark}000"]).values.tolist() == [5752]
    with pytest.raises(DataError, match="different decimal marks"):
        parse_numbers(["1.234.567", "12.5", text])


@pytest.mark.parametrize(
    ("text", "mark"),
    [
        ("4198752*", "*"),
        ("4198752 p", "p"),
        ("4198752r", "r"),
        ("4198752 (r)", "(r)"),
        ("4,198,752 b", "b"),
        ("4198752e", "e"),
        ("4198752\u00b9", "\u00b9"),
        ("4198752 [1]", "[1]"),
        ("*4198752", "*"),
        ("4198752 bp", "bp"),
    ],
)
def test_marks_beside_a_number_are_kept(text, mark):
    found = parse_numbers(["7", text])
    assert found.values.tolist() == [7, 4198752]
    assert found.marks == {1: mark}
    assert parse_numbers([": c"]).marks == {0: "c"}


@given(st.lists(st.just(0.0) | st.floats(min_value=SMALLEST, max_value=LARGEST), min_size=1))
def test_floats_are_read_exactly(values):
    found = parse_numbers([repr(v) for v in values], decimal=".")
    assert found.values.tolist() == values
    assert found.problems == {}


def test_numbers_that_come_as_numbers():
    found = number_problems(np.array([1.0, math.nan, math.inf, -3.0, -math.inf]))
    assert found == {2: "inf is infinite", 3: "-3 is negative", 4: "-inf is infinite"}
