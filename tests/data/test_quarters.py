"""Quarters and years among months, in tables of every shape, and tables of quarters alone."""

from __future__ import annotations

import pytest

from forecastctl.data.panel.panel import DataSpec
from forecastctl.data.read.files import read_panel
from tests.data.test_sums import AIRPORTS, MONTHS, PLAIN, text_of, values_of

ENGLISH = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
GERMAN = ("Jan", "Feb", "Mär", "Apr", "Mai", "Jun", "Jul", "Aug", "Sep", "Okt", "Nov", "Dez")
ROMAN = ("I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII")
YEARS = {"2015": 0, "2016": 12}


def with_sums(y, names=MONTHS, quarter="Q{} {}", year="{}"):
    """Months by name, each quarter and each year behind its last month."""
    found = []
    for t, name in enumerate(names):
        number, of = t % 12 + 1, MONTHS[t][:4]
        found.append((name, y[t]))
        if number % 3 == 0:
            found.append((quarter.format(number // 3, of), y[t - 2 : t + 1].sum()))
        if number == 12:
            found.append((year.format(of), y[t - 11 : t + 1].sum()))
    return [(name, int(value)) for name, value in found]


def of_a_year(y, start, names, quarter, total):
    return with_sums(y[start : start + 12], names, quarter, total)


def rows_of(shape, names, quarter, total):
    """A table with the sums of quarters and years among its months."""
    if shape == "long":
        rows = [(a, *pair) for a, y in AIRPORTS.items() for pair in with_sums(y)]
        return [("airport", "date", "passengers"), *rows]
    if shape == "airports across":
        columns = [with_sums(y) for y in AIRPORTS.values()]
        rows = [(cells[0][0], *(c[1] for c in cells)) for cells in zip(*columns, strict=True)]
        return [("date", *AIRPORTS), *rows]
    if shape == "periods across":
        columns = [name for name, _ in with_sums(AIRPORTS["JFK"])]
        rows = [(a, *(value for _, value in with_sums(y))) for a, y in AIRPORTS.items()]
        return [("airport", *columns), *rows]
    header = [name for name, _ in of_a_year(AIRPORTS["JFK"], 0, names, quarter, total)]
    cells = {
        (a, year): [value for _, value in of_a_year(y, start, names, quarter, total)]
        for a, y in AIRPORTS.items()
        for year, start in YEARS.items()
    }
    if shape == "months across":
        return [("Airport", "Year", *header), *((*key, *values) for key, values in cells.items())]
    if shape == "years across":
        return [
            ("Airport", "Month", *YEARS),
            *(
                (a, name, cells[a, "2015"][i], cells[a, "2016"][i])
                for a in AIRPORTS
                for i, name in enumerate(header)
            ),
        ]
    return [
        ("Airport", "Year", "Month", "Passengers"),
        *(
            (a, year, name, value)
            for (a, year), values in cells.items()
            for name, value in zip(header, values, strict=True)
        ),
    ]


SHAPES = ("long", "airports across", "periods across")
BY_YEAR = ("months across", "years across", "year and month")


@pytest.mark.parametrize(
    ("shape", "names", "quarter", "total"),
    [
        *((shape, (), "", "") for shape in SHAPES),
        *((shape, ENGLISH, "Q{}", "Total") for shape in BY_YEAR),
        *((shape, GERMAN, "{}. Quartal", "Summe") for shape in BY_YEAR),
        *((shape, ROMAN, "Q{}", "Total") for shape in BY_YEAR),
    ],
)
def test_quarters_and_years_among_months_are_left_out(write, shape, names, quarter, total):
    panel = read_panel(DataSpec(write(text_of(rows_of(shape, names, quarter, total)))))
    assert panel.freq == "M"
    assert values_of(panel) == PLAIN
    if shape in ("long", "airports across", "year and month"):
        assert any("total of a year or quarter" in note for note in panel.understood.notes)
    elif shape != "years across":
        assert any(
            "columns that hold totals are left out: 'Q1" in n or "1. Q" in n
            for n in panel.understood.notes
        )


QUARTERS = {a: y.reshape(8, 3).sum(axis=1).tolist() for a, y in AIRPORTS.items()}


@pytest.mark.parametrize("names", [("Q1", "Q2", "Q3", "Q4"), ROMAN[:4], ("T1", "T2", "T3", "T4")])
@pytest.mark.parametrize("across", ["quarters", "years", "neither"])
def test_tables_of_quarters(write, names, across):
    cells = {(a, y): QUARTERS[a][4 * i :][:4] for a in AIRPORTS for i, y in enumerate(YEARS)}
    if across == "quarters":
        rows = [("Airport", "Year", *names), *((*key, *values) for key, values in cells.items())]
    elif across == "years":
        rows = [("Airport", "Quarter", *YEARS)]
        rows += [
            (a, q, *(cells[a, y][i] for y in YEARS)) for a in AIRPORTS for i, q in enumerate(names)
        ]
    else:
        rows = [("Airport", "Year", "Quarter", "Passengers")]
        rows += [(*key, q, y) for key, v in cells.items() for q, y in zip(names, v, strict=True)]
    panel = read_panel(DataSpec(write(text_of(rows))))
    assert panel.freq == "Q"
    assert values_of(panel) == QUARTERS
    assert str(panel.frame["ds"].max())[:10] == "2016-10-01"
