"""Rows of several categories for an airport's month: those that add up others count once."""

from __future__ import annotations

import pytest

from forecastctl.data.panel.panel import DataSpec
from forecastctl.data.prepare.prepare import prepare
from forecastctl.data.read.files import read_panel
from tests.data.conftest import TODAY
from tests.data.test_sums import MONTHS, some, text_of

DOMESTIC = {"JFK": some(1e5, 1), "MIA": some(5e4, 2)}
ABROAD = {"JFK": some(3e4, 3), "MIA": some(2e5, 4)}
BOTH = {name: DOMESTIC[name] + ABROAD[name] for name in DOMESTIC}
FLOWS = {"domestic": DOMESTIC, "international": ABROAD, "Total": BOTH}


def long_text(parts, header=("Airport", "Flow", "Date", "Passengers")):
    """Rows of the categories that a function gives for an airport and a month."""
    rows = [
        (name, *category, month, int(y))
        for name in DOMESTIC
        for t, month in enumerate(MONTHS)
        for category, y in parts(name, t)
    ]
    return text_of([header, *rows])


def flows(name, t):
    return [((flow,), values[name][t]) for flow, values in FLOWS.items()]


def added_up(path, **settings):
    spec = DataSpec(path, duplicates="sum", **settings)
    panel = read_panel(spec)
    entries = prepare(panel, spec, as_of=None, today=TODAY)
    return {entry.airport: entry.y.tolist() for entry in entries}, panel.understood.notes


WANTED = {name: y.tolist() for name, y in BOTH.items()}


def test_a_category_that_is_the_sum_of_the_others_is_left_out(write):
    path = write(long_text(flows))
    found, notes = added_up(path)
    assert found == WANTED
    assert notes == ("rows 'Total' of column 'Flow' hold what others add up to: left out",)
    kept, notes = added_up(path, totals="keep")
    assert kept["JFK"] == [2 * y for y in WANTED["JFK"]]
    assert "kept, so that they are added twice" in notes[0]


def test_without_a_setting_the_rows_are_asked_about(write):
    spec = DataSpec(write(long_text(flows)))
    for entry in prepare(read_panel(spec), spec, as_of=None, today=TODAY):
        assert "lines 2 and 3 both hold 2015-01" in entry.reason or entry.airport == "MIA"


def test_sums_in_several_columns_and_two_ways_to_divide_the_same_sum(write):
    def parts(name, t):
        for direction, share in (("arrivals", 0.4), ("departures", 0.6), ("both", 1.0)):
            arriving = [int(0.4 * values[name][t]) for values in (DOMESTIC, ABROAD)]
            whole = [int(values[name][t]) for values in (DOMESTIC, ABROAD)]
            here, far = {
                0.4: arriving,
                0.6: [w - a for w, a in zip(whole, arriving, strict=True)],
                1.0: whole,
            }[share]
            charter = (here + far) // 3
            yield (direction, "domestic"), here
            yield (direction, "EU"), far // 2
            yield (direction, "other countries"), far - far // 2
            yield (direction, "international"), far
            yield (direction, "scheduled"), here + far - charter
            yield (direction, "charter"), charter
            yield (direction, "all"), here + far

    found, notes = added_up(
        write(long_text(parts, ("Airport", "Direction", "Type", "Date", "Passengers")))
    )
    assert found == WANTED
    assert any("rows 'both' of column 'Direction'" in note for note in notes)
    assert any("of column 'Type'" in note for note in notes)


def test_columns_that_tell_no_rows_apart_are_no_categories(write):
    def parts(name, t):
        return [(("north", "a"), DOMESTIC[name][t]), (("north", "b"), ABROAD[name][t])]

    found, notes = added_up(
        write(long_text(parts, ("Airport", "Region", "Terminal", "Date", "Passengers")))
    )
    assert found == WANTED
    assert notes == ()


WIDE = {
    "periods across, merged names": [
        ["Airport", "Flow", *MONTHS],
        *(
            [name if i == 0 else "", flow, *(int(y) for y in values[name])]
            for name in DOMESTIC
            for i, (flow, values) in enumerate(FLOWS.items())
        ),
    ],
    "years and months, names in all rows": [
        ["Airport", "Flow", "Year", *(f"{m:02d}" for m in range(1, 13))],
        *(
            [name, flow, year, *(int(y) for y in values[name][12 * n : 12 * n + 12])]
            for name in DOMESTIC
            for flow, values in FLOWS.items()
            for n, year in enumerate((2015, 2016))
        ),
    ],
    "airports across": [
        ["Month", "Flow", *DOMESTIC],
        *(
            [month, flow, *(int(values[name][t]) for name in DOMESTIC)]
            for t, month in enumerate(MONTHS)
            for flow, values in FLOWS.items()
        ),
    ],
}


@pytest.mark.parametrize("rows", WIDE.values(), ids=WIDE)
def test_tables_that_are_not_long_have_categories_as_well(write, rows):
    found, notes = added_up(write(text_of(rows)))
    assert found == WANTED
    assert any("rows 'Total' of column 'Flow'" in note for note in notes)


def test_groups_are_a_column_of_tables_that_are_not_long(write):
    rows = [["Airport", "Region", *MONTHS]]
    rows += [[n, n[0], *(int(y) for y in values)] for n, values in BOTH.items()]
    panel = read_panel(DataSpec(write(text_of(rows)), groups=("Region",)))
    assert panel.groups == {"Region": {"JFK": "J", "MIA": "M"}}
