"""Data frames of pandas, polars and pyarrow in the long form of the field, in and out."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from forecastctl.errors import DataError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from forecastctl.data.panel.panel import DataSpec, Panel

Kind = Literal["pandas", "polars", "pyarrow"]
"""Whose data frame a table is."""
LABEL = "frame"
"""What is recorded as the source of data in memory."""
ID, TIME, TARGET, CUTOFF = "unique_id", "ds", "y", "cutoff"
MODEL = "forecastctl"
"""The column of forecasts, and what those of their intervals begin with."""
_HINT = "Give a path, an address, 'sample', or a data frame of pandas, polars or pyarrow."
_UNNAMED = re.compile(r"__index_level_\d+__")


@dataclass(frozen=True, slots=True)
class Form:
    """How a frame is given back.

    Attributes:
        kind: Whose frame it is.
        ids: Type of the names of series, as narwhals knows it; ``None`` for text.
        freq: pandas alias of its periods; ``None`` where there are no data.
        ends: Whether a period is written as its last day, as in the data.
    """

    kind: Kind = "pandas"
    ids: Any = None
    freq: str | None = None
    ends: bool = False


def panel_in(frame: Any, spec: DataSpec) -> tuple[Panel, Form]:
    """The panel of a data frame, read as a file of the same rows is.

    Args:
        frame: A long frame: a row for each series and period. Its columns are recognised by their
            names, as those of a file: ``unique_id``, ``ds``, ``y`` or ``airport``, ``date``,
            ``passengers`` and all other usual names. An index with a name is a column.
        spec: How to read it.

    Returns:
        The panel, and the form that frames for the same user have.

    Raises:
        DataError: It cannot be used at all.
        UsageError: It is no data frame.
    """
    import narwhals as nw
    import pyarrow as pa
    from narwhals.exceptions import NarwhalsError

    from forecastctl.data.read.files import panel_of
    from forecastctl.data.read.parquet import arrow_table

    try:
        given = nw.from_native(frame, pass_through=True)
        if not isinstance(given, nw.DataFrame | nw.LazyFrame):
            raise UsageError(f"The data are a {type(frame).__name__}, and no data frame.", _HINT)
        eager = given.collect() if isinstance(given, nw.LazyFrame) else given
        table = eager.to_arrow()
        unnamed = [n for n in table.column_names if _UNNAMED.fullmatch(n)]
        dates = [n for n in unnamed if pa.types.is_temporal(table.schema.field(n).type)]
        table = table.drop_columns([n for n in unnamed if n not in dates])
        source = arrow_table(f"the {_kind(eager)} data frame", table)
    except (NarwhalsError, pa.ArrowException, ValueError, TypeError) as error:
        reason = " ".join(str(error).split()).rstrip(".")
        raise DataError(f"The data frame cannot be read: {reason}.", _HINT) from None
    panel = panel_of(source, spec)
    column = panel.columns.get("airport")
    ids = eager.schema.get(column) if column else None
    keeps = ids is not None and (ids.is_integer() or ids == nw.Categorical)
    return panel, form_of(panel, _kind(eager), ids if keeps else None)


def form_of(panel: Panel, kind: Kind = "pandas", ids: Any = None) -> Form:
    """The form of frames about a panel.

    Args:
        panel: The data.
        kind: Whose frames they are.
        ids: As in `Form`.
    """
    return Form(kind, ids, panel.freq, _at_ends(panel))


def _kind(frame: Any) -> Kind:
    name = str(frame.implementation).rpartition(".")[2].lower()
    return name if name in ("polars", "pyarrow") else "pandas"  # type: ignore[return-value]


def _at_ends(panel: Panel) -> bool:
    """Whether the data write each period as its last day."""
    import pandas as pd

    days = panel.frame["ds"].dropna().unique()
    if panel.freq.startswith("D") or not len(days):
        return False
    periods = pd.PeriodIndex(pd.DatetimeIndex(days), freq=panel.freq)
    last = periods.to_timestamp(how="end").normalize()
    return bool((last == pd.DatetimeIndex(days).normalize()).all())


def rows_out(rows: Sequence[Mapping[str, Any]], columns: Sequence[str], form: Form) -> Any:
    """Rows as a data frame.

    Args:
        rows: One mapping for each; those that lack a column have nothing there.
        columns: Columns of a frame without rows.
        form: The form of the frame.
    """
    names = list(dict.fromkeys(name for row in rows for name in row)) or list(columns)
    return columns_out({name: [row.get(name) for row in rows] for name in names}, form)


def columns_out(columns: Mapping[str, Any], form: Form) -> Any:
    """Columns as a data frame.

    Args:
        columns: Arrays or lists of equal length by name; ``unique_id`` gets the type of the data.
        form: The form of the frame.
    """
    import narwhals as nw

    frame = nw.from_dict(dict(columns), backend=form.kind)
    if form.ids is not None and ID in frame.columns and len(frame):
        frame = frame.with_columns(nw.col(ID).cast(form.ids))
    return frame.to_native()


def forecasts_out(
    table: pd.DataFrame | None, form: Form, actuals: Panel | None = None, cutoffs: bool = False
) -> Any:
    """Forecasts as the libraries of the field take them.

    Args:
        table: As `forecastctl.jobs.tables` makes it, or ``None``.
        form: The form of the frame.
        actuals: The data, whose values are added as ``y``.
        cutoffs: Whether the last period that each forecast knew is added.

    Returns:
        Columns ``unique_id``, ``ds``, then ``cutoff`` and ``y`` where asked for, ``forecastctl``
        (the mean), and ``forecastctl-lo-L`` and ``forecastctl-hi-L`` for each level.
    """
    import pandas as pd

    if table is None:
        table = pd.DataFrame({"airport": [], "date": [], "mean": [], "cutoff": []})
    made: dict[str, Any] = {ID: table["airport"].astype(str).tolist()}
    days = pd.DatetimeIndex(pd.to_datetime(table["date"]))
    made[TIME] = _written(days, form).to_numpy()
    if cutoffs:
        known = pd.DatetimeIndex(pd.to_datetime(table["cutoff"]))
        made[CUTOFF] = _written(known, form).to_numpy()
    if actuals is not None:
        made[TARGET] = _actual(actuals, made[ID], days)
    made[MODEL] = table["mean"].to_numpy(dtype=float)
    for name in table.columns:
        if name.startswith(("lo-", "hi-")):
            made[f"{MODEL}-{name}"] = table[name].to_numpy(dtype=float)
    return columns_out(made, form)


def _written(days: pd.DatetimeIndex, form: Form) -> pd.DatetimeIndex:
    """First days of periods, or their last ones where the data write them so; nanoseconds."""
    if form.ends and form.freq:
        days = days.to_period(form.freq).to_timestamp(how="end").normalize()
    return days.as_unit("ns")


def _actual(panel: Panel, airports: Sequence[str], days: pd.DatetimeIndex) -> Any:
    """Values of a panel, NaN where it has none; of several rows for a period the last one."""
    import pandas as pd

    rows = panel.frame[panel.frame["ds"].notna()]
    periods = pd.DatetimeIndex(rows["ds"]).to_period(panel.freq)
    known = pd.Series(rows["y"].to_numpy(dtype=float), index=[rows["airport"].astype(str), periods])
    known = known[~known.index.duplicated(keep="last")]
    wanted = pd.MultiIndex.from_arrays([list(airports), days.to_period(panel.freq)])
    return known.reindex(wanted).to_numpy()
