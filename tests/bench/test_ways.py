"""Which ways there are, and what is said of those that cannot be tried."""

import pytest

from forecastctl.bench import ways
from forecastctl.bench.ways import missing, ways_of
from forecastctl.errors import UsageError


def test_every_engine_is_run_with_and_without_recording_beside_it():
    found = ways_of(["ray", "shares", "loky", "serial", "threads"])
    assert [(way.name, way.key) for way in found] == [
        ("serial", "serial"),
        ("concurrent", "threads"),
        ("parallel", "loky-held"),
        ("parallel and concurrent", "loky"),
        ("in shares, a process each", "shares"),
        ("distributed parallel", "ray-held"),
        ("distributed parallel and concurrent", "ray"),
    ]


def test_a_name_given_twice_counts_once():
    assert [way.key for way in ways_of(["serial", "serial"])] == ["serial"]


def test_an_unknown_name_is_refused_with_a_suggestion():
    with pytest.raises(UsageError, match="'lokky'") as error:
        ways_of(["lokky"])
    assert "loky" in error.value.hint


def test_an_engine_that_is_not_installed_is_said_to_be(monkeypatch):
    monkeypatch.setitem(ways._PACKAGES, "ray", "no_such_package")
    assert missing("ray", {}) == "no_such_package is not installed: pip install 'forecastctl[ray]'"
    assert missing("serial", {}) is None


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"tune.max_evals": 3, "forecast.reconcile": "none"}, None),
        ({"tune.learn": True}, "a job in shares knows no --learn"),
        ({"data.groups": ["state"]}, "a job in shares knows no groups and totals"),
        ({"data.group_file": "g.csv"}, "a job in shares knows no groups and totals"),
        ({"forecast.reconcile": "ols"}, "a job in shares knows no groups and totals"),
    ],
)
def test_what_shares_cannot_do_leaves_them_out(settings, said):
    assert missing("shares", settings) == said
    assert missing("loky", settings) is None
