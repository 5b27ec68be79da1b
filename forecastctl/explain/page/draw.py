"""Draw the charts of an explanation onto axes; `explain.page.charts` says what they show."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from forecastctl.figures import short, short_part
from forecastctl.viz.style import (
    ACCENT,
    ALERT,
    INK,
    MUTED,
    PAPER,
    date_axis,
    note_what_is_beyond,
    number_axis,
    one_line,
    quiet_axes,
    readable_top,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    Intervals: TypeAlias = Mapping[Any, tuple[NDArray[np.float64], NDArray[np.float64]]]

    from forecastctl.explain.page.charts import (
        AlternativesChart,
        EvolutionChart,
        HistoryChart,
        Missing,
        NeighboursChart,
        PartsChart,
        PathsChart,
    )

HEADROOM = 1.3
FLAT = 25.0
LABEL = 24
LATE = 0.7
SMALL = 0.2
NEAR = 0.12
UP, DOWN, ROW = 5, -14, 18
NARROW = 6.0
"""Inches of width below which a legend of six entries takes two rows."""


def draw_missing(axes: Any, chart: Missing) -> None:
    """The sentence in the place of the chart."""
    axes.axis("off")
    text = textwrap.fill(chart.sentence, 44)
    axes.text(0.0, 0.9, text, color=MUTED, ha="left", va="top", transform=axes.transAxes)


def draw_history(axes: Any, chart: HistoryChart) -> None:
    """Actuals, forecast path with bands, the period, the cutoff and the break."""
    _bands(axes, chart)
    if chart.revised:
        axes.plot(*chart.seen, color=MUTED, linewidth=1.1, linestyle="--", label="as seen then")
    axes.plot(*chart.known, color=INK, linewidth=1.3, label="actual", zorder=3)
    if len(chart.path[0]):
        axes.plot(*chart.path, color=ACCENT, linewidth=1.8, label="forecast", zorder=3)
    _marks(axes, chart)
    lines = [chart.known[1], chart.seen[1], chart.path[1]]
    _limits(axes, np.concatenate(lines), chart.intervals)
    note_what_is_beyond(axes, chart.intervals)
    _ends(axes, chart)
    date_axis(axes)
    quiet_axes(axes)
    axes.legend(
        loc="lower left",
        bbox_to_anchor=(0, 1),
        borderaxespad=0,
        frameon=False,
        ncols=3 if axes.figure.bbox.width < NARROW * axes.figure.dpi else 6,
        labelcolor=MUTED,
        fontsize=9,
        handlelength=1.2,
        columnspacing=1.2,
    )


def _bands(axes: Any, chart: HistoryChart) -> None:
    levels = sorted(chart.intervals, reverse=True)
    for rank, level in enumerate(levels):
        alpha = 0.14 + 0.14 * rank / max(len(levels) - 1, 1)
        band = {"color": ACCENT, "alpha": alpha, "linewidth": 0, "label": f"{level} %"}
        axes.fill_between(chart.path[0], *chart.intervals[level], **band)


def _marks(axes: Any, chart: HistoryChart) -> None:
    if chart.cutoff is not None:
        axes.axvline(chart.cutoff, color=MUTED, linewidth=0.9, linestyle=":")
    if chart.began is not None:
        axes.axvline(chart.began, color=ALERT, linewidth=1.1, linestyle="--", label="level changed")
    axes.axvline(chart.date, color=MUTED, linewidth=7, alpha=0.18)


def _ends(axes: Any, chart: HistoryChart) -> None:
    """The two values that the explanation is about, labelled away from each other."""
    first, last = axes.get_xlim()
    from matplotlib.dates import date2num

    where = float(date2num(chart.date))  # type: ignore[no-untyped-call]
    late = (where - first) / (last - first) > LATE
    points = ((chart.forecast, "forecast", "o", ACCENT), (chart.actual, "actual", "D", ALERT))
    known = sorted((v, name, mark, colour) for v, name, mark, colour in points if v is not None)
    heights = [_height(axes, value) for value, *_ in known]
    for (value, name, marker, colour), shift in zip(known, _shifts(heights), strict=True):
        axes.plot([chart.date], [value], marker, color=colour, markersize=7, mec=PAPER, zorder=5)
        axes.annotate(
            f"{name} {short(value)}",
            (chart.date, value),
            (-10 if late else 10, shift),
            textcoords="offset points",
            ha="right" if late else "left",
            color=colour,
            fontweight="bold",
            zorder=6,
            bbox={"facecolor": PAPER, "alpha": 0.8, "linewidth": 0, "pad": 1.5},
        )


def _height(axes: Any, value: float) -> float:
    """Where a value lies between the bottom (0) and the top (1) of the axes."""
    return float(axes.transAxes.inverted().transform(axes.transData.transform((0, value)))[1])


def _shifts(heights: list[float]) -> list[int]:
    """Points by which labels are moved up from their marks, lowest mark first: none overlap.

    The upper one goes up and the lower one down, unless the axis is in its way.
    """
    if len(heights) <= 1:
        return [UP] * len(heights)
    low, high = heights
    if low >= NEAR:
        return [DOWN, UP]
    return [UP, UP + ROW if high - low < NEAR else UP]


def _limits(axes: Any, values: NDArray[np.float64], intervals: Intervals | None = None) -> None:
    """From zero; on a logarithmic scale where one value dwarfs the others.

    Intervals are within the limits, unless they would dwarf the values.
    """
    finite = values[np.isfinite(values)]
    highest = float(finite.max()) if len(finite) else 1.0
    typical = float(np.median(finite)) if len(finite) else 1.0
    if finite.min(initial=1.0) > 0 and highest > FLAT * typical > 0:
        axes.set_yscale("log")
    else:
        ends = [hi.max() for _, hi in (intervals or {}).values() if hi.size]
        highest = max(highest, readable_top(highest, max(ends, default=0.0)))
        axes.set_ylim(0, HEADROOM * highest if highest > 0 else 1)
    number_axis(axes.yaxis)


def draw_paths(axes: Any, chart: PathsChart) -> None:
    """Paths from pale to dark by cutoff, the one explained in full."""
    count = len(chart.paths)
    for rank, (ds, mean, explained) in enumerate(chart.paths):
        alpha = 1.0 if explained else 0.2 + 0.45 * rank / count
        axes.plot(ds, mean, color=ACCENT, alpha=alpha, linewidth=2.2 if explained else 1.0)
    axes.plot(*chart.known, color=INK, linewidth=1.3)
    axes.axvline(chart.date, color=MUTED, linewidth=7, alpha=0.18)
    if chart.actual is not None:
        axes.plot([chart.date], [chart.actual], "D", color=ALERT, markersize=7, mec=PAPER, zorder=5)
    _limits(axes, np.concatenate([chart.known[1], *(mean for _, mean, _ in chart.paths)]))
    date_axis(axes)
    quiet_axes(axes)


def draw_evolution(axes: Any, chart: EvolutionChart) -> None:
    """Mean with intervals by cutoff; hollow where the forecast is a backtest's."""
    for rank, level in enumerate(sorted(chart.intervals, key=int, reverse=True)):
        style = {"color": ACCENT, "linewidth": 1.5 + 2.5 * rank, "alpha": 0.3 + 0.2 * rank}
        axes.vlines(chart.cutoffs, *chart.intervals[level], **style)
    axes.plot(chart.cutoffs, chart.means, color=ACCENT, linewidth=0.8, alpha=0.5)
    for i, (cutoff, mean) in enumerate(zip(chart.cutoffs, chart.means, strict=True)):
        size = 9 if i == chart.explained else 5
        face = ACCENT if chart.live[i] else PAPER
        axes.plot([cutoff], [mean], "o", color=ACCENT, mfc=face, markersize=size, zorder=4)
    values = [chart.means]
    if chart.actual is not None:
        axes.axhline(chart.actual, color=ALERT, linewidth=1.4)
        text = f"actual {short(chart.actual)}"
        place = {"textcoords": "offset points", "ha": "left", "va": "bottom"}
        spot = (0.01, chart.actual)
        axes.annotate(
            text, spot, (0, 3), axes.get_yaxis_transform(), color=ALERT, fontweight="bold", **place
        )
        values.append(np.array([chart.actual]))
    _limits(axes, np.concatenate(values), chart.intervals)
    note_what_is_beyond(axes, chart.intervals)
    axes.set_xlabel("last period known when the forecast was made", color=MUTED)
    date_axis(axes)
    quiet_axes(axes)


