"""Bytes that are packed: by gzip, bzip2, xz, Zstandard or LZ4."""

from __future__ import annotations

import bz2
import gzip
import lzma
import zlib
from typing import IO, TYPE_CHECKING, Any

from forecastctl.data.read.blobs import Blob, blob_of_bytes
from forecastctl.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable

GZIP = b"\x1f\x8b"
_MOST_UNPACKED, _MOST_GROWTH = 2**28, 200
"""Bytes from which on what is unpacked must not have grown so many times."""


def _by_arrow(codec: str) -> Callable[[IO[bytes]], Any]:
    def opened(raw: IO[bytes]) -> Any:
        import pyarrow as pa

        return pa.CompressedInputStream(pa.PythonFile(raw, mode="r"), codec)

    return opened


_FORMS: tuple[tuple[bytes, str, Callable[[IO[bytes]], Any]], ...] = (
    (GZIP, "gzip", gzip.open),
    (b"BZh", "bzip2", bz2.BZ2File),
    (b"\xfd7zXZ\0", "xz", lzma.LZMAFile),
    (b"\x28\xb5\x2f\xfd", "Zstandard", _by_arrow("zstd")),
    (b"\x04\x22\x4d\x18", "LZ4", _by_arrow("lz4")),
)
"""First bytes of a packed file, by what it is packed, and what opens it."""
_ERRORS = (OSError, EOFError, ValueError, zlib.error, lzma.LZMAError)


def is_packed(head: bytes) -> bool:
    """Whether a file begins as packed ones do; ``BZh`` is a word as well."""
    if head.startswith(b"BZh"):
        return head[4:10] == b"1AY&SY"
    return any(head.startswith(start) for start, *_ in _FORMS)


def most_unpacked(size: int) -> int:
    """How many bytes a packed file of a size may hold."""
    return max(_MOST_UNPACKED, _MOST_GROWTH * size)


def too_much(label: str) -> DataError:
    """The error of a packed file that holds more."""
    return DataError(
        f"{label} unpacks to more than {_MOST_GROWTH} times its size: no table does.",
        "Unpack it, if it is sound.",
    )


def unpacked_head(blob: Blob) -> bytes:
    """First bytes of what is packed; none where it cannot be unpacked, which is said elsewhere."""
    _, opened = _form(blob)
    try:
        with blob.open() as raw, opened(raw) as file:
            return bytes(file.read(64))
    except _ERRORS:
        return b""


def unpacked(blob: Blob) -> Blob:
    """All that is packed in a file, under its name.

    Raises:
        DataError: It is damaged, or holds more than any table does.
    """
    name, opened = _form(blob)
    try:
        with blob.open() as raw, opened(raw) as file:
            content = bytes(file.read(most_unpacked(blob.size) + 1))
    except _ERRORS as error:
        raise DataError(
            f"{blob.label} is a damaged {name} file: {error}.", "Copy or download it again."
        ) from None
    if len(content) > most_unpacked(blob.size):
        raise too_much(blob.label)
    return blob_of_bytes(blob.label, content)


def _form(blob: Blob) -> tuple[str, Callable[[IO[bytes]], Any]]:
    head = blob.head()
    return next((name, opened) for start, name, opened in _FORMS if head.startswith(start))
