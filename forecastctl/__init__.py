"""forecastctl: experiment tracking for fleets of forecasts."""

__version__ = "0.1.0"
