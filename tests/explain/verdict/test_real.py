"""Labelled events in real panels and made ones, made into jobs and asked about as a user would."""

import pandas as pd
import pytest

from tests import panels
from tests.explain.verdict.values import said

EVENTS = 7
"""So many of the benchmark's events, all that `make slow` has the time for."""


def scenario(fleet, cutoffs):
    """A job at each cutoff, then one that knows all, and what is right of each airport and lead."""
    from tests.explain.verdict.scenarios import Branch, Question, Scenario, injections

    search = {"max_evals": 4, "horizon": 6, "families": ("seasonal_naive", "holt_winters")}
    steps = [injections.Step(fleet.table[:cutoff], search=search) for cutoff in cutoffs]
    right = {(e.airport, e.first): "local_shock" for e in fleet.of("local_shock").values()}
    right |= {(e.airport, e.first): "system_shock" for e in fleet.of("epidemic").values()}
    asked = [
        Question("made", right.get((airport, month), "none"), airport, month, cutoff, ())
        for cutoff, lead in cutoffs.items()
        for airport in fleet.table
        for month in [str(pd.Period(cutoff) + lead)]
    ]
    last = injections.Step(fleet.table, search={**search, "max_evals": 1})
    return Scenario("made", "M", tuple(steps), (Branch((last,), tuple(asked)),))


def test_made_events_are_called_by_their_names():
    """Where nothing happened, one month in twenty lies outside its interval, and is called so."""
    from tests.explain.verdict.scenarios import play

    fleet = panels.make(
        1, 6, 78, "2014-01", smallest=3_000, epidemic="2020-03", recent="2019-05", local_shocks=1
    )
    found = {"local_shock": [], "system_shock": [], "none": []}
    for question, case in play(scenario(fleet, {"2019-04": 1, "2020-01": 2})):
        found[question.kind].append(said(case).name)
    assert found["local_shock"] == ["local_shock"]
    assert found["system_shock"] == ["system_shock"] * 6
    assert len(found["none"]) == 5
    assert set(found["none"]) <= {"expected_noise", "cannot_tell"}


@pytest.mark.slow
def test_real_events_are_called_by_their_names(shared_data):
    from tests.explain.verdict.scenarios import played_events

    rows = list(played_events(EVENTS))
    wrong = [
        f"{r['kind']}, {r['airport']} {r['date']}: {r['said']}" for r in rows if not r["right"]
    ]
    assert wrong == []
    assert len(rows) >= 50
    assert shared_data.is_dir()
