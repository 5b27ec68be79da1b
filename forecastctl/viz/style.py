"""The look that all charts share: colours, axes, labels."""

from __future__ import annotations

import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from forecastctl.figures import short

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import numpy as np
    from numpy.typing import NDArray

INK = "#1f2933"
MUTED = "#6b7785"
GRID = "#e3e7eb"
ACCENT = "#0b6bcb"
ALERT = "#c2570c"  # blue and orange: told apart by colour-blind readers as well
PAPER = "#ffffff"
SALT = "forecastctl"
TICK_DIGITS = 6
DWARFING = 2.5
"""From so many times the highest value of a line on the end of an interval would dwarf it."""

DWARFED = 1.4
"""How far an axis then reaches, in times of that value."""


def date_axis(axes: Any) -> None:
    """Dates on the x axis, in short."""
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

    locator: Any = _untyped(AutoDateLocator)(minticks=3, maxticks=8)
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(_untyped(ConciseDateFormatter)(locator))


def readable_top(lines: float, bands: float) -> float:
    """How far up an axis reaches: to the ends of intervals, unless these would dwarf the lines.

    Args:
        lines: The highest value of a line.
        bands: The highest end of an interval.
    """
    return bands if bands <= DWARFING * lines or lines <= 0 else lines * DWARFED


def note_what_is_beyond(
    axes: Any, intervals: Mapping[Any, tuple[NDArray[np.float64], NDArray[np.float64]]]
) -> None:
    """Say in the chart how far an interval goes that goes beyond it.

    Args:
        axes: With its limits set.
        intervals: Lower and upper ends by level in percent.
    """
    top = axes.get_ylim()[1]
    beyond = {level: hi.max() for level, (_, hi) in intervals.items() if hi.size and hi.max() > top}
    if not beyond:
        return
    ends = ", ".join(f"{level} % up to {short(beyond[level])}" for level in sorted(beyond, key=int))
    axes.annotate(
        f"beyond the chart: {ends}",
        (1.0, 1.0),
        (-4, -4),
        xycoords="axes fraction",
        textcoords="offset points",
        ha="right",
        va="top",
        color=ACCENT,
        fontsize=9,
        zorder=6,
        bbox={"facecolor": PAPER, "alpha": 0.8, "linewidth": 0, "pad": 1.5},
    )


def quiet_axes(axes: Any, grid: str = "y") -> None:
    """Pale frame, grid along one axis."""
    axes.grid(axis=grid, color=GRID)
    axes.set_axisbelow(True)
    axes.tick_params(colors=MUTED)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(MUTED)


def number_axis(axis: Any) -> None:
    """Numbers along an axis, in short."""
    from matplotlib.ticker import FuncFormatter

    axis.set_major_formatter(FuncFormatter(lambda value, _: short(value, TICK_DIGITS)))


def text_width(figure: Any, text: str, size: float, weight: str = "normal") -> float:
    """Width of a line as it will be drawn, as a share of the figure's."""
    from matplotlib.font_manager import FontProperties

    renderer = figure.canvas.get_renderer()
    font = FontProperties(size=size, weight=weight)
    with glyphs_missing_quietly():
        width, _, _ = renderer.get_text_width_height_descent(text, font, ismath=False)
    return float(width / figure.bbox.width)


def folded(figure: Any, text: str, width: float, size: float, weight: str = "normal") -> list[str]:
    """A text in lines that fit, measured as they will be drawn; a word that does not is broken.

    Args:
        figure: With a canvas.
        text: Without line breaks.
        width: Share of the figure's width.
        size: Of the font, points.
        weight: Of the font.
    """
    lines = [""]
    for word in text.split(" "):
        longer = f"{lines[-1]} {word}" if lines[-1] else word
        if text_width(figure, longer, size, weight) <= width:
            lines[-1] = longer
            continue
        if lines[-1]:
            lines.append("")
        for character in word:
            if text_width(figure, lines[-1] + character, size, weight) > width and lines[-1]:
                lines.append("")
            lines[-1] += character
    return lines


def shortened(figure: Any, text: str, width: float, size: float, weight: str = "normal") -> str:
    """A text cut with an ellipsis where it is wider than a share of the figure."""
    if text_width(figure, text, size, weight) <= width:
        return text
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        if text_width(figure, f"{text[:middle]}…", size, weight) <= width:
            low = middle
        else:
            high = middle - 1
    return f"{text[:low].rstrip()}…" if low else ""


@contextmanager
def glyphs_missing_quietly() -> Iterator[None]:
    """No warning of glyphs that the font lacks: a name may hold an emoji."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph")
        yield


def one_line(text: str, width: int) -> str:
    """One line of at most ``width`` characters, all of which can be shown."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return line if len(line) <= width else line[: width - 1] + "…"


def _untyped(constructor: Any) -> Any:
    """A constructor of matplotlib.dates, which has no types, for the type checker."""
    return constructor
