"""Nothing is undone after a COMMIT, nor while it is in doubt: a run that is seen has its files."""

import logging
import resource
import sqlite3
import sys
import uuid
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from forecastctl.errors import TrackingError
from forecastctl.records import FINISHED, Artifact, Metric, Query, Run, RunUpdate
from forecastctl.store.mlflow.open import open_tracker
from forecastctl.store.mlflow.sql import postgres as mlflow_postgres
from forecastctl.store.mlflow.sql import sqlite as mlflow_sqlite
from forecastctl.store.patience import Patience
from tests.flaky import CommitProxy, place_of, through

FILE = "model/model.json"


def a_run(rows=1):
    metrics = tuple(Metric(f"m{i}", 1.0, 0, 1) for i in range(rows))
    child = Run("trial", start_ms=1, end_ms=2, artifacts=(Artifact(FILE, b"{}"),))
    return Run(
        "a", start_ms=1, end_ms=2, metrics=metrics, children=(child,), artifacts=child.artifacts
    )


def files_below(place):
    return [p for p in Path(place).rglob("*") if p.is_file()]


def whole_runs(tracker):
    """Runs in the store, each of which has its file."""
    found = tracker.find(Query())
    for run in found:
        assert tracker.read_artifact(run.run_id, FILE) == b"{}"
    return found


class Disturbed(sqlite3.Connection):
    """A connection whose COMMIT of what it wrote is disturbed, once: before it, or after."""

    error: BaseException | None = None
    after = True
    writes = False

    def execute(self, sql, *arguments):
        if sql.startswith("BEGIN"):
            self.writes = sql == "BEGIN IMMEDIATE"
        if sql != "COMMIT" or not self.writes or Disturbed.error is None:
            return super().execute(sql, *arguments)
        error, Disturbed.error = Disturbed.error, None
        if Disturbed.after:
            super().execute(sql, *arguments)
        raise error


@pytest.fixture
def disturbed(sqlite_uri, tmp_path, monkeypatch):
    connect = partial(sqlite3.connect, factory=Disturbed)
    monkeypatch.setattr(mlflow_sqlite.sqlite3, "connect", connect)
    tracker = open_tracker(sqlite_uri, "x", writer="sql", artifact_location=f"{tmp_path}/files")
    yield tracker
    Disturbed.error = None


INTERRUPTIONS = [KeyboardInterrupt(), MemoryError(), sqlite3.OperationalError("disk I/O error")]


@pytest.mark.parametrize("error", INTERRUPTIONS)
@pytest.mark.parametrize("after", [True, False])
def test_recording_that_is_disturbed_at_its_commit(disturbed, error, after, tmp_path, caplog):
    Disturbed.error, Disturbed.after = error, after
    hidden = after and isinstance(error, sqlite3.Error)  # all is recorded: the job goes on
    if hidden:
        with caplog.at_level(logging.WARNING, "forecastctl"):
            [run_id] = disturbed.record([a_run()])
        assert disturbed.get(run_id).name == "a"
        assert "all the same" in caplog.text
    else:
        with pytest.raises(TrackingError if isinstance(error, sqlite3.Error) else type(error)):
            disturbed.record([a_run()])
    assert len(whole_runs(disturbed)) == (2 if after else 0)
    assert len(files_below(tmp_path / "files")) == (2 if after else 0)
    disturbed.record([a_run()])
    assert len(whole_runs(disturbed)) == (4 if after else 2)


@pytest.mark.parametrize("error", INTERRUPTIONS)
@pytest.mark.parametrize("after", [True, False])
def test_an_update_that_is_disturbed_at_its_commit(disturbed, error, after, caplog):
    run_id = disturbed.start(Run("a", start_ms=1))
    Disturbed.error, Disturbed.after = error, after
    ended = RunUpdate(FINISHED, 5, tags={"snapshot": "true"}, artifacts=(Artifact(FILE, b"{}"),))
    with pytest.raises(TrackingError if isinstance(error, sqlite3.Error) else type(error)) as seen:
        disturbed.update(run_id, ended)
    assert disturbed.get(run_id).status == (FINISHED if after else "RUNNING")
    if after:
        assert disturbed.read_artifact(run_id, FILE) == b"{}"
    if after and isinstance(error, sqlite3.Error):
        assert "not known" in seen.value.message


def test_a_disk_that_is_full_at_the_commit(sqlite_uri, tmp_path):
    tracker = open_tracker(sqlite_uri, "x", writer="sql", artifact_location=f"{tmp_path}/files")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    size = Path(sqlite_uri.removeprefix("sqlite:///")).stat().st_size
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        with pytest.raises(TrackingError, match="cannot be used") as error:
            tracker.record([a_run(rows=2000)])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert "not known" not in error.value.message
    assert tracker.find(Query()) == []
    assert files_below(tmp_path / "files") == []
    tracker.record([a_run(rows=2000)])
    assert len(whole_runs(tracker)) == 2


class Interrupter:
    """Raises KeyboardInterrupt before the n-th instruction of the store's code, and once more.

    Args:
        first: Which instruction.
        second: How many calls of that code after it, or ``None`` for one interrupt alone.
    """

    PARTS = ("sql/tracker.py", "sql/sqlite.py", "mlflow/artifacts.py", "contextlib.py")

    def __init__(self, first, second=None):
        self.left, self.second, self.raised = first, second, 0

    def __enter__(self):
        sys.settrace(self.trace)
        return self

    def __exit__(self, kind, *_):
        sys.settrace(None)
        sys.setprofile(None)
        return kind is KeyboardInterrupt

    def trace(self, frame, event, _):
        if not frame.f_code.co_filename.endswith(self.PARTS):
            return None
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        if event == "opcode":
            self.left -= 1
            if self.left < 0:
                self.raised += 1
                sys.settrace(None)
                if self.second is not None:
                    sys.setprofile(self.profile)
                raise KeyboardInterrupt
        return self.trace

    def profile(self, frame, event, _):
        # Raised out of the interpreter's own threads and hooks, it breaks those instead.
        if event != "call" or not frame.f_code.co_filename.endswith(self.PARTS):
            return
        self.second -= 1
        if self.second < 0:
            sys.setprofile(None)
            self.raised += 1
            raise KeyboardInterrupt


