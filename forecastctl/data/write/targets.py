"""Write a table to a file or a database, whole or not at all."""

from __future__ import annotations

import gzip
import io
import os
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from forecastctl.data.read.sql import check_database, is_url, write_sql
from forecastctl.data.write.spreadsheets import csv_text
from forecastctl.errors import DataError
from forecastctl.redaction import masked

if TYPE_CHECKING:
    import pandas as pd

_SUFFIXES = (".csv", ".csv.gz", ".parquet", ".pq")
_HINT = f"Use a name that ends in {', '.join(_SUFFIXES[:3])}, or the URL of a database."


def _suffix(path: Path) -> str:
    """The known ending of a name; special files take CSV."""
    name = path.name.lower()
    suffixes = [s for s in _SUFFIXES if name.endswith(s)]
    if suffixes:
        return suffixes[0]
    if path.exists() and not path.is_file() and not path.is_dir():
        return ".csv"
    raise DataError(f"{path}: this ending does not tell a format.", _HINT)


def check_target(target: str) -> None:
    """Refuse a target that cannot be written, before any work is done for it.

    Args:
        target: Path ending in ``.csv``, ``.csv.gz``, ``.parquet`` or ``.pq``, or SQLAlchemy URL.

    Raises:
        DataError: The directory is missing, the target cannot be written, its ending tells no
            format, or the database cannot be reached.
    """
    if is_url(target):
        check_database(target)
        return
    path = _path(target)
    if path.is_dir():
        raise DataError(f"{target} is a directory.", "Name a file in it.")
    _suffix(path)
    if not path.parent.is_dir():
        raise DataError(
            f"{target} cannot be written: there is no directory {path.parent}.", "Make it first."
        )
    needed = path if path.exists() and not path.is_file() else path.parent
    if not os.access(needed, os.W_OK):
        raise DataError(
            f"{target} cannot be written: no permission in {path.parent}.",
            "Choose another directory.",
        )


def _path(target: str) -> Path:
    """Where a target really is: a link to a file is followed, so that the link stays."""
    try:
        path = Path(target).expanduser()
        followed = path.is_symlink() and (path.is_file() or not path.exists())
        return path.resolve() if followed else path
    except (OSError, ValueError, RuntimeError) as error:
        raise DataError(f"{target!r} is not a path: {error}.", _HINT) from None


def write_frame(frame: pd.DataFrame, target: str, *, table: str = "forecasts") -> None:
    """Write a frame; a reader sees the old content or the new one, never a part.

    Files appear by renaming a complete temporary file in the same directory. In a database, one
    transaction replaces the rows of the same airport, cutoff and date. Floats read back exactly.

    Args:
        frame: Plain columns; the index is not written.
        target: As in `check_target`.
        table: Name of the table in a database.

    Raises:
        DataError: The target cannot be written.
    """
    if is_url(target):
        write_sql(frame, target, table)
        return
    check_target(target)
    path = _path(target)
    content = _encoded(frame, _suffix(path))
    try:
        if path.exists() and not path.is_file():
            path.write_bytes(content)  # a pipe or a device must not be replaced by a file
        else:
            _replace(path, content)
    except OSError as error:
        reason = error.strerror or error
        raise DataError(
            f"{target} cannot be written: {reason}.", "Check space and rights."
        ) from None


def _encoded(frame: pd.DataFrame, suffix: str) -> bytes:
    """Bytes of the file; equal frames give equal bytes."""
    buffer = io.BytesIO()
    if suffix in (".parquet", ".pq"):
        frame.to_parquet(buffer, index=False, engine="pyarrow")
        return buffer.getvalue()
    content = csv_text(frame).encode("utf-8", "surrogatepass")
    return gzip.compress(content, mtime=0) if suffix == ".csv.gz" else content


def _replace(path: Path, content: bytes) -> None:
    """Write beside the path, then rename."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".forecastctl-", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
            os.fchmod(file.fileno(), _mode(path))
        Path(name).replace(path)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise


def _mode(path: Path) -> int:
    """Permissions of the file that is replaced, or those any new file gets."""
    if path.exists():
        return path.stat().st_mode & 0o777
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask


def shown_target(target: str) -> str:
    """A target for people and records, without secrets."""
    return masked(target)
