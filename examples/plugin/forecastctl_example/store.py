"""A store: a file that only grows, for addresses such as ``journal:///srv/forecasts``.

For one job at a time, and in a directory where nobody else can write: reading a pickle runs it.
"""

import os
import pickle
from pathlib import Path
from urllib.parse import unquote, urlsplit

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
    """What was written is written down, and done again in memory when the file is opened."""

    def __init__(self, path):
        self._path, self._memory = path, MemoryTracker()
        self.find, self.get = self._memory.find, self._memory.get
        self.read_artifact, self.url = self._memory.read_artifact, self._memory.url
        self._end = 0
        if path.exists():
            with path.open("rb") as file:
                while entry := _next(file):
                    name, arguments = entry
                    getattr(self._memory, name)(*arguments)
                    self._end = file.tell()

    def start(self, run, parent_id=None):
        return self._write("start", run, parent_id)

    def record(self, runs, parent_id=None):
        return self._write("record", list(runs), parent_id)

    def update(self, run_id, update):
        self._write("update", run_id, update)

    def _write(self, name, *arguments):
        result = getattr(self._memory, name)(*arguments)  # refuses what cannot be written
        try:
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
    except (EOFError, pickle.UnpicklingError):  # the end, or an entry that a crash cut short
        return None
