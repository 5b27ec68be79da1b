from __future__ import annotations

import csv
import gzip
import io
import json
import os

import numpy as np
import pandas as pd
import pytest

from forecastctl.data.panel.panel import DataSpec
from forecastctl.data.prepare.prepare import prepare
from forecastctl.data.read.files import read_panel
from forecastctl.errors import DataError
from forecastctl.records import Rejection, Series
from tests.data.conftest import TODAY, long_csv, months, wave

ODD_NAMES = [
    "NA",
    "007",
    "x" * 200,
    "a/b",
    'say "hi"',
    "one, two",
    "line\nbreak",
    "\N{AIRPLANE}\N{VARIATION SELECTOR-16} emoji",
    "[bold]markup[/bold]",
    "..",
    " leading",
    "trailing ",
    "nan",
    "=1+1",
]


def read(path, **settings):
    return read_panel(DataSpec(path, **settings))


def jobs(path, **settings):
    spec = DataSpec(path, **settings)
    entries = prepare(read_panel(spec), spec, as_of=None, today=TODAY)
    return {e.airport: e for e in entries}


# Forms


def test_long_form(write):
    panel = read(write(long_csv({"JFK": 24, "007": 12, "NA": 12})))
    assert (panel.freq, panel.season_length, panel.unit) == ("M", 12, "line")
    assert list(dict.fromkeys(panel.frame.airport)) == ["JFK", "007", "NA"]
    assert panel.frame.row.tolist() == list(range(2, 50))
    assert panel.frame.ds.iloc[0] == pd.Timestamp("2012-01-01")
    assert panel.frame.problem.isna().all()


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("form", ["plain", "bom", "utf-16", "gzip", "crlf", "old mac"])
def test_every_way_to_write_a_csv_gives_the_same_panel(write, delimiter, form):
    text = long_csv({"JFK": 24, "Zürich": 12}).replace(",", delimiter)
    expected = read(write(long_csv({"JFK": 24, "Zürich": 12}), "plain.csv"))
    content = {
        "plain": text.encode(),
        "bom": text.encode("utf-8-sig"),
        "utf-16": text.encode("utf-16"),
        "gzip": gzip.compress(text.encode()),
        "crlf": text.replace("\n", "\r\n").encode(),
        "old mac": text.replace("\n", "\r").encode(),
    }[form]
    panel = read(write(content, "any.name"))
    pd.testing.assert_frame_equal(panel.frame, expected.frame)
    assert panel.digest == expected.digest


def test_port_authority_form(write):
    lines = [
        "Airport Code,Year,Month,Domestic Passengers,International Passengers,Total Passengers"
    ]
    lines += [
        f"JFK,{2012 + m // 12},{n},{m},{2 * m},{3 * m}"
        for m, n in enumerate(["Jan", "Feb", "Mar", "Apr"])
    ]
    path = write("\n".join(lines))
    panel = read(path)
    assert panel.frame.y.tolist() == [0, 3, 6, 9]
    assert panel.frame.ds.dt.strftime("%Y-%m-%d").tolist()[-1] == "2012-04-01"
    assert panel.columns == {
        "airport": "Airport Code",
        "date": "Year + Month",
        "value": "Total Passengers",
    }
    assert read(path, value="domestic passengers").frame.y.tolist() == [0, 1, 2, 3]


def test_odd_names_come_back_as_spelt(write):
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(["airport", "date", "passengers"])
    for name in ODD_NAMES:
        writer.writerows([name, d, int(y)] for d, y in zip(months(12), wave(12), strict=True))
    entries = jobs(write(buffer.getvalue()))
    assert list(entries) == ODD_NAMES
    assert all(isinstance(e, Series) for e in entries.values())


