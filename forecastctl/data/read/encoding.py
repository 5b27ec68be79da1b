"""The encoding of a text: what it says of itself, UTF-8, or what its bytes look like."""

from __future__ import annotations

import codecs
import gzip
import io
import math
import re
import zlib
from contextlib import contextmanager, suppress
from itertools import islice
from typing import IO, TYPE_CHECKING

from forecastctl.data.read.columns import YEAR_NAMES, plain_name, usual_name
from forecastctl.data.read.packed import most_unpacked
from forecastctl.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from forecastctl.data.read.blobs import Blob

UTF16 = (b"\xff\xfe", b"\xfe\xff")
_CODE_PAGES = (
    *("cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257", "cp874"),
    *("shift_jis", "cp932", "euc_jp", "gb18030", "big5", "euc_kr", "cp949", "koi8_r", "latin_1"),
)
_WESTERN = {"cp1252", "latin_1"}
"""By far the most frequent of them, taken where it makes words as well as any other."""
_GUESSED_FROM = 2**18
_PIECE = 2**20
_LOOKED_AT = 500
_BETWEEN = re.compile(r"[,;\t|]")
_ROLES = ("airport", "date", "value")


def encoding_of(blob: Blob, *, zipped: bool) -> str:
    """UTF-16 where it says so, UTF-8 where all of it is, else what its bytes look like.

    Raises:
        DataError: They look like no encoding.
    """
    check = codecs.getincrementaldecoder("utf-8")()
    read, most = 0, most_characters(blob, zipped=zipped)
    try:
        with binary(blob, zipped) as file:
            while (piece := file.read(_PIECE)) and read <= most:
                if not read and piece[:2] in UTF16:
                    return "utf-16"
                if not read and (ends := _wide(piece)):
                    return ends
                check.decode(piece)
                read += len(piece)
            check.decode(b"", final=read <= most)
    except UnicodeDecodeError:
        return _guessed(blob, zipped)
    except (EOFError, OSError, zlib.error):
        pass  # what cannot be unpacked is said where it is read
    return "utf-8-sig"


def _wide(piece: bytes) -> str | None:
    """UTF-16 without its mark, told by the zeros in every other byte of ASCII letters."""
    piece = piece[:_LOOKED_AT]
    if b"\0" in piece:
        for code, zeros, letters in (("utf-16-le", 1, 0), ("utf-16-be", 0, 1)):
            if not any(piece[zeros::2]) and all(piece[letters::2]):
                return code
    return None


@contextmanager
def binary(blob: Blob, zipped: bool) -> Iterator[IO[bytes]]:
    """The bytes, unpacked."""
    with blob.open() as raw:
        yield io.BufferedReader(gzip.GzipFile(fileobj=raw)) if zipped else raw


def _guessed(blob: Blob, zipped: bool) -> str:
    """The encoding that some bytes which are not UTF-8 look like.

    Raises:
        DataError: None makes words of them.
    """
    import charset_normalizer

    with suppress(EOFError, OSError, zlib.error), binary(blob, zipped) as file:
        lines = [line for line in islice(file, _GUESSED_FROM) if not line.isascii()]
        content = b"".join(lines)[:_GUESSED_FROM]
        if b"\0" not in content and _letters(content):
            found = charset_normalizer.from_bytes(content, cp_isolation=list(_CODE_PAGES))
            best = found.best()
            if best is not None:
                likely = [m for m in found if m.chaos <= best.chaos]
                known = [_usual_names(blob, zipped, m.encoding) for m in likely]
                likely = [m for m, n in zip(likely, known, strict=True) if n == max(known)]
                western = any({m.encoding, *m.could_be_from_charset} & _WESTERN for m in likely)
                return "cp1252" if western else str(likely[0].encoding)
    raise not_in(blob, zipped, "utf-8")


def _usual_names(blob: Blob, zipped: bool, code: str) -> int:
    """How many columns have usual names, if the first line is read in an encoding."""
    with binary(blob, zipped) as file:
        line = file.readline(_PIECE).decode(code, "replace")
    fields = [field.strip(' "\r\n') for field in _BETWEEN.split(line)]
    usual = [usual_name(role, field) for role in _ROLES for field in fields]
    return sum(usual) + sum(plain_name(field) in YEAR_NAMES for field in fields)


def _letters(content: bytes) -> bool:
    """Whether at least a third of the bytes are ASCII, as in every table."""
    return sum(byte < 128 for byte in content) * 3 >= len(content)  # noqa: PLR2004 - ASCII


def not_in(blob: Blob, zipped: bool, code: str) -> DataError:
    """The error of text that cannot be decoded, with the first line that cannot."""
    where = ""
    with suppress(EOFError, OSError, zlib.error), binary(blob, zipped) as file:
        for number, line in enumerate(file, 1):
            try:
                line.decode(code)
            except UnicodeDecodeError as error:
                where = f" (line {number}, byte 0x{line[error.start]:02x})"
                break
    name = "UTF-8" if code.startswith("utf-8") else code
    return DataError(
        f"{blob.label} is not {name} text{where}.",
        "Set [data] encoding, or save it as UTF-8, for example with: "
        "iconv -f latin1 -t utf-8 FILE > NEW",
    )


def most_characters(blob: Blob, *, zipped: bool) -> float:
    """How many characters a file may hold."""
    return most_unpacked(blob.size) if zipped else math.inf
