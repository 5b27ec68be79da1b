"""Charts and pages: ``*_data`` functions are pure, ``draw_*`` functions draw their values."""

import logging

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

# It would warn a service, which has no home, of where it keeps its list of fonts.
logging.getLogger("matplotlib").setLevel(logging.ERROR)
