"""What all drawings have in common: their width, their colours, and how text is set."""

from __future__ import annotations

from xml.sax.saxutils import escape

WIDTH = 920
INK, MUTED, LINE = "#1f2933", "#52606d", "#9aa5b1"
FONT = "font-family='DejaVu Sans, Verdana, sans-serif'"


def text(x: float, y: float, said: str, size: float, fill: str, weight: str = "normal") -> str:
    """A line of text that begins at a point."""
    return (
        f"<text x='{x:g}' y='{y:g}' {FONT} font-size='{size}' font-weight='{weight}' "
        f"fill='{fill}'>{escape(said)}</text>"
    )


def head(title: str, height: float) -> str:
    """How a drawing begins: on white, which it keeps on dark pages."""
    return "\n".join(
        [
            f"<svg xmlns='http://www.w3.org/2000/svg' width='{WIDTH}' height='{height}'",
            f"     viewBox='0 0 {WIDTH} {height}' role='img' aria-labelledby='title'>",
            f"<title id='title'>{escape(title)}</title>",
            f"<rect width='{WIDTH}' height='{height}' fill='white'/>",
        ]
    )
