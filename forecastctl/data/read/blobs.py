"""Bytes wherever they are: a file, standard input, a pipe of the shell, an address on the net."""

from __future__ import annotations

import io
import os
import re
import stat
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import IO, TYPE_CHECKING

from forecastctl.errors import DataError
from forecastctl.hints import nearest
from forecastctl.redaction import Redactor, masked

if TYPE_CHECKING:
    from collections.abc import Callable

STANDARD_INPUT = "-"
_REMOTE = re.compile(
    r"(https?|s3a?|gs|gcs|abfss?|az|adl|ftp|sftp|ssh|hdfs|webhdfs|dbfs|github|memory|file)://",
    re.IGNORECASE,
)
_PIPES = ("/dev/fd/", "/dev/stdin", "/proc/self/fd/")
"""Pipes that the shell opens: ``<(command)``."""
_PACKAGES = {
    **dict.fromkeys(("http", "https"), "fsspec aiohttp"),
    **dict.fromkeys(("s3", "s3a"), "fsspec s3fs"),
    **dict.fromkeys(("gs", "gcs"), "fsspec gcsfs"),
    **dict.fromkeys(("abfs", "abfss", "az", "adl"), "fsspec adlfs"),
    **dict.fromkeys(("sftp", "ssh"), "fsspec paramiko"),
}
_MOST_PIPED = 2**31
HEAD_BYTES = 4096


@dataclass(frozen=True, slots=True)
class Blob:
    """Some bytes under a name.

    Attributes:
        label: Name for messages, without passwords.
        open: Opens them from the beginning.
        size: How many there are.
        path: The file, where it is one.
    """

    label: str
    open: Callable[[], IO[bytes]]
    size: int
    path: Path | None = None

    def read(self) -> bytes:
        """All of them.

        Raises:
            DataError: They cannot be read.
        """
        try:
            with self.open() as file:
                return file.read()
        except OSError as error:
            raise DataError(f"{self.label} cannot be read: {error.strerror or error}.") from None

    def head(self) -> bytes:
        """The first of them.

        Raises:
            DataError: They cannot be read, or there are none.
        """
        try:
            with self.open() as file:
                head = file.read(HEAD_BYTES)
        except OSError as error:
            reason = error.strerror or error
            raise DataError(f"{self.label} cannot be read: {reason}.", "Check the path.") from None
        if not head:
            raise DataError(f"{self.label} is empty.", "Check that the export worked.")
        return head


def blob_of_bytes(label: str, content: bytes) -> Blob:
    """Bytes in memory."""
    return Blob(label, lambda: io.BytesIO(content), len(content))


def is_remote(source: str) -> bool:
    """Whether a source is the address of a file rather than of a database."""
    return bool(_REMOTE.match(source))


def blobs_of(source: str) -> Blob | list[tuple[str, Blob]]:
    """What is there under a path or an address: a file, or the files of a folder by their names.

    Raises:
        DataError: It is not there, or cannot be read.
    """
    if source == STANDARD_INPUT:
        return blob_of_bytes("standard input", _standard_input())
    if is_remote(source):
        return _remote(source)
    path = Path(source).expanduser()
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        raise DataError(f"There is no file {source}.", _hint_of_path(path)) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise DataError(f"{source} cannot be read: {reason}.", "Check the path.") from None
    if stat.S_ISDIR(mode):
        return _folder(path, source)
    if stat.S_ISREG(mode):
        return _file(path, source)
    if stat.S_ISFIFO(mode) and source.startswith(_PIPES):
        return blob_of_bytes(source, _piped(source))
    raise DataError(
        f"{source} is a pipe or a device, not a file.",
        "Save it to a file first, or give it as standard input: --data -",
    )


def _file(path: Path, label: str) -> Blob:
    return Blob(label, lambda: path.open("rb"), path.stat().st_size, path)


def _folder(path: Path, label: str) -> list[tuple[str, Blob]]:
    """The files of a folder and of those in it, but for hidden ones and marks such as _SUCCESS."""
    found = []
    for place, folders, files in os.walk(path):
        folders[:] = sorted(f for f in folders if _counts(f))
        for name in sorted(filter(_counts, files)):
            file = Path(place, name)
            inner = file.relative_to(path).as_posix()
            if file.is_file() and file.stat().st_size:
                found.append((inner, _file(file, f"{label.rstrip('/')}/{inner}")))
    return found


def _counts(name: str) -> bool:
    return not name.startswith((".", "_"))


@cache
def _standard_input() -> bytes:
    """All of standard input, which can be read only once."""
    if sys.stdin is None or sys.stdin.isatty():
        raise DataError(
            "Nothing is piped into standard input.",
            "Write for example: zcat traffic.csv.gz | forecastctl check --data -",
        )
    return _limited(sys.stdin.buffer, "standard input")


@cache
def _piped(path: str) -> bytes:
    """All of a pipe, which can be read only once."""
    with Path(path).open("rb") as file:
        return _limited(file, path)


def _limited(file: IO[bytes], label: str) -> bytes:
    content = file.read(_MOST_PIPED + 1)
    if len(content) > _MOST_PIPED:
        raise DataError(f"{label} holds more than 2 GB.", "Save it to a file first.")
    return content


def _remote(source: str) -> Blob | list[tuple[str, Blob]]:
    """What is there under an address, by fsspec."""
    label, scheme = masked(source), source.partition("://")[0].lower()
    packages = _PACKAGES.get(scheme, "fsspec")
    try:
        import fsspec
    except ModuleNotFoundError:
        raise DataError(
            f"{label} cannot be read: fsspec, which knows {scheme}://, is not installed.",
            f"pip install {packages}, or copy the file here first.",
        ) from None
    redacted = Redactor.of((source,))
    try:
        system, path = fsspec.core.url_to_fs(source)
        if scheme not in ("http", "https") and system.isdir(path):
            names = [n for n in sorted(system.find(path)) if all(map(_counts, _inner(n, path)))]
            return [
                ("/".join(_inner(n, path)), blob_of_bytes(f"{label}: {n}", system.cat_file(n)))
                for n in names
            ]
        return blob_of_bytes(label, system.cat_file(path))
    except ImportError as error:
        raise DataError(
            f"{label} cannot be read: {redacted(str(error))}.", f"pip install {packages}"
        ) from None
    except FileNotFoundError:
        raise DataError(f"There is no {label}.", "Check the address.") from None
    except Exception as error:  # noqa: BLE001 - each file system has its own
        text = str(error).strip().partition("\n")[0] or type(error).__name__
        raise DataError(
            f"{label} cannot be read: {redacted(text)}.", "Check the address and the credentials."
        ) from None


def _inner(name: str, folder: str) -> list[str]:
    """Parts of a path below a folder."""
    return name.strip("/").removeprefix(folder.strip("/")).strip("/").split("/")


def _hint_of_path(path: Path) -> str:
    """A file of a similar name in the same directory, or where to look."""
    if not path.parent.is_dir():
        return f"There is no directory {path.parent} either."
    names = [p.name for p in path.parent.iterdir() if p.is_file()]
    close = nearest(path.name, names)
    return f"Did you mean {path.parent / close}?" if close else "Check the path."
