"""What a process leaves that is killed between files and rows of runs, and who removes it."""

import subprocess
import sys

import pytest

from forecastctl.records import Artifact, Run, RunUpdate
from forecastctl.store.mlflow.open import open_tracker
from forecastctl.store.mlflow.unfinished import FOLDER, clear, noted

KILLED = """
import os, sys
from forecastctl.records import Artifact, Run
from forecastctl.store.mlflow.artifacts import Writer
from forecastctl.store.mlflow.open import open_tracker
tracker = open_tracker(sys.argv[1], "x", artifact_location=sys.argv[2])
runs = [Run(name, start_ms=1, artifacts=(Artifact("a.json", b"1"),)) for name in ("a", "b")]
whole = Writer.settle
def killed(writer):
    whole(writer)
    os._exit(9)
Writer.settle = killed
tracker.record(runs)
"""
"""A process that ends when the files are on the disk and the rows are not."""

A_RUN = Run("later", start_ms=2, artifacts=(Artifact("a.json", b"2"),))


@pytest.fixture
def place(tmp_path, store_template):
    """An address of a store, and where its files lie."""
    import shutil

    shutil.copy(store_template, tmp_path / "mlflow.db")
    return f"sqlite:///{tmp_path}/mlflow.db", tmp_path / "files"


def struck(uri, files):
    done = subprocess.run(
        [sys.executable, "-c", KILLED, uri, str(files)], capture_output=True, check=False
    )
    assert done.returncode == 9, done.stderr
    return sorted(path.name for path in files.iterdir() if path.name != FOLDER)


def notes(files):
    return [path.name for path in (files / FOLDER).iterdir()]


def test_the_next_process_that_records_removes_it(place):
    uri, files = place
    left = struck(uri, files)
    assert len(left) == 2
    assert len(notes(files)) == 1
    tracker = open_tracker(uri, "x", artifact_location=str(files))
    [run_id] = tracker.record([A_RUN])
    assert sorted(path.name for path in files.iterdir()) == sorted([FOLDER, run_id])
    assert notes(files) == []
    assert tracker.read_artifact(run_id, "a.json") == b"2"


def test_adding_to_a_run_removes_nothing(place):
    """Only who makes runs does: a page that is read, or a tag that is set, is no job."""
    uri, files = place
    tracker = open_tracker(uri, "x", artifact_location=str(files))
    run_id = tracker.start(Run("job", start_ms=1))
    left = struck(uri, files)
    tracker.update(run_id, RunUpdate(tags={"a": "b"}, artifacts=(Artifact("b.json", b"3"),)))
    assert {*left} <= {path.name for path in files.iterdir()}


def test_runs_whose_rows_are_there_keep_their_files(place):
    """Killed after the COMMIT, before the note was gone."""
    uri, files = place
    tracker = open_tracker(uri, "x", artifact_location=str(files))
    [run_id] = tracker.record([A_RUN])
    with noted([files / run_id, files / ("0" * 32)], uri):
        (files / ("0" * 32)).mkdir()
        [note] = (files / FOLDER).iterdir()
        text = note.read_text().replace("0" * 32, run_id)
    note.write_text(text)
    open_tracker(uri, "x", artifact_location=str(files)).record([A_RUN])
    assert tracker.read_artifact(run_id, "a.json") == b"2"
    assert notes(files) == []


def test_what_a_living_process_writes_is_left(tmp_path):
    folder = tmp_path / ("a" * 32)
    with noted([folder], "sqlite:///here"):
        folder.mkdir()
        assert clear(tmp_path, "sqlite:///here", lambda ids: ids) == 0
        assert folder.is_dir()
    assert notes(tmp_path) == []


def test_another_store_with_the_same_directory_is_left(tmp_path):
    folder = tmp_path / ("a" * 32)
    with noted([folder], "sqlite:///there"):
        folder.mkdir()
        [note] = (tmp_path / FOLDER).iterdir()
        text = note.read_text()
    note.write_text(text)  # as if its process had been killed
    assert clear(tmp_path, "sqlite:///here", lambda ids: ids) == 0
    assert folder.is_dir()
    assert clear(tmp_path, "sqlite:///there", lambda ids: ids) == 1
    assert not folder.exists()


@pytest.mark.parametrize("text", ["", "no json", "[3]", '["../../etc"]', '["a"]'])
def test_a_damaged_note_removes_nothing(tmp_path, text):
    (tmp_path / "kept").mkdir()
    with noted([tmp_path / ("a" * 32)], "s"):
        [note] = (tmp_path / FOLDER).iterdir()
    note.write_text(text)
    assert clear(tmp_path / "kept", "s", lambda ids: ids) == 0
    assert clear(tmp_path, "s", lambda ids: ids) == 0
    assert (tmp_path / "kept").is_dir()
    assert notes(tmp_path) == []
