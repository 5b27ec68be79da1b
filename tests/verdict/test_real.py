"""Labelled events in real panels, made into jobs and asked about as a user would."""

import pytest

EVENTS = 7
"""So many of the benchmark's events, all that `make slow` has the time for."""


@pytest.mark.slow
def test_real_events_are_called_by_their_names(shared_data):
    from tests.verdict.scenarios import played_events

    rows = list(played_events(EVENTS))
    wrong = [
        f"{r['kind']}, {r['airport']} {r['date']}: {r['said']}" for r in rows if not r["right"]
    ]
    assert wrong == []
    assert len(rows) >= 50
    assert shared_data.is_dir()