def test_parquet_keeps_types(tmp_path):
    days = months(24)
    base = {"airport": pd.Categorical(["NA"] * 24), "passengers": pd.array(wave(24), dtype="Int64")}
    base["passengers"][3] = pd.NA
    kinds = {
        "timestamp": pd.Series(days.astype("datetime64[us]")),
        "zone": pd.Series(days.astype("datetime64[us]")).dt.tz_localize("America/New_York"),
        "date": pd.Series([d.item() for d in days]),
        "text": pd.Series([str(d) for d in days]),
        "number": pd.Series([int(str(d).replace("-", "")[:6]) for d in days]),
    }
    digests = set()
    for kind, dates in kinds.items():
        path = tmp_path / f"{kind}.parquet"
        pd.DataFrame({**base, "date": dates}).to_parquet(path)
        panel = read(str(path))
        assert panel.unit == "row"
        assert np.isnan(panel.frame.y[3])
        assert (panel.frame.problem.isna()).all()
        digests.add(panel.digest)
    assert len(digests) == 1


def test_parquet_rows_with_problems(tmp_path):
    frame = pd.DataFrame(
        {
            "airport": [7, 7, 8, 8],
            "date": pd.to_datetime(["2012-01-01", None, "2012-01-01", "2012-02-01"]),
            "passengers": [1.0, 2.0, -3.0, np.inf],
        }
    )
    frame.to_parquet(tmp_path / "x.parquet")
    panel = read(str(tmp_path / "x.parquet"))
    assert panel.frame.airport.tolist() == ["7", "7", "8", "8"]
    assert panel.frame.problem.tolist() == [
        None,
        "row 2, column date: no date",
        "row 3, column passengers: -3 is negative",
        "row 4, column passengers: inf is infinite",
    ]


def test_the_sample_is_bundled():
    panel = read("sample")
    assert panel.frame.airport.nunique() == 8
    assert panel.source == "sample"


# Sources that cannot be used at all: one clear paragraph and a next step


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("", "is empty"),
        ("\n\n  \n", "is empty"),
        ("airport,date,passengers\n", "holds column names and no rows"),
        ("airport,date,passengers\n,,\n", "holds column names and no rows"),
        ("airport,date\nJFK,2012-01\n", "no column that looks like the passengers"),
        ("hello\n", "no column that looks like the airport"),
        (
            "airport,date,passengers\nJFK,soon,1\nJFK,later,2\n",
            r"line 2, column date: 'soon' is not a date",
        ),
        (
            "airport,date,passengers\nJFK,2012-01,x\n",
            r"column passengers: not one number .*line 2: 'x'",
        ),
        ("airport,date,passengers\nJFK,2012-01,\n", "column passengers: not one number"),
        (
            'airport,date,passengers\nJFK,2012-01,1\n"JFK,2012-02,2\nJFK,2012-03,3\n',
            "line 3: a quotation mark",
        ),
        ('airport,date,passengers\n"A"B,2012-01,1\n', "line 2: this is not CSV"),
        (b"\x00\x01\x02\xff" * 50, "is not text"),
        (os.urandom(0) + bytes(range(128, 256)) * 40, "is not UTF-8 text"),
        (b"PK\x03\x04" + b"x" * 99, "not a readable zip archive"),
        (b"PAR1" + b"junk" * 99, "not a readable Parquet file"),
        (gzip.compress(long_csv({"A": 99}).encode())[:-60], "damaged gzip"),
        (b"\x1f\x8b" + b"x" * 99, "damaged gzip"),
    ],
)
def test_a_file_that_cannot_be_used(write, content, says):
    path = write(content)
    with pytest.raises(DataError, match=says) as error:
        read(path)
    assert path in error.value.message
    assert error.value.hint
    assert "\n" not in error.value.message


def test_a_file_that_is_not_there_suggests_its_neighbour(write, tmp_path):
    write(long_csv({"A": 12}), "traffic.csv")
    with pytest.raises(DataError, match="no file") as error:
        read(str(tmp_path / "trafic.csv"))
    assert "traffic.csv" in error.value.hint
    with pytest.raises(DataError, match="no file") as error:
        read(str(tmp_path / "nowhere" / "x.csv"))
    assert "no directory" in error.value.hint
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="is a directory without a file of data"):
        read(str(tmp_path / "empty"))
    with pytest.raises(DataError, match="No data source"):
        read(None)
    with pytest.raises(DataError, match="cannot be read"):
        read(str(tmp_path / "nul\0byte"))


