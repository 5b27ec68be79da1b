"""Draw how the other airports fared in the same period."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from forecastctl.figures import number
from forecastctl.viz.style import ACCENT, ALERT, MUTED, one_line, quiet_axes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from forecastctl.explain.page.charts import FleetChart

HEADROOM = 1.3
TOP = 200.0
PERCENT_UP_TO = 1000.0
BIN = 2.5
LEAST_STACK = 9
CROWD = 100
WIDE_BIN = 5.0


def draw_fleet(axes: Any, chart: FleetChart) -> None:
    """How many airports came in where; those outside their interval coloured."""
    shown = np.clip(chart.ratios, 0, TOP)
    outside = np.array(chart.outside)
    (_bars if len(shown) > CROWD else _dots)(axes, shown, outside)
    axes.axvline(100, color=MUTED, linewidth=0.9, linestyle=":")
    if chart.own is not None:
        _own(axes, chart)
    axes.set_xlim(-5, TOP + 5)
    axes.set_xticks([0, 50, 100, 150, 200], ["0 %", "50 %", "as forecast", "150 %", "200 %+"])
    quiet_axes(axes, grid="x")


def _bars(axes: Any, shown: NDArray[np.float64], outside: NDArray[np.bool_]) -> None:
    """Too many to tell dots apart."""
    edges = np.arange(-WIDE_BIN / 2, TOP + WIDE_BIN, WIDE_BIN)
    inside = np.histogram(shown[~outside], edges)[0]
    beyond = np.histogram(shown[outside], edges)[0]
    axes.bar(edges[:-1] + WIDE_BIN / 2, inside, width=0.85 * WIDE_BIN, color=MUTED)
    axes.bar(edges[:-1] + WIDE_BIN / 2, beyond, 0.85 * WIDE_BIN, inside, color=ACCENT)
    axes.set_ylim(0, HEADROOM * (inside + beyond).max())
    axes.set_ylabel("airports", color=MUTED)


def _dots(axes: Any, shown: NDArray[np.float64], outside: NDArray[np.bool_]) -> None:
    """One dot per airport, stacked where they are alike."""
    column = np.round(shown / BIN) * BIN
    height, tallest = np.zeros(len(shown)), LEAST_STACK
    for value in np.unique(column):
        at_value = np.flatnonzero(column == value)
        height[at_value] = np.arange(len(at_value)) - (len(at_value) - 1) / 2
        tallest = max(tallest, len(at_value))
    size = float(np.clip(170 / tallest, 1.2, 5))
    for chosen, colour in ((~outside, MUTED), (outside, ACCENT)):
        axes.plot(column[chosen], height[chosen], "o", color=colour, markersize=size, mew=0)
    axes.set_ylim(-0.62 * tallest, 0.85 * tallest)
    axes.set_yticks([])


def _own(axes: Any, chart: FleetChart) -> None:
    own = float(chart.own or 0)
    at = min(own, TOP)
    right = at > TOP / 2
    axes.axvline(at, ymax=0.94, color=ALERT, linewidth=1.6)
    text = f"{number(own)} %" if own < PERCENT_UP_TO else f"{number(own / 100)} times"
    label = {"color": ALERT, "fontweight": "bold", "va": "top"}
    axes.annotate(
        f"{one_line(chart.airport, 20)} {text}",
        (at, 1.0),
        (-5 if right else 5, -2),
        axes.get_xaxis_transform(),
        textcoords="offset points",
        ha="right" if right else "left",
        **label,
    )
