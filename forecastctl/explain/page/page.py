"""An explanation as one self-contained HTML page, or as one picture."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING, Any

from forecastctl.explain.page import words
from forecastctl.explain.page.filling import template
from forecastctl.explain.page.tables import Link, interval, tables
from forecastctl.figures import number, period

if TYPE_CHECKING:
    from forecastctl.explain.values import Answer
    from forecastctl.records.explanation import ExplainView

TEMPLATE = "explanation.html"
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
"""What the page may load: its own style and pictures that stand in it."""

LONG = 24
HEX = re.compile("[0-9a-f]+")


def explanation_page(answer: Answer, view: ExplainView) -> str:
    """The page: verdict, figures, charts, tables.

    Args:
        answer: What explain answers.
        view: The series behind the charts.

    Returns:
        HTML that needs no network and no script; the same answer gives the same bytes.
    """
    return template(TEMPLATE).render(_content(answer, view), kind=_kind, policy=POLICY)


def explanation_image(answer: Answer, view: ExplainView, kind: str) -> bytes:
    """The charts as one figure.

    Args:
        answer: What explain answers.
        view: The series behind the charts.
        kind: ``png`` or ``svg``.
    """
    from forecastctl.explain.page.gallery import image

    return image(answer, view, kind)


def _content(answer: Answer, view: ExplainView) -> dict[str, Any]:
    from markupsafe import Markup

    from forecastctl import __version__
    from forecastctl.explain.page.gallery import chart_markup, gallery

    charts = [
        {
            "name": chart.name,
            "title": chart.title,
            "caption": chart.caption,
            "missing": chart.missing,
            # Drawn by us, text escaped by the writer of SVG.
            "drawings": () if chart.missing else [Markup(s) for s in chart_markup(chart)],  # noqa: S704
        }
        for chart in gallery(answer, view)
    ]
    return {
        "airport": answer.airport,
        "when": period(view.date, view.freq),
        "headline": words.headline(answer, view.freq),
        "label": words.label(answer),
        "verdict": answer.verdict or "none",
        "confidence": words.confidence(answer),
        "sentence": words.figures(answer, view.freq),
        "tiles": _tiles(answer, view.freq),
        "next_time": answer.next_time,
        "charts": charts,
        "tables": tables(answer, view.freq),
        "commands": commands(answer),
        "version": __version__,
    }


def _kind(column: str, cell: str | Link) -> str:
    """Classes of a cell: a number, an interval, an identifier, a short text or a long one."""
    text = cell.text if isinstance(cell, Link) else cell
    if column.endswith("#"):
        return "n range" if " to " in text else "n"
    if len(text) >= LONG and HEX.fullmatch(text):
        return "id"
    return "short" if len(text) < LONG else "long"


def _tiles(answer: Answer, freq: str) -> list[dict[str, str]]:
    """The figures that everybody asks for first."""
    made, miss, actual = answer.forecast, answer.miss, answer.actual
    note = ""
    if actual is None:
        note = words.absent(answer.gap, freq).removeprefix("the actual is ")
        note = note if answer.gap else "not known yet"
    tiles = [{"name": "Actual", "value": number(actual), "note": note}]
    if made is None:
        return [*tiles, {"name": "Forecast", "value": "-", "note": "none was made"}]
    bands = made.intervals
    note = f"made knowing {period(made.cutoff, freq)}"
    if bands:
        widest = max(bands, key=int)
        note = f"{widest} % interval: {interval(bands[widest])}"
    tiles.append({"name": "Forecast", "value": number(made.mean), "note": note})
    if made.reconciled is not None:
        note = words.published(made.reconciled)
        tiles.append({"name": "Published", "value": number(made.reconciled.mean), "note": note})
    if miss is None:
        return tiles
    note = _miss_note(made.mean, miss, actual, answer.miss_percent)
    if words.missed_nothing(answer):
        note = "met exactly"
    tiles.append({"name": "Miss", "value": words.miss(answer), "note": note})
    times = words.unusual(answer)
    if times and answer.standing is not None:
        note = f"the usual error is {number(answer.standing.usual_error)}"
        tiles.append({"name": "Against the usual error", "value": times, "note": note})
    return tiles


def _miss_note(mean: float, miss: float, actual: float | None, share: float | None) -> str:
    side = "too high" if miss > 0 else "too low"
    if not share or actual is None:
        return side
    if abs(share) > words.ALL and mean:  # more than all of it says little
        return f"{side}: the actual is {number(100 * actual / mean)} % of the forecast"
    return f"{side} by {number(abs(share))} % of the actual"


def commands(answer: Answer) -> list[str]:
    """What to type to get this page, and the forecast, again."""
    made = answer.forecast
    ask = f"forecastctl explain --airport {shlex.quote(answer.airport)} --date {answer.date}"
    if made is None:
        return [ask]
    return [f"{ask} --cutoff {made.cutoff}", f"forecastctl reproduce {made.run_id}"]
