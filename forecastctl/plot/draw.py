"""Draws the charts of `forecastctl.plot.values` onto axes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from forecastctl.viz.style import ACCENT, ALERT, INK, MUTED, date_axis, number_axis, quiet_axes

if TYPE_CHECKING:
    from forecastctl.plot.values import BacktestChart, ResidualsChart, TrialsChart

FAR = 4.0
"""Losses beyond so many times the median are drawn at the edge: one bad trial hides no other."""


def draw_backtest(axes: Any, chart: BacktestChart) -> None:
    """A line for each fold, the mean absolute error, and what the intervals allow for."""
    if chart.level is not None:
        leads = np.arange(1, len(chart.low) + 1)
        label = f"{chart.level} % interval of the forecast"
        style = {"color": ACCENT, "alpha": 0.16, "linewidth": 0}
        axes.fill_between(leads, chart.low, chart.high, label=label, **style)
    for at, fold in enumerate(chart.folds):
        style = {"color": MUTED, "linewidth": 1.0, "marker": "o", "markersize": 3}
        axes.plot(np.arange(1, len(fold) + 1), fold, label="" if at else "a fold", **style)
    leads = np.arange(1, len(chart.mae) + 1)
    axes.plot(leads, chart.mae, color=ACCENT, linewidth=1.8, label="mean absolute error")
    axes.axhline(0, color=INK, linewidth=0.8)
    axes.set_xlabel("periods ahead", color=MUTED)
    _whole_numbers(axes.xaxis)
    _finish(axes, "forecast minus actual, passengers")


def draw_trials(axes: Any, chart: TrialsChart) -> None:
    """A dot for each trial, and the lowest loss so far."""
    edge = FAR * float(np.median(chart.losses))
    shown = np.minimum(chart.losses, edge)
    axes.step(chart.numbers, np.minimum(chart.best, edge), where="post", color=MUTED, linewidth=1.2,
              label="best so far")  # fmt: skip
    for chosen, colour, label in ((False, MUTED, "a trial"), (True, ACCENT, "part of the model")):
        of = chart.members == chosen
        if of.any():
            axes.scatter(chart.numbers[of], shown[of], color=colour, s=28, label=label, zorder=3)
    far = chart.losses > edge
    if far.any():
        axes.scatter(chart.numbers[far], shown[far], color=ALERT, marker="^", s=40, zorder=4,
                     label="beyond the chart")  # fmt: skip
    for value, style, label in (
        (chart.baseline, "--", "seasonal naive"),
        (chart.chosen, "-", "what was chosen"),
    ):
        if value is not None:
            colour = ALERT if style == "--" else ACCENT
            axes.axhline(
                min(value, edge), color=colour, linewidth=1.1, linestyle=style, label=label
            )
    if chart.without:
        low = np.zeros(len(chart.without))
        axes.scatter(chart.without, low, color=ALERT, marker="x", s=24, label="failed or pruned")
    axes.set_ylim(bottom=0 if chart.without else None)
    axes.set_xlabel("trial", color=MUTED)
    _whole_numbers(axes.xaxis)
    _finish(axes, chart.loss)


def draw_residuals(axes: Any, chart: ResidualsChart) -> None:
    """A dot for each period; orange where the actual lay outside of the interval."""
    outside = (chart.low > 0) | (chart.high < 0)
    banded = np.isfinite(chart.low) & np.isfinite(chart.high)
    label = "interval" if chart.level is None else f"{chart.level} % interval"
    if banded.any():
        ends = chart.ds[banded], chart.low[banded], chart.high[banded]
        axes.vlines(*ends, color=ACCENT, alpha=0.25, linewidth=4, label=label)
    for is_out, colour, said in ((False, INK, "within"), (True, ALERT, "outside")):
        of = outside == is_out
        if of.any():
            axes.scatter(chart.ds[of], chart.errors[of], color=colour, s=22, label=said, zorder=3)
    axes.axhline(0, color=INK, linewidth=0.8)
    date_axis(axes)
    _finish(axes, "forecast minus actual, passengers")


def _whole_numbers(axis: Any) -> None:
    from matplotlib.ticker import MaxNLocator

    axis.set_major_locator(MaxNLocator(integer=True))


def _finish(axes: Any, what: str) -> None:
    """Axes and legend as in all charts."""
    quiet_axes(axes)
    number_axis(axes.yaxis)
    axes.set_ylabel(what, color=MUTED, parse_math=False)
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1), borderaxespad=0, frameon=False, ncols=6,
                fontsize=8, labelcolor=MUTED, handlelength=1.2, columnspacing=1.2)  # fmt: skip
