"""Figures of others on the panels of ``accuracy.py``, as they were published: not measured here."""

from __future__ import annotations

_MONASH = "Godahewa et al. (2021), Monash time series forecasting archive, table 2"
_LEADERBOARDS = "leaderboards of fev and GIFT-Eval"
_NBEATS = "Oreshkin et al. (2020), N-BEATS"

PUBLISHED: dict[str, tuple[tuple[str, str, float, str], ...]] = {
    "tourism_monthly.csv.gz": (
        ("FFNN", "MASE", 1.382, _MONASH),
        ("DeepAR", "MASE", 1.409, _MONASH),
        ("WaveNet", "MASE", 1.482, _MONASH),
        ("ETS", "MASE", 1.526, _MONASH),
        ("N-BEATS", "MASE", 1.574, _MONASH),
        ("ARIMA", "MASE", 1.589, _MONASH),
        ("Theta", "MASE", 1.649, _MONASH),
        ("TBATS", "MASE", 1.751, _MONASH),
        ("N-BEATS", "MAPE", 19.17, _NBEATS),
    ),
    "m1_monthly.csv.gz": (
        ("TimesFM-2.0", "MASE", 1.052, _LEADERBOARDS),
        ("TimeCopilot", "MASE", 1.054, _LEADERBOARDS),
        ("TiRex", "MASE", 1.060, _LEADERBOARDS),
        ("AutoETS", "MASE", 1.089, _LEADERBOARDS),
        ("seasonal naive", "MASE", 1.314, _LEADERBOARDS),
    ),
    "hospital_monthly.csv.gz": (
        ("Falcon-2.0", "MASE", 0.705, _LEADERBOARDS),
        ("Chronos-2", "MASE", 0.740, _LEADERBOARDS),
        ("TiRex", "MASE", 0.763, _LEADERBOARDS),
        ("AutoTheta", "MASE", 0.764, _LEADERBOARDS),
        ("AutoETS", "MASE", 0.770, _LEADERBOARDS),
        ("seasonal naive", "MASE", 0.921, _LEADERBOARDS),
    ),
}
"""By the file's name: model, measure, value and source."""


def published(file: str) -> str:
    """A line for each figure, or nothing for a panel without."""
    rows = PUBLISHED.get(file, ())
    lines = [
        f"  {name:<16}{measure:<6}{value:>7.3f}   {source}" for name, measure, value, source in rows
    ]
    return "\n".join(["published, not measured here:", *lines]) if lines else ""
