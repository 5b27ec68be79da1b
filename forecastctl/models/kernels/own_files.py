"""Files whose content will be run: used only where nobody else can have written them.

A file counts as the user's own when the user or root owns it, nobody else may write to it, and the
same is true of the directory that it lies in. It is looked at and read through one descriptor, so
that what was looked at is what is read, whoever renames what meanwhile; links and pipes are
refused. So the directories above do not matter: whoever can replace one of them still cannot make
files of another owner.
"""

from __future__ import annotations

import os
import stat
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PRIVATE_FOLDER, PRIVATE_FILE, PUBLIC_FILE = 0o700, 0o600, 0o644

_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH
_CHECKED = hasattr(os, "geteuid")
"""Windows has neither these owners nor these modes; its caches lie in the user's own profile."""


class ForeignError(OSError):
    """Somebody else owns a file or a directory, or can write to it."""


def read(path: Path) -> bytes:
    """Content of a file of one's own.

    Raises:
        ForeignError: It may be somebody else's.
        OSError: It cannot be read.
    """
    if not _CHECKED:
        return path.read_bytes()
    with _opened(path.parent, os.O_DIRECTORY) as folder:
        _check(folder, path.parent)
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        try:
            descriptor = os.open(path.name, flags, dir_fd=folder)
        except OSError as error:
            if path.is_symlink():
                raise ForeignError(f"{path} is a link") from error
            raise
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise ForeignError(f"{path} is no file")
        _check(descriptor, path)
        return file.read()


def shelf(folder: Path) -> Path:
    """Where to keep files in a directory: in itself, or below where others can write to it."""
    with suppress(OSError):
        if _CHECKED and not _own(folder.stat()):
            return folder / f"forecastctl-{os.geteuid()}"
    return folder


def make_folder(folder: Path) -> None:
    """Make a directory that nobody else can look into; one that is there must be one's own.

    Raises:
        ForeignError: It may be somebody else's.
        OSError: It cannot be made.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    with suppress(FileExistsError):
        folder.mkdir(PRIVATE_FOLDER)
    if _CHECKED:
        linked = folder.name == f"forecastctl-{os.geteuid()}"  # beside others, who could link it
        with _opened(folder, os.O_DIRECTORY | (os.O_NOFOLLOW if linked else 0)) as descriptor:
            _check(descriptor, folder)


@contextmanager
def _opened(path: Path, flags: int) -> Iterator[int]:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | flags)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _check(descriptor: int, path: Path) -> None:
    status = os.fstat(descriptor)
    if not _own(status):
        owner, mode = status.st_uid, stat.S_IMODE(status.st_mode)
        raise ForeignError(f"{path} has owner {owner} and mode {mode:o}")


def _own(status: os.stat_result) -> bool:
    return status.st_uid in (os.geteuid(), 0) and not status.st_mode & _OTHERS_WRITE
