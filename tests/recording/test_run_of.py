"""A stored run read by name and type, and what is said where it lacks something."""

import pytest

from forecastctl.errors import DamagedError
from forecastctl.recording.run_of import RunOf
from forecastctl.records import StoredRun
from forecastctl.records.schema import Tag


def of(params=None, metrics=None, **tags):
    return RunOf(StoredRun("r1", "JFK", "FINISHED", 0, 1, params or {}, metrics or {}, tags))


def test_what_a_run_says_has_types():
    run = of(
        params={"horizon": "6", "engine": "statsmodels"},
        metrics={"loss": 0.5},
        kind="group", airport="total", season_length="12", trial="3", left_out="2019-01-01,2019-02-01",
        tuned="true", origin="backtest", layout="flat",
    )  # fmt: skip
    assert (run.airport, run.season_length, run.trial) == ("total", 12, 3)
    assert run.left_out == ("2019-01-01", "2019-02-01")
    assert run.is_series
    assert not run.is_job
    assert run.is_backtest
    assert run.is_flat
    assert (run.holds(Tag.TUNED), run.holds(Tag.TRAINED)) == (True, False)
    assert (run.horizon(1), run.engine("compiled"), run.loss) == (6, "statsmodels", 0.5)


def test_what_only_some_runs_have_may_be_missing():
    run = of()
    assert (run.kind, run.reason, run.model, run.command, run.loss) == (None,) * 5
    assert (run.left_out, run.search_id, run.origin) == ((), "", "live")
    assert (run.horizon(12), run.engine("compiled")) == (12, "compiled")
    assert run.tuned_by == "r1"
    assert of(tuned_by="r0").tuned_by == "r0"


@pytest.mark.parametrize("name", ["job_id", "airport", "cutoff", "status", "freq", "panel_digest"])
def test_what_every_run_has_is_missed_by_name(name):
    assert getattr(of(**{name: "x"}), name) == "x"
    with pytest.raises(DamagedError, match=f"^Run r1 has no tag '{name}'"):
        getattr(of(), name)


@pytest.mark.parametrize("name", ["season_length", "attempt", "trial"])
def test_a_number_that_is_none_is_said(name):
    with pytest.raises(DamagedError, match=f"'{name}' of run r1 is no whole number: 'x'"):
        getattr(of(**{name: "x"}), name)
    with pytest.raises(DamagedError, match="has no tag"):
        getattr(of(), name)


def test_a_horizon_that_is_no_number_is_said():
    with pytest.raises(DamagedError, match="'horizon' of run r1"):
        of(params={"horizon": "six"}).horizon(12)
