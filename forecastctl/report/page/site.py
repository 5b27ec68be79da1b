"""The files of a report. Pure, but for the templates that lie beside this module."""

from __future__ import annotations

import base64
import hashlib
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final

from forecastctl.explain.page.filling import template
from forecastctl.explain.page.page import explanation_page
from forecastctl.report.page.data import (
    FLEET_FILE,
    airport_file,
    airport_path,
    explained_path,
    fleet_file,
)
from forecastctl.report.page.index import index_content

if TYPE_CHECKING:
    from collections.abc import Iterator

    from forecastctl.report.values import Report

INDEX: Final = "index.html"
AIRPORT: Final = "airport.html"
SCRIPTS: Final = {
    INDEX: ("format.js", "dom.js", "spark.js", "cards.js", "fleet.js"),
    AIRPORT: ("format.js", "dom.js", "charts.js", "past.js", "airport.js"),
}
"""Scripts of each page, in the order in which they build on each other."""


def site_files(report: Report) -> Iterator[tuple[str, bytes]]:
    """The files of a report by their paths; the page that leads to all others is the last.

    Args:
        report: What it says.

    Yields:
        A relative path with ``/``, and the content. The same report gives the same bytes.
    """
    yield FLEET_FILE, fleet_file(report)
    for facts in report.airports:
        yield airport_path(facts.airport), airport_file(facts, report)
    for airport, found in report.explanations.items():
        if found.view is not None:
            yield explained_path(airport), explanation_page(found.answer, found.view).encode()
    yield AIRPORT, _page(AIRPORT, {"job": report.job})
    yield INDEX, _page(INDEX, index_content(report))


def _page(name: str, content: dict[str, Any]) -> bytes:
    """A page with its style and scripts inside, so that it can be read alone."""
    from markupsafe import Markup

    from forecastctl import __version__

    script = _script(name)
    text = template(name, "forecastctl.report.page").render(
        content,
        policy=_policy(script),
        script=Markup(script),  # noqa: S704 - our own, from the package
        version=__version__,
    )
    return text.encode()


def _script(page: str) -> str:
    """The scripts of a page as one, whose names are its own."""
    folder = files("forecastctl.report.page") / "templates"
    body = "\n".join((folder / name).read_text(encoding="utf-8") for name in SCRIPTS[page])
    return f'(() => {{\n"use strict";\n{body}}})();\n'


def _policy(script: str) -> str:
    """What a page may load: its own style, this script, and the data that lie beside it."""
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return (
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; "
        f"script-src 'sha256-{digest}' 'self' file:; base-uri 'none'; form-action 'none'"
    )
