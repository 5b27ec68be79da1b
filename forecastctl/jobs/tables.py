"""Tables of forecasts, as ``--out`` writes them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

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
    table: dict[str, object] = {
        "airport": airport,
        "date": [str(d) for d in forecast.ds],
        "mean": forecast.mean,
    }
    for level in sorted(forecast.intervals):
        lo, hi = forecast.intervals[level]
        table |= {f"lo-{level}": lo, f"hi-{level}": hi}
    return pd.DataFrame({**table, "cutoff": forecast.cutoff, "model": model, "status": status})


def forecast_table(
    rows: Sequence[tuple[str, Forecast, str, str]], levels: Sequence[int] = ()
) -> pd.DataFrame:
    """The ``--out`` table of many airports, one below the other, as `forecast_frame` makes each.

    Built column by column: a frame for each of thousands of airports would take longer.

    Args:
        rows: Airport, forecast, label of its model and status; forecasts of equal levels.
        levels: Levels of an empty table.
    """
    import pandas as pd

    if not rows:
        return forecast_frame("", None, "", "", levels)
    forecasts = [forecast for _, forecast, _, _ in rows]
    counts = [len(forecast.mean) for forecast in forecasts]
    table: dict[str, object] = {
        "airport": _repeated([airport for airport, _, _, _ in rows], counts),
        "date": [str(day) for forecast in forecasts for day in forecast.ds],
        "mean": np.concatenate([forecast.mean for forecast in forecasts]),
    }
    for level in sorted(forecasts[0].intervals):
        for side, name in enumerate(("lo", "hi")):
            parts = [forecast.intervals[level][side] for forecast in forecasts]
            table[f"{name}-{level}"] = np.concatenate(parts)
    table["cutoff"] = _repeated([forecast.cutoff for forecast in forecasts], counts)
    table["model"] = _repeated([model for _, _, model, _ in rows], counts)
    table["status"] = _repeated([status for _, _, _, status in rows], counts)
    return pd.DataFrame(table)


def _repeated(texts: Sequence[str], counts: Sequence[int]) -> list[str]:
    """Each text as often as its count says."""
    return [text for text, n in zip(texts, counts, strict=True) for _ in range(n)]
