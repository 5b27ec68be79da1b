"""Files as offices and programs write them, each against the numbers that it was made of."""

from __future__ import annotations

import bz2
import io
import json
import lzma
import zipfile

import numpy as np
import openpyxl
import pyarrow as pa
import pytest

from forecastctl.data.panel.panel import DataSpec
from forecastctl.data.read.files import read_panel
from forecastctl.errors import DataError

YEARS = ("2015", "2016", "2017")
MONTHS = [f"{year}-{month:02d}" for year in YEARS for month in range(1, 13)]
ENGLISH = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
GERMAN = [
    *("Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September"),
    *("Oktober", "November", "Dezember"),
]


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
    for airport, of in PANEL.items():
        rows += [(airport, m, y) for m, y in of.items()]
        rows.append((airport, name, sum(of.values())))
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


def last_day(month):
    return str((np.datetime64(month) + 1).astype("datetime64[D]") - 1)


def day_month_year(day):
    return ".".join(reversed(day.split("-")))


DATES = {
    "2015-01/2015-01": lambda m: f"{m}/{m}",
    "01.01.2015 - 31.01.2015": lambda m: (
        f"{day_month_year(m + '-01')} - {day_month_year(last_day(m))}"
    ),
    "01/01/2015 - 01/31/2015": lambda m: f"{m[5:]}/01/{m[:4]} - {m[5:]}/{last_day(m)[8:]}/{m[:4]}",
    "012015": lambda m: m[5:] + m[:4],
    "01-JAN-15 12.00.00.000000 AM": lambda m: (
        f"01-{ENGLISH[int(m[5:]) - 1].upper()}-{m[2:4]} 12.00.00.000000 AM"
    ),
    "Thu, 01 Jan 2015 00:00:00 GMT": lambda m: (
        f"Thu, 01 {ENGLISH[int(m[5:]) - 1]} {m[:4]} 00:00:00 GMT"
    ),
    "Thu 31/01/2015": lambda m: f"Thu {day_month_year(last_day(m)).replace('.', '/')}",
    "digits of Arabic": lambda m: m.translate(ARABIC),
    "wide digits": lambda m: m.translate(WIDE),
}
ARABIC = {ord("0") + n: chr(0x660 + n) for n in range(10)}
WIDE = {ord("-"): "\uff0f", **{ord("0") + n: chr(0xFF10 + n) for n in range(10)}}


@pytest.mark.parametrize("form", DATES)
def test_dates_of_programs_and_scripts(write, form):
    assert read(write(lines(long_rows(DATES[form]), ";")))[0] == PANEL


NUMBERS = {
    "a formula of text": '="{}"'.format,
    "an apostrophe": "'{}".format,
    "a caret": "{}^".format,
    "digits of Arabic": lambda y: f"{y:,}".replace(",", "\u066c").translate(ARABIC),
    "wide digits": lambda y: str(y).translate(WIDE),
}


@pytest.mark.parametrize("form", NUMBERS)
def test_numbers_of_programs_and_scripts(write, form):
    assert read(write(lines(long_rows(value=NUMBERS[form]))))[0] == PANEL


def test_codes_that_excel_is_kept_from_changing(write):
    found, _ = read(write(lines([('="airport"', "date", "passengers"), ('="007"', "2015-01", 5)])))
    assert found == {"007": {"2015-01": 5}}


QUARTERS = {
    f"{m[:4]}-{int(m[5:]) // 3 + 1}": m for m in MONTHS if m[5:] in ("01", "04", "07", "10")
}


@pytest.mark.parametrize("name", ["Quarter", "Trimestre"])
@pytest.mark.parametrize("wide", [True, False])
def test_numbers_in_a_column_of_quarters_are_no_months(write, name, wide):
    rows = [("airport", name, "passengers")]
    rows += [(a, q, of[m]) for a, of in PANEL.items() for q, m in QUARTERS.items()]
    if wide:
        rows = [(name, *PANEL)]
        rows += [(q, *(of[m] for of in PANEL.values())) for q, m in QUARTERS.items()]
    found, _ = read(write(lines(rows)))
    assert found == {a: {m: of[m] for m in QUARTERS.values()} for a, of in PANEL.items()}


PACKED = {
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "zst": lambda content: pa.compress(content, codec="zstd", asbytes=True),
}


