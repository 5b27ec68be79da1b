"""One file of a spool: an SQLite file to which the verbs of one job are appended, in their order.

Whoever has it open has it alone: SQLite's own lock says so to others, and the system gives that
back when the process ends, however it ends. So a file that can be opened belongs to no living job.
"""

from __future__ import annotations

import errno
import json
import sqlite3
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from forecastctl.errors import TrackingError
from forecastctl.store.spool.encoding import (
    StoredFile,
    decode_run,
    decode_update,
    encode_run,
    encode_update,
    from_text,
    ids_of,
    to_text,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from forecastctl.records import Run, RunUpdate

START, RECORD, UPDATE = "start", "record", "update"
VERSION = 1
SUFFIX = ".spool"
ABOUT = "store.json"
"""Name of the file that says what the spools of a folder are for."""
NEW = ".new"
"""Ending of a file that is being made, until it is whole and gets its name."""
BESIDE = ("-wal", "-shm", "-journal")
"""Endings of what SQLite keeps beside a file while it is open."""
MOVE = "Move the file elsewhere. What waits in it is lost; the next job does it again."
"""What to do with a file that is damaged."""
_TRIES = 10
_TABLES = """
CREATE TABLE entries (
    number INTEGER PRIMARY KEY,
    verb TEXT NOT NULL,
    run_id TEXT NOT NULL,
    parent_id TEXT,
    content TEXT NOT NULL,
    published TEXT
);
CREATE TABLE files (
    number INTEGER NOT NULL REFERENCES entries (number) ON DELETE CASCADE,
    run_id TEXT NOT NULL,
    path TEXT NOT NULL,
    content BLOB NOT NULL,
    PRIMARY KEY (number, run_id, path)
);
CREATE INDEX files_by_run ON files (run_id, path)
"""


class BusyError(TrackingError):
    """A process that lives has the file open."""


class DamagedJournalError(TrackingError):
    """A file cannot be read any more."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One verb.

    Attributes:
        number: Its place in the file.
        verb: `START`, `RECORD` or `UPDATE`.
        run_id: The run that it is about, under the id that it has in the spool or, of an update,
            in the store.
        parent_id: Parent of a new run, as given.
        content: The run or the update, encoded.
        published: Id of the run in the store, once it is there.
    """

    number: int
    verb: str
    run_id: str
    parent_id: str | None
    content: dict[str, Any]
    published: str | None

    @property
    def ids(self) -> tuple[str, ...]:
        """Ids of the new run and of all below it; none of an update."""
        return () if self.verb == UPDATE else tuple(ids_of(self.content))


class Journal:
    """A file of verbs. It is made by the first of them, and deleted when it is closed empty.

    It is made under another name, and gets its own once it is whole: so a file that is not was
    damaged.

    Args:
        path: The file; where somebody else removes it as soon as it is made, another one beside it.
        about: What is said of it in its folder, in a file of its own, once it is made.

    Attributes:
        outlives_power_cuts: Whether an entry does, from the moment on that it is written. Else it
            outlives the end of this process, which takes no waiting for the disk.
    """

    def __init__(self, path: Path, about: Mapping[str, str] | None = None) -> None:
        self.path = path
        self._about = about
        self.outlives_power_cuts = True
        self._connection: sqlite3.Connection | None = None

    def add_run(
        self, verb: str, runs: Sequence[Run], parent_id: str | None, new_id: Callable[[], str]
    ) -> list[Entry]:
        """Append new runs, all or none of them, and return their entries.

        Args:
            verb: `START` or `RECORD`.
            runs: The runs, with their subtrees.
            parent_id: Their parent, or ``None``.
            new_id: Makes the id of each run.

        Raises:
            TrackingError: The file cannot be written.
        """
        encoded = [encode_run(run, new_id) for run in runs]
        with self._transaction() as connection:
            return [
                _append(connection, verb, value["id"], parent_id, value, files)
                for value, files in encoded
            ]

    def add_update(self, run_id: str, update: RunUpdate) -> Entry:
        """Append an update.

        Raises:
            TrackingError: The file cannot be written.
        """
        value, files = encode_update(run_id, update)
        with self._transaction() as connection:
            return _append(connection, UPDATE, run_id, None, value, files)

    def remove(self, numbers: Sequence[int]) -> None:
        """Delete entries.

        Raises:
            TrackingError: The file cannot be written.
        """
        if not numbers:
            return
        with self._transaction() as connection:
            connection.executemany("DELETE FROM entries WHERE number = ?", [(n,) for n in numbers])

    def mark(self, published: Sequence[tuple[int, str]]) -> None:
        """Note that entries are in the store.

        Args:
            published: Number of each, and the id of its run in the store.

        Raises:
            TrackingError: The file cannot be written.
        """
        with self._transaction() as connection:
            rows = [(run_id, number) for number, run_id in published]
            connection.executemany("UPDATE entries SET published = ? WHERE number = ?", rows)

    def entries(self, run_id: str | None = None) -> list[Entry]:
        """Entries in their order.

        Args:
            run_id: Only those about this run.

        Raises:
            BusyError: Another process has the file open.
            DamagedJournalError: What it holds is no verbs.
            TrackingError: It cannot be read.
        """
        if not self._is_there():
            return []
        rows = self._rows(
            "SELECT number, verb, run_id, parent_id, content, published FROM entries "
            "WHERE ?1 IS NULL OR run_id = ?1 ORDER BY number",
            (run_id,),
        )
        with self._legible():
            return [Entry(n, v, r, p, from_text(text), done) for n, v, r, p, text, done in rows]

    def run(self, entry: Entry, *, whole: bool = True) -> Run:
        """The run of an entry; its files are empty unless it is to be whole."""
        with self._legible():
            return decode_run(
                entry.content,
                lambda run_id, path: self._file(entry, run_id, path) if whole else b"",
            )

    def update(self, entry: Entry, *, whole: bool = True) -> RunUpdate:
        """The update of an entry; its files are empty unless it is to be whole."""
        with self._legible():
            return decode_update(
                entry.content,
                lambda path: self._file(entry, entry.run_id, path) if whole else b"",
            )

    def newest_file(self, run_id: str, path: str) -> bytes | None:
        """Content of a file of a run as it was written last, or ``None``."""
        if not self._is_there():
            return None
        rows = self._rows(
            "SELECT content FROM files WHERE run_id = ? AND path = ? ORDER BY number DESC LIMIT 1",
            (run_id, path),
        )
        return bytes(rows[0][0]) if rows else None

    def close(self) -> None:
        """Give the file back, and delete it where nothing is left in it."""
        connection, self._connection = self._connection, None
        if connection is None:
            return
        with suppress(sqlite3.Error):
            empty = connection.execute("SELECT 1 FROM entries LIMIT 1").fetchone() is None
            if empty:  # while it is still ours
                self._delete()
        connection.close()

    def _is_there(self) -> bool:
        with self._guarded():
            return self._connection is not None or self.path.is_file()

    def _delete(self) -> None:
        for ending in ("", *BESIDE):
            with suppress(OSError):
                Path(f"{self.path}{ending}").unlink(missing_ok=True)

    def _file(self, entry: Entry, run_id: str, path: str) -> bytes:
        rows = self._rows(
            "SELECT content FROM files WHERE number = ? AND run_id = ? AND path = ?",
            (entry.number, run_id, path),
        )
        return bytes(rows[0][0])

    def _rows(self, sql: str, params: Sequence[object] = ()) -> list[Any]:
        with self._guarded():
            return self._open().execute(sql, params).fetchall()

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._guarded():
            connection = self._open()
            connection.execute(
                f"PRAGMA synchronous = {'FULL' if self.outlives_power_cuts else 'NORMAL'}"
            )
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            finally:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")

    @contextmanager
    def _legible(self) -> Iterator[None]:
        try:
            yield
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            raise self._damaged(error) from error

    def _damaged(self, error: Exception) -> DamagedJournalError:
        return DamagedJournalError(f"The spool {self.path} is damaged: {error}.", MOVE)

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            if any(words in str(error) for words in ("malformed", "not a database", _EMPTY)):
                raise self._damaged(error) from error
            kind = BusyError if "locked" in str(error) else TrackingError
            raise kind(
                f"The spool {self.path} cannot be used: {error}.",
                "Check the disk and its permissions, or set spool in [tracking].",
            ) from error

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            self._connection = self._connected()
        return self._connection

    def _make_folder(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        about = self.path.with_name(ABOUT)
        if self._about is not None and not about.exists():
            about.write_text(json.dumps(dict(self._about)), encoding="utf-8")

    def _connected(self) -> sqlite3.Connection:
        """A connection to the file, which is made first where it is not there.

        Whoever looks for files may find a new one before it is locked, and remove it as an empty
        one, or its folder: then another is made.
        """
        if self.path.exists():
            return _connect(self.path)
        name = self.path.stem
        for number in range(_TRIES):
            if number:
                self.path = self.path.with_name(f"{name}-{number}{SUFFIX}")
            try:
                self._make_folder()
                made = _make(self.path)
            except FileNotFoundError:  # the folder is gone
                continue
            with suppress(sqlite3.OperationalError):  # it is locked, or gone
                connection = _connect(self.path)
                if self.path.exists() and self.path.stat().st_ino == made:
                    return connection
                connection.close()
        raise OSError(errno.EBUSY, "others remove what is written", str(self.path))


_EMPTY = "it is empty, or cut off"


def _make(path: Path) -> int:
    """Make a file with its tables, whole from the first moment; returns its number on the disk."""
    new = path.with_name(f"{path.name}{NEW}")
    new.unlink(missing_ok=True)
    new.touch(0o600)
    with closing(sqlite3.connect(new, isolation_level=None)) as connection:
        connection.executescript(f"BEGIN; {_TABLES}; PRAGMA user_version = {VERSION}; COMMIT")
    number = new.stat().st_ino
    new.rename(path)
    return number


def _connect(path: Path) -> sqlite3.Connection:
    """Open a file for this process alone."""
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=rw",
        uri=True,
        timeout=0,
        isolation_level=None,
        check_same_thread=False,
    )
    try:
        connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("BEGIN IMMEDIATE")  # takes the lock, which stays
        _check_version(connection, path)
        connection.execute("COMMIT")
    except BaseException:
        connection.close()
        raise
    return connection


def _check_version(connection: sqlite3.Connection, path: Path) -> None:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > VERSION:
        raise TrackingError(
            f"The spool {path} was written by a newer forecastctl.", "Update forecastctl."
        )
    if not version:
        raise sqlite3.DatabaseError(_EMPTY)


def _append(
    connection: sqlite3.Connection,
    verb: str,
    run_id: str,
    parent_id: str | None,
    value: dict[str, Any],
    files: Sequence[StoredFile],
) -> Entry:
    cursor = connection.execute(
        "INSERT INTO entries (verb, run_id, parent_id, content) VALUES (?, ?, ?, ?)",
        (verb, run_id, parent_id, to_text(value)),
    )
    number = int(cursor.lastrowid or 0)
    connection.executemany(
        "INSERT OR REPLACE INTO files (number, run_id, path, content) VALUES (?, ?, ?, ?)",
        [(number, f.run_id, f.path, f.content) for f in files],
    )
    return Entry(number, verb, run_id, parent_id, value, None)
