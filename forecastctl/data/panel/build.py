"""Build a panel from rows that were read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from forecastctl.data.panel.frequency import (
    NO_DAY,
    Spacings,
    freq_of,
    full_freq_of,
    spacings,
)
from forecastctl.data.panel.panel import FRAME_COLUMNS, DataSpec, Panel
from forecastctl.data.panel.rows import group, panel_digest
from forecastctl.errors import DataError
from forecastctl.records.calendar import SEASON_LENGTHS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import pandas as pd
    from numpy.typing import ArrayLike

    from forecastctl.data.panel.rows import Grouped


def make_panel(
    frame: pd.DataFrame,
    spec: DataSpec,
    source: str,
    *,
    unit: str = "line",
    columns: Mapping[str, str] | None = None,
) -> Panel:
    """Check a long frame once, and add frequency, season length and digest.

    Args:
        frame: Columns as in `Panel`.
        spec: What was asked for.
        source: Label of the source.
        unit: What ``row`` counts.
        columns: Where airport, date and value were found.

    Raises:
        DataError: A column is missing, there is no row, no row has a date, or the frequency
            cannot be told.
    """
    missing = [c for c in FRAME_COLUMNS if c not in frame.columns]
    if missing:
        raise DataError(f"{source}: the panel lacks the columns {', '.join(missing)}.")
    if frame.empty:
        raise DataError(f"{source} holds no rows.", "Check that the export or the query worked.")
    grouped = group(frame)
    freq = frequency(grouped, spec, source)
    season = spec.season_length or SEASON_LENGTHS[freq[0]]
    return Panel(
        frame=frame,
        freq=freq,
        season_length=season,
        source=source,
        digest=panel_digest(grouped),
        unit=unit,
        columns=dict(columns or {}),
    )


def frequency(rows: Grouped, spec: DataSpec, source: str) -> str:
    """Frequency of rows: as set, else that of their spacing.

    Args:
        rows: Everything that was read.
        spec: What was asked for.
        source: Label of the source.

    Raises:
        DataError: No row has a date, or the frequency cannot be told.
    """
    dated = rows.days != NO_DAY
    return spaced_frequency(spacings(rows.codes[dated], rows.days[dated]), spec, source)


def spaced_frequency(spaced: Spacings, spec: DataSpec, source: str) -> str:
    """As `frequency`, of how all rows that have a date are spaced."""
    if not spaced.rows:
        raise DataError(f"{source}: no row has a date.")
    if spec.freq:
        return full_freq_of(spec.freq, spaced)
    try:
        return freq_of(spaced, strict=True)
    except DataError as error:
        raise DataError(f"{source}: {error.message}", error.hint) from None


def from_frame(
    airports: Iterable[str], days: ArrayLike, values: ArrayLike, spec: DataSpec, source: str
) -> Panel:
    """Panel from clean columns in memory: texts, dates and numbers of equal length.

    Negative and infinite numbers are recorded as problems of their rows, as in a file.
    """
    import pandas as pd

    from forecastctl.data.panel.values import number_problems

    y = np.asarray(values, dtype=np.float64)
    row = np.arange(1, len(y) + 1)
    problem = np.full(len(y), None, dtype=object)
    for position, message in number_problems(y).items():
        problem[position] = f"row {row[position]}, column passengers: {message}"
    frame = pd.DataFrame(
        {
            "airport": pd.Series([str(a) for a in airports], dtype=object),
            "ds": np.asarray(days, dtype="datetime64[s]"),
            "y": y,
            "row": row,
            "problem": pd.Series(problem, dtype=object),
        }
    )
    names = {"airport": "airport", "date": "date", "value": "passengers"}
    return make_panel(frame, spec, source, unit="row", columns=names)
