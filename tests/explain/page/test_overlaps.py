"""No text of a picture lies on another one, or beyond its edges."""

import dataclasses
import itertools

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text

from forecastctl.explain.page import draw
from forecastctl.explain.page.charts import history_data
from forecastctl.explain.page.gallery import (
    LONGEST,
    NARROW,
    POINTS,
    gallery,
    whole,
)
from forecastctl.explain.page.svg import settings
from forecastctl.viz import forecast_data
from forecastctl.viz.forecast import forecast_figure
from forecastctl.viz.style import folded, glyphs_missing_quietly, shortened, text_width
from tests.explain.page.cases import make_cases
from tests.test_viz import example

CASES = make_cases()
WORDS = "the data are at fault, not the forecast: a value that the model saw has been revised; "
NAME = "Général-Édouard-von-Bülow International Airport of the Upper Lower Valley (Terminal 2)"


def boxes(figure):
    """Every text that can be seen, with its box in pixels."""
    with glyphs_missing_quietly():
        figure.canvas.draw()
        hidden = set(unseen_ticks(figure))
        texts = [t for t in figure.findobj(Text) if t.get_visible() and t.get_text().strip()]
        return [(t.get_text(), t.get_window_extent()) for t in texts if t not in hidden]


def unseen_ticks(figure):
    """Labels of ticks beyond the ends of their axis, which matplotlib keeps but does not draw."""
    for axis in (a for axes in figure.findobj(Axes) for a in (axes.xaxis, axes.yaxis)):
        low, high = sorted(axis.get_view_interval())
        for minor in (False, True):
            places = axis.get_ticklocs(minor=minor)
            labels = axis.get_ticklabels(minor=minor)
            for place, label in zip(places, labels, strict=False):
                if not low <= place <= high or not axis.axes.axison:
                    yield label


def overlapping(figure, slack=1.0):
    found = []
    for (one, a), (other, b) in itertools.combinations(boxes(figure), 2):
        width = min(a.x1, b.x1) - max(a.x0, b.x0)
        height = min(a.y1, b.y1) - max(a.y0, b.y0)
        if width > slack and height > slack:
            found.append((one, other))
    return found


def beyond(figure):
    edge = figure.bbox
    return [
        text
        for text, box in boxes(figure)
        if box.x0 < edge.x0 - 1 or box.x1 > edge.x1 + 1 or box.y0 < edge.y0 - 1 or box.y1 > edge.y1
    ]


def picture(answer, view):
    with mpl.rc_context(settings()):
        return whole(answer, view)


@pytest.mark.slow
def test_every_chart_of_the_picture():
    figure = picture(*CASES["system_shock"])
    assert overlapping(figure) == []
    assert beyond(figure) == []


def test_the_narrow_drawing_of_a_page_holds_every_entry_of_its_legend():
    answer, view = CASES["level_shift_before_cutoff"]
    seen = view.history_y.copy()
    seen[-3] *= 1.5
    chart = gallery(answer, dataclasses.replace(view, history_y=seen))[0]
    figure = Figure(figsize=(NARROW[0] / POINTS, NARROW[1] / POINTS), layout="constrained")
    FigureCanvasAgg(figure)
    with mpl.rc_context(settings()):
        chart.draw(figure.add_subplot())
        assert {"as seen then", "level changed", "95 %"} <= {text for text, _ in boxes(figure)}
        assert overlapping(figure) == []
        assert beyond(figure) == []


@pytest.mark.slow
@pytest.mark.parametrize(("repeated", "airport"), [(4, NAME), (20, "W" * 150)])
def test_the_title_and_the_sentence_of_any_length(repeated, airport):
    answer, view = CASES["cannot_tell"]
    answer = dataclasses.replace(answer, airport=airport, sentence=WORDS * repeated)
    figure = picture(answer, dataclasses.replace(view, airport=airport))
    assert overlapping(figure) == []
    assert beyond(figure) == []
    shown = " ".join(figure.subfigs[0].texts[1].get_text().split())
    said = (WORDS * repeated).strip()
    assert shown == (said if len(said) <= LONGEST else f"{said[: LONGEST - 1]}…")


@pytest.mark.parametrize("airport", ["JFK", NAME, "W" * 100])
@pytest.mark.parametrize("model", ["mean of 12: " + "SARIMA(2,0,0)(1,1,1) drift + " * 6])
def test_the_titles_of_a_forecast_chart(airport, model):
    figure = forecast_figure(forecast_data(*example(airport=airport), model))
    assert overlapping(figure) == []
    assert beyond(figure) == []
    assert figure.axes[0].get_title("right").startswith(model[:7])


@pytest.mark.parametrize(
    ("forecast", "actual"), [(0.0, 0.0), (3.0, 0.0), (0.4, 90.0), (1e3, 1e3), (1e3, 0.0)]
)
def test_the_labels_of_forecast_and_actual(forecast, actual):
    answer, view = CASES["no_actual"]
    chart = history_data(answer, view)
    values = np.where(np.arange(len(chart.known[1])) % 2, 900.0, 1000.0)
    chart = dataclasses.replace(
        chart,
        known=(chart.known[0], values),
        seen=(chart.seen[0], chart.seen[1] * 0 + 950),
        path=(chart.path[0], chart.path[1] * 0 + 950),
        forecast=forecast,
        actual=actual,
    )
    figure = Figure(figsize=(8, 2.7), layout="constrained")
    FigureCanvasAgg(figure)
    draw.draw_history(figure.add_subplot(), chart)
    assert overlapping(figure) == []


def test_text_is_folded_and_shortened_as_measured():
    figure = Figure(figsize=(4, 1))
    FigureCanvasAgg(figure)
    lines = folded(figure, f"a {'word ' * 40}{'W' * 90}", 0.9, 10.0)
    assert len(lines) > 5
    assert all(text_width(figure, line, 10.0) <= 0.9 for line in lines)
    assert "".join(lines).replace(" ", "") == f"a{'word' * 40}{'W' * 90}"
    assert shortened(figure, "short", 0.9, 10.0) == "short"
    cut = shortened(figure, "W" * 90, 0.5, 10.0)
    assert cut.endswith("…")
    assert 0.4 < text_width(figure, cut, 10.0) <= 0.5
    assert shortened(figure, "W", 0.0, 10.0) == ""
