"""A figure as SVG that can stand with others inside one page."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

from forecastctl.viz.style import (
    ACCENT,
    ALERT,
    GRID,
    INK,
    MUTED,
    PAPER,
    SALT,
    glyphs_missing_quietly,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

NAMES = {INK: "ink", MUTED: "muted", GRID: "grid", ACCENT: "accent", ALERT: "alert", PAPER: "paper"}
DROPPED = ("metadata", "style")
_COLOUR = re.compile("|".join(NAMES))
_DIGEST = re.compile(rb'id="([a-z][0-9a-f]{10})"')
_ANY_DIGEST = re.compile(rb"\b[a-z][0-9a-f]{10}\b")
_REFERENCE = re.compile(r"url\(#|^#")


def settings() -> Any:
    """Settings of matplotlib for charts whose text stays text and whose bytes repeat."""
    return {"svg.fonttype": "none", "svg.hashsalt": SALT, "font.size": 10, "text.parse_math": False}


def svg_bytes(figure: Any) -> bytes:
    """A figure as a file of its own."""
    buffer = io.BytesIO()
    with glyphs_missing_quietly():
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    return _numbered(buffer.getvalue())


def _numbered(svg: bytes) -> bytes:
    """Ids by their order instead of a digest.

    matplotlib digests the corners of a clip to the last bit, and the last bit of a layout differs
    from one drawing to the next.
    """
    digests = dict.fromkeys(_DIGEST.findall(svg))
    names = {name: name[:1] + b"%d" % i for i, name in enumerate(digests, 1)}
    return _ANY_DIGEST.sub(lambda m: names.get(m[0], m[0]), svg)


def inline_svg(svg: bytes, name: str, label: str) -> str:
    """An SVG element to stand in a page.

    Args:
        svg: What `svg_bytes` returns.
        name: Goes before every id, so that charts of one page do not borrow from each other.
        label: What the chart shows, for those who cannot see it.

    Returns:
        Markup without a size of its own, in which the colours are variables of the page.
    """
    root = ET.fromstring(svg)  # noqa: S314 - drawn by ourselves
    for parent in list(root.iter()):
        for child in list(parent):
            if _local(child.tag) in DROPPED:
                parent.remove(child)
    for element in root.iter():
        element.tag = _local(element.tag)
        element.attrib = dict(_attributes(element, name))
    for size in ("width", "height"):
        root.attrib.pop(size, None)
    root.attrib |= {"role": "img", "aria-label": label}
    return ET.tostring(root, encoding="unicode")


def _attributes(element: ET.Element, name: str) -> Iterator[tuple[str, str]]:
    for key, value in element.attrib.items():
        if key == "id":
            yield key, f"{name}-{value}"
            continue
        text = _REFERENCE.sub(lambda m: f"{m[0]}{name}-", value)
        yield _local(key), _COLOUR.sub(lambda m: f"var(--{NAMES[m[0]]}, {m[0]})", text)


def _local(tag: str) -> str:
    """A name without its namespace, which inside a page is understood."""
    return tag.rpartition("}")[2]
