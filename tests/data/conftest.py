"""Small panels, as files and in memory."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from forecastctl.data.panel.build import from_frame
from forecastctl.data.panel.panel import DataSpec

TODAY = date(2020, 6, 15)


@pytest.fixture
def write(tmp_path):
    """Write bytes or text to a file, and return its path as text."""

    def make(content: str | bytes, name: str = "data.csv") -> str:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return str(path)

    return make


def months(n: int, start: str = "2012-01") -> np.ndarray:
    return (np.datetime64(start, "M") + np.arange(n)).astype("datetime64[D]")


def wave(n: int, level: float = 10_000.0) -> np.ndarray:
    """A mild season with a trend: nothing about it is suspect."""
    t = np.arange(n)
    return np.rint(level * (1 + 0.2 * np.sin(2 * np.pi * t / 12) + 0.002 * t))


def panel_of(airports: dict[str, tuple], spec: DataSpec | None = None):
    """Panel from ``{airport: (days, values)}``."""
    names = [a for a, (days, _) in airports.items() for _ in days]
    days = np.concatenate([np.asarray(d, dtype="datetime64[D]") for d, _ in airports.values()])
    values = np.concatenate([np.asarray(v, dtype=float) for _, v in airports.values()])
    return from_frame(names, days, values, spec or DataSpec(None), "test")


def long_csv(airports: dict[str, int], header: str = "airport,date,passengers") -> str:
    """Text of a clean file with some months of each airport."""
    lines = [header]
    for a, n in airports.items():
        lines += [f"{a},{d},{y:.0f}" for d, y in zip(months(n), wave(n), strict=True)]
    return "\n".join(lines) + "\n"
