"""Flags of the origins of a backtest."""

from __future__ import annotations

from typing import Annotated

from forecastctl.cli.flags.headings import BACKTEST
from forecastctl.cli.options import option

Start = Annotated[str, option("--from", "First origin (YYYY-MM).", BACKTEST, "DATE")]
End = Annotated[str, option("--to", "Last origin (YYYY-MM).", BACKTEST, "DATE")]
Every = Annotated[int, option("--every", "Periods from one origin to the next (1).", BACKTEST, "K")]
RetuneEvery = Annotated[
    int,
    option(
        "--retune-every",
        "Tune anew at every K-th origin; train and forecast at each (1).",
        BACKTEST,
        "K",
    ),
]