def draw_neighbours(axes: Any, chart: NeighboursChart) -> None:
    """Bars up where the forecast was too high, down where too low."""
    gaps = np.diff(chart.dates)
    width = 0.8 * (gaps.min() if len(gaps) else np.timedelta64(30, "D")).astype(float)
    colours = [ALERT if i == chart.at else ACCENT for i in range(len(chart.z))]
    axes.axhspan(-chart.bound, chart.bound, color=MUTED, alpha=0.13, linewidth=0)
    axes.axhline(0, color=MUTED, linewidth=0.8)
    axes.bar(chart.dates, chart.z, width=width, color=colours)
    least = 1.3 * chart.bound
    axes.set_ylim(min(-least, 1.1 * chart.z.min()), max(least, 1.1 * chart.z.max()))
    axes.set_ylabel("too high is above zero", color=MUTED, fontsize=9)
    date_axis(axes)
    quiet_axes(axes)


def draw_parts(axes: Any, chart: PartsChart) -> None:
    """A waterfall from the actual, at the top, to the forecast."""
    starts = chart.actual + np.concatenate([[0.0], np.cumsum(chart.values)])
    names = ("actual", *chart.names, "forecast")
    rows = range(len(names))
    left = np.concatenate([[0.0], starts[:-1], [0.0]])
    size = np.concatenate([[chart.actual], chart.values, [chart.forecast]])
    signs = [ACCENT if v >= 0 else ALERT for v in chart.values]
    axes.barh(rows, size, left=left, color=[MUTED, *signs, INK], height=0.62)
    for row, start in enumerate(starts):
        axes.plot([start, start], [row - 0.31, row + 1.31], color=MUTED, linewidth=0.7)
    miss = chart.forecast - chart.actual
    for row, (begin, value) in enumerate(zip(left, size, strict=True)):
        total = row in (0, len(names) - 1)
        text = short(value) if total else short_part(value, miss)
        axes.annotate(
            text,
            (max(begin, begin + value), row),
            (4, 0),
            textcoords="offset points",
            va="center",
            color=INK,
        )
    low, high = min(0.0, starts.min()), max(0.0, starts.max())
    span = starts.max() - starts.min()
    if low == 0.0 < span < SMALL * high:  # steps too small to be seen beside the whole
        low = starts.min() - span / 2
        axes.set_xlabel("the axis does not begin at zero", color=MUTED, fontsize=9)
    width = (high - low) or 1.0  # zero forecast and zero come true
    axes.set_xlim(low - 0.03 * width, high + 0.2 * width)
    axes.set_yticks(rows, names)
    axes.invert_yaxis()
    number_axis(axes.xaxis)
    axes.locator_params(axis="x", nbins=5)
    quiet_axes(axes, grid="x")


