"""A store that was moved together with its artifacts, and one that was moved without."""

import pytest

from forecastctl.errors import NothingRecordedError
from forecastctl.records import Artifact, Query, Run, RunUpdate
from forecastctl.store.mlflow.open import open_tracker

FILE = Artifact("a/b.txt", b"content")


def made(uri, experiment="x", **options):
    tracker = open_tracker(uri, experiment, **options)
    [run_id] = tracker.record([Run("a", start_ms=1, end_ms=2, artifacts=(FILE,))])
    tracker.close()
    return run_id


@pytest.fixture(params=["mlartifacts", "files/of all%2F", "a?b#c"])
def moved(request, sqlite_uri, tmp_path):
    """Address of a store after it was moved, a run in it, and where it was."""
    old, new = tmp_path / "store", tmp_path / "elsewhere" / "new %1"
    where = (
        {} if request.param == "mlartifacts" else {"artifact_location": str(old / request.param)}
    )
    run_id = made(sqlite_uri, **where)
    assert (old / request.param.split("/")[0]).is_dir()
    new.parent.mkdir()
    old.rename(new)
    return new, run_id, old


@pytest.mark.parametrize("writer", ["auto", "client"])
def test_what_lies_beside_the_database_is_found(moved, writer):
    new, run_id, old = moved
    for reading in (True, False):
        tracker = open_tracker(f"sqlite:///{new}/mlflow.db", "x", reading=reading, writer=writer)
        assert tracker.read_artifact(run_id, FILE.path) == FILE.content
    tracker.update(run_id, RunUpdate(artifacts=(Artifact("c.txt", b"more"),)))
    assert not old.exists() or writer == "client"
    if writer == "auto":
        assert tracker.read_artifact(run_id, "c.txt") == b"more"


def test_the_next_job_makes_no_old_directory(sqlite_uri, tmp_path):
    first = made(sqlite_uri)
    old, new = tmp_path / "store", tmp_path / "new"
    old.rename(new)
    uri = f"sqlite:///{new}/mlflow.db"
    second = made(uri)
    tracker = open_tracker(uri, "x", reading=True)
    for run_id in (first, second):
        assert tracker.read_artifact(run_id, FILE.path) == FILE.content
    assert not old.exists()


def test_files_that_stayed_behind_are_told_of_with_the_path_and_the_way_back(sqlite_uri, tmp_path):
    run_id = made(sqlite_uri)
    (tmp_path / "store" / "mlartifacts").rename(tmp_path / "left")
    tracker = open_tracker(sqlite_uri, "x", reading=True)
    with pytest.raises(NothingRecordedError) as error:
        tracker.read_artifact(run_id, FILE.path)
    folder = next((tmp_path / "left").iterdir()).name
    where = tmp_path / "store" / "mlartifacts" / folder
    assert str(where) in error.value.message
    assert f"mv WHERE-IT-IS {where}" in error.value.hint
    assert len(tracker.find(Query())) == 1


def test_a_directory_that_is_not_there_yet_is_no_reason_to_write_elsewhere(sqlite_uri, tmp_path):
    """It may be a disk that is not mounted, and the name beside the database a chance."""
    (tmp_path / "store" / "artifacts").mkdir()
    place = tmp_path / "mnt" / "artifacts"
    run_id = made(sqlite_uri, artifact_location=str(place))
    assert (place / run_id / "artifacts" / FILE.path).is_file()
    assert list((tmp_path / "store" / "artifacts").iterdir()) == []