@pytest.mark.parametrize("form", PACKED)
def test_other_ways_to_pack_a_file(write, form):
    packed = PACKED[form](lines(long_rows()).encode())
    assert read(write(packed, f"a.csv.{form}"))[0] == PANEL
    with pytest.raises(DataError, match="a damaged"):
        read(write(packed[: len(packed) // 2], f"b.csv.{form}"))


def test_a_stream_of_arrow(write):
    names = ("airport", "date", "passengers")
    columns = zip(*long_rows(value=int)[1:], strict=True)
    table = pa.table(dict(zip(names, map(list, columns), strict=True)))
    buffer = io.BytesIO()
    with pa.ipc.new_stream(buffer, table.schema) as writer:
        writer.write_table(table)
    assert read(write(buffer.getvalue(), "a.arrows"))[0] == PANEL


@pytest.mark.parametrize("state", ["hidden", "veryHidden"])
def test_hidden_sheets_are_left_out(tmp_path, state):
    book = openpyxl.Workbook()
    for row in long_rows(value=int):
        book.active.append(row)
    old = book.create_sheet("old")
    for row in long_rows(value=lambda y: y + 1 if isinstance(y, int) else y):
        old.append(row)
    old.sheet_state = state
    book.save(tmp_path / "a.xlsx")
    found, notes = read(tmp_path / "a.xlsx")
    assert found == PANEL
    assert notes == ("hidden sheets are left out: old",)
    assert read(tmp_path / "a.xlsx", sheet="old")[0] != PANEL


RECORDS = [
    {"airport": a, "date": m, "passengers": y} for a, of in PANEL.items() for m, y in of.items()
]
SERIES = [
    {"airport": a, "series": [{"date": m, "passengers": y} for m, y in of.items()]}
    for a, of in PANEL.items()
]
JSON = {
    "an airport with a code and a name": [
        {**r, "airport": {"code": r["airport"], "name": "an airport"}} for r in RECORDS
    ],
    "a list for each airport": SERIES,
    "GeoJSON": {"type": "FeatureCollection", "features": [{"properties": r} for r in RECORDS]},
    "an answer around records": {"success": True, "result": {"total": 108, "records": RECORDS}},
    "what is known of a page first": [{"page": 1, "pages": 1}, RECORDS],
}


@pytest.mark.parametrize("form", JSON)
def test_json_with_records_in_records(write, form):
    assert read(write(json.dumps(JSON[form]), "a.json"))[0] == PANEL


def test_json_in_utf_16(write):
    assert read(write(json.dumps(RECORDS).encode("utf-16"), "a.json"))[0] == PANEL


def test_files_of_another_kind_in_a_folder_are_named(tmp_path):
    (tmp_path / "a.csv").write_text(lines(long_rows()))
    (tmp_path / "README.txt").write_text("What this is.")
    assert read(tmp_path) == (PANEL, ())
    (tmp_path / "b.json").write_text(json.dumps(RECORDS[:5]))
    (tmp_path / "c.csv").write_text(lines([long_rows()[0], ("MIA", "2015-01", 5)]))
    found, notes = read(tmp_path)
    assert found == {**PANEL, "MIA": {"2015-01": 5}}
    assert notes == ("files that do not end in .csv are left out: 'b.json'",)


def test_a_code_page_is_told_by_the_names_of_the_columns(write):
    text = lines(long_rows(header=("Havalimanı", "Tarih", "Yolcu")), ";")
    found, notes = read(write(text.encode("cp1254")))
    assert found == PANEL
    assert "read as cp1254" in notes[0]


@pytest.mark.parametrize("name", ["X{}.{}", "m_{}_{}", "pax_{}{}", "{}-{} Pax", "Passengers {}/{}"])
def test_dates_with_words_in_the_names_of_columns(write, name):
    rows = [("airport", *(name.format(*month.split("-")) for month in MONTHS))]
    rows += [(airport, *of.values()) for airport, of in PANEL.items()]
    assert read(write(lines(rows)))[0] == PANEL


def under_years(below, row):
    """A row per airport, and years over what stands below them."""
    width = len(below)
    header = [("", *(c for year in YEARS for c in (year, *[""] * (width - 1))))]
    header.append(("Airport", *(below * len(YEARS))))
    return lines([*header, *((a, *(c for y in YEARS for c in row(of_year(a, y)))) for a in PANEL)])


def test_numbers_of_months_under_years(write):
    text = under_years([*range(1, 13), "Total"], lambda months: [*months, sum(months)])
    assert read(write(text))[0] == PANEL


def test_passengers_and_their_change_under_months(write):
    rows = [("", *(c for month in MONTHS for c in (month, "")))]
    rows.append(("Airport", *(["Pax", "% change"] * len(MONTHS))))
    rows += [(a, *(c for y in of.values() for c in (y, 1.5))) for a, of in PANEL.items()]
    assert read(write(lines(rows)))[0] == PANEL


@pytest.mark.parametrize(
    "name", ["Passengers (thousands)", "Passengers (number)", '"Pax\n(total)"']
)
def test_what_is_counted_behind_the_name_of_a_column(write, name):
    path = write(lines(long_rows(header=("airport", "month", name))))
    assert read(path)[0] == PANEL
    unit = read_panel(DataSpec(path)).understood.unit
    assert ("thousands as written" in unit) == ("thousands" in name)


def test_two_columns_that_differ_in_what_is_counted_are_asked_about(write):
    header = ("airport", "month", "Passengers (number)", "Passengers (total)")
    rows = [header, *((a, m, y, y) for a, of in PANEL.items() for m, y in of.items())]
    with pytest.raises(DataError, match="may be in"):
        read_panel(DataSpec(write(lines(rows))))


FOLDERS = {
    "a file for each year": lambda: {
        f"traffic_{year}.csv": lines(
            [("Airport", *ENGLISH), *((a, *of_year(a, year)) for a in PANEL)]
        )
        for year in YEARS
    },
    "with titles": lambda: {
        f"traffic-{year}.csv": f"Passengers {year}\n\n"
        + lines([("Airport", *ENGLISH), *((a, *of_year(a, year)) for a in PANEL)])
        for year in YEARS
    },
    "a file for each month": lambda: {
        f"pax_{ENGLISH[int(month[5:]) - 1]}_{month[:4]}.csv": of_month(month) for month in MONTHS
    },
    "folders of years": lambda: {
        f"{month[:4]}/{month[5:]}.csv": of_month(month) for month in MONTHS
    },
    "a file for each airport": lambda: {
        f"{a}.csv": lines([("Year", *ENGLISH), *((y, *of_year(a, y)) for y in YEARS)])
        for a in PANEL
    },
}


def of_month(month):
    return lines([("airport", "passengers"), *((a, of[month]) for a, of in PANEL.items())])


@pytest.mark.parametrize("form", FOLDERS)
@pytest.mark.parametrize("zipped", [True, False])
def test_folders_of_tables_that_their_names_complete(tmp_path, form, zipped):
    files = FOLDERS[form]()
    if zipped:
        with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
            for name, text in files.items():
                archive.writestr(name, text)
        found, notes = read(tmp_path / "a.zip")
    else:
        for name, text in files.items():
            (tmp_path / name).parent.mkdir(exist_ok=True)
            (tmp_path / name).write_text(text)
        found, notes = read(tmp_path)
    assert found == PANEL
    assert f"{len(files)} files are read together" in notes[0]


def test_files_of_the_same_months_are_not_read_together(tmp_path):
    for name in ("draft 2015", "draft 2016", "final 2015", "final 2016"):
        months = ((a, *of_year(a, name[-4:])) for a in PANEL)
        (tmp_path / f"{name}.csv").write_text(lines([("Airport", *ENGLISH), *months]))
    with pytest.raises(DataError, match="the files 'draft 2015', 'draft 2016', 'final 2015'"):
        read_panel(DataSpec(str(tmp_path)))


def html(rows):
    return "".join(f"<tr>{''.join(f'<td>{c}' for c in row)}" for row in rows)


def test_a_table_of_html_with_the_name_of_a_workbook(write):
    menu = "<!DOCTYPE html><html><body><table><tr><td>Menu</table><table border=1>"
    assert read(write(menu + html(long_rows()) + "</table></html>", "a.xls"))[0] == PANEL
    rows = [(f"<b>{a}</b>", y, *of_year(a, y)) for a in PANEL for y in YEARS]
    header = "<tr><th rowspan=2>Airport<th rowspan=2>Year<th colspan=12>Passengers"
    text = f"<table>{header}{html([ENGLISH])}{html(rows)}</table>"
    assert read(write(text, "a.xls"))[0] == PANEL


def test_a_page_without_a_table(write):
    with pytest.raises(DataError, match="a page of HTML without a table"):
        read_panel(DataSpec(write("<html><body>Please log in</body></html>", "a.csv")))


@pytest.mark.parametrize("width", [1, 14])
def test_columns_set_apart_by_blanks(write, width):
    rows = [" ".join(f"{c!s:<{width}}" for c in row) for row in long_rows()]
    assert read(write("\n".join(rows), "a.txt"))[0] == PANEL


MARKS = ["*", "¹", " (p)", " p", " (provisional)", "†", "[1]"]


def marked(text, mark, last):
    """The text with a mark where it is of the last of several periods."""
    return f"{text}{mark}" if last else text


@pytest.mark.parametrize("mark", MARKS)
def test_marks_beside_years_and_months_leave_nothing_out(write, mark):
    years = [marked(year, mark, year == "2017") for year in YEARS]
    columns = [("Airport", "Month", *years)]
    rows = [("Airport", "Year", *ENGLISH)]
    for airport in PANEL:
        of = [of_year(airport, year) for year in YEARS]
        columns += [(airport, name, *(y[i] for y in of)) for i, name in enumerate(ENGLISH)]
        rows += [(airport, year, *y) for year, y in zip(years, of, strict=True)]
    months = [marked(month, mark, month > "2017-06") for month in MONTHS]
    wide = [("Airport", *months), *((a, *of.values()) for a, of in PANEL.items())]
    long = long_rows(lambda m: marked(m, mark, m > "2017-06"))
    for table in (columns, rows, wide, long):
        assert read(write(lines(table)))[0] == PANEL
    if mark != " p":
        rows[0] = ("Airport", "Year", *ENGLISH[:11], f"Dec{mark}")
        assert read(write(lines(rows)))[0] == PANEL


@pytest.mark.parametrize("mark", ["*", " (p)", "¹"])
def test_marks_beside_the_names_of_airports(write, mark):
    rows = [("airport", "date", "passengers")]
    rows += [
        (f"{a}{mark}" if m > "2017-06" else a, m, y)
        for a, of in PANEL.items()
        for m, y in of.items()
    ]
    found, notes = read(write(lines(rows)))
    assert found == PANEL
    assert "6 names differ only in marks of footnotes and share no date" in notes[0]


FISCAL = [*range(4, 13), 1, 2, 3]


def fiscal(years):
    """A row per airport and year from April to March."""
    rows = [("Airport", "Year", *(ENGLISH[month - 1] for month in FISCAL))]
    for airport, of in PANEL.items():
        for first, year in ((2015, years[0]), (2016, years[1])):
            months = (f"{first + (month < 4)}-{month:02d}" for month in FISCAL)
            rows.append((airport, year, *(of[month] for month in months)))
    return lines(rows)


@pytest.mark.parametrize(
    "years",
    [
        ("2015-16", "2016-17"),
        ("2015/16", "2016/17"),
        ("2015-2016", "2016-2017"),
        ("2015年度", "2016年度"),
    ],
)
def test_years_from_april_to_march(write, years):
    inside = {
        a: {m: y for m, y in of.items() if "2015-03" < m < "2017-04"} for a, of in PANEL.items()
    }
    assert read(write(fiscal(years)))[0] == inside


def test_years_that_may_begin_or_end_in_the_one_named_are_asked_about(write):
    with pytest.raises(DataError, match="cannot be told in which year January is"):
        read_panel(DataSpec(write(fiscal(("2015", "2016")))))
    rows = [("Airport", "Year", *ENGLISH), *((a, "2015-16", *of_year(a, "2015")) for a in PANEL)]
    with pytest.raises(DataError, match="of the year '2015-16' it cannot be told"):
        read_panel(DataSpec(write(lines(rows))))


def test_columns_of_numbers_that_are_not_read_are_named(write):
    rows = [("Airport", "Latitude", *MONTHS), *((a, 40.5, *of.values()) for a, of in PANEL.items())]
    found, notes = read(write(lines(rows)))
    assert found == PANEL
    assert notes == ("columns of numbers that name no period are left out: 'Latitude'",)


@pytest.mark.parametrize("people", ["人", "명", " pax"])
def test_people_counted_behind_numbers(write, people):
    text = lines(long_rows(value=lambda y: f"{y}{people}"))
    assert read(write(text))[0] == PANEL


def test_columns_of_whole_years_beside_airports_are_named(write):
    rows = [("Month", *PANEL, "2014")]
    rows += [(m, *(of[m] for of in PANEL.values()), 5) for m in MONTHS]
    found, notes = read(write(lines(rows)))
    assert found == PANEL
    assert notes == ("columns that hold totals are left out: '2014'",)
