"""docs/images/layers.svg: the layers, drawn from the import-linter contracts in pyproject.toml."""

from __future__ import annotations

import ast
import textwrap
import tomllib
from pathlib import Path
from typing import Any

from docs._tools.svg import FONT, INK, LINE, MUTED, WIDTH, head, text

ROOT = Path(__file__).resolve().parents[2]
LEFT, TOP, GAP, ROW = 92, 66, 14, 84
LINES = 3
MOST = 5
"""Boxes in a line."""
CHARACTER = 6.3
PURE, FREE = "#eef4fb", "#fdf3e4"


def picture() -> str:
    """The drawing: a row or two per layer, siblings side by side, forbidden libraries by colour."""
    contracts = _contracts()
    layers = [layer for layer in contracts["layers"]["layers"] if layer != "__main__"]
    rows = [[f"forecastctl.{n.strip()}" for n in layer.split("|")] for layer in layers]
    pure = set(contracts["store"]["source_modules"])
    libraries = ", ".join(contracts["store"]["forbidden_modules"])
    lines = sum(len(_in_lines(row)) for row in rows)
    height = TOP + lines * (ROW + GAP) + 34
    body = [_head(height), _arrow(TOP, TOP + lines * (ROW + GAP) - GAP)]
    y = TOP
    for row in rows:
        parts = _in_lines(row)
        if len(parts) > 1:
            body.append(_frame(y, len(parts)))
        for part in parts:
            width = (WIDTH - LEFT - 20 - GAP * (len(part) - 1)) / len(part)
            for place, module in enumerate(part):
                x = LEFT + place * (width + GAP)
                body.append(_box(x, y, width, module, PURE if module in pure else FREE))
            y += ROW + GAP
    body.append(_legend(height - 22, libraries))
    return "\n".join([*body, "</svg>", ""])


def _in_lines(row: list[str]) -> list[list[str]]:
    """A layer in lines of about as many boxes, whose text can be read."""
    lines = -(-len(row) // MOST)
    each = -(-len(row) // lines)
    return [row[i : i + each] for i in range(0, len(row), each)]


def _frame(y: float, lines: int) -> str:
    """A frame around the lines of one layer."""
    height = lines * (ROW + GAP) - GAP + 10
    return (
        f"<rect x='{LEFT - 5}' y='{y - 5:g}' width='{WIDTH - LEFT - 10}' height='{height}' rx='9' "
        f"fill='none' stroke='{LINE}' stroke-dasharray='3 3'/>"
    )


def _contracts() -> dict[str, Any]:
    """The contracts by their ids."""
    content = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return {c["id"]: c for c in content["tool"]["importlinter"]["contracts"]}


def _purpose(module: str) -> str:
    """First sentence of the module's docstring, without importing it."""
    path = ROOT / module.replace(".", "/")
    source = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    text = ast.get_docstring(ast.parse(source.read_text(encoding="utf-8")))
    if not text:
        raise SystemExit(f"{source} has no docstring to say what the layer is for")
    paragraph = " ".join(text.split("\n\n")[0].split()).replace("`", "")
    return paragraph.partition(". ")[0].rstrip(".")


def _head(height: int) -> str:
    return "\n".join(
        [
            head("The layers of forecastctl; imports point only downward", height),
            text(LEFT, 34, "Imports point only downward", 17, INK, "bold"),
            text(LEFT, 53, "Neighbours in one layer do not import each other.", 12, MUTED),
        ]
    )


def _arrow(top: int, bottom: int) -> str:
    middle = (top + bottom) // 2
    return "\n".join(
        [
            f"<path d='M 52 {top} V {bottom - 12}' stroke='{LINE}' stroke-width='3'/>",
            f"<path d='M 44 {bottom - 14} L 52 {bottom} L 60 {bottom - 14} Z' fill='{LINE}'/>",
            f"<text x='34' y='{middle}' {FONT} font-size='12' fill='{MUTED}'",
            f"      text-anchor='middle' transform='rotate(-90 34 {middle})'>imports</text>",
        ]
    )


def _box(x: float, y: float, width: float, module: str, fill: str) -> str:
    columns = int((width - 28) / CHARACTER)
    lines = textwrap.wrap(_purpose(module), columns, max_lines=LINES, placeholder=" ...")
    first = y + (ROW - 16 * len(lines) + 8) / 2
    parts = [
        f"<rect x='{x:g}' y='{y:g}' width='{width:g}' height='{ROW}' rx='6'",
        f"      fill='{fill}' stroke='{LINE}'/>",
        text(x + 14, first, module.removeprefix("forecastctl."), 15, INK, "bold"),
    ]
    parts += [text(x + 14, first + 19 + 16 * i, li, 11.5, MUTED) for i, li in enumerate(lines)]
    return "\n".join(parts)


def _legend(y: int, libraries: str) -> str:
    second = LEFT + 480
    return "\n".join(
        [
            _swatch(LEFT, y, PURE),
            text(LEFT + 22, y + 12, f"never imports {libraries}", 11.5, MUTED),
            _swatch(second, y, FREE),
            text(second + 22, y + 12, "not bound by that rule", 11.5, MUTED),
        ]
    )


def _swatch(x: float, y: float, fill: str) -> str:
    return f"<rect x='{x}' y='{y}' width='14' height='14' rx='3' fill='{fill}' stroke='{LINE}'/>"
