"""Fleets made from a seed, in which nothing happens but what is put in, and two moving holidays."""

from __future__ import annotations

import zlib
from functools import lru_cache

import numpy as np
import pandas as pd
from dateutil.easter import easter

FIRST, MONTHS, AIRPORTS = "2006-01-01", 156, 9
PROCESSES = ("airline", "level", "seasonal")
LUNAR = {
    2006: "01-29", 2007: "02-18", 2008: "02-07", 2009: "01-26", 2010: "02-14", 2011: "02-03",
    2012: "01-23", 2013: "02-10", 2014: "01-31", 2015: "02-19", 2016: "02-08", 2017: "01-28",
    2018: "02-16",
}  # fmt: skip
"""First day of the lunar year."""


@lru_cache(maxsize=64)
def fleet(process: str, seed: int, noise: float = 0.025, airports: int = AIRPORTS) -> pd.DataFrame:
    """Passengers by month and airport.

    Args:
        process: ``airline`` (the logarithm is a seasonal ARIMA (0,1,1)(0,1,1) with 0.4 and 0.6),
            ``level`` (it wanders and has no season) or ``seasonal`` (fixed season, straight trend).
        seed: Equal arguments give equal fleets.
        noise: Standard deviation of a month's innovation, of the logarithm.
        airports: How many.
    """
    rng = np.random.default_rng(zlib.crc32(f"{process} {seed}".encode()))
    shape = (MONTHS + 13, airports)
    common = rng.normal(0.0, 0.3 * noise, (shape[0], 1))
    e = common + rng.normal(0.0, noise, shape)
    month = np.arange(MONTHS) % 12
    season = 0.15 * np.sin(2 * np.pi * (month[:, None] + rng.uniform(0, 12, airports)) / 12)
    season = season + rng.normal(0.0, 0.03, (12, airports))[month]
    trend = np.arange(MONTHS)[:, None] * rng.uniform(-0.001, 0.004, airports)
    if process == "airline":
        w = e[13:] - 0.4 * e[12:-1] - 0.6 * e[1:-12] + 0.24 * e[:-13]
        path = np.zeros((MONTHS, airports))
        for t in range(MONTHS):
            before = path[t - 1] if t else 0.0
            year = path[t - 12] if t >= 12 else 0.0
            both = path[t - 13] if t > 12 else 0.0
            path[t] = before + year - both + w[t]
        logs = path + season + trend
    elif process == "level":
        logs = np.cumsum(0.3 * e[13:], axis=0) + e[:-13]
    else:
        logs = season + trend + e[13:]
    size = np.exp(rng.uniform(np.log(8_000), np.log(2_000_000), airports))
    index = pd.date_range(FIRST, periods=MONTHS, freq="MS")
    names = [f"A{i:02d}" for i in range(airports)]
    return pd.DataFrame(np.rint(size * np.exp(logs)), index=index, columns=names)


def share(holiday: str, month: pd.Timestamp) -> float:
    """Share of the fifteen days around a moving holiday that a month holds."""
    year = month.year
    day = str(easter(year)) if holiday == "Easter" else f"{year}-{LUNAR[year]}"
    days = (np.datetime64(day) + np.arange(-7, 8)).astype("datetime64[M]")
    return float(np.mean(days == np.datetime64(month, "M")))


def with_holiday(table: pd.DataFrame, holiday: str, effects: np.ndarray) -> pd.DataFrame:
    """The fleet with so much more traffic in a month that holds all of the holiday.

    Args:
        table: Passengers by month and airport.
        holiday: ``Easter`` or ``Lunar New Year``.
        effects: Change of each airport's logarithm.
    """
    shares = np.array([share(holiday, month) for month in table.index])
    return (table * np.exp(shares[:, None] * effects)).round()
