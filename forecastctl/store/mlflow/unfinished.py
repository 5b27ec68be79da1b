"""Files of runs that are being written: noted beside them until their rows are there.

A subtree's files are written before its rows, so that a run that is seen has them. A process that
is killed in between leaves files without a run. It also leaves its note, which says which they are,
and the next process that writes to the same store takes them away.

A note is locked for as long as its process lives (flock), and names its store, because another
store may keep its files in the same directory.
"""

from __future__ import annotations

import hashlib
import json
import logging
import re
import shutil
import uuid
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

try:
    import fcntl
except ImportError:  # Windows has none; there, 'forecastctl doctor --fix' removes the files
    fcntl = None  # type: ignore[assignment]

from forecastctl.errors import TrackingError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator
    from pathlib import Path
    from typing import IO

FOLDER = ".unfinished"
"""Beside the folders of runs. No run has such a name."""

_RUN = re.compile(r"[0-9a-f]{32}")
_LOG = logging.getLogger(__name__)


@contextmanager
def noted(folders: Collection[Path], store: str) -> Iterator[None]:
    """Note which folders of runs are being written, for as long as the context lasts.

    Args:
        folders: The folders, each ``ROOT/RUN_ID``; those that are there are not new and left out.
        store: Address of the store, without secrets.

    Raises:
        TrackingError: Nothing can be written there.
    """
    new: dict[Path, list[str]] = {}
    for folder in folders:
        if not folder.exists():
            new.setdefault(folder.parent, []).append(folder.name)
    notes: list[tuple[Path, IO[str]]] = []
    try:
        for root, names in new.items() if fcntl is not None else ():
            notes.append(_note(root, names, store))
        yield
    finally:
        for path, file in notes:
            path.unlink(missing_ok=True)
            file.close()


def _note(root: Path, names: list[str], store: str) -> tuple[Path, IO[str]]:
    place = root / FOLDER
    path = place / f"{_digest(store)}-{uuid.uuid4().hex}"
    draft = path.with_name(f".{path.name}")
    try:
        place.mkdir(parents=True, exist_ok=True)
        file = draft.open("w", encoding="ascii")
        fcntl.flock(file, fcntl.LOCK_EX)
        file.write(json.dumps(names))
        file.flush()
        draft.replace(path)  # never seen without its lock
    except OSError as error:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
        raise TrackingError(
            f"Artifacts cannot be written to {root}: {error}.",
            "Check the disk and the permissions of that directory.",
        ) from error
    return path, file


def clear(root: Path, store: str, without_run: Callable[[Collection[str]], Collection[str]]) -> int:
    """Take away what killed processes have left.

    Args:
        root: Directory with the folders of runs.
        store: Address of the store, without secrets.
        without_run: Which of some ids no run of the store has.

    Returns:
        How many folders are gone.
    """
    if fcntl is None:
        return 0
    gone = 0
    for path in sorted((root / FOLDER).glob(f"{_digest(store)}-*")):
        with suppress(OSError), path.open("r+", encoding="ascii") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:  # its process is at work
                continue
            left = sorted(without_run(_named(file.read())))
            for name in left:
                shutil.rmtree(root / name, ignore_errors=True)
            gone += len(left)
            path.unlink(missing_ok=True)
    if gone:
        _LOG.info("%d folders of a process that was killed are removed from %s", gone, root)
    return gone


def _named(text: str) -> list[str]:
    """Run ids of a note; none where it is no note."""
    try:
        names = json.loads(text)
    except ValueError:
        return []
    return [name for name in names if isinstance(name, str) and _RUN.fullmatch(name)]


def _digest(store: str) -> str:
    return hashlib.sha256(store.encode("utf-8", "replace")).hexdigest()[:16]