def test_yearly_rows_are_refused_with_the_file(write):
    rows = "".join(f"A,{y}-01-01,{y}\n" for y in range(1990, 2015))
    path = write("airport,date,passengers\n" + rows)
    with pytest.raises(DataError, match="a year apart") as error:
        read(path)
    assert path in error.value.message


# Rows that cannot be used: that airport alone is rejected, with line and column


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("BAD,2013-01-01,abc", "line 14, column passengers: 'abc' is not a number"),
        ("BAD,2013-01-01,inf", "line 14, column passengers: 'inf' is infinite"),
        ("BAD,2013-01-01,-5", "line 14, column passengers: '-5' is negative"),
        ("BAD,2013-13-01,5", "line 14, column date: '2013-13-01' is not a date"),
        ("BAD,0000-01-01,5", "line 14, column date: the year of '0000-01-01' is before 1800"),
        ("BAD,,5", "line 14, column date: no date"),
        ("BAD,2013-01-01,1,234", "line 14, 4 fields where the header has 3"),
        ("BAD,2013-01-01", "line 14, 2 fields where the header has 3"),
        ("BAD,2012-12-01,5", "lines 13 and 14 both hold 2012-12"),
        ("BAD,2012-12-15,5", "lines 13 and 14 both hold 2012-12 (2012-12-01 and 2012-12-15)"),
        ("BAD,2199-01-01,5", "line 14: 2199-01 is in the future"),
        ("BAD,2199-01-01,\nBAD,2199-02-01,5", "line 15: 2199-02 is in the future"),
        ("BAD,9999-12-31,5", "line 14: 9999-12 is in the future"),
        (
            "BAD,2013-01-01,abc\nBAD,2013-02-01,abc",
            "line 14, column passengers: 'abc' is not a number (and 1 more rows)",
        ),
    ],
)
def test_a_wrong_row_rejects_its_airport_alone(write, row, reason):
    bad = long_csv({"BAD": 12})
    good = long_csv({"GOOD": 24}).partition("\n")[2]
    entries = jobs(write(f"{bad}{row}\n{good}"))
    assert list(entries) == ["BAD", "GOOD"]
    assert isinstance(entries["BAD"], Rejection)
    assert entries["BAD"].reason == reason
    assert isinstance(entries["GOOD"], Series)


def test_lines_count_line_breaks_inside_quotation_marks_and_blank_lines(write):
    text = (
        'airport,date,passengers\n"two\nlines",2012-01,1\n\n"two\nlines",2012-02,x\nA,2012-01,5\n'
    )
    panel = read(write(text))
    assert panel.frame.row.tolist() == [2, 5, 7]
    assert panel.frame.problem[1].startswith("line 5, column passengers")


def test_a_blank_name_is_rejected_under_that_name(write):
    text = long_csv({"GOOD": 24}) + ",2012-01-01,5\n  ,2012-02-01,6\n"
    entries = jobs(write(text))
    assert list(entries) == ["GOOD", "", "  "]
    assert entries[""].reason == "line 26: the name of the airport is blank"
    assert isinstance(entries["  "], Rejection)


def test_blank_values_are_missing_periods(write):
    text = long_csv({"A": 24}).replace("A,2012-05-01,11812", "A,2012-05-01,")
    assert "2012-05-01,\n" in text
    assert jobs(write(text))["A"].notes == ("interpolated 1 month: 2012-05",)


def test_spreadsheet_rows_of_nothing_but_commas_are_no_rows(write):
    assert len(read(write(long_csv({"A": 12}) + ",,\n,,\n  \n")).frame) == 12


