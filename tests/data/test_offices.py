"""Files as offices and programs write them, each against the numbers that it was made of."""

from __future__ import annotations

import json

import numpy as np
import pytest

from forecastctl.data.panel.panel import DataSpec
from forecastctl.data.read.files import read_panel
from forecastctl.errors import DataError

YEARS = ("2015", "2016", "2017")
MONTHS = [f"{year}-{month:02d}" for year in YEARS for month in range(1, 13)]
ENGLISH = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
GERMAN = (
    "Januar Februar März April Mai Juni Juli August September Oktober November Dezember".split()
)


def counts(level, seed):
    noise = np.random.default_rng(seed).normal(size=len(MONTHS))
    return dict(zip(MONTHS, np.rint(level * (1 + 0.1 * noise)).astype(int).tolist(), strict=True))


PANEL = {"JFK": counts(4e6, 1), "LGA": counts(2e6, 2), "ITH": counts(1.2e4, 3)}
TOTAL = {month: sum(of[month] for of in PANEL.values()) for month in MONTHS}


def of_year(airport, year):
    return [PANEL[airport][f"{year}-{month:02d}"] for month in range(1, 13)]


def lines(rows, delimiter=","):
    return "\n".join(delimiter.join(map(str, row)) for row in rows) + "\n"


def long_rows(date=str, value=str, header=("airport", "date", "passengers")):
    return [header, *((a, date(m), value(y)) for a, of in PANEL.items() for m, y in of.items())]


def read(path, **settings):
    """What was read, by airport and month, without rows that have a problem; and the notes."""
    panel = read_panel(DataSpec(str(path), **settings))
    frame = panel.frame
    assert frame["problem"].isna().all(), frame["problem"].dropna().iloc[0]
    found = {}
    for airport, day, y in zip(frame["airport"], frame["ds"], frame["y"], strict=True):
        assert str(day)[:7] not in found.setdefault(airport, {})
        found[airport][str(day)[:7]] = y
    return found, panel.understood.notes


def blocks(header_again):
    rows = []
    for airport in PANEL:
        rows.append((airport, *[""] * 12))
        if header_again or len(rows) == 1:
            rows.insert(len(rows) if header_again else 0, ("Year", *ENGLISH))
        rows += [(year, *of_year(airport, year)) for year in YEARS]
    return lines(rows)


def pivot(months, names=("Row Labels", "Sum of Passengers", "Grand Total"), delimiter=","):
    rows = [names[:2]]
    for airport, of in PANEL.items():
        rows.append((airport, sum(of.values())))
        for year in YEARS:
            rows.append((year, sum(of_year(airport, year))))
            rows += zip(months, of_year(airport, year), strict=True)
    return lines([*rows, (names[2], sum(TOTAL.values()))], delimiter)


def pivot_of_columns():
    rows = [("Sum of Passengers", "Column Labels"), ("Row Labels", *PANEL, "Grand Total")]
    for year in YEARS:
        whole = [sum(of_year(airport, year)) for airport in PANEL]
        rows.append((year, *whole, sum(whole)))
        for i, name in enumerate(ENGLISH):
            month = [of_year(airport, year)[i] for airport in PANEL]
            rows.append((name, *month, sum(month)))
    return lines(rows)


GERMAN_PIVOT = ("Zeilenbeschriftungen", "Summe von Passagiere", "Gesamtergebnis")


@pytest.mark.parametrize(
    "text",
    [
        "Passengers by airport\n\n" + blocks(header_again=True) + "\nSource: the office\n",
        blocks(header_again=False),
        pivot(ENGLISH),
        pivot(GERMAN, GERMAN_PIVOT, ";"),
        pivot_of_columns(),
    ],
    ids=["blocks", "one header", "pivot", "german pivot", "pivot of columns"],
)
def test_an_outline_in_the_first_column(write, text):
    found, notes = read(write(text))
    assert found == PANEL
    assert any("the first column is an outline" in note for note in notes)


@pytest.mark.parametrize("name", ["JFK %", "Share JFK", "Change %", "JFK YTD", "Anteil"])
def test_shares_and_changes_beside_airports_are_no_airports(write, name):
    rows = [("Month", *PANEL, name)]
    rows += [(m, *(of[m] for of in PANEL.values()), 50 + i) for i, m in enumerate(MONTHS)]
    found, notes = read(write(lines(rows)))
    assert found == PANEL
    assert notes == (f"columns of shares, changes or running totals are left out: {name!r}",)


def test_passengers_beside_total_passengers_are_asked_about(write):
    rows = [("airport", "month", "Passengers", "Total passengers")]
    rows += [(a, m, y - 9, y) for a, of in PANEL.items() for m, y in of.items()]
    path = write(lines(rows))
    with pytest.raises(DataError, match="may be in 'Passengers' or 'Total passengers'"):
        read_panel(DataSpec(path))
    assert read(path, value="Total passengers")[0] == PANEL


TOTAL_NAMES = [
    *("Gesamtergebnis", "Total general", "Totale complessivo", "Eindtotaal", "Suma końcowa"),
    *("Общий итог", "Genel Toplam", "Celkový součet", "Végösszeg", "Totalsumma", "Hovedtotal"),
    *("総計", "총합계", "Kokonaissumma", "Ukupno", "الإجمالي", "Tổng cộng"),
]


@pytest.mark.parametrize("name", TOTAL_NAMES)
def test_grand_totals_of_pivots_in_many_languages(write, name):
    rows = long_rows()
    rows.append((name, "", sum(TOTAL.values())))
    assert read(write(lines(rows)))[0] == PANEL
    rows = [rows[0]]
    for airport in PANEL:
        rows += [(airport, m, y) for m, y in PANEL[airport].items()]
        rows.append((airport, name, sum(PANEL[airport].values())))
    found, notes = read(write(lines(rows)))
    assert found == PANEL
    assert "3 rows hold the total" in notes[0]


@pytest.mark.parametrize("month", ["0", "00", "99", "13", "M13"])
def test_numbers_of_months_that_stand_for_the_year(write, month):
    rows = [("airport", "year", "month", "passengers")]
    for airport in PANEL:
        for year in YEARS:
            months = of_year(airport, year)
            rows += [(airport, year, n, y) for n, y in enumerate(months, 1)]
            rows.append((airport, year, month, sum(months)))
    assert read(write(lines(rows)))[0] == PANEL


@pytest.mark.parametrize("name", ["2015 Total", "Total 2015", "2015 Ergebnis"])
def test_totals_in_the_column_of_years(write, name):
    rows = [("airport", "year", "month", "passengers")]
    for airport in PANEL:
        rows += [(airport, y, n, v) for y in YEARS for n, v in enumerate(of_year(airport, y), 1)]
        rows.append((airport, name, "", sum(of_year(airport, "2015"))))
    assert read(write(lines(rows)))[0] == PANEL


def test_an_airport_with_a_code_that_is_a_word_for_a_sum(write):
    codes = {"SUM": PANEL["JFK"], "ALL": PANEL["LGA"], "ATL": PANEL["ITH"]}
    rows = [("airport", "date", "passengers")]
    rows += [(a, m, y) for a, of in codes.items() for m, y in of.items()]
    assert read(write(lines(rows))) == (codes, ())
    about = {m: int(1.001 * sum(of[m] for of in codes.values())) for m in MONTHS}
    rows += [("TOT", m, y) for m, y in about.items()]
    rows = [(("ALL" if a == "TOT" else "BOS" if a == "ALL" else a), m, y) for a, m, y in rows]
    assert set(read(write(lines(rows)))[0]) == {"SUM", "BOS", "ATL"}
