"""The page and the drawing of a million airports are made of the figures that are kept."""

from docs._tools.nights import PARTS, drawn, with_tables


def test_tables_stand_between_their_marks():
    page = "before\n\n<!-- nights -->\n\n| old |\n\n<!-- end -->\n\nafter <!-- end -->\n"
    made = with_tables(page, {"nights": "| new \\1 |"})
    assert made == page.replace("old", "new \\1")
    assert with_tables(made, {"nights": "| old |"}) == page
    empty = "<!-- checks -->\n<!-- end -->"
    assert with_tables(empty, {"checks": "x"}) == "<!-- checks -->\n\nx\n\n<!-- end -->"


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
