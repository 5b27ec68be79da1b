"""The charts of an explanation with their titles and captions, as one figure or one by one."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from forecastctl.explain.page import charts, draw, words
from forecastctl.explain.page.draw_fleet import draw_fleet
from forecastctl.explain.page.svg import inline_svg, settings, svg_bytes
from forecastctl.figures import period
from forecastctl.viz.style import INK, MUTED, PAPER, folded, glyphs_missing_quietly, one_line

if TYPE_CHECKING:
    from collections.abc import Callable

    from forecastctl.explain.values import Answer
    from forecastctl.records.explanation import ExplainView

POINTS = 72
SMALL = (400, 265)
WIDE = (840, 285)
NARROW = (370, 290)
IMAGE = (13.2, 14.3)
"""Width and height in inches of all charts; the text above them comes on top."""

MARGIN = 0.03
TITLE = 17.0, "bold"
SAID = 10.5, "normal"
LINE = 1.25
SPACE = 0.18
LONGEST = 900
DPI = 110


@dataclass(frozen=True, slots=True)
class Chart:
    """One chart: what it is called, what it says, and how it is drawn.

    Attributes:
        name: Short name, unique on the page.
        title: For people.
        caption: What to see in it, in one or two sentences.
        data: What it shows, or why it is not there.
        drawn: Draws the data onto axes.
    """

    name: str
    title: str
    caption: str
    data: Any
    drawn: Callable[[Any, Any], None]

    @property
    def missing(self) -> str | None:
        """Why there is nothing to draw, or ``None``."""
        return self.data.sentence if isinstance(self.data, charts.Missing) else None

    def draw(self, axes: Any) -> None:
        """Draw the chart, or the sentence in its place."""
        (draw.draw_missing if self.missing else self.drawn)(axes, self.data)


def gallery(answer: Answer, view: ExplainView) -> tuple[Chart, ...]:
    """Every chart, the one over the whole width first, those that are missing last."""
    when = period(view.date, view.freq)
    found = (
        Chart(
            "history",
            "What was forecast, and what came true",
            _history_caption(answer, view),
            charts.history_data(answer, view),
            draw.draw_history,
        ),
        Chart(
            "parts",
            "What the miss is made of",
            "From the actual to the forecast, step by step. The steps add up to the miss.",
            charts.parts_data(answer),
            draw.draw_parts,
        ),
        Chart(
            "fleet",
            "The other airports in the same period",
            _fleet_caption(answer),
            charts.fleet_data(answer, view),
            draw_fleet,
        ),
        Chart(
            "neighbours",
            "This miss among its neighbours",
            _neighbours_caption(answer, when),
            charts.neighbours_data(answer),
            draw.draw_neighbours,
        ),
        Chart(
            "alternatives",
            "What other models would have said",
            "Each dot is the forecast of another recorded model, the closest to the actual first.",
            charts.alternatives_data(answer),
            draw.draw_alternatives,
        ),
        Chart(
            "evolution",
            f"How the forecast for {when} changed",
            "Each dot is a forecast, with its 80 and 95 % intervals; the large dot is the one "
            "explained. Hollow dots were made afterwards, by a backtest.",
            charts.evolution_data(answer),
            draw.draw_evolution,
        ),
        Chart(
            "paths",
            f"Every stored forecast through {when}",
            _paths_caption(view),
            charts.paths_data(answer, view),
            draw.draw_paths,
        ),
    )
    return tuple(sorted(found, key=lambda chart: chart.missing is not None))


def _history_caption(answer: Answer, view: ExplainView) -> str:
    made = answer.forecast
    parts = ["Passengers per period."]
    if made:
        parts.append(
            f"The forecast knew the figures up to {period(made.cutoff, view.freq)} "
            "(dotted line); the shaded bands should hold 80 and 95 % of what comes true."
        )
    return " ".join([*parts, words.break_sentence(answer, view.freq) or ""]).strip()


def _fleet_caption(answer: Answer) -> str:
    said = words.fleet_sentence(answer.fleet)
    head = "Airports by their actual in percent of the forecast; blue are those outside "
    return f"{head}their 95 % interval." + (f" {said[0].upper()}{said[1:]}." if said else "")


def _neighbours_caption(answer: Answer, when: str) -> str:
    text = f"Misses in usual errors; {when} is orange. In the grey band a miss needs no cause."
    if words.missed_nothing(answer):
        return f"{text} This one was met exactly."
    said = None if answer.standing is None else words.among(answer.standing)
    return f"{text} This one is {said}." if said else text


def _paths_caption(view: ExplainView) -> str:
    count, shown = len(view.vintages), charts.PATHS_SHOWN
    text = "The darker a line, the later the forecast; black is what came true."
    return text if count <= shown else f"{text} The latest {shown} of {count:,} are shown."


def chart_markup(chart: Chart) -> tuple[str, ...]:
    """SVG elements of a chart; the first chart in two shapes, for wide and for narrow screens."""
    import matplotlib as mpl

    sizes = (WIDE, NARROW) if chart.name == "history" else (SMALL,)
    with mpl.rc_context(settings()):
        return tuple(_markup(chart, size, i) for i, size in enumerate(sizes))


def _markup(chart: Chart, size: tuple[int, int], number: int) -> str:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(size[0] / POINTS, size[1] / POINTS), layout="constrained")
    figure.patch.set_alpha(0)
    axes = figure.add_subplot()
    axes.patch.set_alpha(0)
    chart.draw(axes)
    name = chart.name if not number else f"{chart.name}{number}"
    return inline_svg(svg_bytes(figure), name, f"{chart.title}. {chart.caption}")


def image(answer: Answer, view: ExplainView, kind: str) -> bytes:
    """All charts as one figure: ``png`` or ``svg``."""
    import matplotlib as mpl

    with mpl.rc_context(settings()):
        figure = whole(answer, view)
        if kind == "svg":
            return svg_bytes(figure)
        buffer = io.BytesIO()
        with glyphs_missing_quietly():
            figure.savefig(buffer, format="png", metadata={"Software": None})
        return buffer.getvalue()


def whole(answer: Answer, view: ExplainView) -> Any:
    """The figure of `image`, as tall as its text needs."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    layout = ConstrainedLayoutEngine(w_pad=0.2, h_pad=0.1)
    figure: Any = Figure(figsize=IMAGE, dpi=DPI, facecolor=PAPER, layout=layout)
    FigureCanvasAgg(figure)
    width = 1 - 2 * MARGIN
    title = folded(figure, one_line(words.headline(answer, view.freq), LONGEST), width, *TITLE)
    said = one_line(words.figures(answer, view.freq) or "", LONGEST)
    lines = folded(figure, said, width, *SAID) if said else []
    heights = [LINE * len(title) * TITLE[0] / POINTS, LINE * len(lines) * SAID[0] / POINTS]
    above = sum(heights) + 3 * SPACE
    figure.set_size_inches(IMAGE[0], IMAGE[1] + above)
    head, body = figure.subfigures(2, 1, height_ratios=(above, IMAGE[1]))
    at = 1 - SPACE / above
    for text, height, (size, weight), colour in zip(
        (title, lines), heights, (TITLE, SAID), (INK, MUTED), strict=True
    ):
        style = {"fontsize": size, "fontweight": weight, "color": colour, "linespacing": LINE}
        head.text(MARGIN, at, "\n".join(text), va="top", parse_math=False, **style)
        at -= (height + SPACE) / above
    _compose(body, answer, view)
    return figure


def _compose(body: Any, answer: Answer, view: ExplainView) -> None:
    first, *rest = gallery(answer, view)
    top, bottom = body.subfigures(2, 1, height_ratios=(1.25, 3))
    _panel(top, first)
    for panel, chart in zip(bottom.subfigures(3, 2).flat, rest, strict=True):
        _panel(panel, chart)


def _panel(panel: Any, chart: Chart) -> None:
    axes = panel.add_subplot()
    chart.draw(axes)
    panel.suptitle(chart.title, x=0.03, ha="left", fontsize=12, fontweight="bold", color=INK)
