"""Files of runs: where they lie, written and read directly where that is a local directory."""

from __future__ import annotations

import hashlib
import inspect
import logging
import os
import tempfile
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit, urlunsplit

from forecastctl.errors import DamagedError, NothingRecordedError, TrackingError, UsageError
from forecastctl.redaction import masked

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from forecastctl.records import Artifact
    from forecastctl.store.mlflow.address import Address

MAX_POSTGRES_LOCATION = 150
"""Characters, so that a run's own directory fits into MLflow's column of 200."""

_FLUSHED_AT_ONCE = 8

_LOG = logging.getLogger(__name__)


def default_location(address: Address, experiment: str, given: str | None) -> str | None:
    """Where a new experiment keeps its artifacts; ``None`` leaves it to the server.

    Raises:
        UsageError: The place is too long for the store.
    """
    if given is not None:
        if masked(given) != given:
            raise UsageError(
                f"The artifact location {masked(given)} holds a secret, which MLflow would keep in "
                "the store with every run.",
                "Give it without, and the secret in the variable or file that its storage reads.",
            )
        plain = not urlsplit(given).scheme
        location = _plain(Path(given).absolute()) if plain else given
    elif address.kind == "http":
        return None
    else:
        # Never relative: cron starts elsewhere.
        base = Path.cwd() if address.path is None else address.path.parent
        digest = hashlib.sha256(experiment.encode("utf-8", "replace")).hexdigest()[:16]
        location = _plain(base / "mlartifacts" / digest)
    if address.kind == "postgresql" and len(location) > MAX_POSTGRES_LOCATION:
        raise UsageError(
            f"The artifact location {location} is longer than the {MAX_POSTGRES_LOCATION} "
            "characters that MLflow's PostgreSQL tables can hold.",
            "Give a shorter one.",
        )
    return location


def _plain(path: Path) -> str:
    """A path as MLflow reads it: percent signs decode, and ? and # would end it."""
    plain = path.as_posix().replace("%", "%25")
    return plain.replace("?", "%3F").replace("#", "%23")


def run_location(experiment_location: str, run_id: str) -> str:
    """Where a run keeps its artifacts, as MLflow lays it out."""
    tail = f"/{run_id}/artifacts"
    parts = urlsplit(experiment_location)
    if not parts.scheme:
        return experiment_location.rstrip("/") + tail
    return urlunsplit(parts._replace(path=parts.path.rstrip("/") + tail))


def local_directory(location: str) -> Path | None:
    """Directory of a location, or ``None`` when it lies elsewhere."""
    parts = urlsplit(location)
    if not parts.scheme:
        return Path(unquote(location))
    if parts.scheme == "file":
        return Path(unquote(parts.path))
    return None


def here(location: str, run_id: str, beside: Path | None) -> str:
    """Where a run's files are now: they may have been moved together with their database.

    Args:
        location: Where they were when the run was made.
        run_id: The run.
        beside: Directory of the database; ``None`` where it has none.
    """
    root = local_directory(location)
    if beside is None or root is None or root.parent.parent.is_dir():
        return location
    parts = root.parent.parent.parts[1:]
    # The longest end of the old path that is found beside the database.
    for at in range(len(parts)):
        place = beside.joinpath(*parts[at:])
        if (place / run_id).is_dir():
            return _plain(place / root.parent.name / root.name)
    return location


def current_location(address: Address, experiment: str, recorded: str) -> str:
    """Where new runs of an experiment keep their artifacts.

    That is where its first ones did, unless the database was moved from there: then it is beside
    the database again.
    """
    now = default_location(address, experiment, None)
    if address.path is None or now is None or now == recorded:
        return recorded
    old, new = local_directory(recorded), local_directory(now)
    if old is None or new is None or old.is_dir() or old.parts[-2:] != new.parts[-2:]:
        return recorded
    return now


