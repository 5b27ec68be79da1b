"""A lock beside an SQLite store, which the system gives back when its process ends."""

from __future__ import annotations

import errno
import hashlib
import json
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock as Held
from filelock import Timeout

from forecastctl.errors import ReadOnlyError, TrackingError
from forecastctl.store.alive import Holder

if TYPE_CHECKING:
    from forecastctl.store.mlflow.address import Address


class FileLock:
    """A file for each experiment, and another one that says who has it.

    Args:
        address: The store.
        experiment: Name of the experiment.
        holder: Who wants it.
    """

    kind = "file"

    def __init__(self, address: Address, experiment: str, holder: Holder) -> None:
        digest = hashlib.sha256(experiment.encode("utf-8", "replace")).hexdigest()[:8]
        path = f"{address.path}.{digest}"
        self._shown, self._holder = address.shown, holder
        self._lock = Held(f"{path}.lock", timeout=0, mode=0o664, thread_local=False)
        self._said = Path(f"{path}.holder")

    def take(self) -> Holder | None:
        """Try to get it."""
        try:
            self._lock.acquire()
        except Timeout:
            return self._read()
        except OSError as error:
            denied = error.errno in (errno.EACCES, errno.EPERM, errno.EROFS)
            kind = ReadOnlyError if denied else TrackingError
            raise kind(
                f"The lock of the store {self._shown} cannot be taken: {error}.",
                f"Check the permissions of {self._lock.lock_file} and of its directory.",
            ) from error
        with suppress(OSError):  # who it is matters to others alone
            self._said.write_text(json.dumps(asdict(self._holder)), encoding="utf-8")
        return None

    def keep(self) -> None:
        """The system keeps it."""

    def check(self) -> None:
        """The system keeps it."""

    def give_back(self) -> None:
        """Let others have it."""
        if self._lock.is_locked:
            with suppress(OSError):
                self._said.unlink(missing_ok=True)
            self._lock.release()

    def _read(self) -> Holder:
        try:
            return Holder(**json.loads(self._said.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):  # it is being written, or was by another version
            return Holder()
