"""What may have been meant, asked wherever a name is not known."""

import pytest

from forecastctl.hints import did_you_mean, nearest


@pytest.mark.parametrize(
    ("wanted", "meant"),
    [
        ("jfk", "JFK"),
        ("jkf", "JFK"),  # and not JQF, of which as much is alike
        ("JFKX", "JFK"),
        ("la guardia", "La Guardia"),
        ("strasse", "Straße"),
        ("lgw", None),
        ("", None),
    ],
)
def test_the_nearest_name_whatever_its_case(wanted, meant):
    known = ["JQF", "JFK", "La Guardia", "Straße", "jfk2"]
    assert nearest(wanted, known) == meant
    said = None if meant is None else f"Did you mean '{meant}'?"
    assert did_you_mean(wanted, known) == said


def test_of_names_that_differ_in_their_case_the_first():
    assert nearest("AbC", ["abc", "ABC"]) == "abc"


def test_how_alike_they_have_to_be():
    assert nearest("abcd", ["abxy"], 0.5) == "abxy"
    assert nearest("abcd", ["abxy"]) is None