class Writer:
    """Writes files of runs, and takes back those that were not there before.

    Files that lie elsewhere than in a local directory are not taken back.
    """

    def __init__(self) -> None:
        self._new: list[tuple[Path, Path]] = []
        self._written: list[Path] = []
        self._folders: set[Path] = set()

    def write(self, location: str, artifacts: Sequence[Artifact]) -> None:
        """Write files with checked paths to a run's artifact location.

        Raises:
            TrackingError: They cannot be written.
        """
        root = local_directory(location)
        try:
            if root is not None:
                for artifact in artifacts:
                    self._write(root, artifact)
            elif artifacts:
                _write_elsewhere(location, artifacts)
        except OSError as error:
            raise TrackingError(
                f"Artifacts cannot be written to {masked(location)}: {error}.",
                "Check the disk and the permissions of that directory.",
            ) from error

    def settle(self) -> None:
        """Wait until what was written lies on the disk, so that a power cut cannot take it.

        Raises:
            TrackingError: The disk refuses.
        """
        if not self._written:
            return
        from concurrent.futures import ThreadPoolExecutor

        try:
            # Together, because a journal that is flushed for one file is flushed for all of them.
            with ThreadPoolExecutor(_FLUSHED_AT_ONCE) as pool:
                for paths in (self._written, self._folders):
                    list(pool.map(_flush, paths))
        except OSError as error:
            raise TrackingError(
                f"Artifacts cannot be kept in {self._written[0].parent}: {error}.",
                "Check the disk.",
            ) from error
        self._written.clear()
        self._folders.clear()

    def undo(self) -> None:
        """Delete the new files, and the directories of their runs that become empty."""
        for root, file in self._new:
            file.unlink(missing_ok=True)
            for directory in file.parents:
                if directory == root.parent.parent or any(directory.iterdir()):
                    break
                directory.rmdir()
        self._new.clear()

    def _write(self, root: Path, artifact: Artifact) -> None:
        target = root / artifact.path
        target.parent.mkdir(parents=True, exist_ok=True)
        draft = target.with_name(f".{os.getpid()}.draft")
        try:
            draft.write_bytes(artifact.content)
            if not target.exists():
                self._new.append((root, target))
            draft.replace(target)
            self._written.append(target)
            self._folders |= {target.parent, root, root.parent, root.parent.parent}
        finally:
            draft.unlink(missing_ok=True)


def _flush(path: Path) -> None:
    """Write a file, or the names in a directory, through to the disk."""
    if path.is_dir() and os.name == "nt":
        return  # Windows opens no directories, and needs not
    descriptor = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def read(location: str, run_id: str, path: str) -> bytes:
    """Content of one file of a run.

    Raises:
        NothingRecordedError: There is no such file.
        DamagedError: It cannot be read.
        TrackingError: What lies elsewhere than in a local directory cannot be reached.
    """
    missing = no_artifact(run_id, path)
    if outside(path):
        raise missing
    root = local_directory(location)
    if root is None:
        return _read_elsewhere(location, path, missing)
    try:
        return (root / path).read_bytes()
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError) as error:
        raise (missing if root.parent.parent.is_dir() else _moved(run_id, root)) from error
    except OSError as error:
        raise DamagedError(f"{path} of run {run_id} cannot be read: {error}.") from error


def outside(path: str) -> bool:
    """Whether a path leaves the run's own directory."""
    parts = PurePosixPath(path)
    return parts.is_absolute() or ".." in parts.parts or "\x00" in path


def no_artifact(run_id: str, path: str) -> NothingRecordedError:
    """Error for a file that a run does not have."""
    return NothingRecordedError(f"Run {run_id} has no artifact {path}.")


def _moved(run_id: str, root: Path) -> NothingRecordedError:
    """Error for a run whose experiment has no directory any more."""
    folder = root.parent.parent
    return NothingRecordedError(
        f"The files of run {run_id} are not in {root}, where they were recorded: the directory "
        f"{folder} is not there, and no copy of it beside the database.",
        f"Bring it back ('mv WHERE-IT-IS {folder}'), or put it beside the database "
        f"as {'/'.join(folder.parts[-2:])}.",
    )


