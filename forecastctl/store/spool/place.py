"""Where spools lie, what waits in them, and how all of it comes into a store."""

from __future__ import annotations

import hashlib
import json
import logging
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from forecastctl.errors import TrackingError
from forecastctl.records.schema import Tag
from forecastctl.redaction import masked
from forecastctl.store.mlflow.address import resolve
from forecastctl.store.mlflow.sql.rows import new_id
from forecastctl.store.spool.away import is_away
from forecastctl.store.spool.journal import (
    ABOUT,
    BESIDE,
    NEW,
    RECORD,
    SUFFIX,
    BusyError,
    DamagedJournalError,
    Journal,
)
from forecastctl.store.spool.publish import jobs_of, publish, series_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from forecastctl.store.port import Tracker
    from forecastctl.store.spool.publish import Published

log = logging.getLogger(__name__)

_OLD_SECONDS = 3600.0
_OWN_SCHEMES = ("sqlite", "postgres", "postgresql", "postgresql+psycopg2", "http", "https")


OFF = "off"
"""The setting of those who want no spool."""


def root_of(given: str | None, environ: Mapping[str, str]) -> Path | None:
    """Folder of all spools; ``None`` where there is none.

    Args:
        given: The setting: a folder, `OFF`, or ``None`` for that of this user.
        environ: The environment.
    """
    if given == OFF:
        return None
    return Path(given).expanduser().absolute() if given else usual_root(environ)


def usual_root(environ: Mapping[str, str]) -> Path | None:
    """Folder of this user for what outlives a program; ``None`` where he has none.

    Args:
        environ: The environment: ``XDG_STATE_HOME`` names another one.
    """
    given = environ.get("XDG_STATE_HOME", "")
    if Path(given).is_absolute():
        return Path(given, "forecastctl", "spool")
    try:
        return Path.home() / ".local" / "state" / "forecastctl" / "spool"
    except RuntimeError:
        return None


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits in one file.

    Attributes:
        path: The file.
        jobs: Ids of the jobs; empty where only the end of a job waits.
        airports: Names of airports and groups.
        since_ms: When the first of it started, milliseconds since the epoch; 0 for unknown.
        size: Bytes.
        damaged: Why the file cannot be read; empty where it can.
        mend: What to do about that.
    """

    path: Path
    jobs: tuple[str, ...]
    airports: tuple[str, ...]
    since_ms: int
    size: int
    damaged: str = ""
    mend: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """The spool of one experiment in one store.

    Attributes:
        folder: Its folder.
        store: Address of the store, without secrets.
        experiment: Name of the experiment.
    """

    folder: Path
    store: str
    experiment: str

    def new(self) -> Journal:
        """A file for a job; it is not made yet. Later files have later names."""
        about = {"store": self.store, "experiment": self.experiment}
        return Journal(self.folder / f"{new_id()}{SUFFIX}", about)

    def journals(self) -> list[Journal]:
        """The files that are there, oldest first; none where the folder may not be read."""
        try:
            return [Journal(path) for path in sorted(self.folder.glob(f"*{SUFFIX}"))]
        except OSError:
            return []

    def waiting(self) -> list[Waiting]:
        """What waits, without the files of jobs that live; what is empty is removed."""
        found: list[Waiting] = []
        for journal in self.journals():
            try:
                found += _waiting(journal)
            except BusyError:
                continue
            except DamagedJournalError as error:
                size = journal.path.stat().st_size if journal.path.exists() else 0
                found.append(Waiting(journal.path, (), (), 0, size, error.message, error.hint))
            except TrackingError as error:
                log.warning("%s", error.message)
            finally:
                journal.close()
        self.tidy()
        return found

    def published(self) -> bool:
        """Whether there is a file of which all is in the store, by somebody who was killed then."""
        for journal in self.journals():
            try:
                entries = journal.entries()
            except TrackingError:  # its job lives, or it is damaged
                continue
            finally:
                journal.close()
            if entries and all(entry.published is not None for entry in entries):
                return True
        return False

    def tidy(self) -> None:
        """Remove the folder where nothing is left in it but what killed processes have left."""
        with suppress(OSError):
            for path in self.folder.glob(f"*{NEW}*"):  # of a process that was killed meanwhile
                if time.time() - path.stat().st_mtime > _OLD_SECONDS:
                    path.unlink()
            for ending in BESIDE:
                for path in self.folder.glob(f"*{SUFFIX}{ending}"):
                    if not path.with_name(path.name.removesuffix(ending)).exists():
                        path.unlink(missing_ok=True)
            if self.folder.is_dir() and not self.journals():
                (self.folder / ABOUT).unlink(missing_ok=True)
                self.folder.rmdir()


def _waiting(journal: Journal) -> Iterator[Waiting]:
    size = journal.path.stat().st_size if journal.path.exists() else 0
    entries = [entry for entry in journal.entries() if entry.published is None]
    if not entries:
        return
    new = [entry.content for entry in entries if entry.verb == RECORD]
    started = [value["start_ms"] for value in new if value["start_ms"]]
    series = [entry.content for entry in series_of(entries)]
    yield Waiting(
        path=journal.path,
        jobs=tuple(sorted(jobs_of(entries))),
        airports=tuple(value["tags"].get(Tag.AIRPORT, value["name"]) for value in series),
        since_ms=min(started, default=0),
        size=size,
    )


def place_of(root: Path, uri: str, experiment: str) -> Place:
    """The spool of an experiment; the same whatever user and password the address names.

    Args:
        root: Folder of all spools.
        uri: Address of the store.
        experiment: Name of the experiment.
    """
    store = _plain(uri)
    digest = hashlib.sha256(f"{store}\n{experiment}".encode("utf-8", "replace")).hexdigest()
    return Place(root / digest[:16], store, experiment)


def _plain(uri: str) -> str:
    given = uri.strip()
    if given.partition("://")[0].lower() not in _OWN_SCHEMES:
        return masked(given)
    address = resolve(given)
    return f"sqlite:///{address.path}" if address.path else masked(address.uri)


def elsewhere(root: Path, but: Place) -> list[tuple[Place, list[Waiting]]]:
    """Other spools of this user in which something waits."""
    found = []
    for path in sorted(root.glob(f"*/{ABOUT}")):
        if path.parent == but.folder:
            continue
        with suppress(OSError, ValueError, KeyError, TypeError):
            said: dict[str, Any] = json.loads(path.read_text())
            place = Place(path.parent, str(said["store"]), str(said["experiment"]))
            if waiting := place.waiting():
                found.append((place, waiting))
    return found


@dataclass(slots=True)
class Synced:
    """What became of all that waited.

    Attributes:
        published: What came into the store, by file.
        kept: Why a file is kept, by its path.
    """

    published: dict[Path, Published]
    kept: dict[Path, TrackingError]


def publish_all(place: Place, target: Tracker) -> Synced:
    """Bring all that waits into a store; a file whose job lives is left alone.

    What the store does not take is kept, and the rest goes on, unless the store is away.

    Args:
        place: The spool.
        target: Its store.
    """
    synced = Synced({}, {})
    for journal in place.journals():
        try:
            done = publish(journal, target)
        except BusyError:
            continue
        except TrackingError as error:
            synced.kept[journal.path] = error
            if is_away(error):
                break
        else:
            if done.verbs:
                synced.published[journal.path] = done
        finally:
            journal.close()
    place.tidy()
    return synced
