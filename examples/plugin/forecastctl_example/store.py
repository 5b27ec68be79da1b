"""A store: a file that only grows, for addresses such as ``journal:///srv/forecasts``.

Several may have it open at once. Only for directories where nobody else can write: reading a pickle
runs it.
"""

import os
import pickle
from pathlib import Path
from urllib.parse import unquote, urlsplit

from filelock import FileLock

from forecastctl.errors import NothingRecordedError, TrackingError
from forecastctl.store.memory import MemoryTracker


def open_journal(uri, experiment, *, artifact_location=None, reading=False):
    """The journal of one experiment; each has a file of its own beside the first."""
    if artifact_location is not None:
        raise TrackingError("A journal holds its artifacts.", "Leave out tracking.artifacts.")
    path = Path(unquote(urlsplit(uri).path) + f".{experiment}")
    if reading and not path.exists():
        raise NothingRecordedError(f"There is no journal {path}.")
    return Journal(path)


class Journal:
    """What was written is written down, and done again in memory by whoever has the file open.

    A job has it open twice: the heartbeat that says that it lives comes from a thread of its own.
    """

    def __init__(self, path):
        self._path, self._memory, self._end = path, MemoryTracker(), 0
        self._lock = FileLock(f"{path}.lock")
        self._catch_up()

    def start(self, run, parent_id=None):
        return self._write("start", run, parent_id)

    def record(self, runs, parent_id=None):
        return self._write("record", list(runs), parent_id)

    def update(self, run_id, update):
        self._write("update", run_id, update)

    def find(self, query):
        return self._read("find", query)

    def get(self, run_id):
        return self._read("get", run_id)

    def read_artifact(self, run_id, path):
        return self._read("read_artifact", run_id, path)

    def url(self, run_id):
        return self._memory.url(run_id)

    def _read(self, name, *arguments):
        self._catch_up()
        return getattr(self._memory, name)(*arguments)

    def _catch_up(self):
        if not self._path.exists():
            return
        with self._path.open("rb") as file:
            file.seek(self._end)
            while entry := _next(file):
                name, arguments = entry
                getattr(self._memory, name)(*arguments)
                self._end = file.tell()

    def _write(self, name, *arguments):
        try:
            with self._lock:
                self._catch_up()
                result = getattr(self._memory, name)(*arguments)  # refuses what cannot be written
                with self._path.open("ab") as file:
                    file.truncate(self._end)  # what a crash cut short
                    file.write(pickle.dumps((name, arguments)))
                    file.flush()
                    os.fsync(file.fileno())
                    self._end = file.tell()
        except OSError as error:
            raise TrackingError(f"The journal {self._path} cannot be written: {error}.") from error
        return result


def _next(file):
    try:
        return pickle.load(file)
    except (EOFError, pickle.UnpicklingError):  # the end, or an entry that is not whole (yet)
        return None
