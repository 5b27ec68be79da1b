"""The tables of the page about a million airports are those of the figures that are kept."""

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks"))

from nights import told
from nights.facts import Facts

from docs._tools.nights import FIGURES, PARTS, drawn
from tests.docs.test_commands import ROOT

PAGE = ROOT / "docs/explanation/a-million-airports.md"


def test_the_tables_are_made_of_the_figures():
    kept, page = json.loads(FIGURES.read_text()), PAGE.read_text()
    known = {name: Facts.from_dict(value) for name, value in kept["measured"].items()}
    assert told.measured(known) in page
    assert told.nights(kept["nights"]) in page
    assert told.stores(kept["nights"]) in page
    assert kept["checks"]
    for check in kept["checks"]:
        assert told.checked(check) in page


def test_a_bar_is_as_long_as_its_night_and_as_full_as_its_hours():
    phases = dict.fromkeys((name for *_, names in PARTS for name in names), 0.0)
    nights = [
        {"name": "all work", "hours": 2.0, "phases": {**phases, "working": 1.0}},
        {"name": "half", "hours": 1.0, "phases": {**phases, "working": 0.5, "idle": 0.5}},
    ]
    picture = drawn(nights)
    assert "width='810.0' height='22' fill='#0b6bcb'" in picture
    assert "width='202.5' height='22' fill='#0b6bcb'" in picture
    assert "2.00 h" in picture
