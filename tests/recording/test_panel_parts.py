"""A panel that is stored part by part is the panel; of one airport, its part alone is read."""

import io
from dataclasses import replace

import pandas as pd
import pytest

from forecastctl.errors import DamagedError, DataError
from forecastctl.recording.panel import kept_panel
from forecastctl.recording.read import airport_rows, find_snapshot, panel_rows, read_snapshot
from forecastctl.records import FAILED, FINISHED, Query
from forecastctl.records.schema import File, Kind, Tag, panel_part_path
from tests.harness import Harness

NAMES = ["JFK", "LGA/1", "tiny"]


@pytest.fixture
def harness():
    return Harness()


@pytest.fixture
def job(harness):
    """A planned job; its panel is not stored."""
    return harness.planned("tune", harness.tracker, {})


def parts_of(frame):
    """A part for each airport."""
    for name in NAMES:
        buffer = io.BytesIO()
        frame[frame["airport"] == name].to_parquet(buffer, index=False)
        yield (name,), buffer.getvalue()


def test_parts_are_read_as_the_panel_that_they_are_of(harness, job):
    run_id = kept_panel(harness.tracker, lambda: parts_of(job.snapshot), job.context)
    run = harness.tracker.get(run_id)
    assert (run.status, run.tags[Tag.KIND]) == (FINISHED, Kind.PANEL)
    found = read_snapshot(harness.tracker, job.context.panel_digest)
    pd.testing.assert_frame_equal(found, job.snapshot, check_dtype=False)
    rows = panel_rows(harness.tracker, run)
    assert rows.names == tuple(NAMES)
    for name in NAMES:
        own = job.snapshot[job.snapshot["airport"] == name]
        assert rows.of(name).y.tolist() == own["y"].tolist()
        assert airport_rows(harness.tracker, run, name).row.tolist() == own["row"].tolist()
    assert airport_rows(harness.tracker, run, "nobody").names == ()


def test_it_is_stored_once(harness, job):
    first = kept_panel(harness.tracker, lambda: parts_of(job.snapshot), job.context)
    assert kept_panel(harness.tracker, lambda: iter(()), job.context) == first


def test_of_one_airport_its_part_alone_is_read(harness, job):
    run_id = kept_panel(harness.tracker, lambda: parts_of(job.snapshot), job.context)
    files = harness.tracker._artifacts[run_id]
    files[panel_part_path(0)] = files[panel_part_path(2)]
    run = harness.tracker.get(run_id)
    assert airport_rows(harness.tracker, run, "LGA/1").names == ("LGA/1",)
    with pytest.raises(DamagedError, match="was changed after it was recorded"):
        airport_rows(harness.tracker, run, "JFK")
    with pytest.raises(DamagedError):
        read_snapshot(harness.tracker, job.context.panel_digest)


def test_a_damaged_panel_is_stored_again(harness, job):
    first = kept_panel(harness.tracker, lambda: parts_of(job.snapshot), job.context)
    harness.tracker._artifacts[first][panel_part_path(1)] = b"x"
    context = replace(job.context, start_ms=job.context.start_ms + 1)
    again = kept_panel(harness.tracker, lambda: parts_of(job.snapshot), context)
    assert again != first
    assert len(read_snapshot(harness.tracker, context.panel_digest)) == len(job.snapshot)


def test_a_panel_that_cannot_be_read_to_its_end_is_not_found(harness, job):
    def broken():
        yield next(parts_of(job.snapshot))
        raise DataError("a worker could not read it")

    with pytest.raises(DataError):
        kept_panel(harness.tracker, broken, job.context)
    assert find_snapshot(harness.tracker, job.context.panel_digest) is None
    (run,) = harness.tracker.find(Query(tags={Tag.KIND: Kind.PANEL}))
    assert run.status == FAILED
    assert File.PANEL_PARTS not in harness.tracker._artifacts[run.run_id]
