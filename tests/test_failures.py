"""Failures can be stored, whatever raised them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forecastctl.errors import ModelError
from forecastctl.records import Failure, described
from forecastctl.records.failures import MAX_MESSAGE, MAX_TRACEBACK, MAX_TYPE


class Mute(Exception):  # noqa: N818 - its name is long enough
    def __str__(self):
        raise SystemExit("no words")


@given(st.text(st.characters(), max_size=50), st.sampled_from([1, 100, 100_000]))
def test_every_part_is_bounded_and_storable(text, times):
    failure = Failure(text * times, text * times, text * times)
    parts = (failure.type, failure.message, failure.traceback)
    for part, limit in zip(parts, (MAX_TYPE, MAX_MESSAGE, MAX_TRACEBACK), strict=True):
        assert len(part) <= limit
        part.encode()
        assert "\0" not in part


def test_a_long_traceback_keeps_both_ends():
    text = "head " + "x" * 100_000 + " tail"
    kept = Failure("E", "m", text).traceback
    assert kept.startswith("head xxx")
    assert kept.endswith("xxx tail")
    assert "\n... 68110 characters are left out here ...\n" in kept
    assert Failure("E", "m", "x" * MAX_TRACEBACK).traceback == "x" * MAX_TRACEBACK


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (ValueError("a"), "ValueError: a"),
        (ModelError("refused"), "refused"),
        (Mute(), "Mute: its message cannot be read: SystemExit"),
        (ValueError("x" * 5000), "ValueError: " + "x" * (MAX_MESSAGE - 1) + "…"),
        (LookupError("\ud800"), "LookupError: \ufffd"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_an_error_in_one_line(error, line):
    assert described(error) == line
    assert Failure.of(error).message == line.removeprefix(f"{type(error).__name__}: ")
