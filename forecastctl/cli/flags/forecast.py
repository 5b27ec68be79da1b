"""Flags of the forecast."""

from __future__ import annotations

from typing import Annotated

from forecastctl.api.named import Sets
from forecastctl.cli.flags.headings import FORECAST
from forecastctl.cli.options import option

Horizon = Annotated[
    int | None,
    option("--horizon -H", "Periods ahead, in validation and forecast.", FORECAST, "H"),
    Sets("forecast.horizon"),
]
Levels = Annotated[
    list[int] | None,
    option("--level", "Interval level in percent (repeatable).", FORECAST, "PERCENT"),
    Sets("forecast.level"),
]
Out = Annotated[
    str | None,
    option(
        "--out -o",
        "Write forecasts to CSV (.gz), Parquet, a SQLAlchemy URL, or - for stdout.",
        FORECAST,
        "TARGET",
    ),
    Sets("forecast.out"),
]
Charts = Annotated[
    bool | None,
    option("--charts/--no-charts", "Draw and record a chart per airport.", FORECAST),
    Sets("forecast.charts"),
]
Fallback = Annotated[
    bool | None,
    option(
        "--fallback/--no-fallback",
        "Let a simpler model stand in, recorded, where the chosen one fails.",
        FORECAST,
    ),
    Sets("forecast.fallback"),
]
Reconcile = Annotated[
    str | None,
    option(
        "--reconcile",
        "Make the forecasts of airports, groups and total add up: bottom_up, mint_shrink, ...",
        FORECAST,
        "METHOD",
    ),
    Sets("forecast.reconcile"),
]
