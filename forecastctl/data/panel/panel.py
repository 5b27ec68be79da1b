"""What a data source is asked for, and the long panel that comes out of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, get_args

from forecastctl.data.panel.understood import Understood
from forecastctl.errors import SettingsError
from forecastctl.records.calendar import FREQS
from forecastctl.records.month_names import LANGUAGES

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd


Gaps = Literal["interpolate", "longest", "reject"]
Duplicates = Literal["reject", "sum", "mean", "last"]
Suspects = Literal["recent", "keep", "missing", "reject"]
Totals = Literal["leave-out", "keep"]

FRAME_COLUMNS = ("airport", "ds", "y", "row", "problem")
DEFAULT_MIN_LENGTH = 3


@dataclass(frozen=True, slots=True)
class DataSpec:
    """Where the data is, how to read it and what to do about its faults.

    Attributes:
        source: Path of a file or a folder, ``-``, an address, a SQLAlchemy URL, or ``sample``.
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
        decimal: Decimal mark of the numbers; ``None`` decides by all of them.
        language: Of the names of months, such as ``fr``; ``None`` decides by all of them.
        encoding: Of text; ``None`` is UTF-8 or UTF-16, and what the bytes look like where not.
        sheet: Name of the sheet of a workbook, or ``all``; ``None`` takes the one that holds a
            table, or all that hold one airport, year or month each.
        totals: ``leave-out`` leaves out airports that are the sum of others, ``keep`` keeps
            them.
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
    decimal: Literal[".", ","] | None = None
    language: str | None = None
    encoding: str | None = None
    sheet: str | None = None
    totals: Totals = "leave-out"

    def __post_init__(self) -> None:
        """Refuse values that no policy knows."""
        choices = {
            "freq": (None, *FREQS),
            "gaps": get_args(Gaps),
            "duplicates": get_args(Duplicates),
            "suspects": get_args(Suspects),
            "totals": get_args(Totals),
            "decimal": (None, ".", ","),
            "language": (None, *LANGUAGES),
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
        understood: How the source was read.
    """

    frame: pd.DataFrame
    freq: str
    season_length: int
    source: str
    digest: str
    unit: str = "line"
    columns: Mapping[str, str] = field(default_factory=dict)
    groups: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    understood: Understood = field(default_factory=Understood)

    @property
    def snapshot(self) -> pd.DataFrame:
        """What is stored of it."""
        return self.frame

    @property
    def profile(self) -> dict[str, int]:
        """How much it is."""
        return {"num_rows": len(self.frame), "num_airports": self.frame["airport"].nunique()}
