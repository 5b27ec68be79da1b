"""Charts and pages: ``*_data`` functions are pure, ``draw_*`` functions draw their values."""

from forecastctl.viz.forecast import ForecastChart, draw_forecast, forecast_data
from forecastctl.viz.style import ACCENT, GRID, INK, MUTED

__all__ = [
    "ACCENT",
    "GRID",
    "INK",
    "MUTED",
    "ForecastChart",
    "draw_forecast",
    "forecast_data",
]
