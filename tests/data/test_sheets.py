"""Workbooks of several sheets: one airport, year or month each is one table, others are asked for."""

from __future__ import annotations

import openpyxl
import pytest

from forecastctl.data.panel.panel import DataSpec
from forecastctl.data.read.files import read_panel
from forecastctl.errors import DataError
from tests.data.test_sums import AIRPORTS, MONTHS, NORTH, PLAIN, SOUTH, values_of

NAMES = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
YEARS = {2015: slice(0, 12), 2016: slice(12, 24)}


@pytest.fixture
def book(tmp_path):
    """Write a workbook of sheets, and return its path as text."""

    def make(sheets, name="traffic.xlsx"):
        workbook = openpyxl.Workbook()
        workbook.remove(workbook.active)
        for title, rows in sheets.items():
            sheet = workbook.create_sheet(title)
            for row in rows:
                sheet.append(list(row))
        workbook.save(tmp_path / name)
        return str(tmp_path / name)

    return make


def months_down(y):
    return [("Month", "Passengers"), *zip(MONTHS, y.tolist(), strict=True)]


def years_down(y):
    return [("Year", *NAMES), *((year, *y[at].tolist()) for year, at in YEARS.items())]


def long_of(airports, at=slice(None), months=MONTHS):
    rows = [
        (name, month, y)
        for name in airports
        for month, y in zip(months[at], AIRPORTS[name][at].tolist(), strict=True)
    ]
    return [("Airport", "Month", "Passengers"), *rows]


TOGETHER = {
    "each an airport": {name: months_down(y) for name, y in AIRPORTS.items()},
    "each an airport by year": {name: years_down(y) for name, y in AIRPORTS.items()},
    "titles, notes and a total": {
        "Notes": [("About these figures",)],
        **{
            name: [(f"Traffic of {name}",), (), *months_down(y)]
            for name, y in {**AIRPORTS, "Network": NORTH + SOUTH}.items()
        },
    },
    "each a year, months across": {
        str(year): [("Airport", *NAMES), *((n, *y[at].tolist()) for n, y in AIRPORTS.items())]
        for year, at in YEARS.items()
    },
    "each a year, airports across": {
        f"Traffic {year}": [
            ("Month", *AIRPORTS),
            *zip(NAMES, *(y[at].tolist() for y in AIRPORTS.values()), strict=True),
        ]
        for year, at in YEARS.items()
    },
    "each a year, names of months": {
        str(year): long_of(AIRPORTS, at, [*NAMES, *NAMES]) for year, at in YEARS.items()
    },
    "each a year, whole dates": {str(year): long_of(AIRPORTS, at) for year, at in YEARS.items()},
    "each a month": {
        month: [("Airport", "Passengers"), *((n, y.tolist()[t]) for n, y in AIRPORTS.items())]
        for t, month in enumerate(MONTHS)
    },
    "each a region": {"East": long_of(("JFK", "LGA")), "South": long_of(("MIA", "ATL"))},
}


@pytest.mark.parametrize("sheets", TOGETHER.values(), ids=TOGETHER)
def test_sheets_that_are_parts_of_one_table_are_read_together(book, sheets):
    panel = read_panel(DataSpec(book(sheets)))
    assert values_of(panel) == PLAIN
    assert f"{sum('Notes' not in name for name in sheets)} sheets are read together" in " ".join(
        panel.understood.notes
    )
    days = panel.frame[panel.frame["airport"] == "JFK"]["ds"].dt.strftime("%Y-%m")
    assert days.tolist() == MONTHS


def test_sheets_of_years_of_one_airport_are_called_as_the_file(book):
    sheets = {
        str(year): [("Month", "Passengers"), *zip(NAMES, AIRPORTS["JFK"][at].tolist(), strict=True)]
        for year, at in YEARS.items()
    }
    panel = read_panel(DataSpec(book(sheets, "JFK.xlsx")))
    assert values_of(panel) == {"JFK": PLAIN["JFK"]}


ASKED = {
    "arrivals and departures": {"In": long_of(AIRPORTS), "Out": long_of(AIRPORTS)},
    "quantities of one airport": {
        "Passengers": months_down(AIRPORTS["JFK"]),
        "Cargo": months_down(AIRPORTS["LGA"]),
    },
    "sheets without a name": {
        "Sheet1": months_down(AIRPORTS["JFK"]),
        "Sheet2": months_down(AIRPORTS["LGA"]),
    },
    "columns of another name": {
        "JFK": months_down(AIRPORTS["JFK"]),
        "LGA": [("Month", "Traffic"), *months_down(AIRPORTS["LGA"])[1:]],
    },
}


@pytest.mark.parametrize("sheets", ASKED.values(), ids=ASKED)
def test_sheets_that_may_be_anything_are_asked_about(book, sheets):
    with pytest.raises(DataError, match="several tables of passengers: the sheets") as error:
        read_panel(DataSpec(book(sheets)))
    assert '"all" to read them together' in error.value.hint


def test_the_setting_reads_one_sheet_or_all_of_them(book):
    path = book(ASKED["arrivals and departures"])
    assert values_of(read_panel(DataSpec(path, sheet="In"))) == PLAIN
    every = read_panel(DataSpec(path, sheet="all"))
    assert values_of(every)["JFK"] == PLAIN["JFK"] * 2
    with pytest.raises(DataError, match="has no sheet 'Transit'") as error:
        read_panel(DataSpec(path, sheet="Transit"))
    assert '"all"' in error.value.hint


def test_what_is_wrong_in_a_sheet_is_said_with_its_name(book):
    sheets = {name: months_down(y) for name, y in AIRPORTS.items()}
    sheets["LGA"][3] = (MONTHS[2], "closed for repairs")
    panel = read_panel(DataSpec(book(sheets)))
    (problem,) = panel.frame["problem"].dropna()
    assert problem.startswith("row 4, column Passengers of sheet 'LGA': 'closed for repairs'")


def test_workbooks_in_a_folder_are_read_by_what_their_sheets_hold(book, tmp_path):
    for name in AIRPORTS:
        sheets = {"Notes": [("About",)], "Data": months_down(AIRPORTS[name])}
        book(sheets, f"{name}.xlsx")
    assert values_of(read_panel(DataSpec(str(tmp_path)))) == {n: PLAIN[n] for n in sorted(PLAIN)}
