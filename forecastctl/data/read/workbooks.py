"""Workbooks of Excel and LibreOffice: each sheet as a table, read by python-calamine."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from forecastctl.data.read.tables import Cells, SourceTable, table_of_cells, text_of
from forecastctl.errors import DataError

if TYPE_CHECKING:
    from forecastctl.data.read.blobs import Blob

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
"""First bytes of the workbooks that Excel wrote before 2007."""
ALL = "all"
"""As the name of a sheet: all sheets together."""


def workbook_tables(blob: Blob, sheet: str | None) -> list[SourceTable]:
    """The sheets of a workbook that hold anything, or the one of that name.

    Args:
        blob: The workbook.
        sheet: Name of a sheet, or ``all``.

    Raises:
        DataError: It cannot be read, or there is no such sheet.
    """
    try:
        import python_calamine
    except ModuleNotFoundError:
        raise DataError(
            f"{blob.label} is a workbook of Excel, and what reads it is not installed.",
            "pip install 'forecastctl[excel]', or save the sheet as CSV.",
        ) from None
    try:
        book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(blob.read()))
        names = [str(name) for name in book.sheet_names]
        if sheet == ALL and sheet not in names:
            sheet = None
        if sheet is not None and sheet not in names:
            raise DataError(
                f"{blob.label} has no sheet {sheet!r}, but {', '.join(map(repr, names))}.",
                f'Set [data] sheet to one of them, or to "{ALL}".',
            )
        hidden = _hidden(book) if sheet is None else set()
        wanted = [name for name in names if name not in hidden] if sheet is None else [sheet]
        tables = [(name, _cells(book.get_sheet_by_name(name))) for name in wanted]
    except python_calamine.CalamineError as error:
        raise DataError(
            f"{blob.label} is not a readable workbook: {str(error).rstrip('.')}.",
            "Save it again, or save the sheet as CSV.",
        ) from None
    found = [
        table_of_cells(
            blob.label,
            "row",
            cells,
            facts={"format": f"the sheet {name!r}"},
            notes=(f"hidden sheets are left out: {', '.join(sorted(hidden))}",) if hidden else (),
            sheet=name,
        )
        for name, cells in tables
        if cells.rows
    ]
    if not found:
        raise DataError(f"{blob.label} holds no cell.", "Check that the export worked.")
    return found


def _hidden(book: object) -> set[str]:
    """Names of the sheets that nobody sees, unless all are such."""
    shown = {
        str(sheet.name): str(sheet.visible).endswith(".Visible")
        for sheet in book.sheets_metadata  # type: ignore[attr-defined]
    }
    return (
        {name for name, visible in shown.items() if not visible} if any(shown.values()) else set()
    )


def _cells(sheet: object) -> Cells:
    """The cells of a sheet as text; those that are merged all hold the same."""
    rows = [
        [text_of(value) for value in row]
        for row in sheet.to_python(skip_empty_area=False)  # type: ignore[attr-defined]
    ]
    for (top, left), (bottom, right) in sheet.merged_cell_ranges or ():  # type: ignore[attr-defined]
        for r in range(top, min(bottom + 1, len(rows))):
            for c in range(left, min(right + 1, len(rows[r]))):
                rows[r][c] = rows[top][left]
    numbers = [n for n, row in enumerate(rows, 1) if any(v.strip() for v in row)]
    return Cells([rows[n - 1] for n in numbers], numbers)
