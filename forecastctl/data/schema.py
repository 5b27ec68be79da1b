"""What a data source is asked for, and the long panel that comes out of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np

from forecastctl.data.periods import FREQS, NO_DAY, SEASON_LENGTHS, full_freq, infer_freq
from forecastctl.data.rows import group, panel_digest
from forecastctl.errors import DataError, SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import pandas as pd
    from numpy.typing import ArrayLike

    from forecastctl.data.rows import Grouped

Gaps = Literal["interpolate", "longest", "reject"]
Duplicates = Literal["reject", "sum", "mean", "last"]
Suspects = Literal["recent", "keep", "missing", "reject"]

FRAME_COLUMNS = ("airport", "ds", "y", "row", "problem")
DEFAULT_MIN_LENGTH = 3


@dataclass(frozen=True, slots=True)
class DataSpec:
    """Where the data is, how to read it and what to do about its faults.

    Attributes:
        source: Path of a CSV or Parquet file, a SQLAlchemy URL, or ``sample``.
        query: SQL query, with a URL only.
        airport: Name of the airport column; ``None`` recognises it.
        date: Name of the date column; ``None`` recognises it, or Year and Month.
        value: Name of the value column; ``None`` recognises it.
        freq: ``M``, ``Q``, ``W`` or ``D``; ``None`` takes the spacing of most rows.
        season_length: Periods per season; ``None`` for 12, 4, 52 or 7.
        gaps: ``interpolate`` fills holes of at most ``max_gap`` periods and uses the most recent
            stretch between longer ones; ``longest`` never fills; ``reject`` accepts no hole.
        max_gap: Periods.
        duplicates: What to do with several rows for one period.
        suspects: What to do with periods that look like a unit or label error, or not published:
            ``recent`` leaves out those of the last two seasons and forecasts as far as with them,
            ``keep`` keeps all, ``missing`` takes all as missing, ``reject`` rejects the airport.
        min_length: Observed periods that a series needs at least; ``None`` for 3.
        max_stale: Periods that an airport may end before the panel does without being rejected;
            ``None`` rejects none, and notes those that end 12 months, 4 quarters, 26 weeks or 30
            days before it.
        dayfirst: Whether 03/04/2012 is the third of April; ``None`` decides by the whole column.
        groups: Columns whose values group the airports.
        group_file: CSV or Parquet file that holds these columns by airport; all of its columns
            where ``groups`` names none. ``None`` takes the columns of the source itself.
    """

    source: str | None
    query: str | None = None
    airport: str | None = None
    date: str | None = None
    value: str | None = None
    freq: str | None = None
    season_length: int | None = None
    gaps: Gaps = "interpolate"
    max_gap: int = 3
    duplicates: Duplicates = "reject"
    suspects: Suspects = "recent"
    min_length: int | None = None
    max_stale: int | None = None
    dayfirst: bool | None = None
    groups: tuple[str, ...] = ()
    group_file: str | None = None

    def __post_init__(self) -> None:
        """Refuse values that no policy knows."""
        choices = {
            "freq": (None, *FREQS),
            "gaps": get_args(Gaps),
            "duplicates": get_args(Duplicates),
            "suspects": get_args(Suspects),
        }
        for key, allowed in choices.items():
            value = getattr(self, key)
            if value not in allowed:
                names = ", ".join(str(a) for a in allowed if a)
                raise SettingsError(f"[data] {key} is {value!r}.", f"Use one of {names}.")
        lowest = {"season_length": 1, "max_gap": 0, "min_length": 1, "max_stale": 0}
        for key, low in lowest.items():
            value = getattr(self, key)
            if value is not None and value < low:
                raise SettingsError(f"[data] {key} is {value}.", f"Use {low} or more.")


@dataclass(frozen=True, slots=True)
class Panel:
    """Every row of a data source, in its order, as read.

    Attributes:
        frame: Columns ``airport`` (text as spelt), ``ds`` (day, as given; NaT where unreadable),
            ``y`` (passengers; NaN where blank or unreadable), ``row`` (line of the file, the
            header being line 1, or row of the table) and ``problem`` (``None``, or what is wrong
            with the row, naming its line and column).
        freq: pandas period alias, inferred from all rows or set.
        season_length: Periods per season.
        source: Label of the source, without passwords.
        digest: SHA-256 of all rows, whatever their order.
        unit: What ``row`` counts: ``line`` or ``row``.
        columns: Where airport, date and value were found.
        groups: Value of each airport by column of groups, in their order.
    """

    frame: pd.DataFrame
    freq: str
    season_length: int
    source: str
    digest: str
    unit: str = "line"
    columns: Mapping[str, str] = field(default_factory=dict)
    groups: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


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
    return Panel(frame, freq, season, source, panel_digest(grouped), unit, dict(columns or {}))


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
    if not dated.any():
        raise DataError(f"{source}: no row has a date.")
    if spec.freq:
        return full_freq(spec.freq, rows.days[dated])
    try:
        return infer_freq(rows.codes[dated], rows.days[dated], strict=True)
    except DataError as error:
        raise DataError(f"{source}: {error.message}", error.hint) from None


def from_frame(
    airports: Iterable[str], days: ArrayLike, values: ArrayLike, spec: DataSpec, source: str
) -> Panel:
    """Panel from clean columns in memory: texts, dates and numbers of equal length.

    Negative and infinite numbers are recorded as problems of their rows, as in a file.
    """
    import pandas as pd

    from forecastctl.data.values import number_problems

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