@contextmanager
def staged(artifacts: Sequence[Artifact]) -> Iterator[str]:
    """A temporary directory that holds the files."""
    with tempfile.TemporaryDirectory(prefix="forecastctl-") as directory:
        for artifact in artifacts:
            target = Path(directory, artifact.path)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(artifact.content)
        yield directory


def _repository(location: str, server: str | None = None) -> Any:
    """MLflow's way to artifacts that lie elsewhere; ``None`` where it has another one by now.

    Args:
        location: Where they lie.
        server: Address of the tracking server that keeps them, if one does.
    """
    try:
        registry = import_module("mlflow.store.artifact.artifact_repository_registry")
        found = registry.get_artifact_repository
        inspect.signature(found).bind(location, server)
    except (ImportError, AttributeError, TypeError) as error:
        _say_no_registry(str(error))
        return None
    return found(location, server)


@cache
def _say_no_registry(why: str) -> None:
    _LOG.warning(
        "The installed MLflow has another registry of artifact stores than this version knows "
        "(%s): artifacts that lie elsewhere than in a local directory are read by its public "
        "functions, and are not written",
        why,
    )


def _write_elsewhere(location: str, artifacts: Sequence[Artifact]) -> None:
    from forecastctl.store.mlflow.calls import calling

    if _behind_a_server(location):  # MLflow would take that of the environment, whichever it is
        raise TrackingError(
            f"Artifacts of this experiment are kept by its tracking server ({location}), and "
            "cannot be written through its database.",
            "Record through that server: --tracking-uri http://HOST:PORT.",
        )
    with calling(location, "write artifacts to"), staged(artifacts) as directory:
        repository = _repository(location)
        if repository is None:
            raise TrackingError(
                f"The installed MLflow cannot be told to write artifacts to {masked(location)}.",
                "Record through an MLflow server (--tracking-uri http://HOST:PORT), into an "
                "experiment whose artifacts it keeps.",
            )
        repository.log_artifacts(directory)


def _behind_a_server(location: str) -> bool:
    """Whether a location says that a tracking server keeps artifacts, but not which one."""
    parts = urlsplit(location)
    return parts.scheme == "mlflow-artifacts" and not parts.netloc


def _read_elsewhere(location: str, path: str, missing: NothingRecordedError) -> bytes:
    from forecastctl.store.mlflow.calls import calling

    if _behind_a_server(location):
        raise TrackingError(
            f"{path} is kept by the tracking server through which it was recorded, and is not to "
            "be found from its database alone.",
            "Ask through that server: --tracking-uri http://HOST:PORT.",
        )
    with calling(location, "read artifacts from"):
        return download(location, path, missing)


def download(
    location: str, path: str, missing: NothingRecordedError, server: str | None = None
) -> bytes:
    """Content of a file that lies elsewhere than in a local directory, as MLflow raises errors.

    Not by MLflow's client, which looks for the models of a run in the store that the environment
    names, whatever store it is asked of.

    Args:
        location: Where the files of the run lie.
        path: The file.
        missing: What is raised where there is none.
        server: As of `_repository`.
    """
    repository = _repository(location, server)
    if repository is None:
        return _downloaded(f"{location}/{path}", server)
    folder = str(PurePosixPath(path).parent)
    listed = repository.list_artifacts(None if folder == "." else folder)
    if not any(f.path == path and not f.is_dir for f in listed):
        raise missing
    with tempfile.TemporaryDirectory(prefix="forecastctl-") as directory:
        return Path(repository.download_artifacts(path, directory)).read_bytes()


def _downloaded(uri: str, server: str | None) -> bytes:
    from mlflow.artifacts import download_artifacts

    with tempfile.TemporaryDirectory(prefix="forecastctl-") as directory:
        found = download_artifacts(artifact_uri=uri, dst_path=directory, tracking_uri=server)
        return Path(found).read_bytes()
