"""Look-ups by mark: the same answers, without walking the store."""

import random
import time

import pytest

from forecastctl.records import Query, Run
from forecastctl.records.marks import AIRPORTS, SET
from forecastctl.store.mlflow.client import MlflowClientTracker
from forecastctl.store.mlflow.open import open_tracker

NOW = time.time_ns() // 1_000_000


def runs(count, seed):
    """Runs that started up to an hour before they are recorded, every second one marked."""
    chance = random.Random(seed)  # noqa: S311
    return [
        Run(
            f"r{i}",
            start_ms=NOW - chance.randrange(3_600_000),
            end_ms=NOW,
            tags={"n": str(i % 3)} | ({AIRPORTS: SET} if i % 2 else {}),
        )
        for i in range(count)
    ]


def newest(tracker, limit, **tags):
    return [r.run_id for r in tracker.find(Query(tags={AIRPORTS: SET, **tags}, limit=limit))]


@pytest.mark.parametrize("foreign", [0, 3])
def test_the_newest_are_the_newest(sqlite_uri, foreign):
    tracker = open_tracker(sqlite_uri, "marks", writer="sql")
    for seed in range(3):
        tracker.record(runs(150, seed))
    if foreign:  # ids of MLflow's own hold no time
        MlflowClientTracker(sqlite_uri, "marks").record(runs(2 * foreign, 9))
    for tags in ({}, {"n": "1"}):
        every = newest(tracker, 1_000_000, **tags)
        assert len(every) > 70
        for limit in (1, 5, 20, 60):
            assert newest(tracker, limit, **tags) == every[:limit]


def test_a_later_start_with_a_lower_id_is_not_missed(sqlite_uri):
    tracker = open_tracker(sqlite_uri, "marks", writer="sql")
    tags = {AIRPORTS: SET}
    (first,) = tracker.record([Run("late start", start_ms=NOW, end_ms=NOW, tags=tags)])
    old = [Run(f"{i}", start_ms=NOW - 10_000 - i, end_ms=NOW, tags=tags) for i in range(200)]
    tracker.record(old)
    assert newest(tracker, 1) == [first]


def test_the_plan_is_a_seek(sqlite_uri):
    import sqlite3

    from forecastctl.store.filters import conditions
    from forecastctl.store.mlflow.sql.select import NEWEST, _Select

    select = _Select(0, "{} ILIKE ?")
    for predicate in conditions(Query(tags={AIRPORTS: SET, "tuned": "true"})):
        select.add(predicate)
    text, params = select.sql(NEWEST, 20, floor="01")
    with sqlite3.connect(sqlite_uri.removeprefix("sqlite:///")) as store:
        plan = [row[3] for row in store.execute(f"EXPLAIN QUERY PLAN {text}", params)]
    assert not [step for step in plan if step.startswith("SCAN")], plan
