"""CSV that a spreadsheet can open without running text of the data as a formula."""

from __future__ import annotations

import csv
import re
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import pandas as pd

_FORMULA = re.compile("'*[\\s\x00]*[=+\\-@\uff1d\uff0b\uff0d\uff20]|'*[\t\r\n]")
"""What OWASP lists: spreadsheets compute a cell that begins so, and some trim what is before it.

Quotation marks in front count as well, so that no two names are written alike.
"""
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.IGNORECASE)


def inert(value: Any) -> Any:
    """A value as a cell of a CSV file: text that would be a formula gets a quotation mark.

    Numbers, also such as are text, stay numbers.
    """
    if isinstance(value, str) and _FORMULA.match(value) and not _NUMBER.fullmatch(value):
        return f"'{value}"
    return value


def csv_text(frame: pd.DataFrame) -> str:
    """A frame as CSV with a header and without its index; floats read back exactly."""
    texts = [name for name in frame if frame[name].dtype.kind == "O"]
    safe = frame.copy(deep=False)
    for name in texts:
        safe[name] = [inert(value) for value in frame[name]]
    safe.columns = [inert(name) for name in frame.columns]
    # A lone carriage return ends a line for readers, and pandas does not quote it by itself.
    returns = any("\r" in str(v) for name in texts for v in frame[name])
    quoting: Literal[0, 2] = csv.QUOTE_NONNUMERIC if returns else csv.QUOTE_MINIMAL
    return safe.to_csv(index=False, lineterminator="\n", quoting=quoting)
