"""The table as a picture: how long each way takes, and what of it is the start."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_ROW = 0.5
"""Inches of a way."""


def draw(rows: Sequence[Mapping[str, Any]], title: str, path: Path) -> None:
    """Draw a bar of wall seconds for each way, its start apart, and CPU seconds as a dot.

    Args:
        rows: As `forecastctl.bench.table.Comparison.rows`.
        title: What was done.
        path: A PNG or SVG.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    from forecastctl.viz.style import ACCENT, ALERT, GRID, INK, MUTED, PAPER

    figure = Figure(figsize=(9, 1.6 + _ROW * len(rows)), facecolor=PAPER, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    places = range(len(rows))
    startup = [row["startup_s"] for row in rows]
    rest = [row["wall_s"] - row["startup_s"] for row in rows]
    axes.barh(places, startup, color=MUTED, label="start, until the first airport is begun")
    axes.barh(places, rest, left=startup, color=ACCENT, label="work and recording")
    known = [(at, row["cpu_s"]) for at, row in enumerate(rows) if row["cpu_s"] is not None]
    if known:
        ats, cpu = zip(*known, strict=True)
        axes.plot(cpu, ats, "D", color=ALERT, label="CPU time of all processes")
    axes.set_yticks(places, [f"{row['way']} ({row['backend']})" for row in rows])
    axes.invert_yaxis()
    axes.set_xlabel("seconds", color=INK)
    axes.set_title(title, loc="left", color=INK)
    axes.grid(axis="x", color=GRID)
    axes.set_axisbelow(True)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    figure.legend(loc="outside lower left", frameon=False, ncols=3, fontsize="small")
    figure.savefig(path, dpi=120)
