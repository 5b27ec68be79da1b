"""Flags of the ways of running that are compared or planned."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from forecastctl.cli.flags.headings import BENCH, OUTPUT
from forecastctl.cli.options import option

Backends = Annotated[
    list[str] | None,
    option(
        "--backends",
        "Only these: serial, threads, loky, shares, dask, ray, spark (repeatable, or with commas).",
        BENCH,
        "NAMES",
    ),
]
Rounds = Annotated[int, option("--rounds", "Try each way so often; medians count (1).", BENCH, "N")]
Price = Annotated[
    float | None, option("--price", "Price of a core for an hour, in any money.", BENCH, "X")
]
Cores = Annotated[
    list[str] | None,
    option("--cores", "Numbers of cores (1,8,64; repeatable, or with commas).", BENCH, "NUMBERS"),
]
BenchOut = Annotated[
    Path | None,
    option("--out -o", "Write a chart (.png, .svg) or the table (.csv).", OUTPUT, "FILE"),
]
