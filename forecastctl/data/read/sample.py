"""A seeded panel that looks like the monthly passengers of airports."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import NDArray

FIRST_MONTH = "2010-01"
_LETTERS = 26
_SHORT_MONTHS = 18  # of the airport that started recently
_ALL_ALIKE_BELOW = 4  # airports; from so many on some get a hole, a late start or zeros


def _codes(n: int, rng: np.random.Generator) -> list[str]:
    """Distinct codes of three letters, or of four where there are many."""
    width = 3 if n <= _LETTERS**3 // 2 else 4
    while _LETTERS**width < 2 * n:
        width += 1
    numbers = rng.choice(_LETTERS**width, size=n, replace=False)
    letters = np.array(list("ABCDEFGHIJKLMNOPQRSTUVWXYZ"))
    digits = [numbers // _LETTERS**p % _LETTERS for p in range(width)]
    return ["".join(row) for row in letters[np.stack(digits, axis=1)]]


def _levels(n: int, months: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Expected passengers, shape ``(n, months)``: size, trend, season, shocks and noise."""
    t = np.arange(months)
    size = rng.lognormal(12.0, 1.3, (n, 1))
    growth = rng.normal(0.03, 0.02, (n, 1)) / 12
    drift = np.cumsum(rng.normal(0.0, 0.008, (n, months)), axis=1)
    summer = rng.uniform(0.05, 0.3, (n, 1))
    peak = rng.normal(6.5, 1.0, (n, 1))
    season = summer * np.cos(2 * np.pi * (t - peak) / 12)
    season = season + rng.normal(0.0, 0.05, (n, 12))[:, t % 12]
    noise = rng.normal(0.0, 1.0, (n, months)) * rng.uniform(0.015, 0.05, (n, 1))
    return np.asarray(size * np.exp(growth * t + drift + season + noise + _shared_dip(months)))


def _shared_dip(months: int) -> NDArray[np.float64]:
    """A mild dip of the whole system at two thirds of the time, healing within a year."""
    since = np.arange(months) - 2 * months // 3
    return np.where(since >= 0, -0.15 * np.exp(-np.maximum(since, 0) / 5), 0.0)


def sample_panel(
    airports: int = 8,
    months: int = 120,
    seed: int = 0,
    *,
    names: Sequence[str] = (),
    first: str = FIRST_MONTH,
) -> pd.DataFrame:
    """Make a panel: trend, season, noise, one shared dip, and some airports with peculiarities.

    With four airports or more, the first suffers a shock of its own (a runway closed for some
    months), one has a hole of two months, one started recently, and one was closed (zeros) for a
    winter.

    Args:
        airports: Number of airports.
        months: Months of each.
        seed: Equal seeds give equal panels.
        names: Names of the airports, as many as there are; made up where none is given.
        first: First month, ``YYYY-MM``.

    Returns:
        Columns ``airport`` (text), ``date`` (first of the month, ``datetime64[s]``) and
        ``passengers`` (whole numbers), by airport and month.
    """
    import pandas as pd

    rng = np.random.default_rng(seed)
    codes = _codes(airports, rng)
    codes = list(names) or codes
    y = np.rint(_levels(airports, months, rng)).astype(np.int64)
    kept = np.full(y.shape, fill_value=True)
    if airports >= _ALL_ALIKE_BELOW and months > 2 * _SHORT_MONTHS:
        middle = months // 2
        y[0, middle : middle + 4] = np.rint(y[0, middle : middle + 4] * [0.5, 0.6, 0.75, 0.9])
        kept[airports // 3, middle : middle + 2] = False
        kept[airports // 2, : months - _SHORT_MONTHS] = False
        y[-1, middle - 3 : middle] = 0
    start = np.datetime64(first, "M")
    dates = (start + np.arange(months)).astype("datetime64[s]")
    row, column = np.nonzero(kept)
    return pd.DataFrame(
        {
            "airport": np.array(codes, dtype=object)[row],
            "date": dates[column],
            "passengers": y[row, column],
        }
    )
