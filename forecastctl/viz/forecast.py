"""The chart of a forecast, drawn for every airport of a job."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from forecastctl.viz.style import (
    ACCENT,
    INK,
    MUTED,
    date_axis,
    glyphs_missing_quietly,
    plain,
    quiet_axes,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

    from forecastctl.records import Forecast, Series

SEASONS_SHOWN = 8
FAST = {"compress_level": 3}


@dataclass(frozen=True, slots=True)
class ForecastChart:
    """What a forecast chart shows; the last seasons of the history, and the forecast."""

    airport: str
    model: str
    history_ds: NDArray[np.datetime64]
    history_y: NDArray[np.float64]
    ds: NDArray[np.datetime64]
    mean: NDArray[np.float64]
    intervals: Mapping[int, tuple[NDArray[np.float64], NDArray[np.float64]]]


def forecast_data(series: Series, forecast: Forecast, model: str) -> ForecastChart:
    """Data of a forecast chart.

    Args:
        series: History; periods after the forecast's cutoff are left out.
        forecast: The forecast.
        model: Label of the specification.
    """
    import numpy as np

    known = series.ds <= np.datetime64(forecast.cutoff)
    shown = slice(-SEASONS_SHOWN * max(series.season_length, 7), None)
    return ForecastChart(
        series.airport,
        model,
        series.ds[known][shown],
        series.y[known][shown],
        forecast.ds,
        forecast.mean,
        forecast.intervals,
    )


def draw_forecast(chart: ForecastChart) -> bytes:
    """Draw history, mean and interval bands as a PNG of about 1,000 x 400 pixels."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    # A fixed frame: matplotlib's automatic layout would take two thirds of the time.
    figure = Figure(figsize=(9.2, 3.8), dpi=110)
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0.075, 0.085, 0.915, 0.83))
    axes.plot(chart.history_ds, chart.history_y, color=INK, linewidth=1.2, label="actual")
    _bands(axes, chart)
    axes.plot(chart.ds, chart.mean, color=ACCENT, linewidth=1.8, label="forecast")
    axes.axvline(chart.history_ds[-1], color=MUTED, linewidth=0.8, linestyle=":")
    _dress(axes, chart)
    buffer = io.BytesIO()
    with glyphs_missing_quietly():
        figure.savefig(buffer, format="png", metadata={"Software": None}, pil_kwargs=FAST)
    return buffer.getvalue()


def _bands(axes: Any, chart: ForecastChart) -> None:
    """Wider levels paler, drawn first."""
    levels = sorted(chart.intervals, reverse=True)
    for rank, level in enumerate(levels):
        lo, hi = chart.intervals[level]
        alpha = 0.12 + 0.14 * rank / max(len(levels) - 1, 1)
        axes.fill_between(
            chart.ds, lo, hi, color=ACCENT, alpha=alpha, linewidth=0, label=f"{level} %"
        )


def _dress(axes: Any, chart: ForecastChart) -> None:
    from matplotlib.ticker import EngFormatter

    date_axis(axes)
    quiet_axes(axes)
    axes.yaxis.set_major_formatter(EngFormatter(sep=""))
    highest = max([chart.history_y.max(), *(hi.max() for _, hi in chart.intervals.values())])
    axes.set_ylim(0, 1.15 * highest)  # room for the legend
    axes.set_ylabel("passengers", color=MUTED)
    axes.set_title(plain(chart.airport, 60), loc="left", color=INK, fontsize=12, fontweight="bold")
    axes.set_title(plain(chart.model, 80), loc="right", color=MUTED, fontsize=8)
    axes.legend(loc="upper left", frameon=False, fontsize=8, ncols=4, labelcolor=MUTED)
