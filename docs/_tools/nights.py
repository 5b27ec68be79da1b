"""A million airports: the tables of the page and its drawing, from nights.json beside this.

``make bench-simulate`` makes those figures. The page's text is written by hand; its tables stand
between ``<!-- NAME -->`` and ``<!-- end -->``.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.nights import told
from benchmarks.nights.facts import Facts
from docs._tools.svg import INK, MUTED, WIDTH, head, text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

FIGURES = Path(__file__).with_name("nights.json")
PAGE = Path(__file__).resolve().parents[1] / "explanation/a-million-airports.md"
TABLE = re.compile(r"(<!-- (\w+) -->)\n.*?(<!-- end -->)", re.DOTALL)
LEFT, TOP, ROW, BAR = 20, 64, 52, 22
LENGTH = WIDTH - LEFT - 90
PARTS = (
    ("starts, reads the data", "#cbd2d9", ("starting",)),
    ("waits to plan", "#f3d5b5", ("waiting to plan",)),
    ("plans, in the store", "#e0935a", ("planning",)),
    ("works at airports", "#0b6bcb", ("working",)),
    ("lost with its machine", "#b42318", ("lost",)),
    ("waits to record", "#f7e2cd", ("waiting to record",)),
    ("records, in the store", "#c2570c", ("recording",)),
    ("closes the job", "#7a3606", ("closing",)),
    ("has nothing to do", "#f1f3f5", ("idle",)),
)
"""What a machine does, in the order of a night."""


def page() -> str:
    """The page, with tables of the figures that are kept."""
    tables = filled(json.loads(FIGURES.read_text(encoding="utf-8")))
    return with_tables(PAGE.read_text(encoding="utf-8"), tables)


def with_tables(text: str, tables: Mapping[str, str]) -> str:
    """A page with other tables.

    Args:
        text: The page.
        tables: What stands between the marks, by their names.
    """

    def replaced(found: re.Match[str]) -> str:
        return f"{found[1]}\n\n{tables[found[2]]}\n\n{found[3]}"

    return TABLE.sub(replaced, text)


def filled(kept: Mapping[str, Any]) -> dict[str, str]:
    """The tables of the page by name."""
    known = {name: Facts.from_dict(value) for name, value in kept["measured"].items()}
    return {
        "measured": told.measured(known),
        "nights": told.nights(kept["nights"]),
        "stores": told.stores(kept["nights"]),
        "checks": "\n\n".join(map(told.compared, kept.get("checks", []))),
    }


def picture() -> str:
    """A bar for each scenario, as long as its night, split by what machines do."""
    kept = json.loads(FIGURES.read_text(encoding="utf-8"))
    return drawn(kept["nights"])


def drawn(nights: Iterable[Mapping[str, Any]]) -> str:
    """The drawing of some nights.

    Args:
        nights: With ``name``, ``hours`` and ``phases``, the part of each in all core hours.
    """
    found = list(nights)
    longest = max(night["hours"] for night in found)
    height = TOP + ROW * len(found) + 84
    body = [
        head("A simulated night: what machines do, on average", height),
        text(LEFT, 30, "A million airports on 500 cores, simulated", 17, INK, "bold"),
        text(LEFT, 49, "what a machine does with the night, on average, in hours", 12, MUTED),
    ]
    for at, night in enumerate(found):
        body += _bar(night, TOP + ROW * at, LENGTH / longest)
    return "\n".join([*body, *_legend(TOP + ROW * len(found) + 8), "</svg>", ""])


def _bar(night: Mapping[str, Any], y: float, unit: float) -> list[str]:
    """A scenario's name, its bar, and its hours."""
    found, x = [text(LEFT, y + 13, night["name"], 12, INK)], float(LEFT)
    for _, colour, names in PARTS:
        width = unit * night["hours"] * sum(night["phases"][name] for name in names)
        found.append(
            f"<rect x='{x:.1f}' y='{y + 19:g}' width='{width:.1f}' height='{BAR}' fill='{colour}'/>"
        )
        x += width
    return [*found, text(x + 6, y + 35, f"{night['hours']:.2f} h", 12, INK, "bold")]


def _legend(y: float) -> list[str]:
    found = []
    for at, (name, colour, _) in enumerate(PARTS):
        x, line = LEFT + 295 * (at % 3), y + 22 * (at // 3)
        found.append(
            f"<rect x='{x}' y='{line:g}' width='14' height='14' fill='{colour}' stroke='#9aa5b1'/>"
        )
        found.append(text(x + 22, line + 12, name, 11.5, MUTED))
    return found
