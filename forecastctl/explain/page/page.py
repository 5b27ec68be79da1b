"""An explanation as one self-contained HTML page, or as one picture."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING, Any

from forecastctl.explain.page import words
from forecastctl.explain.page.tables import Link, interval, tables
from forecastctl.figures import number, signed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from forecastctl.records.explanation import ExplainView

TEMPLATE = "explanation.html"
LONG = 24
HEX = re.compile("[0-9a-f]+")


def explanation_page(facts: Mapping[str, Any], view: ExplainView) -> str:
    """The page: verdict, figures, charts, tables.

    Args:
        facts: The explanation, schema 2 of docs/reference/explain.md.
        view: The series behind the charts.

    Returns:
        HTML that needs no network and no script; the same facts give the same bytes.
    """
    from jinja2 import Environment, PackageLoader, StrictUndefined

    loader = PackageLoader("forecastctl.explain.page")
    pages = Environment(
        loader=loader,
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return pages.get_template(TEMPLATE).render(_content(facts, view), kind=_kind)


def explanation_image(facts: Mapping[str, Any], view: ExplainView, kind: str) -> bytes:
    """The charts as one figure.

    Args:
        facts: The explanation, schema 2 of docs/reference/explain.md.
        view: The series behind the charts.
        kind: ``png`` or ``svg``.
    """
    from forecastctl.explain.page.gallery import image

    return image(facts, view, kind)


def _content(facts: Mapping[str, Any], view: ExplainView) -> dict[str, Any]:
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
        for chart in gallery(facts, view)
    ]
    return {
        "airport": facts["airport"],
        "when": words.period(view.date, view.freq),
        "headline": words.headline(facts, view.freq),
        "label": words.label(facts),
        "verdict": facts.get("verdict") or "none",
        "confidence": words.confidence(facts),
        "sentence": words.figures(facts, view.freq),
        "tiles": _tiles(facts, view.freq),
        "next_time": list(facts.get("next_time") or ()),
        "charts": charts,
        "tables": tables(facts, view.freq),
        "commands": commands(facts),
        "version": __version__,
    }


def _kind(column: str, cell: str | Link) -> str:
    """Class of a cell: a number, an identifier, a short text or a long one."""
    text = cell.text if isinstance(cell, Link) else cell
    if column.endswith("#"):
        return "n"
    if len(text) >= LONG and HEX.fullmatch(text):
        return "id"
    return "short" if len(text) < LONG else "long"


def _tiles(facts: Mapping[str, Any], freq: str) -> list[dict[str, str]]:
    """The figures that everybody asks for first."""
    made, miss = facts.get("forecast"), facts.get("miss")
    actual = facts.get("actual")
    note = "" if actual is not None else words.absent(facts, freq).removeprefix("the actual is ")
    note = "not known yet" if actual is None and not facts.get("gap") else note
    found = [{"name": "Actual", "value": number(actual), "note": note}]
    if not made:
        return [*found, {"name": "Forecast", "value": "-", "note": "none was made"}]
    bands = made["intervals"]
    note = f"made knowing {words.period(made['cutoff'], freq)}"
    if bands:
        widest = max(bands, key=int)
        note = f"{widest} % interval: {interval(bands[widest])}"
    found.append({"name": "Forecast", "value": number(made["mean"]), "note": note})
    if miss is None:
        return found
    note = _miss_note(facts)
    found.append({"name": "Miss", "value": signed(miss), "note": note})
    times = words.unusual(facts)
    if times:
        note = f"the usual error is {number(facts['standing']['usual_error'])}"
        found.append({"name": "Against the usual error", "value": times, "note": note})
    return found


def _miss_note(facts: Mapping[str, Any]) -> str:
    miss, share, mean = facts["miss"], facts.get("miss_percent"), facts["forecast"]["mean"]
    side = "too high" if miss > 0 else "too low" if miss < 0 else "as forecast"
    if not share:
        return side
    if abs(share) > words.ALL and mean:  # more than all of it says little
        return f"{side}: the actual is {number(100 * facts['actual'] / mean)} % of the forecast"
    return f"{side} by {number(abs(share))} % of the actual"


def commands(facts: Mapping[str, Any]) -> list[str]:
    """What to type to get this page, and the forecast, again."""
    made = facts.get("forecast")
    ask = f"forecastctl explain --airport {shlex.quote(facts['airport'])} --date {facts['date']}"
    if not made:
        return [ask]
    return [f"{ask} --cutoff {made['cutoff']}", f"forecastctl reproduce {made['run_id']}"]
