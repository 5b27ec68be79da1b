"""Tables that leave the program."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from forecastctl.records import Forecast


def forecast_frame(
    airport: str,
    forecast: Forecast | None,
    model: str,
    status: str,
    levels: Sequence[int] = (),
) -> pd.DataFrame:
    """The ``--out`` table of one airport: one row per period.

    Columns: ``airport, date, mean``, ``lo-L`` and ``hi-L`` for each level in ascending order,
    ``cutoff, model, status``. Without a forecast the table is empty but has its columns.
    """
    import pandas as pd

    if forecast is None:
        bands = [f"{side}-{level}" for level in sorted(levels) for side in ("lo", "hi")]
        columns = ["airport", "date", "mean", *bands, "cutoff", "model", "status"]
        return pd.DataFrame(columns=columns)
    table: dict[str, Any] = {
        "airport": airport,
        "date": [str(d) for d in forecast.ds],
        "mean": forecast.mean,
    }
    for level in sorted(forecast.intervals):
        lo, hi = forecast.intervals[level]
        table |= {f"lo-{level}": lo, f"hi-{level}": hi}
    return pd.DataFrame({**table, "cutoff": forecast.cutoff, "model": model, "status": status})