def test_dates_of_an_american_spreadsheet(write):
    rows = "".join(f"A,{m}/1/{y},{m + y}\n" for y in (2012, 2013) for m in range(1, 13))
    entry = jobs(write("airport,date,passengers\n" + rows))["A"]
    assert entry.n == 24
    assert entry.cutoff == "2013-12-01"


def test_dates_of_unknown_order_ask_for_the_setting(write):
    path = write("airport,date,passengers\nA,3/4/2012,1\nA,4/5/2012,2\n")
    with pytest.raises(DataError, match="day or the month first"):
        read(path)
    assert read(path, dayfirst=False).frame.ds.dt.month.tolist() == [3, 4]


def test_digests_do_not_depend_on_order_and_see_every_value(write):
    text = long_csv({"A": 24, "B": 24})
    header, *rows = text.strip().split("\n")
    one = read(write(text, "one.csv")).digest
    turned = read(write("\n".join([header, *rows[::-1]]), "two.csv")).digest
    changed = read(write(text.replace("B,2012-02-01,11", "B,2012-02-01,12"), "three.csv")).digest
    renamed = read(write(text.replace("B,", "C,"), "four.csv")).digest
    assert one == turned
    assert len({one, changed, renamed}) == 3


MONTHS = pd.date_range("2021-01-01", periods=48, freq="MS")
WIDE = pd.DataFrame(
    # The last one counts as many as Excel has day numbers of the last century.
    {"MUC": 100_000 + np.arange(48), "KLU": 15_000 + 31 * np.arange(48)},
    index=MONTHS,
)


def _by_dates(path):
    text = {name: {str(k)[:7]: int(v) for k, v in WIDE[name].items()} for name in WIDE}
    path.write_text(json.dumps(text), encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("index.parquet", WIDE.to_parquet),
        ("periods.parquet", WIDE.set_axis(MONTHS.to_period("M")).to_parquet),
        ("rows.json", _by_dates),
    ],
)
def test_dates_that_stand_in_the_index_of_a_frame(tmp_path, name, write):
    """Passengers of an airport had been taken for dates, in silence."""
    write(tmp_path / name)
    rows = read(str(tmp_path / name)).frame
    found = rows.pivot_table(index="ds", columns="airport", values="y")
    assert found.index.tolist() == MONTHS.tolist()
    assert {a: found[a].tolist() for a in found} == {a: WIDE[a].tolist() for a in WIDE}


def test_a_row_of_a_date_and_a_number_is_no_header(tmp_path):
    """19,137 is a day of 1952 in Excel."""
    with pd.ExcelWriter(tmp_path / "b.xlsx") as book:
        for name, first in (("MUC", 190_137), ("KLU", 19_137)):
            sheet = {"Month": MONTHS.strftime("%Y-%m"), "Passengers": first + np.arange(48)}
            pd.DataFrame(sheet).to_excel(book, sheet_name=name, index=False)
    rows = read(str(tmp_path / "b.xlsx")).frame
    assert rows["airport"].tolist() == ["MUC"] * 48 + ["KLU"] * 48
    assert rows["y"].tolist() == [*range(190_137, 190_185), *range(19_137, 19_185)]


def test_variants_of_characters_and_raised_digits(tmp_path):
    ms = MONTHS.strftime("%Y-%m").tolist()
    names = ["MUC"] * 30 + ["MUC\ufe0f"] * 18
    lines = [f"{name},{month},1000" for name, month in zip(names, ms, strict=True)]
    (tmp_path / "a.csv").write_text(
        "\n".join(["airport,date,passengers", *lines]), encoding="utf-8"
    )
    assert set(read(str(tmp_path / "a.csv")).frame["airport"]) == {"MUC"}
    (tmp_path / "b.csv").write_text("airport,²,¹²\nJFK,1,2\nLGA,3,4\n", encoding="utf-8")
    with pytest.raises(DataError, match="no column that looks like the date"):
        read(str(tmp_path / "b.csv"))
