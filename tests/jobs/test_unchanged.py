"""What `--skip-unchanged` leaves alone: the same data, settings, package versions and machine."""

from dataclasses import replace

import pytest

from tests import harness as in_memory
from tests.harness import ENVIRONMENT, make_series

OTHER = {
    "a package": replace(ENVIRONMENT, versions={**ENVIRONMENT.versions, "numpy": "9.9"}),
    "python": replace(ENVIRONMENT, versions={**ENVIRONMENT.versions, "python": "3.12"}),
    "the machine": replace(ENVIRONMENT, machine={"cpu": "another"}),
}
SAME = {
    "the commit": replace(ENVIRONMENT, git_commit="beef", git_dirty=False),
    "the host": replace(ENVIRONMENT, host="another", pid=2, user="you"),
}


@pytest.fixture
def once(harness):
    """A job of one airport, done."""
    harness.entries = [make_series("JFK", seed=1)]
    harness.run()
    return harness


def again(harness, **changes):
    """Status of the airport in the next night."""
    (line,) = harness.run(skip_unchanged=True, **changes).lines
    return line.status


def test_everything_the_same_is_left_alone(once):
    assert again(once) == "skipped"


@pytest.mark.parametrize("what", list(OTHER))
def test_other_versions_or_another_machine_are_not(once, what, monkeypatch):
    with monkeypatch.context() as patched:
        patched.setattr(in_memory, "ENVIRONMENT", OTHER[what])
        assert again(once) == "ok"
        assert again(once) == "skipped"  # by now it is done there
    assert again(once) == "ok"  # the newest forecast is that of the others


@pytest.mark.parametrize("what", list(SAME))
def test_what_can_change_no_number_is(once, what, monkeypatch):
    monkeypatch.setattr(in_memory, "ENVIRONMENT", SAME[what])
    assert again(once) == "skipped"


def test_other_settings_are_not(once):
    assert again(once, config_digest="other") == "ok"


def test_other_rows_are_not_though_the_last_month_is_the_same(once):
    (series,) = once.entries
    once.entries = [replace(series, digest="mended")]
    assert again(once) == "ok"


def test_other_months_left_out_are_not(once):
    (series,) = once.entries
    once.entries = [replace(series, left_out=("2016-05-01",))]
    assert again(once) == "ok"
    assert again(once) == "skipped"


def test_a_forecast_of_the_stages_apart_is_not_that_of_a_run(harness):
    harness.entries = [make_series("JFK", seed=1)]
    for command in ("tune", "train", "forecast"):
        harness.run(command)
    assert again(harness) == "ok"
