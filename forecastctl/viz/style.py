"""The look that all charts share: colours, axes, labels."""

from __future__ import annotations

import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

INK = "#1f2933"
MUTED = "#6b7785"
GRID = "#e3e7eb"
ACCENT = "#0b6bcb"
ALERT = "#c2570c"  # blue and orange: told apart by colour-blind readers as well
PAPER = "#ffffff"
SALT = "forecastctl"


def date_axis(axes: Any) -> None:
    """Dates on the x axis, in short."""
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

    locator: Any = _untyped(AutoDateLocator)(minticks=3, maxticks=8)
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(_untyped(ConciseDateFormatter)(locator))


def quiet_axes(axes: Any, grid: str = "y") -> None:
    """Pale frame, grid along one axis."""
    axes.grid(axis=grid, color=GRID)
    axes.set_axisbelow(True)
    axes.tick_params(colors=MUTED)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(MUTED)


def short_number(value: float) -> str:
    """Three digits and a unit, as on the axes: ``2.51M``."""
    from matplotlib.ticker import EngFormatter

    places = 2 if abs(value) >= 1000 and len(f"{abs(value):.0f}") % 3 == 1 else 0  # noqa: PLR2004
    return EngFormatter(places=places, sep="")(value)


@contextmanager
def glyphs_missing_quietly() -> Iterator[None]:
    """A name may hold an emoji that the font has not."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph")
        yield


def one_line(text: str, width: int) -> str:
    """One line of at most ``width`` characters, all of which can be shown."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return line if len(line) <= width else line[: width - 1] + "…"


def plain(text: str, width: int) -> str:
    """As `one_line`, and matplotlib reads no formula in it."""
    return one_line(text, width).replace("$", r"\$")


def _untyped(constructor: Any) -> Any:
    """matplotlib.dates has no types."""
    return constructor
