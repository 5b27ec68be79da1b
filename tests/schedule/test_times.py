"""When a job is started: what cron and systemd make of the same words."""

import re
import shutil
import subprocess
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forecastctl.errors import UsageError
from forecastctl.schedule import times

SYSTEMD = shutil.which("systemd-analyze")


def matches(found, moment):
    """Whether cron starts a job at a moment, as its manual says it."""
    _, _, day, _, weekday = found.numbers
    now = (moment.minute, moment.hour, moment.day, moment.month, moment.isoweekday() % 7)
    fits = [n is None or x in n for n, x in zip(found.numbers, now, strict=True)]
    days = fits[2] or fits[4] if day and weekday else fits[2] and fits[4]
    return fits[0] and fits[1] and fits[3] and days


@pytest.mark.parametrize(
    ("expression", "numbers"),
    [
        ("15 5 * * *", ({15}, {5}, None, None, None)),
        ("*/20 0-2 1,15 JAN-mar *", ({0, 20, 40}, {0, 1, 2}, {1, 15}, {1, 2, 3}, None)),
        ("5/20 * * * MON-FRI", ({5, 25, 45}, None, None, None, {1, 2, 3, 4, 5})),
        ("0 0 * * 5-7", ({0}, {0}, None, None, {0, 5, 6})),
        ("0 0 * * */2", ({0}, {0}, None, None, {0, 2, 4, 6})),
        ("10-20/5 * * * sun", ({10, 15, 20}, None, None, None, {0})),
        ("@Monthly", ({0}, {0}, {1}, None, None)),
    ],
)
def test_five_fields(expression, numbers):
    assert times.every(expression).numbers == numbers


@pytest.mark.parametrize(
    "wrong",
    [
        "", "* * * *", "* * * * * *", "60 * * * *", "* 24 * * *", "* * 0 * *", "* * * 13 *",
        "* * * * 8", "* * * foo *", "5-1 * * * *", "*/0 * * * *", "-1 * * * *", "1,,2 * * * *",
        "*-5 * * * *", "1/ * * * *", "@reboot", "٣ * * * *", "* * * * MON-SUN", "$(x) * * * *",
    ],
)  # fmt: skip
def test_what_is_none_is_refused(wrong):
    with pytest.raises(UsageError, match="--cron"):
        times.every(wrong)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("@reboot", "'@reboot' is no time at which"),
        ("@", "'@' is no time at which"),
        ("0 15 5 * * * 2026", "has 7 fields instead of five"),
        ("daily", "has 1 field instead of five"),
        ("15 5 31 2 *", "'15 5 31 2 \\*' never comes"),
        ("15 5 31 2,4,6,9,11 *", "never comes"),
        ("15 5 30-31 FEB *", "never comes"),
    ],
)
def test_what_is_wrong_is_said(wrong, said):
    with pytest.raises(UsageError, match=said):
        times.every(wrong)


@pytest.mark.parametrize("seldom", ["15 5 29 2 *", "15 5 31 2,3 *", "15 5 31 2 MON", "0 0 30 * *"])
def test_what_comes_seldom_is_no_mistake(seldom):
    assert times.every(seldom).ever


@pytest.mark.parametrize("wrong", ["24:00", "5", "5:60", "05:15:00", "noon", "", "-1:00"])
def test_what_is_no_time_of_day_is_refused(wrong):
    with pytest.raises(UsageError, match="--at"):
        times.at(wrong)


def test_a_time_of_day():
    assert times.at("5:15").expression == times.at("05:15").expression == "15 5 * * *"
    assert times.at("5:15").on_calendar() == ["*-*-* 05:15:00"]


def test_cron_takes_either_day_and_systemd_is_told_so():
    assert times.every("0 6 13 * FRI").on_calendar() == [
        "*-*-13 06:00:00",
        "Fri *-*-* 06:00:00",
    ]


def _field(low, high):
    number = st.integers(low, high)
    span = st.tuples(number, number).map(lambda pair: f"{min(pair)}-{max(pair)}")
    step = st.tuples(st.just("*") | span, st.integers(1, 12)).map(lambda p: f"{p[0]}/{p[1]}")
    part = number.map(str) | span | step
    return st.just("*") | st.lists(part, min_size=1, max_size=3).map(",".join)


EXPRESSIONS = st.tuples(
    _field(0, 59), _field(0, 23), _field(1, 31), _field(1, 12), _field(0, 7)
).map(" ".join)


def days_of_a_leap_year():
    return (datetime(2024, 1, 1, tzinfo=UTC) + timedelta(days=n) for n in range(366))


@given(EXPRESSIONS)
def test_each_field_holds_what_it_may(expression):
    try:
        found = times.every(expression)
    except UsageError:  # there is no such day
        *_, day, month, _ = expression.split()
        of_month = times.every(f"0 0 1-31 {month} *").numbers[3]
        days = times.every(f"0 0 {day} * *").numbers[2]
        assert not any(d.month in of_month and d.day in days for d in days_of_a_leap_year())
        return
    for numbers, field in zip(found.numbers, times.FIELDS, strict=True):
        assert numbers is None or (numbers and field.low <= min(numbers) <= max(numbers))
    assert found.expression == expression


@pytest.mark.skipif(SYSTEMD is None, reason="systemd is not installed")
@pytest.mark.parametrize(
    "expression",
    ["15 5 * * *", "*/20 0-2 1,15 JAN-MAR *", "0 6 13 * FRI", "30 6 * * 0,6", "7 * * * *"],
)
def test_systemd_starts_it_when_cron_does(expression):
    found = times.every(expression)
    start = datetime(2026, 1, 1, tzinfo=UTC)
    for calendar in found.on_calendar():
        base = ["--base-time", "2025-12-31 23:59:59 UTC", "--iterations", "12"]
        said = subprocess.run(
            [SYSTEMD, "calendar", *base, f"{calendar} UTC"],
            capture_output=True,
            text=True,
            check=True,
            env={"TZ": "UTC"},
        ).stdout
        moments = [
            datetime.fromisoformat(f"{moment}+00:00")
            for moment in re.findall(r"(?:elapse|Iter.*): \w+ (\S+ \S+) UTC$", said, re.MULTILINE)
        ]
        assert len(set(moments)) == 12
        for moment in moments:
            assert matches(found, moment), moment
        if len(found.on_calendar()) == 1:
            minutes = (moments[-1] - start) // timedelta(minutes=1) + 1
            every = (start + timedelta(minutes=i) for i in range(minutes))
            assert [m for m in every if matches(found, m)] == sorted(set(moments))