def interrupted_everywhere(tracker, step, seconds=(None,)):
    """Interrupt recording at every step-th instruction; returns how many runs came through."""
    seen = cut = at = 0
    done = False
    while not done:
        for second in seconds:
            with Interrupter(at, second) as interrupter:
                tracker.record([a_run()])
            done = not interrupter.raised
            now = len(whole_runs(tracker))
            cut += not done
            seen += now > 0
            for run in tracker.find(Query()):
                forget(tracker, run.run_id)
        at += step
    return seen, cut


def forget(tracker, run_id):
    with tracker._database.transaction(write=True) as session:
        for table in ("metrics", "latest_metrics", "params", "tags", "runs"):
            session.run(f"DELETE FROM {table} WHERE run_uuid = ?", (run_id,))  # noqa: S608


def test_an_interrupt_at_any_instruction(sqlite_uri, tmp_path):
    tracker = open_tracker(sqlite_uri, "x", writer="sql", artifact_location=f"{tmp_path}/files")
    seen, cut = interrupted_everywhere(tracker, step=11)
    assert 1 < seen < cut


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("seconds", [(None,), (0, 1, 2, 5, 10)])
def test_one_or_two_interrupts_at_any_instruction(sqlite_uri, tmp_path, seconds):
    tracker = open_tracker(sqlite_uri, "x", writer="sql", artifact_location=f"{tmp_path}/files")
    seen, cut = interrupted_everywhere(tracker, step=1, seconds=seconds)
    assert 1 < seen < cut


@pytest.fixture
def proxied(postgres_uri, tmp_path):
    """Make a tracker whose connection is cut at its next COMMIT, and one that sees the store."""
    made = []

    def make(how, **options):
        proxy = CommitProxy(place_of(postgres_uri), how, **options)
        made.append(proxy)
        uri = through(postgres_uri, proxy.port)
        name, files = uuid.uuid4().hex, str(tmp_path / "files")
        tracker = open_tracker(
            uri, name, artifact_location=files, writer="sql", patience=Patience(0)
        )
        proxy.armed = True
        return tracker, open_tracker(postgres_uri, name, reading=True)

    yield make
    for proxy in made:
        proxy.close()


def test_the_answer_to_a_commit_is_lost(proxied, caplog):
    tracker, store = proxied("answer")
    with caplog.at_level(logging.WARNING, "forecastctl"):
        [run_id] = tracker.record([a_run()])
    assert "all the same" in caplog.text
    assert store.get(run_id).name == "a"
    assert len(whole_runs(store)) == 2
    tracker.record([a_run()])
    assert len(whole_runs(store)) == 4


def test_the_answer_to_an_updates_commit_is_lost(proxied):
    tracker, store = proxied("answer")
    [run_id] = store.record([Run("a", "RUNNING", 1)])
    tracker.update(run_id, RunUpdate(FINISHED, 5, artifacts=(Artifact(FILE, b"{}"),)))
    assert [run.status for run in whole_runs(store)] == [FINISHED]


def test_a_commit_that_never_arrives(proxied, tmp_path):
    tracker, store = proxied("request")
    with pytest.raises(TrackingError) as error:
        tracker.record([a_run()])
    assert "not known" not in error.value.message
    assert store.find(Query()) == []
    assert files_below(tmp_path / "files") == []
    tracker.record([a_run()])
    assert len(whole_runs(store)) == 2


@pytest.mark.parametrize("how", ["answer", "request"])
def test_a_store_that_is_gone_for_good_after_a_commit(proxied, how, tmp_path):
    tracker, store = proxied(how, gone=True)
    with pytest.raises(TrackingError, match="recorded is not known"):
        tracker.record([a_run()])
    assert len(files_below(tmp_path / "files")) == 2
    assert len(whole_runs(store)) == (2 if how == "answer" else 0)


def test_a_commit_that_the_server_still_waits_for(proxied, tmp_path, monkeypatch):
    monkeypatch.setattr(mlflow_postgres, "DOUBT_SECONDS", 0.2)
    tracker, store = proxied("silence")
    with pytest.raises(TrackingError, match="recorded is not known"):
        tracker.record([a_run()])
    assert len(files_below(tmp_path / "files")) == 2
    assert store.find(Query()) == []


def test_a_transaction_that_was_not_rolled_back_is_not_committed_later(sqlite_uri, postgres_uri):
    """What a second interrupt, in the midst of rolling back, leaves behind."""
    for uri in (sqlite_uri, postgres_uri):
        tracker = open_tracker(uri, uuid.uuid4().hex, writer="sql")
        with closing(tracker):
            tracker.record([a_run()])
            connection = tracker._database._connection
            cursor = connection.cursor()
            if uri == sqlite_uri:
                cursor.execute("BEGIN IMMEDIATE")
            cursor.execute("UPDATE runs SET name = 'stale'")
            tracker.record([a_run()])
            assert {run.name for run in tracker.find(Query())} == {"a", "trial"}
