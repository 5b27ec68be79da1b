"""Shares of a job: each airport in one of them, whatever else there is."""

import tracemalloc

import pandas as pd
import pytest

from forecastctl.errors import NothingRecordedError
from forecastctl.execute.serial import SerialExecutor
from forecastctl.jobs.run import work_off
from forecastctl.jobs.share import share_of
from forecastctl.jobs.stopping import Stopping
from forecastctl.records import KILLED, Artifact, Query, RunUpdate
from forecastctl.records.schema import searches_path
from forecastctl.records.shards import Shard, number_of, shard_of
from forecastctl.store.spool.aside import AsideTracker
from forecastctl.store.spool.place import place_of, publish_all
from forecastctl.store.spool.tracker import SpoolTracker
from tests.harness import Harness, make_series

NAMES = [f"A{i:04}" for i in range(4000)]


@pytest.mark.parametrize("count", [1, 2, 3, 7, 500])
def test_each_airport_is_in_one_share(count):
    shards = [Shard(number, count) for number in range(1, count + 1)]
    for name in [*NAMES[:200], "São Paulo", "\udcff", ""]:
        assert sum(shard.holds(name) for shard in shards) == 1


def test_shares_are_about_equal_and_stay_what_they_are():
    sizes = [sum(Shard(n, 8).holds(name) for name in NAMES) for n in range(1, 9)]
    assert sum(sizes) == 4000
    assert min(sizes) > 430
    assert [n for n in range(1, 9) if Shard(n, 8).holds("JFK")] == [8]
    assert [n for n in range(1, 9) if Shard(n, 8).holds("LGA")] == [2]


@pytest.mark.parametrize(
    ("text", "index", "shard"),
    [
        ("2/8", None, Shard(2, 8)),
        ("2/8", "7", Shard(2, 8)),
        ("/8", "0", Shard(1, 8)),
        ("/8", "7", Shard(8, 8)),
        (" 1/1 ", None, Shard(1, 1)),
    ],
)
def test_how_a_share_is_written(text, index, shard):
    assert shard_of(text, index) == shard


@pytest.mark.parametrize(
    ("text", "index", "said"),
    [
        ("0/8", None, "no shard 0 of 8"),
        ("9/8", None, "no shard 9 of 8"),
        ("/8", "8", "no shard 9 of 8"),
        ("/8", None, "its number is missing"),
        ("/8", "one", "its number is missing"),
        ("1/0", None, "no shard 1 of 0"),
        ("2", None, "as 2/8"),
        ("-1/8", None, "as 2/8"),
        ("1/" + "9" * 5000, None, "as 2/8"),
    ],
)
def test_what_is_no_share(text, index, said):
    with pytest.raises(ValueError, match=said):
        shard_of(text, index)


def test_shares_need_no_order_and_the_last_one_is_known():
    whole, shared = Harness(), Harness()
    whole.entries = [make_series(f"A{i}", seed=i) for i in range(6)]
    shared.entries = list(whole.entries)
    expected = whole.run()
    left = [shared.share(text) for text in ("2/3", "2/3", "3/3", "1/3")]
    sizes = [sum(Shard(n, 3).holds(f"A{i}") for i in range(6)) for n in (1, 2, 3)]
    assert left == [(6 - sizes[1], 0), (6 - sizes[1], 0), (sizes[0], 0), (0, 0)]
    [job] = shared.tracker.find(Query(tags={"kind": "job"}))
    assert (job.status, job.tags["status"], job.tags["shards"]) == (
        KILLED,
        "interrupted",
        "1,2,3 of 3",
    )
    closed = shared.run()
    assert closed.run_id == job.run_id
    pd.testing.assert_frame_equal(closed.forecasts, expected.forecasts)
    runs = shared.tracker.find(Query(tags={"kind": "airport"}, limit=100))
    assert sorted(run.tags["airport"] for run in runs) == [f"A{i}" for i in range(6)]
    assert {(run.tags["attempt"], run.parent_id) for run in runs} == {("1", job.run_id)}
    widths = [
        t.read_artifact(r, "widths.json")
        for t, r in ((whole.tracker, expected.run_id), (shared.tracker, job.run_id))
    ]
    assert widths[0] == widths[1]
    assert whole.tracker.read_artifact(expected.run_id, searches_path(0))
    with pytest.raises(NothingRecordedError):  # those of several shares would be mixed
        shared.tracker.read_artifact(job.run_id, searches_path(0))


def test_a_slip_in_the_number_of_shares_takes_no_memory():
    """``1/2000000`` in place of ``1/20``: shares that nobody will do are counted, not listed."""
    harness = Harness()
    harness.entries = [make_series("A0", seed=0)]
    assert number_of("A0", 2_000_000) != 1
    harness.share("1/3")  # what is imported and compiled is there
    tracemalloc.start()
    try:
        assert harness.share("1/2000000", levels=(90,)) == (1, 2_000_000 - 2)
        assert tracemalloc.get_traced_memory()[1] < 30_000_000
    finally:
        tracemalloc.stop()


def test_a_damaged_airport_is_another_attempt_of_its_share():
    harness = Harness()
    harness.entries = [make_series(f"A{i}", seed=i) for i in range(6)]
    harness.share("1/3")
    [damaged, *_] = harness.tracker.find(Query(tags={"kind": "airport"}, limit=100))
    update = RunUpdate(artifacts=(Artifact("forecast.json", b"cut"),))
    harness.tracker.update(damaged.run_id, update)
    harness.share("1/3")
    name = damaged.tags["airport"]
    runs = harness.tracker.find(Query(tags={"kind": "airport", "airport": name}, limit=100))
    assert sorted(run.tags["attempt"] for run in runs) == ["1", "2"]


def test_what_others_did_meanwhile_is_not_recorded_again(tmp_path):
    """A share waits on its machine, and somebody has the whole job done without it."""
    place = place_of(tmp_path / "spool", "sqlite:////nowhere/mlflow.db", "x")
    harness = Harness()
    harness.entries = [make_series(f"A{i}", seed=i) for i in range(6)]
    store = harness.tracker
    harness.share("1/2")
    [job] = store.find(Query(tags={"kind": "job"}))
    spool = SpoolTracker(place.new())
    planned = harness.planned("run", store, {})
    share = share_of(planned, shard_of("2/2", None))
    ignored = (lambda *_: None, lambda *_: None, Stopping(), lambda *_: None)
    work_off(share, AsideTracker(spool, job), SerialExecutor(), job.run_id, *ignored)
    spool.close()
    assert harness.run().run_id == job.run_id
    publish_all(place, store)
    runs = store.find(Query(tags={"kind": "airport"}, limit=100))
    assert sorted(run.tags["airport"] for run in runs) == [f"A{i}" for i in range(6)]
    assert place.waiting() == []