def _two_lines(label: str, kind: str) -> str:
    return f"{one_line(label, LABEL)}\n{kind}"


def draw_alternatives(axes: Any, chart: AlternativesChart) -> None:
    """One row per model, the forecast that was made at the top, the actual as a line."""
    names = ("the forecast made", *map(_two_lines, chart.labels, chart.kinds))
    values = np.concatenate([[chart.forecast], chart.values])
    rows = np.arange(len(names))
    axes.hlines(rows, chart.actual, values, color=MUTED, linewidth=1, alpha=0.6)
    axes.plot(values[1:], rows[1:], "o", color=ACCENT, markersize=7)
    axes.plot(values[:1], rows[:1], "o", color=INK, markersize=8)
    axes.axvline(chart.actual, color=ALERT, linewidth=1.6)
    low, high = min(chart.actual, values.min()), max(chart.actual, values.max())
    pad = 0.08 * (high - low) or 1.0
    axes.set_xlim(low - pad, high + pad)
    axes.set_yticks(rows, names, fontsize=8.5, linespacing=0.95)
    axes.set_ylim(len(names) - 0.4, -0.9)
    axes.annotate(
        f"actual {short(chart.actual)}",
        (chart.actual, -0.85),
        (5 if chart.actual < (low + high) / 2 else -5, 0),
        textcoords="offset points",
        ha="left" if chart.actual < (low + high) / 2 else "right",
        va="top",
        color=ALERT,
        fontweight="bold",
    )
    number_axis(axes.xaxis)
    axes.locator_params(axis="x", nbins=4)
    quiet_axes(axes, grid="x")
