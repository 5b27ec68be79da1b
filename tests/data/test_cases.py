"""Files as statistics offices publish them: those of the cases where they are, and own ones."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from forecastctl.data.check.check import check_panel
from forecastctl.data.check.clean import clean_rows
from forecastctl.data.check.overview import by_kind, described, three_lines
from forecastctl.data.panel.panel import DataSpec
from forecastctl.data.prepare.prepare import prepare_panel
from forecastctl.data.prepare.traps import new_unit
from forecastctl.data.read import blobs
from forecastctl.data.read.files import read_panel
from forecastctl.errors import DataError
from forecastctl.hints import spelt_otherwise
from forecastctl.records import Series
from tests.data.conftest import long_csv, months, wave
from tests.data.test_sums import some

CASES = Path(__file__).parents[3] / "shared" / "cases" / "data"
TODAY = date(2020, 6, 15)
HERE = pytest.mark.skipif(not CASES.is_dir(), reason="the cases are not here")


def prepared(path, today=TODAY, **settings):
    spec = DataSpec(str(path), **settings)
    panel = read_panel(spec)
    found = prepare_panel(panel, spec, as_of=None, today=today)
    return panel, {e.airport: e for e in found.entries}, found.warnings


SAME = {
    "eu_dots.csv": "",
    "decimal_comma.csv": "",
    "swiss.csv": "",
    "flag_star.csv": "marks beside numbers",
    "wide_airports.csv": "",
    "wide_months.csv": "",
    "year_by_month.csv": "",
    "total_rows.csv": "'Total' .*: left out",
    "m13.csv": "10 rows hold the total of a year",
    "trailing_comma.csv": "",
    "spark_dir.parquet": "",
    "hive.parquet": "",
    "period.parquet": "",
    "excel_serial.csv": "",
    "french_months.csv": "",
    "utc_midnight.csv": "every date is 22:00 or 23:00 in UTC",
    "future_blank.csv": "",
    "zero_width.csv": "characters that nobody sees",
}


@HERE
def test_every_case_gives_the_series_of_the_plain_one():
    _, plain, _ = prepared(CASES / "base.csv")
    for name, said in SAME.items():
        panel, entries, warnings = prepared(CASES / name)
        assert list(entries) == list(plain), name
        for airport, entry in entries.items():
            assert entry.ds.tolist() == plain[airport].ds.tolist(), name
            assert entry.y.tolist() == plain[airport].y.tolist(), name
        assert not said or any(re.search(said, text) for text in warnings), (name, warnings)
        assert len(three_lines(described(panel))) == 3
    notes = prepared(CASES / "flag_star.csv")[1]["JFK"].notes
    assert notes == ("marked '*' in the file: 1 value",)


@HERE
def test_the_cases_that_are_no_months_or_lack_some():
    for name in ("missing_c.csv", "missing_c1.csv", "missing_words.csv"):
        _, entries, _ = prepared(CASES / name)
        notes = [note for e in entries.values() for note in e.notes]
        assert any("interpolated 1 month" in note for note in notes), name
        assert all(isinstance(e, Series) for e in entries.values())
    panel, entries, _ = prepared(CASES / "quarter_1q.csv")
    assert (panel.freq, entries["JFK"].n, entries["JFK"].cutoff) == ("Q", 60, "2019-10-01")
    panel, entries, _ = prepared(CASES / "weekly_yyyyww.csv", today=date(2021, 6, 15))
    assert (panel.freq, str(entries["JFK"].ds[0])) == ("W-SUN", "2015-01-05")
    assert str(entries["LGA"].ds[-1]) == "2020-12-28"


@HERE
def test_the_case_that_cannot_be_decided_asks_for_the_setting():
    with pytest.raises(DataError, match=r"'5\.248' may be 5248 or 5\.248") as error:
        prepared(CASES / "eu_dots_small.csv")
    assert "[data] decimal" in error.value.hint
    _, entries, _ = prepared(CASES / "eu_dots_small.csv", decimal=",")
    assert entries["ITH"].y[0] == 5248
    _, entries, _ = prepared(CASES / "eu_dots_small.csv", decimal=".")
    assert entries["ITH"].y[0] == 5.248


# Own files of the kinds that the forms do not hold


def test_a_header_of_two_rows_and_merged_cells(write):
    text = (
        "Passengers (in thousands),,,,,,,\n\n"
        ",2015,,,2016,,,\nAirport,Jan,Feb,Mar,Jan,Feb,Mar,\nJFK,1,2,3,4,5,6,\nLGA,7,8,9,10,11,12,\n"
        ",,,,,,,\n* provisional,,,,,,,\n"
    )
    panel = read_panel(DataSpec(write(text)))
    assert panel.understood.shape == "a row per airport, a column per period"
    assert "in thousands" in panel.understood.unit
    assert panel.frame["y"].tolist() == list(range(1, 13))
    assert str(panel.frame["ds"].iloc[3])[:7] == "2016-01"


def test_titles_above_a_long_table_and_notes_below(write):
    text = long_csv({"JFK": 24, "LGA": 24})
    plain = read_panel(DataSpec(write(text, "plain.csv")))
    around = f"Monthly traffic\nPublished 2020-06-01\n\n{text}\nSource: the office,,\n* revised,,\n"
    panel = read_panel(DataSpec(write(around)))
    assert panel.digest == plain.digest
    assert "header in line 4" in panel.understood.file
    assert any("taken for notes" in note for note in panel.understood.notes)


def test_an_airport_that_is_the_sum_of_the_others_whatever_its_name(write, tmp_path):
    levels = (("A", 1e4), ("B", 3e4), ("C", 5e4))
    rows = {name: some(level, seed) for seed, (name, level) in enumerate(levels)}
    rows["Region X"] = sum(rows.values())
    frame = pd.DataFrame(
        [(a, str(d), y) for a, ys in rows.items() for d, y in zip(months(24), ys, strict=True)],
        columns=["airport", "date", "passengers"],
    )
    frame.to_parquet(tmp_path / "a.parquet")
    panel = read_panel(DataSpec(str(tmp_path / "a.parquet")))
    assert list(panel.frame["airport"].unique()) == ["A", "B", "C"]
    assert "'Region X' is the sum of the others" in panel.understood.notes[0]
    kept = read_panel(DataSpec(str(tmp_path / "a.parquet"), totals="keep"))
    assert kept.frame["airport"].nunique() == 4
    assert "kept as an airport" in kept.understood.notes[0]


def test_text_that_is_not_utf8_is_read_and_said(write):
    text = long_csv({"Zürich": 24, "Málaga": 24})
    panel = read_panel(DataSpec(write(text.encode("cp1252"))))
    assert list(panel.frame["airport"].unique()) == ["Zürich", "Málaga"]
    assert "cp1252" in panel.understood.notes[0]
    panel = read_panel(DataSpec(write(text.encode("cp1252")), encoding="cp1250"))
    assert "Zürich" in set(panel.frame["airport"])


@pytest.mark.parametrize("same", [True, False])
def test_names_that_look_the_same(write, same):
    one, two = months(24)[:12], months(24)[12:] if same else months(24)[:12]
    rows = [f"Orly,{d},{i + 5}" for i, d in enumerate(one)]
    rows += [f"\u200bOrly\u00a0,{d},{i + 7}" for i, d in enumerate(two)]
    panel, _, warnings = prepared(write("airport,date,passengers\n" + "\n".join(rows)))
    assert panel.frame["airport"].nunique() == (1 if same else 2)
    assert ("taken for 1 airport" if same else "kept apart") in warnings[0]


def test_traps_are_said_before_a_forecast(write):
    y = wave(60, 30_000.0)
    y[30:] = np.rint(y[30:] * 1000)
    days = [str(d) for d in months(60, "2015-07")]
    rows = [f"JFK,{d},{v:.0f}" for d, v in zip(days, y, strict=True)]
    rows += [f"jfk,{d},{v:.0f}" for d, v in zip(days, wave(60), strict=True)]
    rows += ["LGA,2015-07,5", "LGA,2015-07,6", "LGA,2015-08,6"]
    _, _, warnings = prepared(write("airport,date,passengers\n" + "\n".join(rows)))
    assert any("different values for one period ('LGA' for 2015-07)" in w for w in warnings)
    assert any(
        "since 2018-01 all values of 1 airport" in w and "1,000 times" in w for w in warnings
    )
    assert any("2020-06, the last period, is not over today" in w for w in warnings)
    assert any("'JFK' and 'jfk'" in w for w in warnings)


def test_codes_that_lost_their_zeros_in_the_file_of_groups():
    said = spelt_otherwise(["007"], ["JFK", "7"])
    assert "'7'" in said
    assert "lost" not in said
    assert "lose the zeros" in said
    assert "lose" not in spelt_otherwise(["JFK"], ["jfk "])
    assert spelt_otherwise(["007"], ["8"]) == ""
    assert spelt_otherwise(["JFK"], ["JFX"]) == ""


def test_a_last_month_of_a_few_days(write):
    days = np.arange(np.datetime64("2017-01-01"), np.datetime64("2019-12-10"))
    rows = "".join(f"JFK,{d},{100 + i % 7}\n" for i, d in enumerate(days))
    path = write("airport,date,passengers\n" + rows)
    _, _, warnings = prepared(path, freq="M", duplicates="sum")
    assert any("2019-12, the last period, holds 9 of 31 days" in w for w in warnings)


def test_what_is_found_fits_a_screen_and_the_clean_form_reads_back(write, tmp_path):
    text = long_csv({f"A{i}": 24 for i in range(438)}) + "A1,2014-01-01,x\nA2,2014-01-01,y\n"
    spec = DataSpec(write(text))
    panel = read_panel(spec)
    kinds = by_kind(check_panel(panel, spec, as_of=None, today=TODAY).airports)
    assert kinds[0].kind == "text"
    assert (kinds[0].severity, kinds[0].airports) == ("reject", ("A1", "A2"))
    assert len(kinds) < 10
    clean = clean_rows(panel, spec, today=TODAY)
    assert [airport for airport, _ in clean.refused] == ["A1", "A2"]
    clean.frame.to_csv(tmp_path / "clean.csv", index=False)
    again = read_panel(DataSpec(str(tmp_path / "clean.csv")))
    good = panel.frame[~panel.frame["airport"].isin(["A1", "A2"])].reset_index(drop=True)
    assert again.frame[["airport", "ds", "y"]].equals(good[["airport", "ds", "y"]])


def test_sheets_are_found_or_asked_for(tmp_path):
    openpyxl = pytest.importorskip("openpyxl")
    pytest.importorskip("python_calamine")
    book = openpyxl.Workbook()
    for n, sheet in enumerate((book.active, book.create_sheet("Second"))):
        sheet.append(["airport", "date", "passengers"])
        for i, day in enumerate(months(12)):
            sheet.append(["JFK", day.item(), i + 5.25 + n])
    path = tmp_path / "two.xlsx"
    book.save(path)
    with pytest.raises(DataError, match="several tables") as error:
        read_panel(DataSpec(str(path)))
    assert "[data] sheet" in error.value.hint
    assert read_panel(DataSpec(str(path), sheet="Second")).frame["y"].tolist()[0] == 6.25
    with pytest.raises(DataError, match="no sheet"):
        read_panel(DataSpec(str(path), sheet="Third"))


def test_standard_input_and_addresses(monkeypatch, tmp_path):
    class Stdin:
        buffer = type("Bytes", (), {"read": lambda self, n: long_csv({"A": 12}).encode()})()

        def isatty(self):
            return False

    blobs._standard_input.cache_clear()
    monkeypatch.setattr("sys.stdin", Stdin())
    assert len(read_panel(DataSpec("-")).frame) == 12
    blobs._standard_input.cache_clear()
    monkeypatch.setitem(__import__("sys").modules, "fsspec", None)
    with pytest.raises(DataError, match="fsspec, which knows s3://, is not installed") as error:
        read_panel(DataSpec("s3://bucket/traffic.csv"))
    assert "s3fs" in error.value.hint


def test_a_file_for_each_airport_and_hive_partitions(tmp_path):
    text = long_csv({"JFK": 12}).replace("JFK,", "").replace("airport,", "")
    for name in ("JFK", "LGA"):
        (tmp_path / "own").mkdir(exist_ok=True)
        (tmp_path / "own" / f"{name}.csv").write_text(text)
        (tmp_path / "hive" / f"airport={name}").mkdir(parents=True)
        (tmp_path / "hive" / f"airport={name}" / "part-0.csv").write_text(text)
    own, hive = (read_panel(DataSpec(str(tmp_path / d))) for d in ("own", "hive"))
    assert own.digest == hive.digest
    assert list(own.frame["airport"].unique()) == ["JFK", "LGA"]


MONTHS = [f"2015-{m:02d}" for m in range(1, 13)]
EUROSTAT = """freq,unit,airp\\TIME_PERIOD\t2015-01 \t2015-02 \t2015-03
M,PAS,DE_EDDF\t4123456 \t4123457 p\t:
M,PAS,FR_LFPG\t5123456 b\t: c\t5123458 e
"""
ODD = {
    "keys of several parts": (EUROSTAT, ["DE_EDDF", "FR_LFPG"], 4123456),
    "several columns for each airport": (
        ",JFK,,LGA,\nMonth,Domestic,Total,Domestic,Total\n"
        + "".join(f"{m},{i},{i * 2},{i * 3},{i * 4}\n" for i, m in enumerate(MONTHS, 1)),
        ["JFK", "LGA"],
        2,
    ),
    "a total below a wide table": (
        "date,JFK,LGA,Total\n"
        + "".join(f"{m},{i},{i * 2},{i * 3}\n" for i, m in enumerate(MONTHS, 1))
        + "Total,78,156,234\n",
        ["JFK", "LGA"],
        1,
    ),
    "a total without a date": (
        "airport,date,passengers\nJFK,2015-01,5\nJFK,2015-02,6\nGrand Total,,11\n",
        ["JFK"],
        5,
    ),
    "quarters and the year": (
        "airport,Q1 2015,Q2 2015,Q3 2015,Q4 2015,2015\nJFK,1,2,3,4,10\nLGA,2,3,4,5,14\n",
        ["JFK", "LGA"],
        1,
    ),
    "names of columns in another language": (
        "Flughafen;Jahr;Monat;Passagiere\nFRA;2015;Januar;4.123.456\nFRA;2015;Februar;987\n",
        ["FRA"],
        4123456,
    ),
    "one airport alone": ("Month,JFK\n2015-01,1\n2015-02,3\n", ["JFK"], 1),
    "the header again": (
        "airport,date,passengers\nJFK,2015-01,5\nairport,date,passengers\nJFK,2015-02,6\n",
        ["JFK"],
        5,
    ),
}


def test_tables_as_they_are_published(write):
    for name, (text, airports, first) in ODD.items():
        frame = read_panel(DataSpec(write(text))).frame
        assert list(frame["airport"].unique()) == airports, name
        assert frame["y"].iloc[0] == first, name
        assert frame["problem"].isna().all(), name


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("JFK,2015-01,1\nJFK,2015-02,2\nJFK,2015-03,2\n", "no column that looks like the airport"),
        ("date,passengers\n2015-01,1\n2015-02,3\n", "no column that looks like the airport"),
        (
            ",JFK,,LGA,\nMonth,Arriving,Leaving,Arriving,Leaving\n2015-01,1,2,3,4\n2015-02,1,2,3,4\n",
            "several columns for each airport: Arriving, Leaving",
        ),
        ("airport,date,domestic,international\nJFK,2015-01,1,2\n", "looks like the passengers"),
    ],
)
def test_what_no_table_tells_is_asked(write, text, said):
    with pytest.raises(DataError, match=said):
        read_panel(DataSpec(write(text)))


@pytest.mark.parametrize("power", [2, -2, 3, -3])
def test_a_new_unit_for_good_whatever_the_season(power):
    """A hundredth of values that double from winter to summer overlaps with nothing."""
    season = 150_000 * (1 + 0.3 * np.sin(2 * np.pi * np.arange(48) / 12))
    assert new_unit(season) is None
    season[40:] *= 10.0**power
    assert new_unit(season) == (40, power)
