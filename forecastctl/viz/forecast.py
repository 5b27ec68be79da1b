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
    note_what_is_beyond,
    number_axis,
    one_line,
    quiet_axes,
    readable_top,
    shortened,
    text_width,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

    from forecastctl.records import Forecast, Series

SEASONS_SHOWN = 8
LONGEST_NAME, LONGEST_MODEL = 60, 80  # characters
FRAME = (0.075, 0.085, 0.915, 0.83)  # left, bottom, width and height, as shares of the figure
GAP, LEAST_MODEL = 0.02, 0.2  # between the titles, and width kept for the model, as shares
FAST_PNG = {"compress_level": 3}


@dataclass(frozen=True, slots=True)
class ForecastChart:
    """What a forecast chart shows: the last seasons of the history, and the forecast."""

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

    before_cutoff = series.ds <= np.datetime64(forecast.cutoff)
    last_seasons = slice(-SEASONS_SHOWN * max(series.season_length, 7), None)
    return ForecastChart(
        airport=series.airport,
        model=model,
        history_ds=series.ds[before_cutoff][last_seasons],
        history_y=series.y[before_cutoff][last_seasons],
        ds=forecast.ds,
        mean=forecast.mean,
        intervals=forecast.intervals,
    )


def draw_forecast(chart: ForecastChart) -> bytes:
    """Draw history, mean and interval bands as a PNG of about 1,000 x 400 pixels."""
    buffer = io.BytesIO()
    with glyphs_missing_quietly():
        forecast_figure(chart).savefig(
            buffer, format="png", metadata={"Software": None}, pil_kwargs=FAST_PNG
        )
    return buffer.getvalue()


def forecast_figure(chart: ForecastChart) -> Any:
    """The figure of `draw_forecast`."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    # A fixed frame: matplotlib's automatic layout would take two thirds of the time.
    figure = Figure(figsize=(9.2, 3.8), dpi=110)
    FigureCanvasAgg(figure)
    axes = figure.add_axes(FRAME)
    draw_fan(axes, chart)
    _titles(axes, chart)
    return figure


def draw_fan(axes: Any, chart: ForecastChart, came: Mapping[str, float] | None = None) -> None:
    """Draw history, mean and interval bands onto axes.

    Args:
        axes: Where.
        chart: What.
        came: What has come true since, passengers by first day of the period.
    """
    axes.plot(chart.history_ds, chart.history_y, color=INK, linewidth=1.2, label="actual")
    _bands(axes, chart)
    axes.plot(chart.ds, chart.mean, color=ACCENT, linewidth=1.8, label="forecast")
    axes.axvline(chart.history_ds[-1], color=MUTED, linewidth=0.8, linestyle=":")
    if came:
        places = [(day, came[str(day)]) for day in chart.ds if str(day) in came]
        axes.plot(*zip(*places, strict=True), "o", color=INK, markersize=4, label="came true")
    _axes_and_legend(axes, chart, max(came.values()) if came else 0.0)


def _bands(axes: Any, chart: ForecastChart) -> None:
    """Draw the intervals, the widest first and palest."""
    levels = sorted(chart.intervals, reverse=True)
    for rank, level in enumerate(levels):
        lo, hi = chart.intervals[level]
        alpha = 0.12 + 0.14 * rank / max(len(levels) - 1, 1)
        axes.fill_between(
            chart.ds, lo, hi, color=ACCENT, alpha=alpha, linewidth=0, label=f"{level} %"
        )


def _axes_and_legend(axes: Any, chart: ForecastChart, came: float) -> None:
    """Axes and legend."""
    date_axis(axes)
    quiet_axes(axes)
    number_axis(axes.yaxis)
    lines = max(chart.history_y.max(), chart.mean.max(), came)
    highest = readable_top(lines, max([lines, *(hi.max() for _, hi in chart.intervals.values())]))
    axes.set_ylim(0, 1.15 * highest)  # room for the legend
    note_what_is_beyond(axes, chart.intervals)
    axes.set_ylabel("passengers", color=MUTED)
    axes.legend(loc="upper left", frameon=False, fontsize=8, ncols=5, labelcolor=MUTED)


def _titles(axes: Any, chart: ForecastChart) -> None:
    """Write the airport on the left and the model on the right, cut to fit beside it."""
    figure = axes.figure
    widest = FRAME[2] - LEAST_MODEL - GAP
    name = shortened(figure, one_line(chart.airport, LONGEST_NAME), widest, 12, "bold")
    left = text_width(figure, name, 12, "bold")
    model = shortened(figure, one_line(chart.model, LONGEST_MODEL), FRAME[2] - left - GAP, 8)
    for text, place, style in (
        (name, "left", {"color": INK, "fontsize": 12, "fontweight": "bold"}),
        (model, "right", {"color": MUTED, "fontsize": 8}),
    ):
        axes.set_title(text, loc=place, parse_math=False, **style)
