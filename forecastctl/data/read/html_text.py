"""Tables of HTML pages, which many portals send under the name of a workbook (``.xls``)."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import TYPE_CHECKING

from forecastctl.data.read.encoding import encoding_of
from forecastctl.data.read.tables import Cells, SourceTable, table_of_cells
from forecastctl.errors import DataError

if TYPE_CHECKING:
    from forecastctl.data.read.blobs import Blob

_STARTS = ("<html", "<!doctype html", "<table", "<meta ", "<head", "<style")
_MOST_SPANNED = 1000
"""Columns or rows that one cell may reach over."""


def looks_like_html(head: bytes) -> bool:
    """Whether the first bytes of a file begin a page or a table."""
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()[:20].decode("latin-1").lower()
    return start.startswith(_STARTS)


def html_tables(blob: Blob, encoding: str | None) -> list[SourceTable]:
    """The tables of a page.

    Args:
        blob: The page.
        encoding: As set; ``None`` is found out.

    Raises:
        DataError: It holds no table.
    """
    code = encoding or encoding_of(blob, zipped=False)
    parser = _Tables()
    parser.feed(blob.read().decode(code, "replace"))
    parser.close()
    tables = [table for table in map(_cells, parser.tables) if len(table.rows) > 1]
    if not tables:
        raise DataError(
            f"{blob.label} is a page of HTML without a table.", "Download the file itself."
        )
    return [
        table_of_cells(
            blob.label, "row", cells, facts={"format": "a table of HTML"}, sheet=f"table {n}"
        )
        for n, cells in enumerate(tables, 1)
    ]


class _Tables(HTMLParser):
    """Collects the cells of all tables: text, and over how many columns and rows it reaches."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tables: list[list[list[tuple[str, int, int]]]] = []
        self._open = False
        self._spans = (1, 1)
        self._text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """A table, a row or a cell begins; whoever forgets to end a cell ends it by the next."""
        if tag in ("table", "tr", "td", "th"):
            self._end_cell()
        if tag == "table":
            self.tables.append([])
        elif tag == "tr" and self.tables:
            self.tables[-1].append([])
        elif tag in ("td", "th") and self.tables:
            if not self.tables[-1]:
                self.tables[-1].append([])
            of = dict(attrs)
            self._spans = (_span(of.get("colspan")), _span(of.get("rowspan")))
            self._open, self._text = True, []
        elif tag == "br" and self._open:
            self._text.append(" ")

    def handle_endtag(self, tag: str) -> None:
        """A cell, or what holds it, ends."""
        if tag in ("table", "tr", "td", "th"):
            self._end_cell()

    def handle_data(self, data: str) -> None:
        """Text of a cell."""
        if self._open:
            self._text.append(data)

    def _end_cell(self) -> None:
        if self._open:
            self.tables[-1][-1].append((" ".join("".join(self._text).split()), *self._spans))
            self._open = False


def _span(text: str | None) -> int:
    text = (text or "").strip()
    return min(int(text), _MOST_SPANNED) if text.isdecimal() and text.isascii() and int(text) else 1


def _cells(table: list[list[tuple[str, int, int]]]) -> Cells:
    """Rows of a table; a cell that reaches over several stands in all of them."""
    rows: list[list[str]] = []
    below: dict[tuple[int, int], str] = {}
    for r, cells in enumerate(table):
        row: list[str] = []
        for text, columns, deep in cells:
            _fill(row, below, r)
            for _ in range(columns):
                below |= {(r + d, len(row)): text for d in range(1, deep)}
                row.append(text)
        _fill(row, below, r)
        rows.append(row)
    numbers = [n for n, row in enumerate(rows, 1) if any(row)]
    return Cells([rows[n - 1] for n in numbers], numbers)


def _fill(row: list[str], below: dict[tuple[int, int], str], r: int) -> None:
    """Add the cells that reach down from rows above."""
    while (r, len(row)) in below:
        row.append(below.pop((r, len(row))))
